"""How a body with a picture window begins: the picture fills the canvas, then the surfaces close in on it; or the words have
the canvas to themselves, then the window opens.

Both end with the first shot. Films that start over have no opening: they begin as they end, with their window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import av

from workers.compose.depth import Depth, Look, Scenery
from workers.compose.ground import Ground
from workers.compose.material import Cue, Material
from workers.compose.motion import View, Window, ease_in_out, moving, showing
from workers.compose.shoot import dissolve
from workers.compose.shots import Shot, filling
from workers.compose.stage import Box, Stage, covers

_SECONDS = 0.5  # that the window moves
_STAYS = 0.35  # of the first shot, at least, before it does


@dataclass(frozen=True, slots=True)
class Opening:
    """`shot`: what the camera does meanwhile, on the whole canvas or in the window; `steps`: the last frames of it, in which the
    window moves. `whole`: the surfaces close in; else the window opens."""

    shot: Shot
    steps: int
    whole: bool

    @property
    def end(self) -> int:
        """The frame from which the window stands."""
        return self.shot.end


def opening_of(material: Material, stage: Stage, shots: Sequence[Shot], cues: Sequence[Cue]) -> Opening | None:
    """A body's opening; None where it begins with its window: without another shot to go on to, where it starts over, where
    captions would lie over the product, and where words of the law have to stand from the first frame."""
    manner = material.document["parts"]["body"].get("opening")
    window, canvas = material.window("body"), material.canvas
    if manner is None or material.loops or material.footage or len(shots) < 2 or window == (0, 0, *canvas):
        return None
    if "legal" in material.texts:
        return None
    shot = shots[0]
    steps = min(round(_SECONDS * material.fps), int((1 - _STAYS) * shot.end))
    if steps < 2:
        return None
    if manner == "words":
        return Opening(shot, steps, False)
    x, y, _, _ = window
    captions = tuple((left + x, top + y, w, h) for left, top, w, h in stage.captions)
    field = tuple(float(edge) for edge in material.document["field"])
    filled = replace(
        stage,
        canvas=canvas,
        field=(field[0], field[1], field[2], field[3]),
        base=_middle(stage, canvas),
        texts=(),
        lasting=(),
        captions=captions,
        near=1.0,
    )
    start, finish = filling(filled, bool(cues))
    if any(cue.first < shot.end for cue in cues) and any(
        covers(box, look.view, filled) for box in captions for look in (start, finish)
    ):
        return None  # a caption would hide what fills the canvas
    return Opening(replace(shot, start=start, finish=finish, clear=False), steps, True)


def opened(
    opening: Opening, material: Material, ground: Ground, sharp: Scenery, soft: Scenery | None, rack: int
) -> Iterator[av.VideoFrame]:
    """The canvas in each frame of the opening, without words; in the first `rack` frames the set comes out of `soft`."""
    canvas, window = material.canvas, material.window("body")
    looks = [opening.shot.look(n) for n in range(opening.end)]
    shares = [
        max(0.0, ease_in_out((n - opening.end + opening.steps + 1) / (opening.steps + 1))) for n in range(opening.end)
    ]
    if opening.whole:
        seen, at = [moving((0, 0, *canvas), window, share) for share in shares], None
        scene = (sharp.ground.width, sharp.ground.height)
        # The product goes along, from its place on the canvas to the middle of the window.
        looks = [
            Look(showing(_towards(look.view, material.product, window, canvas, share), hole, scene, canvas), look.near)
            for look, share, hole in zip(looks, shares, seen, strict=True)
        ]
        camera = Depth(sharp, canvas, looks, seen)
        before = Depth(soft, canvas, looks, seen) if soft is not None and rack else None
    else:
        seen, at = [moving(_shut(window, canvas), window, share) for share in shares], window[:2]
        camera = Depth(sharp, window[2:], looks)
        before = Depth(soft, window[2:], looks) if soft is not None and rack else None
    for n, (look, hole) in enumerate(zip(looks, seen, strict=True)):
        part = hole if opening.whole else None
        frame = camera.ground(look, part)
        if before is not None and n < rack:
            dissolve(frame, before.ground(look, part), 1 - ease_in_out(n / rack))
        camera.lay(frame, look, part)
        yield frame if hole == (0, 0, *canvas) else ground.around(frame, hole, at or hole[:2])


def _towards(view: View, product: Box | None, window: Window, canvas: tuple[int, int], share: float) -> View:
    """A view moved so that the product (or the middle) goes `share` of the way to the middle of the window."""
    x, y = view.x, view.y
    if product is not None:
        x, y = product[0] + product[2] / 2, product[1] + product[3] / 2
    at = view.place(x, y, canvas)
    across, down = window[0] + window[2] / 2 - at[0], window[1] + window[3] / 2 - at[1]
    return View(view.scale, view.x - share * across / view.scale, view.y - share * down / view.scale)


def _middle(stage: Stage, canvas: tuple[int, int]) -> View:
    """A view of the whole canvas with the product in its middle."""
    x, y, w, h = stage.product or (0.0, 0.0, float(stage.scene[0]), float(stage.scene[1]))
    scale = max(canvas[0] / stage.scene[0], canvas[1] / stage.scene[1])
    return View(scale, x + w / 2, y + h / 2).inside(*stage.scene, canvas)


def _shut(window: Window, canvas: tuple[int, int]) -> Window:
    """What is left of a window that has closed towards the edge which it meets, or towards its middle."""
    x, y, w, h = window
    if y + h >= canvas[1] and x == 0:
        return (x, canvas[1] - 2, w, 2)
    if x + w >= canvas[0] and y == 0:
        return (canvas[0] - 2, y, 2, h)
    if x == 0 and y == 0:
        return (0, 0, 2, h) if h >= canvas[1] else (0, 0, w, 2)
    middle = (y + h // 2) // 2 * 2
    return (x, middle, w, 2)
