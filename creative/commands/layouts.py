"""layout: the families of layouts, and how they look with a brief's words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from creative.commands.options import Json, located, say
from creative.settings import Settings

layout = typer.Typer(name="layout", no_args_is_help=True, help="Layouts: which there are, and how they look.")

BriefFile = Annotated[
    Path | None,
    typer.Option("--brief", metavar="BRIEF", help="With its words, kit and layouts.", show_default="the demo's"),
]


@layout.command("list")
@located(quiet=True)
def list_(settings: Settings, brief: BriefFile = None, as_json: Json = False) -> None:
    """Say which families there are, what each needs, and which placements it has no entry for."""
    from creative import previewing
    from creative.placements import placements

    rows = previewing.listed(brief, settings.media_roots)
    if as_json:
        say(rows)
        return
    seen = [row.id for row in placements().values() if row.shape]
    for row in rows:
        terms = [f"needs {name}" for name in row["needs"]] + [f"without {name}" for name in row["without"]]
        gone = [name for name in seen if name not in row["placements"]]
        terms += [f"nothing for {', '.join(gone)}"] if gone else []
        typer.echo(f"{row['name']:12} {row['title']}{' (' + '; '.join(terms) + ')' if terms else ''}", err=True)


@layout.command()
@located(quiet=True)
def preview(
    settings: Settings,
    families: Annotated[
        list[str] | None, typer.Argument(metavar="[FAMILY...]", help="Which; all, if left out.")
    ] = None,
    brief: BriefFile = None,
    placement: Annotated[
        list[str] | None, typer.Option(help="Which placements; one of each kind of canvas, if left out.")
    ] = None,
    locale: Annotated[str, typer.Option(help="Which of the brief's locales; its first, if left out.")] = "",
    headline: Annotated[
        str, typer.Option(help="Which of the brief's headlines; the first segment's, if left out.")
    ] = "",
    scenes: Annotated[
        Literal["stand-in", "draft", "final"],
        typer.Option(help="stand-in: drawn at once; draft, final: path-traced sets, which take seconds to minutes."),
    ] = "stand-in",
    width: Annotated[int, typer.Option(min=400, max=2400, help="Of the picture, px.")] = 2400,
    quality: Annotated[int, typer.Option(min=30, max=95, help="Of a JPEG.")] = 88,
    watch: Annotated[bool, typer.Option("--watch", help="Draw again whenever a file changes; Ctrl-C ends it.")] = False,
    out_file: Annotated[
        Path, typer.Option("--out-file", help="A .png or .jpg; with {family} in its name one of each family.")
    ] = Path("layouts.png"),
    as_json: Json = False,
) -> None:
    """Draw layouts with a brief's words into one picture, and print where it is. Nothing is run or stored."""
    from creative import previewing

    wish = previewing.Wish(
        tuple(families or ()), tuple(placement or ()), locale, brief, headline, out_file, scenes, width, quality,
        settings.media_roots,
    )  # fmt: skip
    if watch:
        previewing.watch(wish, lambda line: typer.echo(line, err=True))
        return
    done = previewing.preview(wish)
    if as_json:
        say(done)
        return
    for problem in done["problems"]:
        typer.echo(problem, err=True)
    for path in done["paths"]:
        typer.echo(path)
