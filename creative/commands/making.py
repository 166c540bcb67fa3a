"""init, validate, plan, run: from a brief to ads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creative.commands.options import BriefPath, Json, Only, located, say
from creative.settings import Settings


def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.")] = Path("my-campaign"), as_json: Json = False
) -> None:
    """Write an example brief with its brand kit and media into a new folder."""
    from creative.starter import write_starter

    brief = write_starter(folder)
    if as_json:
        say({"brief": str(brief)})
    else:
        typer.echo(f"{brief}: edit it, then: creative plan {brief}", err=True)


@located(quiet=True)
def validate(settings: Settings, brief: BriefPath, as_json: Json = False) -> None:
    """Check a brief, its brand kit and its media, and whether every ad of it can be planned. Nothing is made or stored."""
    from creative import session, show
    from creative.catalogue import load_catalogue

    loaded = session.read_brief(brief, settings)
    found = session.surveyed(
        loaded,
        session.in_world(loaded, load_catalogue(settings.catalogues, settings.judges, settings.licences), settings),
    )
    ads = sum(found.ads.values())
    if as_json:
        campaign = loaded.campaign.id
        say({"ok": True, "campaign": campaign, "ads": ads, "findings": [], "warnings": list(found.warnings)})
        return
    for warning in found.warnings:
        typer.echo(f"note: {warning}", err=True)
    typer.echo(f"{brief}: good, {show.ads(ads)}", err=True)


@located
def plan(settings: Settings, brief: BriefPath, only: Only = None, as_json: Json = False) -> None:
    """Say what a run would make and what it takes, before anything runs. No store or registry is made."""
    from creative import session, show
    from creative.catalogue import load_catalogue
    from creative.cells import parse_only
    from creative.limits import estimate

    loaded, part = session.read_brief(brief, settings), parse_only(only or [])
    world = session.in_world(loaded, load_catalogue(settings.catalogues, settings.judges, settings.licences), settings)
    with session.looking(settings) as opened:
        found = opened.survey(loaded, world, part) if opened else session.surveyed(loaded, world, part)
        cost = estimate(found, loaded, settings, opened.registry if opened else None)
    workers = show.workers(settings)
    if as_json:
        say(
            {
                "campaign": loaded.campaign.id,
                "ads": dict(found.ads),
                "ads_to_make": found.ads_to_make,
                "segments": dict(found.segments),
                "steps": found.steps,
                "steps_missing": found.missing,
                "worker_seconds": round(found.seconds, 1),
                "seconds": round(found.seconds / workers, 1),
                "bytes": found.bytes,
                "guessed": list(found.guessed),
                **cost.data(),
                "warnings": list(found.warnings),
            }
        )
        return
    show.console.print(show.survey_table(found))
    for line in (*show.survey_lines(found, workers), *cost.lines()):
        typer.echo(line, err=True)


@located(hands=True)
def run(
    settings: Settings,
    brief: BriefPath,
    only: Only = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what was refused or quarantined before.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Read everything in the store first: what is damaged or gone is made again."),
    ] = False,
    sheet: Annotated[bool, typer.Option(help="Draw the contact sheet at the end.")] = True,
    as_json: Json = False,
) -> None:
    """Make every ad of a brief that is not there yet. The same command again resumes, or finds nothing to do."""
    from creative.making import make

    made = make(brief, settings, only or [], retry_failed=retry_failed, sheet=sheet, verify=verify)
    if as_json:
        say(made.summary())
    raise typer.Exit(made.exit_code)
