"""What teams bring themselves, as planning knows it: their films."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from creative.brief.brief import Brief
from creative.brief.films import film_header


@dataclass(frozen=True, slots=True)
class Film:
    """One film of some footage, with the part of it that is used, in ms; `until_ms` None: to its end.

    `ms` is how long it says that it is, None where it does not say.
    """

    sha256: str
    name: str
    from_ms: int
    until_ms: int | None
    ms: int | None

    @property
    def used_ms(self) -> int | None:
        """How much of it is used, as far as it is known."""
        end = self.until_ms if self.until_ms is not None else self.ms
        return None if end is None else max(0, min(end, self.ms or end) - self.from_ms)


def films(brief: Brief, add: Callable[[Path], str]) -> Mapping[str, tuple[Film, ...]]:
    """The films of each footage of a brief; `add` takes a file and says its sha256."""
    return {
        name: tuple(
            Film(
                add(take.file),
                take.file.name,
                int(take.from_ * 1000),
                int(take.until * 1000) if take.until is not None else None,
                film_header(take.file).ms,
            )
            for take in footage.takes
        )
        for name, footage in brief.footage.items()
    }
