"""`creative layout preview`: layouts drawn with a brief's words, without a run. Here is what to draw; a worker module draws."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from creative.backends import resolve
from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.copyfit import direction
from creative.errors import CreativeError, UsageError
from creative.layouts import Layout, load_layouts
from creative.placements import placements
from creative.planning.pictures import Pictures
from creative.planning.problem import PlanningProblem
from creative.planning.words import Subject, Words
from creative.resources import templates
from creative.world import World, ingest

Scenes = Literal["stand-in", "draft", "final"]
SHOWN = (
    "meta-feed-1x1", "meta-feed-4x5", "meta-story-9x16", "google-landscape", "iab-300x250", "iab-300x600",
    "iab-160x600", "iab-970x250", "iab-728x90", "iab-320x50",
)  # fmt: skip
"""The placements of a preview that names none: one of each kind of canvas."""
_DRAW = "workers.preview:draw_sheet"
_PARTS = {"image": ("still",), "video": ("body", "endcard"), "audio": ()}
_EVERY_S = 0.4


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw. Empty `families` and `placements`: all, and SHOWN. `locale` "": the brief's first."""

    families: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    locale: str = ""
    brief: Path | None = None
    headline: str = ""
    out: Path = Path("layouts.png")
    scenes: Scenes = "stand-in"
    width: int = 2400
    quality: int = 88
    media_roots: tuple[Path, ...] = ()


def preview(wish: Wish) -> dict[str, Any]:
    """Draw it: {"paths", "problems"}: one sheet, or one a family where the name of `out` has "{family}" in it.

    Raises BriefError, UsageError for what is named wrongly.
    """
    path = wish.brief or templates() / "briefs" / "demo" / "brief.yaml"
    brief = load_brief(path, media_roots=[templates(), *wish.media_roots])
    world = ingest(brief, load_catalogue())
    out = wish.out.absolute()
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"{wish.out}: name a .png or .jpg file")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is not there: make it first")
    sheets: dict[str, list[dict[str, Any]]] = {}
    for tile in _tiles(brief, world, wish):
        sheets.setdefault(str(out).replace("{family}", tile["family"]), []).append(tile)
    problems: list[str] = []
    for name, tiles in sheets.items():
        job = {"tiles": tiles, "out": name, "width": wish.width, "quality": wish.quality}
        problems += resolve(_DRAW)(job)["problems"]
    return {"paths": list(sheets), "problems": problems}


def watch(wish: Wish, say: Callable[[str], None], again: Callable[[], bool] = lambda: True) -> None:
    """Preview now, and again whenever a layout, the framings, the brief or the kit changes; what is wrong is said, and waited for.

    `again` is asked every moment whether to go on.
    """
    seen: dict[Path, tuple[int, int]] = {}
    while True:
        now = {path: (stat.st_mtime_ns, stat.st_size) for path, stat in _watched(wish)}
        if now != seen:
            seen = now
            try:
                done = preview(wish)
                for problem in done["problems"]:
                    say(problem)
                for path in done["paths"]:
                    say(path)
            except CreativeError as error:
                say(str(error))
        if not again():
            return
        time.sleep(_EVERY_S)


def _watched(wish: Wish) -> Iterator[tuple[Path, Any]]:
    folders = [templates() / "layouts", templates() / "scenes"]
    files = [wish.brief] if wish.brief else []
    if wish.brief:
        try:
            kit = load_brief(wish.brief, media_roots=[templates(), *wish.media_roots]).brand_kit
            files += [*kit.layout_files, *(path.parent for path in kit.layout_files)]
        except CreativeError:
            pass  # said by the preview itself
    for path in [*files, *(path for folder in folders for path in sorted(folder.glob("*.yaml")))]:
        try:
            yield path, path.stat()
        except OSError:
            continue


