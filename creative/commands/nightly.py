"""nightly: every brief of a folder that is ready, one after another, by one of those who would."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creative.commands.options import Json, located, say
from creative.settings import Settings


@located(hands=True)
def nightly(
    settings: Settings,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Its briefs: DIR/*/brief.yaml, and DIR/*.yaml with a campaign.")
    ],
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0, help="Begin nothing more after so long.", show_default="no limit"),
    ] = None,
    lease: Annotated[
        str, typer.Option("--lease", metavar="NAME", help="One nightly at a time of each name, in each registry.")
    ] = "nightly",
    notify: Annotated[
        list[str] | None,
        typer.Option("--notify", metavar="NAME", help="Who hears of the night: a name of the profile's."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be made, and what it takes.")] = False,
    sheet: Annotated[bool, typer.Option(help="Draw the contact sheets.")] = True,
    as_json: Json = False,
) -> None:
    """Make what is missing of every ready brief of a folder: the flight that begins first, then the most valuable.

    Drafts and flights that are over are named and left. One bad brief never sinks the night.

    Exit codes: 0 all made, or another nightly has the lease; 2 nothing could be read; 3 some ads failed, were beyond a limit,
    or a brief was refused; 75 store, database or workers were not to be had.
    """
    from creative.nights.nightly import dry, night

    if dry_run:
        found = dry(folder, settings)
    else:
        found = night(folder, settings, minutes=minutes, lease=lease, notify=notify or [], sheet=sheet)
    if as_json:
        say(found.summary())
    raise typer.Exit(found.exit_code)
