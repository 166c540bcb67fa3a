"""What good pictures keep to, by the boxes and by what is measured on the pixels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creative.craft.table import RULES
from creative.placements import Placement
from creative.records import FindingRecord

Figures = Mapping[str, Any]
Rectangle = Sequence[int]

CAPITALS = 0.7
"""Capitals are about seven tenths of the type size."""
_SLACK_PX = 1
SMALL_PX = 300 * 250
SMALL_WORDS, WORDS = 10, 20
"""How many words headline and support have together, on banners of so few pixels and on larger ones."""
_PRICE = ("price", "was", "unit_price", "badge")
_QUIET = ("legal", "disclaimer", "caption", "label")
_BANNERS = ("leaderboard", "skyscraper")
_WHO = {"protan": "no red (protanopia)", "deutan": "no green (deuteranopia)", "tritan": "no blue (tritanopia)"}
_SEEN, _TOLD = 4.5, 10.0
_HEAVIER = 1.3  # a weight is an estimate: less than this much more is the same
_FILL = 0.8  # white paper around a picture is a design; nothing but it is none
_SHARPER, _LOUDER, _COLOURED = 1.25, 1.5, 25.0


def named(text: Mapping[str, Any]) -> str:
    """A run of words as people call it: the headline “Take it slow.”."""
    role = str(text["role"]).replace("_", " ")
    words = str(text["text"])
    return f"the {role} “{words if len(words) <= 40 else words[:39] + '…'}”"


def words_in(text: str) -> int:
    """Words to be read: two characters of Chinese, Japanese or Thai are about one."""
    unspaced = sum(1 for sign in text if "\u0e00" <= sign <= "\u0e7f" or "\u3040" <= sign <= "\u9fff")
    return len(text.split()) + unspaced // 2 - (1 if unspaced else 0)


def of_pictures(figures: Figures, placement: Placement) -> Iterator[FindingRecord]:
    """Findings on a still, or on what a film shows."""
    width, height = placement.width or 1, placement.height or 1
    texts: Sequence[Mapping[str, Any]] = figures.get("texts", ())
    yield from _words(texts, placement, width * height <= SMALL_PX)
    yield from _sizes(texts, placement, min(width, height), height)
    for text in texts:
        yield from _place(text, figures, placement)
        yield from _vision(text)
    if "canvas" in figures:
        yield from _parts(figures, placement)
    yield from _eye(figures, placement, min(width, height))


def _words(texts: Sequence[Mapping[str, Any]], placement: Placement, small: bool) -> Iterator[FindingRecord]:
    said = dict.fromkeys(str(text["text"]) for text in texts if text["role"] in ("headline", "support"))
    words, most = sum(map(words_in, said)), SMALL_WORDS if small else WORDS
    if words > most:
        yield RULES["words"].found(words, limit=f"about {most}")
    lines = {text["y"] for text in texts if text["role"] == "headline"}
    # A billboard is high enough for two lines.
    if placement.shape == "leaderboard" and len(lines) > 1 and (placement.width or 0) >= 5 * (placement.height or 1):
        yield RULES["one-line"].found(len(lines))


def _sizes(
    texts: Sequence[Mapping[str, Any]], placement: Placement, shorter: int, height: int
) -> Iterator[FindingRecord]:
    banner = placement.shape == "leaderboard" and (placement.width or 0) >= 5 * height
    least = height / 5 if banner else shorter / 18
    if placement.shape == "skyscraper":
        least = shorter / 14  # narrow columns are read from near by: 11 px of 160
    for text in texts:
        capitals = text["size"] * CAPITALS
        if text["role"] == "headline" and capitals < least - 1:
            yield RULES["headline-size"].found(f"{capitals:.0f} px", named(text), limit=f"{least:.0f} px")
        if text["role"] == "support" and capitals < least / 2 - 1:
            yield RULES["support-size"].found(f"{capitals:.0f} px", named(text), limit=f"{least / 2:.0f} px")
        if text["size"] < 12:
            yield RULES["small-type"].found(f"{text['size']} px", named(text))
    if placement.modality == "image":
        sizes: list[int] = []
        for size in sorted({int(text["size"]) for text in texts if text["role"] not in _QUIET}):
            # What differs by less than an eighth looks like one size.
            if not sizes or size > sizes[-1] * 1.125:
                sizes.append(size)
        most = 4 if any(text["role"] in _PRICE for text in texts) else 3
        if len(sizes) > most:
            yield RULES["type-sizes"].found(len(sizes), limit="four" if most == 4 else "three")
    faces = {text["font"] for text in texts if text.get("font")}
    if len(faces) > 2:
        yield RULES["typefaces"].found(len(faces))


def _place(text: Mapping[str, Any], figures: Figures, placement: Placement) -> Iterator[FindingRecord]:
    width, height = placement.width or 1, placement.height or 1
    ink, product = (text["x"], text["y"], text["w"], text["h"]), figures.get("product")
    if text["role"] != "label":  # small print stands in the margin
        yield from _margin(named(text), ink, width, height, placement)
    card = figures.get("card")
    covers = 0.0 if product is None or text["role"] == "caption" else overlap(ink, product)
    if covers > 0.2 and (card is None or text["first"] < card):
        yield RULES["over-product"].found(f"{covers:.0%}", named(text))


def _margin(name: str, ink: Rectangle, width: int, height: int, placement: Placement) -> Iterator[FindingRecord]:
    margin = min(width, height) // 20 if placement.shape not in _BANNERS else 2
    near = min(ink[0], ink[1], width - ink[0] - ink[2], height - ink[1] - ink[3])
    if near < margin - _SLACK_PX:
        yield RULES["margin"].found(f"{near} px", name, limit=f"{margin} px")


def _vision(text: Mapping[str, Any]) -> Iterator[FindingRecord]:
    sight = text.get("sight") or {}
    who = min(sight, key=lambda name: float(sight[name]), default=None)
    # What is hard to read for everybody is said by the check of contrast.
    if who is not None and sight[who] < _SEEN <= (text.get("contrast") or 0):
        yield RULES["colour-vision"].found(f"{int(sight[who] * 10) / 10:.1f}:1", named(text), limit=_WHO.get(who, who))


def _parts(figures: Figures, placement: Placement) -> Iterator[FindingRecord]:
    roles = {mark["role"] for mark in figures.get("marks", ())}
    texts = figures.get("texts", ())
    for mark in figures.get("marks", ()):
        ink = (mark["x"], mark["y"], mark["w"], mark["h"])
        yield from _margin(f"the {mark['role']}", ink, placement.width or 1, placement.height or 1, placement)
    if "logo" not in roles:
        yield RULES["no-logo"].found()
    if "button" not in roles and not any(text["role"] == "cta" for text in texts):
        yield RULES["no-button"].found()
    headline = [text for text in texts if text["role"] == "headline"]
    product = figures.get("product")
    if placement.shape == "skyscraper" and headline and product is not None:
        middle = sum(text["y"] + text["h"] / 2 for text in headline) / len(headline)
        if middle > product[1] + product[3] / 2:
            yield RULES["skyscraper-order"].found()
    yield from _groups(texts)
    yield from _touching(texts)


def _groups(texts: Sequence[Mapping[str, Any]]) -> Iterator[FindingRecord]:
    """Space between groups is larger than inside them: the headline's lines against what comes next below."""
    lines = sorted((text for text in texts if text["role"] == "headline"), key=lambda text: int(text["y"]))
    lines = [line for line in lines if line["first"] == lines[0]["first"]]
    if len(lines) < 2:
        return
    inside = max(below["y"] - above["y"] - above["h"] for above, below in itertools.pairwise(lines))
    last = lines[-1]
    for text in texts:
        beside = min(last["x"] + last["w"], text["x"] + text["w"]) - max(last["x"], text["x"])
        apart = text["y"] - last["y"] - last["h"]
        if (
            text["role"] in ("headline", "support", "caption")  # a supporting line is of its headline's group
            or beside <= 0
            or not 0 <= apart < inside
            or text["first"] != last["first"]
        ):
            continue
        yield RULES["crowded"].found(f"{apart} px", f"the headline and {named(text)}", limit=f"more than {inside} px")


