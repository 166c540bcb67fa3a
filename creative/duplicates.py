"""Near-duplicates: variants of an ad, for one segment in one placement, that a viewer does not tell apart.

Told from descriptors that `measure` makes of the pixels (`workers.measure.looks.descriptor`), so that nobody needs
the pictures: the lowest frequencies of their lightness, and the colours of eight places. Of two alike the lower
variant keeps its place. Ads that say other words are no duplicates: which of two headlines is better is what variants are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from creative.craft import RULES
from creative.records import FindingRecord

LEAST_ALIKE = 0.94
"""Cosine of two pictures' lowest frequencies. Measured on the demo's ads: cropped by 1 to 3 % all round 0.956 and more;
moved by 8 % of the width 0.87 and less, by 15 % 0.62 and less, mirrored 0.90 and less."""
MOST_COLOUR = 12.0
"""Mean CIE ΔE of eight places: another light or accent is another picture."""
_WAVES, _PLACES = 63, 24


@dataclass(frozen=True, slots=True)
class Seen:
    """One ad as far as it may be a duplicate. `group`: what has to be equal (segment, placement, market, ...); `looks`:
    its descriptors, of a film several; `words`: what it says, any spelling that is equal for equal words."""

    asset_id: str
    ad_id: str
    name: str
    variant: int
    group: tuple[str | None, ...]
    looks: tuple[str, ...]
    words: str


def alike(one: str, other: str) -> float:
    """How alike two descriptors are, at most 1; 0 where the colours are others, or one is none."""
    (waves, length, colours), (others, other_length, their) = _read(one), _read(other)
    if not length or not other_length:
        return 0.0
    pairs = zip(colours, their, strict=True)
    apart = sum(sum((a - b) ** 2 for a, b in zip(mine, yours, strict=True)) ** 0.5 for mine, yours in pairs)
    if apart > MOST_COLOUR * len(colours):
        return 0.0
    return sum(a * b for a, b in zip(waves, others, strict=True)) / (length * other_length)


@lru_cache(4096)
def _read(descriptor: str) -> tuple[tuple[int, ...], float, tuple[tuple[float, float, float], ...]]:
    """The waves, their length, and the colours; a length of 0 for what is no descriptor."""
    try:
        data = bytes.fromhex(descriptor)
    except ValueError:
        data = b""
    if len(data) != _WAVES + _PLACES:
        return (0,) * _WAVES, 0.0, ()
    waves = tuple(byte - 256 if byte > 127 else byte for byte in data[:_WAVES])
    rest = data[_WAVES:]
    colours = tuple((rest[at] / 2.55, rest[at + 1] - 128.0, rest[at + 2] - 128.0) for at in range(0, _PLACES, 3))
    return waves, sum(wave * wave for wave in waves) ** 0.5, colours


def near_duplicates(ads: Iterable[Seen]) -> dict[str, FindingRecord]:
    """The finding of each ad that looks like one with a lower variant, by asset_id."""
    groups: dict[tuple[object, ...], list[Seen]] = {}
    for ad in ads:
        if ad.looks:
            groups.setdefault((*ad.group, ad.words), []).append(ad)
    found: dict[str, FindingRecord] = {}
    for members in groups.values():
        members.sort(key=lambda ad: (ad.variant, ad.ad_id))
        kept: list[Seen] = []
        for ad in members:
            first = max(kept, key=lambda other: _likeness(ad.looks, other.looks), default=None)
            likeness = _likeness(ad.looks, first.looks) if first else 0.0
            if first is None or likeness < LEAST_ALIKE:
                kept.append(ad)
            else:
                found[ad.asset_id] = RULES["near-duplicate"].found(
                    f"{likeness:.0%} alike", f"variant {first.variant} ({first.name})"
                )
    return found


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Of films, the moment that differs most."""
    return min(map(alike, one, other), default=0.0) if len(one) == len(other) else 0.0


def seen_of(row: Mapping[str, object], group: tuple[str, ...]) -> Seen | None:
    """From a registry's row; None for one without descriptors (sound, or measured before there were any)."""
    looks, texts = row["looks"], row["texts"]
    if not isinstance(looks, list) or not looks or not isinstance(texts, Mapping):
        return None
    return Seen(
        asset_id=str(row["asset_id"]),
        ad_id=str(row["ad_id"]),
        name=str(row["name"]),
        variant=int(str(row["variant"])),
        group=tuple(None if row[name] is None else str(row[name]) for name in group),
        looks=tuple(map(str, looks)),
        words="\n".join(f"{role}\0{text}" for role, text in sorted(texts.items())),
    )