def _tiles(brief: Brief, world: World, wish: Wish) -> Iterator[dict[str, Any]]:
    names = wish.families or tuple(world.layouts)
    _known("layout", names, world.layouts)
    rows = wish.placements or SHOWN
    _known("placement", rows, world.placements)
    words = Words(brief)
    segment = brief.segments[0]
    headline = wish.headline or next(iter(segment.copy_), None)
    if wish.headline and wish.headline not in brief.copy_.headlines:
        raise UsageError(f"the brief's copy has no {wish.headline}: it has {', '.join(brief.copy_.headlines)}")
    prompt = next(iter(segment.scene), "")
    pictures = Pictures(brief, world, words, 7)
    for name in names:
        layout = world.layouts[name]
        about = _subject(brief, wish, layout)
        for row in rows:
            placement = world.placements[row]
            for part in _PARTS[placement.modality]:
                tile = {
                    "family": name,
                    "row": f"{name}: {layout.title}",
                    "name": f"{row}{'' if part == 'still' else f' {part}'}",
                }
                try:
                    yield (
                        tile
                        | {"part": part, "problem": ""}
                        | _drawn(pictures, world, about, headline, prompt, name, row, wish)
                    )
                except PlanningProblem as problem:
                    yield tile | {"problem": f"{problem.where}: {problem.problem}"}
                except UsageError as error:
                    yield tile | {"problem": str(error)}


def _drawn(
    pictures: Pictures,
    world: World,
    about: Subject,
    headline: str | None,
    prompt: str,
    layout: str,
    placement: str,
    wish: Wish,
) -> dict[str, Any]:
    """One tile: the very step that planning would make, with files in place of digests."""
    still = pictures.still(about, headline, prompt, layout, placement).step
    document = world.document(layout, placement, direction(about.locale))
    framing = world.families[document.family]
    inputs = {
        role: str(world.media.file(source))
        for role, source in still.inputs.items()
        if isinstance(source, str) and role.split(".")[0] in ("font", "logo")
    }
    photos = world.photos.get(about.product or "", ())
    return {
        "layout": document.content,
        "texts": still.params["texts"],
        "palette": still.params["palette"],
        "locale": still.params["locale"],
        "direction": still.params["direction"],
        "fonts": {role.partition(".")[2]: path for role, path in inputs.items() if role.startswith("font.")},
        "logos": {role.partition(".")[2]: path for role, path in inputs.items() if role.startswith("logo.")},
        "photo": str(world.media.file(photos[0])) if photos else None,
        "scene": {
            "quality": wish.scenes,
            "prompt": prompt,
            "seed": pictures.seed,
            "width": framing.width,
            "height": framing.height,
            "product": dict(framing.product),
        },
    }


def _subject(brief: Brief, wish: Wish, layout: Layout) -> Subject:
    """The first product, its first offer, and the first market that has the locale; no product where the layout goes without."""
    product = None if "product" in layout.without else next(iter(brief.products), None)
    for market, terms in brief.markets.items():
        for locale in terms.locales:
            if wish.locale in ("", locale):
                offers = (
                    name for name, offer in brief.offers.items() if offer.product == product and market in offer.price
                )
                return Subject(product, next(offers, None), market, locale)
    there = sorted({locale for terms in brief.markets.values() for locale in terms.locales})
    raise UsageError(f"the brief has no locale {wish.locale}: it has {', '.join(there)}")


def _known(kind: str, names: Sequence[str], there: Any) -> None:
    for name in names:
        if name not in there:
            raise UsageError(f"there is no {kind} {name}: there are {', '.join(there)}")


def listed(brief: Path | None = None, media_roots: Sequence[Path] = ()) -> list[dict[str, Any]]:
    """Every family: {"name", "title", "needs", "without", "shapes": how many entries, "placements": which of the table's}."""
    layouts = load_layouts(templates() / "layouts")
    if brief is not None:
        layouts = dict(ingest(load_brief(brief, media_roots=[templates(), *media_roots]), load_catalogue()).layouts)
    rows = [row for row in placements().values() if row.shape]
    return [
        {
            "name": layout.name,
            "title": layout.title,
            "needs": list(layout.needs),
            "without": list(layout.without),
            "shapes": len(layout.shapes),
            "placements": [row.id for row in rows if layout.suits(row)],
        }
        for layout in layouts.values()
    ]