def _touching(texts: Sequence[Mapping[str, Any]]) -> Iterator[FindingRecord]:
    """Words of two roles that stand at once, one in the other's room: a caption's reaches half its size, as its plate does."""
    for one, other in itertools.combinations(texts, 2):
        if one["role"] == other["role"] or (one["role"] in _PRICE and other["role"] in _PRICE):
            continue
        if min(one["end"], other["end"]) <= max(one["first"], other["first"]):
            continue
        if overlap(_room(one), _room(other)) > 0:
            yield RULES["touching"].found(named(other), named(one))


def _room(text: Mapping[str, Any]) -> Rectangle:
    more = round(text["size"] * (0.5 if text["role"] == "caption" else 0.05))
    return text["x"] - more, text["y"] - more, text["w"] + 2 * more, text["h"] + 2 * more


def _eye(figures: Figures, placement: Placement, shorter: int) -> Iterator[FindingRecord]:
    eye, product = figures.get("eye") or {}, figures.get("product")
    if product is not None and placement.shape not in _BANNERS:
        share = product[2] * product[3] / shorter**2
        if not 25 <= round(share * 100) <= 60:
            yield RULES["product-share"].found(f"{share:.0%}")
    yield from _order(eye.get("weights") or {})
    if "sharp" in eye and eye["sharp"][1] > _SHARPER * eye["sharp"][0]:
        yield RULES["busy-ground"].found(f"{eye['sharp'][1] / max(eye['sharp'][0], 0.01):.1f}")
    if "chroma" in eye and eye["chroma"][0] > _COLOURED and eye["chroma"][1] > _LOUDER * eye["chroma"][0]:
        yield RULES["loud-ground"].found(f"{eye['chroma'][1] / eye['chroma'][0]:.1f}")
    if eye.get("fill", 0.0) > _FILL and placement.modality == "image":
        yield RULES["flat-ground"].found(f"{eye['fill']:.0%}")
    button = eye.get("button")
    if not button:
        return
    if (button["elsewhere"] or 0.0) > 0.03 and placement.modality == "image":
        yield RULES["button-colour"].found(f"{button['elsewhere']:.0%}", button["colour"])
    if button["differs"] < 20:
        yield RULES["button-lost"].found(f"{button['differs']:.0f}")
    who = min(button["sight"], key=lambda name: float(button["sight"][name]), default=None)
    if who is not None and button["sight"][who] < _TOLD <= button["differs"]:
        yield RULES["colour-vision"].found(
            f"ΔE {button['sight'][who]:.0f} to its ground", "the button", limit=_WHO.get(who, who)
        )


def _order(weights: Mapping[str, float]) -> Iterator[FindingRecord]:
    lead = max((weights.get(role, 0.0) for role in ("product", "headline", "price")), default=0.0)
    if not lead:
        return
    if weights.get("logo", 0.0) > _HEAVIER * max(weights.get("headline", 0.0), weights.get("price", 0.0)):
        yield RULES["weight"].found("the headline", "the logo")
    if weights.get("button", 0.0) > _HEAVIER * lead:
        yield RULES["weight"].found("product and headline", "the button")


def overlap(inner: Rectangle, outer: Rectangle) -> float:
    """Share of `inner` (x, y, w, h) that lies over `outer`."""
    width = min(inner[0] + inner[2], outer[0] + outer[2]) - max(inner[0], outer[0])
    height = min(inner[1] + inner[3], outer[1] + outer[3]) - max(inner[1], outer[1])
    return float(max(0, width) * max(0, height) / max(1, inner[2] * inner[3]))
