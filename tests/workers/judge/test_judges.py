"""The judges with their real models: they say yes to what is right, and no to what is made wrong."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from creative.backends import BackendSpec, Task
from creative.catalogue import load_catalogue
from creative.errors import StepRefused
from creative.resources import templates
from creative.spoken import script
from workers.backend import OneByOne
from workers.judge.ocr import Ocr
from workers.judge.safety import Safety
from workers.judge.speech import Speech
from workers.judge.transcript import Transcript
from workers.speech.hibari import Hibari

SAID = "Marlo House Roast, this autumn only £5.49. Order now at marlo.example."


def ask(judge: type[OneByOne], folder: Path, params: dict[str, Any] | None = None, **inputs: bytes) -> Any:
    for role, data in inputs.items():
        (folder / role).write_bytes(data)
    files = {role.replace("_", "."): folder / role for role in inputs}
    [made] = judge(BackendSpec("x", "judge", "x:y"), 1).make([Task("k", "judge", params or {}, files, None, folder)])
    if isinstance(made, Exception):
        raise made
    data = made.outputs["figures"]
    assert isinstance(data, bytes)
    return json.loads(data)


def picture(lines: list[tuple[str, str]], drawn: dict[str, str] | None = None) -> tuple[bytes, bytes]:
    """A JPEG with lines of text (role, words) and its boxes; `drawn` says what is drawn in place of some words."""
    image = Image.new("RGB", (640, 400), "#c7a583")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(templates() / "fonts" / "Inter-Medium.ttf", 36)
    runs = []
    for number, (role, words) in enumerate(lines):
        at, shown = (40, 40 + 70 * number), (drawn or {}).get(words, words)
        draw.text(at, shown, font=font, fill="#102418")
        left, top, right, bottom = font.getbbox(words)
        ink = {"x": at[0] + int(left), "y": at[1] + int(top), "w": int(right - left), "h": int(bottom - top)}
        runs.append(
            {"role": role, "text": words, **ink, "box": [0, 0, 640, 400], "size": 36, "least": 12, "colour": "#102418"}
        )
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue(), json.dumps({"width": 640, "height": 400, "frames": 1, "runs": runs, "marks": []}).encode()


def test_words_are_read_as_they_are_written(tmp_path: Path) -> None:
    asset, boxes = picture(
        [("headline", "Take it slow."), ("price", "£5.49"), ("support", "Jetzt schön günstig"), ("legal", "قهوة")]
    )
    told = ask(Ocr, tmp_path, asset=asset, boxes_0=boxes)
    assert (told["read"], told["of"], told["wrong"], told["extra"]) == (8, 8, [], [])
    assert told["unknown"] == 1  # Arabic letters, which the model does not have


def test_other_words_and_words_too_many_are_found(tmp_path: Path) -> None:
    asset, boxes = picture([("headline", "Take it slow."), ("cta", "Order now")], {"Order now": "Buy later"})
    told = ask(Ocr, tmp_path, asset=asset, boxes_0=boxes)
    assert [one["role"] for one in told["wrong"]] == ["cta"] and "Buy" in told["wrong"][0]["read"]
    known = json.loads(boxes)
    known["runs"] = known["runs"][:1]
    told = ask(Ocr, tmp_path, asset=asset, boxes_0=json.dumps(known).encode())
    assert [words.replace(" ", "") for words in told["extra"]] == ["Buylater"]


def test_a_film_is_read_while_its_words_stand(film: Any, tmp_path: Path) -> None:
    data, boxes = film(width=360, height=640, text="Slow")
    told = ask(Ocr, tmp_path, asset=data, boxes_0=json.dumps(boxes).encode())
    assert (told["read"], told["of"]) == (1, 1)
    with pytest.raises(StepRefused, match="no boxes"):
        ask(Ocr, tmp_path, asset=data)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray[Any, Any], int]]:
    """What the packaged English voice says, by the written text: samples and their rate."""
    folder = tmp_path_factory.mktemp("voice")
    hibari = Hibari(load_catalogue().choose("speech", "hibari"), 1)
    said = {}
    for text in (SAID, "Marlo House Roast, this autumn only. Order now at marlo.example."):
        parts = []
        for sentence in script(text, "en-GB"):
            params = {"phrases": list(sentence.spoken), "locale": "en-GB", "speaker": "heart"}
            [made] = hibari.make([Task("k", "speech", params, {}, 1, folder)])
            assert not isinstance(made, Exception), made
            with wave.open(io.BytesIO(bytes(made.outputs["audio"]))) as file:  # type: ignore[arg-type]
                rate = file.getframerate()
                parts += [np.frombuffer(file.readframes(file.getnframes()), "<i2"), np.zeros(rate // 4, np.int16)]
        said[text] = (np.concatenate(parts), rate)
    return said


def sound(samples: np.ndarray[Any, Any], rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def test_a_script_is_heard_and_a_price_that_is_left_out_is_missed(voices: Any, tmp_path: Path) -> None:
    params = {"locale": "en-GB", "script": SAID, "must": ["£5.49"]}
    whole, without = (ask(Transcript, tmp_path, params, asset=sound(*voice)) for voice in voices.values())
    assert whole["letters"] < 0.1 and whole["lost"] == whole["absent"] == [] and whole["tail"] == ""
    assert without["lost"] == without["absent"] == ["£5.49"] and without["clear"] < 0.1


def test_a_clean_voice_is_better_than_a_noisy_one(voices: Any, tmp_path: Path) -> None:
    samples, rate = voices[SAID]
    noise = np.random.default_rng(1).normal(0, 2500, len(samples))
    clean = ask(Speech, tmp_path, voice=sound(samples, rate))
    noisy = ask(Speech, tmp_path, voice=sound(np.clip(samples + noise, -32768, 32767), rate))
    assert clean["speech"] > 3.0 and clean["overall"] > noisy["overall"] + 1
    assert all(1 <= value <= 5 for value in (*clean.values(), *noisy.values()))
    with pytest.raises(StepRefused, match="the voice is silent"):
        ask(Speech, tmp_path, voice=sound(np.zeros(rate, np.int16), rate))


def test_a_can_on_a_table_is_safe(tmp_path: Path) -> None:
    photo = templates() / "pages" / "contact-sheet.jpg"
    told = ask(Safety, tmp_path, asset=photo.read_bytes())
    assert 0 <= told["unsafe"] < 0.2
    skin = Image.new("RGB", (224, 224), "#d8a58a")
    ImageDraw.Draw(skin).ellipse((40, 30, 180, 200), fill="#e0b097")
    file = io.BytesIO()
    skin.save(file, "PNG")
    assert ask(Safety, tmp_path, asset=file.getvalue())["unsafe"] > 2 * told["unsafe"]
