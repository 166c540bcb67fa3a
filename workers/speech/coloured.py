"""Any voice, made to sound like a recording: an engine that speaks, and OpenVoice behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workers.sound.wav import Samples
from workers.speech.conversion import Converter, converted
from workers.speech.neural import Engine, Line, Said


class Coloured:
    """What `base` says, in the colour of each line's recording; exactly as long, so that its times stay."""

    def __init__(self, base: Engine, colour: Converter) -> None:
        self.base, self.colour = base, colour
        self.rate = self.hears = colour.rate
        self.flight = base.flight

    def most(self, locale: str) -> int:
        """Characters at once: the base voice's."""
        own = getattr(self.base, "most", None)
        return int(own(locale)) if own is not None else 1 << 30

    def voice(self, sound: Samples) -> Any:
        """The colour of a recording."""
        return self.colour.voice(sound)

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line."""
        said = self.base.read([replace(line, voice=None, speaker="") for line in lines])
        return [
            Said(converted(self.colour, one.audio, self.base.rate, line.voice, line.seed), one.ends)
            for line, one in zip(lines, said, strict=True)
        ]
