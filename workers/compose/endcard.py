"""End cards: they go on from the last frame of a body, and come to rest on logo, headline, price and call to action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import av
import numpy as np

from creative.backends import Made, Task
from workers.backend import OneByOne
from workers.compose.depth import Depth, Look, Scenery
from workers.compose.encode import Planes, frame_of, views
from workers.compose.ground import Ground
from workers.compose.kinetic import Shown, Timing, leave_frames, shown
from workers.compose.material import Material, open_material
from workers.compose.motion import across, between, ease_in_out, moving, showing
from workers.compose.overlay import BEAT_FRAMES
from workers.compose.shoot import (
    SMALL_PRINT,
    body_layers,
    boxes,
    dissolve,
    in_order,
    ink_of,
    lay,
    lifted,
    off_surfaces,
    quiet,
    quiet_scenery,
    scenery,
    shoot,
    size_of,
    staged,
    surfaces,
)
from workers.compose.stage import Stage, final_look
from workers.compose.typeset import Layer

ENTER_MS = 600
"""How long a card takes to come to rest; `creative.planning.pictures.film_frames` adds it to what the card has to stand."""
_LEAVE_SECONDS = 0.133
_SETTLE = 0.7  # of it: the camera
_FIRST = 0.36  # of it: when the first thing of the card enters
_CLOSED, _AFTER = 0.5, 0.42  # of it: surfaces that close in stand, and what lies on them begins to enter
_BEAT_SECONDS, _AGAIN_SECONDS = 0.4, 1.8  # after the card came to rest the ask beats; on long cards once more
_WITH = {"was": "price", "unit_price": "price"}  # what enters together with what
_SLIDE = 0.022  # of the canvas's height: from how far below words rise


class EndCard(OneByOne):
    """Kind `endcard`: see `creative.steps.KINDS`. Goes on from the last frame of the body of the same scene and layout."""

    def make_one(self, task: Task) -> Made:
        """Shoot the end card. Raises StepRefused as `Body` does."""
        material = open_material(task)
        stage = staged(material)
        before = body_layers(material, stage)
        ink = ink_of(before)
        picture = quiet(material, ink)
        material = replace(material, ink=ink)  # words keep their colour over the whole film
        still = replace(material, scene=picture, glimpses=None)
        said = {role: text for role, text in material.texts.items() if role != "caption"}
        ground = still.ground([material.view("endcard")], "endcard")
        layers = material.layers("endcard", said, ground)
        path = task.scratch / "endcard.mp4"
        goes_on = material.window("body") == material.window("endcard") and _alike(surfaces(before), surfaces(layers))
        card = _Card(material, stage, before, layers)
        # Without surfaces in the body, those of the card come in from the edges; others need a card that comes as a whole.
        closes = not goes_on and not surfaces(before) and material.window("endcard") != material.window("body")
        if closes:
            card.close_in()
        words = card.going_on() if goes_on or closes else card.covering()
        rest = max(card.steps, *(one.rests for one in words), 0)
        leaving = material.frames - card.leave()
        words, beats = card.beating(words, rest, leaving)
        moves = [
            n <= rest or n >= leaving or any(0 <= n - beat <= BEAT_FRAMES for beat in beats)
            for n in range(material.frames)
        ]
        seen = [n for n, moving in enumerate(moves) if moving]
        low, high = lifted(material, "endcard", words) if goes_on else ([], words)
        sharp = scenery(material)
        soft = quiet_scenery(sharp, picture)

        def frames() -> Iterator[av.VideoFrame]:
            if closes:
                return card.closing(sharp, soft)
            camera = Depth(sharp, size_of(material.window("body")), card.looks)
            calm = Depth(soft, size_of(material.window("endcard")), [*card.looks, card.last])
            return card.settling(camera, calm, low, seen) if goes_on else card.over(camera, calm)

        finer = shoot(path, material, frames, [0], high, moves.__getitem__)
        return Made({"picture": path, "boxes": boxes(material, "endcard", words)}, {"finer": finer})


class _Card:
    """The moves of one end card: from the body's last look to its own, and what enters when."""

    def __init__(self, material: Material, stage: Stage, before: Sequence[Layer], layers: Sequence[Layer]) -> None:
        self.material, self.before, self.layers = material, before, layers
        self.first = final_look(stage)
        self.last = Look(material.view("endcard"), material.near("endcard"))
        self.steps, self.first_at = _settle_frames(material), _FIRST
        self.looks = [self._look((n + 1) / self.steps) for n in range(self.steps)]

    def _look(self, t: float) -> Look:
        share = ease_in_out(t)
        near = self.first.near + (self.last.near - self.first.near) * share
        return Look(between(self.first.view, self.last.view, share), near)

    def close_in(self) -> None:
        """Surfaces come first, and sooner: words that enter before their ground would stand half on the picture."""
        self.steps, self.first_at = max(1, round(self.steps * _CLOSED / _SETTLE)), _AFTER

    # --- the same window and surfaces: the camera goes on, while what surrounds the product steps back -----------------

    def settling(
        self, camera: Depth, calm: Depth, low: Sequence[Shown], seen: Sequence[int]
    ) -> Iterator[av.VideoFrame]:
        """From the body's last look to the end card's own, in the frames that are `seen`; `low` lies under the product."""
        material = self.material
        ground = Ground(material.canvas, material.window("endcard"), surfaces(self.layers))
        for n, look in enumerate(self.looks[:-1]):
            frame = calm.ground(look)
            dissolve(frame, camera.ground(look), 1 - ease_in_out((n + 1) / self.steps))
            lay(frame, low, n)
            calm.lay(frame, look)
            yield ground.under(frame)
        if not low:
            yield from _held(ground.under(calm.see(self.looks[-1])))
            return
        for n, frame in zip(seen[len(self.looks) - 1 :], _held(calm.ground(self.looks[-1])), strict=False):
            lay(frame, low, n)
            calm.lay(frame, self.looks[-1])
            yield ground.under(frame)

    def going_on(self) -> list[Shown]:
        """What the body ends with stays, and moves to its place; what goes fades; then the rest enters, one by one."""
        material = self.material
        frames = material.frames
        before = off_surfaces(self.before, material.canvas)
        layers = off_surfaces(self.layers, material.canvas)
        kept: list[Layer] = []
        made: list[Shown] = []
        pairs: list[tuple[Layer, Layer | None]] = []
        small = [layer for layer in layers if layer.role == "label"]
        if small:  # it stands through both parts: only what is under it may have another colour
            kept += [layer for layer in before if layer.role == "label"]
            made += [shown(layer, Timing(0, frames)) for layer in small]
        for layer in layers:
            if layer in small:
                continue
            old = next((other for other in before if _same(other, layer)), None)
            pairs.append((layer, old))
            if old is not None:
                kept.append(old)
        starts = self._starts([layer for layer, old in pairs if old is None])
        for layer, old in pairs:
            out = self.out_of(layer)
            if old is not None:
                way = (float(old.x - layer.x), float(old.y - layer.y))
                scale = old.image.width / layer.image.width
                steps = self.steps if any(way) or scale != 1 else 0
                made.append(shown(layer, Timing(0, frames, steps, out), slide=way, fade=False, scale=scale))
                continue
            made.append(self._entering(layer, starts, out))
        for layer in before:
            if layer not in kept:
                gone = self.steps if layer.kind == "scrim" else min(leave_frames(material.fps), self.steps)
                # A row of the boxes needs frames in which it stands: what only fades away has none.
                made.insert(0, shown(replace(layer, runs=(), marks=()), Timing(0, gone, 0, gone)))
        return in_order(made)

    # --- surfaces where there were none: they close in on the product, from the edges to the card's window ------------

    def closing(self, sharp: Scenery, soft: Scenery) -> Iterator[av.VideoFrame]:
        """The camera goes on in a window that becomes smaller, until it is the card's."""
        material = self.material
        canvas, size = material.canvas, (sharp.ground.width, sharp.ground.height)
        one, other = material.window("body"), material.window("endcard")
        first, last = across(self.first.view, one, canvas), across(self.last.view, other, canvas)
        ground = Ground(canvas, other, surfaces(self.layers))
        shares = [ease_in_out((n + 1) / self.steps) for n in range(self.steps)]
        holes = [moving(one, other, share) for share in shares]
        looks = [
            Look(
                showing(between(first, last, share), hole, size, canvas),
                self.first.near + (self.last.near - self.first.near) * share,
            )
            for share, hole in zip(shares, holes, strict=True)
        ]
        camera, calm = Depth(sharp, canvas, looks, holes), Depth(soft, canvas, looks, holes)
        for look, hole, share in zip(looks[:-1], holes, shares, strict=False):
            frame = calm.ground(look, hole)
            dissolve(frame, camera.ground(look, hole), 1 - share)
            calm.lay(frame, look, hole)
            yield ground.around(frame, hole, hole[:2])
        frame = calm.ground(looks[-1], other)
        calm.lay(frame, looks[-1], other)
        yield from _held(ground.under(frame))

    # --- another window, other surfaces: the card comes up over the body as a whole, its words with it ----------------

    def over(self, camera: Depth, calm: Depth) -> Iterator[av.VideoFrame]:
        """The card rises over the body's last frame, then stands."""
        material = self.material
        stood = in_order([shown(layer, Timing(0, 1)) for layer in off_surfaces(self.before, material.canvas)])
        low, high = lifted(material, "body", stood)
        seen = camera.ground(self.first)
        lay(seen, low, 0)
        camera.lay(seen, self.first)
        old = Ground(material.canvas, material.window("body"), surfaces(self.before)).under(seen)
        lay(old, high, 0)
        plain = Ground(material.canvas, material.window("endcard"), surfaces(self.layers)).under(calm.see(self.last))
        bare = Planes(*(plane.copy() for plane in views(plain)))
        for layer in self._first_words():
            for overlay in shown(layer, Timing(0, 1)).overlays:
                overlay.blend(plain, 0)
        height = material.canvas[1]
        under, card = views(old), views(plain)
        for n in range(self.steps - 1):
            row = round(height * (1 - ease_in_out((n + 1) / self.steps)) / 2) * 2
            yield frame_of(
                Planes(
                    *(
                        np.concatenate((back[: row // part], front[: (height - row) // part]))
                        for back, front, part in zip(under, card, (1, 2, 2), strict=True)
                    )
                )
            )
        yield from _held(frame_of(bare))

    def covering(self) -> list[Shown]:
        """What comes with the card stands from when it rests; price and call to action enter after it."""
        frames = self.material.frames
        layers = off_surfaces(self.layers, self.material.canvas)
        first = self._first_words()
        starts = self._starts([layer for layer in layers if layer not in first])
        made = []
        for layer in layers:
            out = self.out_of(layer)
            if layer in first:
                made.append(shown(layer, Timing(self.steps - 1, frames, 0, out)))
            else:
                made.append(self._entering(layer, starts, out))
        return in_order(made)

    def _first_words(self) -> list[Layer]:
        late = {"price", "was", "unit_price", "cta"}
        return in_layers([layer for layer in off_surfaces(self.layers, self.material.canvas) if layer.role not in late])

    # --- both ----------------------------------------------------------------------------------------------------------

    def out_of(self, layer: Layer) -> int:
        """Frames in which a layer goes: none for small print, nor for a logo that stands where the film starts over."""
        stays = layer.role in SMALL_PRINT or (layer.role == "logo" and self.material.logo_stays)
        return 0 if stays else self.leave()

    def leave(self) -> int:
        """Frames in which the words go at the end, so that the film can start over."""
        frames = round(_LEAVE_SECONDS * self.material.fps)
        return frames if self.material.seamless and self.material.frames > 6 * frames else 0

    def beating(self, words: Sequence[Shown], rest: int, leaving: int) -> tuple[list[Shown], list[int]]:
        """The same with an ask that beats when everything is at rest, and the frames at which it does."""
        fps = self.material.fps
        found = [rest + round(_BEAT_SECONDS * fps), rest + round((_BEAT_SECONDS + _AGAIN_SECONDS) * fps)]
        beats = tuple(beat for beat in found if beat + BEAT_FRAMES + fps // 4 < leaving)
        buttons = [one for one in self.layers if one.kind == "button"]
        if not beats or not buttons:
            return list(words), []
        left, top = min(one.x for one in buttons), min(one.y for one in buttons)
        right = max(one.x + one.image.width for one in buttons)
        foot = max(one.y + one.image.height for one in buttons)
        centre = ((left + right) / 2, (top + foot) / 2)
        made = []
        for one in words:
            if one.role == "cta" and one.kind != "scrim":
                moving = tuple(replace(overlay, beats=beats, centre=centre) for overlay in one.overlays)
                one = replace(one, overlays=moving)
            made.append(one)
        return made, list(beats)

    def _starts(self, layers: Sequence[Layer]) -> dict[str, int]:
        """The frame at which each role enters: one after another, and all done when the card has to stand."""
        fps, frames = self.material.fps, self.material.frames
        whole = min(round(ENTER_MS * fps / 1000), frames // 3)
        roles = list(dict.fromkeys(_WITH.get(one.role, one.role) for one in layers if one.kind != "scrim"))
        first = round(self.first_at * whole)
        apart = (whole - first - self._enter()) / max(1, len(roles) - 1)
        return {role: first + int(number * apart) for number, role in enumerate(roles)}

    def _enter(self) -> int:
        return min(round(0.27 * self.material.fps), self.material.frames // 6)

    def _entering(self, layer: Layer, starts: dict[str, int], leave: int) -> Shown:
        frames = self.material.frames
        if layer.kind == "scrim":
            return shown(layer, Timing(0, frames, self.steps, leave))
        start = starts[_WITH.get(layer.role, layer.role)]
        slide = (0.0, _SLIDE * self.material.canvas[1])
        return shown(layer, Timing(start, frames, self._enter(), leave), slide=slide)


def in_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Scrims under plates, plates under words."""
    order = {"scrim": 0, "surface": 1}
    return sorted(layers, key=lambda one: order.get(one.kind, 2))


def _held(frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """Fresh copies of a frame, as many as are asked for."""
    still = Planes(*(plane.copy() for plane in views(frame)))
    yield frame
    while True:
        yield frame_of(still)


def _settle_frames(material: Material) -> int:
    return max(1, min(round(_SETTLE * ENTER_MS * material.fps / 1000), material.frames // 3))


def _alike(one: Sequence[Layer], other: Sequence[Layer]) -> bool:
    """Whether two lists of surfaces look the same."""
    return len(one) == len(other) and all(
        (a.x, a.y, a.image.size) == (b.x, b.y, b.image.size) and a.image.tobytes() == b.image.tobytes()
        for a, b in zip(one, other, strict=True)
    )


def _same(one: Layer, other: Layer) -> bool:
    """Whether two layers show the same words (or logo) in the same lines and colour, whatever their size."""

    def said(layer: Layer) -> list[tuple[str, str]]:
        return [(run["text"], run["colour"]) for run in layer.runs]

    if one.kind != other.kind or one.kind not in ("text", "logo") or one.role != other.role or said(one) != said(other):
        return False
    if abs(one.image.width * other.image.height / (one.image.height * other.image.width) - 1) > 0.04:
        return False
    # A logo has versions for light and dark grounds: as thumbnails they differ at a glance.
    small, large = (np.asarray(layer.image.resize((16, 8)), np.float64) for layer in (one, other))
    return float(np.abs(small - large).mean()) < 12
