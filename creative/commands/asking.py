"""status, sheet, show, reindex, doctor: what is there, and whether it is well."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from creative.commands.options import CampaignId, Json, located, say
from creative.errors import EXIT_OK, EXIT_TEMPORARY
from creative.settings import Settings


@located
def status(settings: Settings, campaign: CampaignId = None, as_json: Json = False) -> None:
    """Say how campaigns stand: runs, jobs by audience segment, ads by state."""
    from creative import inquire
    from creative.session import session

    with session(settings, create=False) as opened:
        found = inquire.status(opened, campaign)
    if as_json:
        say(found)
    else:
        inquire.print_status(found)


@located
def sheet(settings: Settings, campaign: CampaignId = None, as_json: Json = False) -> None:
    """Draw the contact sheet and write the manifest of a campaign again."""
    from creative.making import publish
    from creative.session import session

    with session(settings, create=False) as opened:
        places = publish(opened, campaign, draw=True, again=True)
    if as_json:
        say(places)
    else:
        for place in places.values():
            typer.echo(place, err=True)


@located
def show(
    settings: Settings,
    id: Annotated[str, typer.Argument(metavar="ID", help="An asset, an ad, or a file's name; ids may be shortened.")],
    as_json: Json = False,
) -> None:
    """Say all there is to know of an ad: lines of the brief, words, prompt, seeds, parts, figures, history."""
    from creative import inquire
    from creative.session import session

    with session(settings, create=False) as opened:
        found = inquire.asset(opened, id)
    if as_json:
        say(found)
    else:
        inquire.print_asset(found)


@located
def reindex(settings: Settings, as_json: Json = False) -> None:
    """Make the registry anew from the store, which is the truth. A damaged registry file is moved aside first."""
    from creative import session

    entries, campaigns, aside = session.reindex(settings)
    if as_json:
        say({"entries": entries, "campaigns": campaigns, "moved_aside": aside and str(aside)})
        return
    if aside:
        typer.echo(f"the registry was damaged; what is left of it is at {aside}", err=True)
    one = "" if campaigns == 1 else "s"
    typer.echo(f"{entries} log entries of {campaigns} campaign{one} applied", err=True)


@located(hands=True)
def doctor(settings: Settings, as_json: Json = False) -> None:
    """Check this machine: codecs, shaping, fonts, voices, store, database, Ray. Says what works, or what to do."""
    from creative.doctor import check_all

    checks = list(check_all(settings))
    if as_json:
        say([dataclasses.asdict(check) for check in checks])
    else:
        for check in checks:
            typer.echo(f"{'works ' if check.ok else 'BROKEN'}  {check.name}: {check.says}", err=True)
    raise typer.Exit(EXIT_OK if all(check.ok for check in checks) else EXIT_TEMPORARY)
