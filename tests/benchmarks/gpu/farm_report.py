"""From the lines that `farm_card` wrote and samples of the card to the report of `farm`: whatever was done by then."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Span = tuple[float, float]
Samples = Sequence[tuple[float, int]]
_STEADY = 5


def steady(lines: Sequence[dict[str, Any]], around: bool) -> Span | None:
    """From the end of the second batch on the card to the end of the last but one; of few, all after the first; None of less."""
    card = sorted((one["from"], one["to"]) for one in lines if one["what"] == "card" and one["around"] == around)
    if len(card) < 2:
        return None
    return (card[1][1], card[-2][1]) if len(card) >= _STEADY else (card[0][1], card[-1][1])


def so_far(lines: Sequence[dict[str, Any]], around: bool, samples: Samples) -> str:
    """A line for whoever watches: batches, pictures a second, and the card's share."""
    card = [one for one in lines if one["what"] == "card" and one["around"] == around]
    span = steady(lines, around)
    if span is None or span[1] <= span[0]:
        return f"{len(card)} batches"
    begin, end = span
    count = sum(one["count"] for one in card if begin < one["to"] <= end)
    said = f"{len(card)} batches, {count / (end - begin):.2f} pictures a second, has a batch {_batch_share(lines, span):.1f}%"
    seen = [share for at, share in samples if begin <= at <= end]
    return said + (f", kernels run {statistics.mean(seen):.1f}% ({len(seen)} samples)" if seen else "")


def report(lines: Sequence[dict[str, Any]], around: bool, samples: Samples, by: str, landed: Samples) -> list[str]:
    """Of the pictures around the product, or of those from words. `by`: who sampled the card."""
    card = sorted(
        (one for one in lines if one["what"] == "card" and one["around"] == around), key=lambda one: one["from"]
    )
    span = steady(lines, around)
    if span is None or span[1] <= span[0]:
        return [f"  the card had {len(card)} batches: too few to say anything"]
    begin, end = span
    spans = {
        what: sorted((one["from"], one["to"]) for one in lines if one["what"] == what)
        for what in ("make", "told", "card")
    }
    count = sum(one["count"] for one in card if begin < one["to"] <= end)
    few = "" if len(card) >= _STEADY else f" (of {len(card)} batches only)"
    found = [
        f"  steady{few}: {count} pictures in {end - begin:.2f} s: {count / (end - begin):.2f} a second, batches of "
        f"{statistics.mean(one['count'] for one in card):.1f}, each {statistics.median(one['to'] - one['from'] for one in card):.3f} s",
        f"  the card has a batch: {_batch_share(lines, span):.1f}% of that time (by its own events)",
    ]
    if seen := [share for at, share in samples if begin <= at <= end]:
        share = f"{statistics.mean(seen):.1f}% of that time ({by}, {len(seen)} samples, least {min(seen)}%)"
        found.append(f"  kernels run: {share}; wanted: 97%")
    else:
        found.append(f"  kernels run: nobody counted ({by})")
    if peaks := [one["peak"] for one in card if "peak" in one]:
        found.append(f"  most memory {max(peaks):.1f} GB")
    return found + _waits(spans, begin, end) + _work(lines, spans["make"], begin, end) + _rate(landed, begin, end)


def _batch_share(lines: Sequence[dict[str, Any]], span: Span) -> float:
    begin, end = span
    return (
        100 * covered([(one["from"], one["to"]) for one in lines if one["what"] == "card"], begin, end) / (end - begin)
    )


def _waits(spans: dict[str, list[Span]], begin: float, end: float) -> list[str]:
    waiting = gaps(spans["card"], begin, end)
    waits = {"no batch is there (driver)": 0.0, "its words are encoded": 0.0, "it is drafted, or launched": 0.0}
    for one, other in waiting:
        there = covered(spans["make"], one, other)
        told = covered(spans["told"], one, other)
        waits["no batch is there (driver)"] += other - one - there
        waits["its words are encoded"] += told
        waits["it is drafted, or launched"] += max(0.0, there - told)
    return [
        f"  it waits {len(waiting)} times, {1e3 * sum(b - a for a, b in waiting):.0f} ms in all; meanwhile: "
        + ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in waits.items())
    ]


def _work(lines: Sequence[dict[str, Any]], made: list[Span], begin: float, end: float) -> list[str]:
    """What the host does meanwhile."""
    if not made:
        return []
    found = [
        f"  a batch is {statistics.median(b - a for a, b in made):.2f} s in the worker, from its coming to its last file's end"
    ]
    seen = sorted(
        (one for one in lines if one["what"] == "make" and begin <= one["to"] <= end), key=lambda one: one["to"]
    )
    if len(seen) > 1 and (pictures := sum(one["count"] for one in seen[1:])):
        own, packing = ((seen[-1][name] - seen[0][name]) / pictures for name in ("own", "packing"))
        launched = sum(
            one["to"] - one["from"] for one in lines if one["what"] == "launched" and begin <= one["to"] <= end
        )
        found.append(
            f"  a picture takes {own:.3f} CPU-s of the worker and {packing:.3f} of those that pack for it; launching "
            f"{100 * launched / (end - begin):.0f}% of the time"
        )
    return found


def _rate(landed: Samples, begin: float, end: float) -> list[str]:
    there = [(at, number) for at, number in landed if begin <= at <= end]
    if len(there) < 2 or there[-1][0] <= there[0][0]:
        return []
    return [f"  registered: {(there[-1][1] - there[0][1]) / (there[-1][0] - there[0][0]):.2f} a second"]


def covered(spans: Sequence[Span], begin: float, end: float) -> float:
    """Seconds between both moments in which there was at least one of the spans."""
    total, upto = 0.0, begin
    for one, other in sorted(spans):
        one, other = max(one, upto), min(other, end)
        if other > one:
            total += other - one
            upto = other
    return total


def gaps(spans: Sequence[Span], begin: float, end: float) -> list[Span]:
    """The stretches between both moments in which there was none."""
    found, upto = [], begin
    for one, other in [*sorted(spans), (end, end)]:
        if min(one, end) > upto:
            found.append((upto, min(one, end)))
        upto = max(upto, other)
    return found
