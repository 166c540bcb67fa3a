"""What backends make must not change without a raised `revision`: loudness in eight bands, every 100 ms, in dB.

After a change on purpose: raise the rows' revision, then `python tests/workers/sound/test_golden.py` writes them anew.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.catalogue import load_catalogue

GOLDEN = Path(__file__).with_name("golden.json")
_EDGES = np.geomspace(60, 16_000, 9)


def picture(samples: np.ndarray[Any, Any]) -> list[list[float]]:
    """Loudness of (frames,) by time and band, dB to a tenth; what is under -70 dB counts as -70."""
    found = []
    for start in range(0, len(samples) - 4799, 4800):
        power = np.abs(np.fft.rfft(samples[start : start + 4800] * np.hanning(4800))) ** 2
        frequency = np.fft.rfftfreq(4800, 1 / 48_000)
        bands = [power[(frequency >= low) & (frequency < high)].sum() for low, high in pairwise(_EDGES)]
        found.append([round(float(max(-70.0, 10 * np.log10(band / 4800 + 1e-12))), 1) for band in bands])
    return found


def made(make: Any, speechlike: Any, decoded: Any) -> dict[str, Any]:
    """Pictures of everything that sound makes, with its row's revision."""
    catalogue = load_catalogue()
    sounds = {}
    for mood in ("bright", "calm", "driving", "elegant", "focused", "hopeful", "playful", "warm"):
        sounds[f"bed {mood}"] = make("bed", {"mood": mood, "ms": 3000}, seed=11).outputs["audio"]
    speech = speechlike(1.0)
    times = [{"start_ms": 20, "end_ms": 980}]
    params = {"ms": 3000, "lead_ms": 200, "tail_ms": 300, "gap_ms": 200, "tempo_permille": [920, 1080]}
    fit = make("fit", params, {"audio.0": speech, "times.0": times, "audio.1": speechlike(1.45), "times.1": times})
    sounds["fit"] = fit.outputs["audio"]
    mix = {"ms": 3000, "lufs_tenths": -140, "true_peak_tenths": -10}
    sounds["mix"] = make("mix", mix, {"voice": sounds["fit"], "bed": sounds["bed warm"]}).outputs["audio"]
    return {
        name: {"revision": catalogue.choose(name.split()[0]).revision, "picture": picture(decoded(data).mean(axis=1))}
        for name, data in sounds.items()
    }


def test_nothing_sounds_otherwise_without_a_new_revision(make: Any, speechlike: Any, decoded: Any) -> None:
    golden = json.loads(GOLDEN.read_text())
    for name, now in made(make, speechlike, decoded).items():
        assert now["revision"] == golden[name]["revision"], f"{name}: write golden.json anew for the new revision"
        assert np.array(now["picture"]) == pytest.approx(np.array(golden[name]["picture"]), abs=1.0), (
            f"{name} sounds otherwise"
        )


if __name__ == "__main__":
    import sys
    import tempfile

    sys.path.insert(0, str(Path(__file__).parent))
    import conftest

    with tempfile.TemporaryDirectory() as folder:
        run = conftest.runner(Path(folder))
        GOLDEN.write_text(json.dumps(made(run, conftest.speechlike, conftest.decoded)) + "\n")
