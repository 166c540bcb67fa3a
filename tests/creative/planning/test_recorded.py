"""A studio recording as a voice: what is planned, what the manifest carries, and what is refused."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from creative.errors import BriefError
from tests.support.demo import demo, edit, planned

TEXT = "Marlo House Roast. Roasted slowly, in small drums. Order yours today."


def wav(seconds: float, rate: int = 48_000) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.zeros(round(seconds * rate), "<i2").tobytes())
    return data.getvalue()


def recorded(folder: Path, seconds: float = 5.0, rate: int = 48_000) -> Path:
    path = demo(folder)
    (path.parent / "media" / "read.wav").write_bytes(wav(seconds, rate))
    (path.parent / "media" / "licence.txt").write_text("Mara Lind, read on 2026-09-01, all media, two years.")
    (path.parent / "scripts" / "6s.en.txt").write_text(TEXT)
    voice = "{id: mara, locale: en-GB, use: recording, file: media/read.wav, licence: media/licence.txt}"
    changes = {
        "en-GB: {short: scripts/6s.en.txt, long: scripts/15s.en.txt}": "en-GB: scripts/6s.en.txt",
        "{id: warm, locale: en-GB, use: stock}": voice,
    }
    return edit(path, changes)


def test_its_sentences_are_steps_and_its_licence_is_carried(tmp_path: Path) -> None:
    _, planner, windows = planned(recorded(tmp_path))
    assert not planner.findings
    speech = [step for window in windows for step in window.steps.values() if step.kind == "speech"]
    assert len(speech) == 3
    assert {step.backend for step in speech} == {"recording"}
    digest = planner.world.recordings["mara"]
    for step in speech:
        assert step.inputs["reference"] == digest.sha256
        assert step.params["sentences"][step.params["number"]] == step.params["phrases"]
    records = [cell.record() for window in windows for cell in window.cells]
    for record in records:
        spoken = record.modality != "image" and record.locale == "en-GB"
        assert (record.carried.get("recording_licence") == digest.licence) == spoken
        assert (record.carried.get("recording") == digest.sha256) == spoken


def test_another_recording_makes_other_ads(tmp_path: Path) -> None:
    one = planned(recorded(tmp_path / "one"))[2]
    other = planned(recorded(tmp_path / "other", seconds=5.1))[2]
    wanted = [
        {cell.record().ad_id: cell.record().wanted for window in windows for cell in window.cells}
        for windows in (one, other)
    ]
    changed = [ad for ad in wanted[0] if wanted[0][ad] != wanted[1][ad]]
    assert changed and len(changed) < len(wanted[0])


def test_what_no_recording_can_say_is_refused(tmp_path: Path) -> None:
    long = planned(recorded(tmp_path / "long", seconds=12.0))[1]
    assert any("lasts 12.0 s, too long for 6 s" in finding.problem for finding in long.findings.values())
    path = recorded(tmp_path / "price")
    (path.parent / "scripts" / "6s.en.txt").write_text("Marlo House Roast. Only {offer.price}. Order yours today.")
    filled = planned(path)[1]
    assert any("placeholders" in finding.problem for finding in filled.findings.values())
    for seconds, rate, problem in ((5.0, 8_000, "8000 Hz"), (0.1, 48_000, "lasts 0.1 s")):
        with pytest.raises(BriefError, match=problem):
            planned(recorded(tmp_path / str(rate), seconds, rate))
    path = recorded(tmp_path / "none")
    (path.parent / "media" / "licence.txt").unlink()
    with pytest.raises(BriefError, match=r"is not there: media/licence\.txt"):
        planned(path)
