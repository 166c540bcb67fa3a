"""The library TTS, with torch for CPUs."""

from __future__ import annotations

import subprocess
import sys


def test_it_can_be_used_whoever_imported_a_part_of_it_before() -> None:
    code = "import TTS; from workers.speech.coqui import ready; ready(); import TTS.tts.models.xtts"
    subprocess.run([sys.executable, "-c", code], check=True)
