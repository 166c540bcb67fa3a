"""How long a read may be, by what is written; and recordings' conditionings, kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.errors import AttemptRefused
from workers.speech.conditioning import Voices
from workers.speech.reading import accept

RATE = 8000
TEXTS = {  # characters that are usual in a second, by script
    "Roasted slowly, in small batches, for every morning.": 15,
    "每一天，从一杯慢慢烘焙的咖啡开始，真香。": 4.5,
    "천천히 볶은 커피로 아침을 시작하세요.": 5,
    "毎日の一杯を、ゆっくりと楽しむための深煎りです。": 7,
    "قهوة محمصة ببطء، في دفعات صغيرة.": 13,
    "हर सुबह के लिए ताज़ा कॉफ़ी।": 13,
}


def read(seconds: float) -> np.ndarray:
    return (0.3 * np.sin(np.arange(round(seconds * RATE)))).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(1, 6), st.floats(0.75, 1.25))
def test_a_usual_read_is_accepted_in_every_script(text, times, pace) -> None:
    accept(read(len(text) * times / TEXTS[text] * pace), RATE, [text] * times)


@pytest.mark.parametrize("text", [text for text, usual in TEXTS.items() if usual > 10])
def test_letters_are_held_to_letters(text) -> None:
    for wrong in (len(text) / 45, 2 + len(text) / 4):
        with pytest.raises(AttemptRefused, match="characters"):
            accept(read(wrong), RATE, [text])


@given(st.lists(st.integers(0, 90), max_size=300))
def test_each_recording_is_heard_once_while_it_is_in_use_and_few_are_kept(order) -> None:
    voices, made = Voices(), []
    for at, number in enumerate(order):
        since = order[:at][::-1]
        heard_lately = number in since and len(set(since[: since.index(number)])) < 64
        before = len(made)
        assert voices.get(str(number), lambda number=number: made.append(number) or number) == number
        assert len(made) == before + (not heard_lately)
        assert len(voices._kept) <= 64
