"""The command line. It wires; what is done is elsewhere.

Data go to stdout, everything for people to stderr. Exit codes:

0    all made
2    bad brief or usage, a wrong place for store or registry
3    some ads failed
70   unforeseen: a fault of the farm's own (EX_SOFTWARE); a file with the traceback is named
75   infrastructure: worth trying again (EX_TEMPFAIL)
130  interrupted (Ctrl-C)
143  terminated (SIGTERM), ended as cleanly as by Ctrl-C
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from creative.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TEMPORARY,
    EXIT_TERMINATED,
    EXIT_UNFORESEEN,
    EXIT_USAGE,
    CreativeError,
)
from creative.signals import terminate_cleanly, terminated
from creative.version import VERSION

app = typer.Typer(
    name="creative",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One campaign brief in; image, film and voice ads out, for every audience segment and placement.",
)

BriefPath = Annotated[Path, typer.Argument(metavar="BRIEF", help="A brief, for example campaign/brief.yaml.")]
Out = Annotated[Path | None, typer.Option(help="Folder for everything that has no other place.", show_default="out")]
StoreUrl = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="Folder of the store.", show_default="OUT/store")
]
RegistryUrl = Annotated[
    str | None,
    typer.Option("--registry", metavar="URL", help="Database of the registry.", show_default="OUT/registry.db"),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT=VALUE[,...]",
        help="Part of the matrix: segment, product, offer, market, locale, placement, variant.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Data as JSON on stdout.")]
CampaignId = Annotated[str | None, typer.Option("--campaign", help="Id of the campaign; the only one, if left out.")]


def _say(data: Any) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.")] = Path("my-campaign"), as_json: Json = False
) -> None:
    """Write an example brief with its brand kit and media into a new folder."""
    from creative.starter import write_starter

    brief = write_starter(folder)
    if as_json:
        _say({"brief": str(brief)})
    else:
        typer.echo(f"{brief}: edit it, then: creative plan {brief}", err=True)


@app.command()
def validate(brief: BriefPath, as_json: Json = False, out: Out = None) -> None:
    """Check a brief, its brand kit and its media, and whether every ad of it can be planned. Nothing is made or stored."""
    from creative import session, show
    from creative.catalogue import load_catalogue
    from creative.settings import settings

    options = settings(out)
    loaded = session.read_brief(brief, options)
    found = session.surveyed(loaded, session.in_world(loaded, load_catalogue(options.catalogues)))
    ads = sum(found.ads.values())
    if as_json:
        campaign = loaded.campaign.id
        _say({"ok": True, "campaign": campaign, "ads": ads, "findings": [], "warnings": list(found.warnings)})
        return
    for warning in found.warnings:
        typer.echo(f"note: {warning}", err=True)
    typer.echo(f"{brief}: good, {show.ads(ads)}", err=True)


@app.command()
def plan(
    brief: BriefPath,
    only: Only = None,
    out: Out = None,
    store: StoreUrl = None,
    registry: RegistryUrl = None,
    as_json: Json = False,
) -> None:
    """Say what a run would make and what it takes, before anything runs. No store or registry is made."""
    from creative import session, show
    from creative.catalogue import load_catalogue
    from creative.cells import parse_only
    from creative.settings import settings

    options = settings(out, store, registry)
    loaded, part = session.read_brief(brief, options), parse_only(only or [])
    world = session.in_world(loaded, load_catalogue(options.catalogues))
    with session.looking(options) as opened:
        found = opened.survey(loaded, world, part) if opened else session.surveyed(loaded, world, part)
    workers = 1 if options.runner == "inline" else options.workers or os.cpu_count() or 1
    if as_json:
        _say(
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
                "warnings": list(found.warnings),
            }
        )
        return
    show.console.print(show.survey_table(found))
    for line in show.survey_lines(found, workers):
        typer.echo(line, err=True)


@app.command()
def run(
    brief: BriefPath,
    only: Only = None,
    out: Out = None,
    store: StoreUrl = None,
    registry: RegistryUrl = None,
    runner: Annotated[
        str | None, typer.Option(help="ray, or inline: one process on this machine.", show_default="ray")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Ray workers on this machine.", show_default="its cores")
    ] = None,
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
    from creative.night import make
    from creative.settings import settings

    options = settings(out, store, registry, runner, workers)
    made = make(brief, options, only or [], retry_failed=retry_failed, sheet=sheet, verify=verify)
    if as_json:
        _say(made.summary())
    raise typer.Exit(made.exit_code)


@app.command()
def status(
    campaign: CampaignId = None,
    out: Out = None,
    store: StoreUrl = None,
    registry: RegistryUrl = None,
    as_json: Json = False,
) -> None:
    """Say how campaigns stand: runs, jobs by audience segment, ads by state."""
    from creative import inquire
    from creative.session import session
    from creative.settings import settings

    with session(settings(out, store, registry), create=False) as opened:
        found = inquire.status(opened, campaign)
    if as_json:
        _say(found)
    else:
        inquire.print_status(found)


@app.command()
def sheet(
    campaign: CampaignId = None,
    out: Out = None,
    store: StoreUrl = None,
    registry: RegistryUrl = None,
    as_json: Json = False,
) -> None:
    """Draw the contact sheet and write the manifest of a campaign again."""
    from creative.night import publish
    from creative.session import session
    from creative.settings import settings

    with session(settings(out, store, registry), create=False) as opened:
        places = publish(opened, campaign, draw=True, again=True)
    if as_json:
        _say(places)
    else:
        for place in places.values():
            typer.echo(place, err=True)


@app.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="An asset, an ad, or a file's name; ids may be shortened.")],
    out: Out = None,
    store: StoreUrl = None,
    registry: RegistryUrl = None,
    as_json: Json = False,
) -> None:
    """Say all there is to know of an ad: lines of the brief, words, prompt, seeds, parts, figures, history."""
    from creative import inquire
    from creative.session import session
    from creative.settings import settings

    with session(settings(out, store, registry), create=False) as opened:
        found = inquire.asset(opened, id)
    if as_json:
        _say(found)
    else:
        inquire.print_asset(found)


@app.command()
def reindex(out: Out = None, store: StoreUrl = None, registry: RegistryUrl = None, as_json: Json = False) -> None:
    """Make the registry anew from the store, which is the truth. A damaged registry file is moved aside first."""
    from creative import session
    from creative.settings import settings

    entries, campaigns, aside = session.reindex(settings(out, store, registry))
    if as_json:
        _say({"entries": entries, "campaigns": campaigns, "moved_aside": aside and str(aside)})
        return
    if aside:
        typer.echo(f"the registry was damaged; what is left of it is at {aside}", err=True)
    one = "" if campaigns == 1 else "s"
    typer.echo(f"{entries} log entries of {campaigns} campaign{one} applied", err=True)


@app.command()
def doctor(out: Out = None, store: StoreUrl = None, registry: RegistryUrl = None, as_json: Json = False) -> None:
    """Check this machine: codecs, shaping, fonts, voices, store, database, Ray. Says what works, or what to do."""
    from creative.doctor import check_all
    from creative.settings import settings

    checks = list(check_all(settings(out, store, registry)))
    if as_json:
        _say([dataclasses.asdict(check) for check in checks])
    else:
        for check in checks:
            typer.echo(f"{'works ' if check.ok else 'BROKEN'}  {check.name}: {check.says}", err=True)
    raise typer.Exit(EXIT_OK if all(check.ok for check in checks) else EXIT_TEMPORARY)


def _version(value: bool) -> None:
    if value:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read by --help."""


def main() -> None:
    """The entry point: every error that a person can act on is one message and an exit code."""
    terminate_cleanly()
    try:
        sys.exit(_main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our data had enough
        sys.exit(EXIT_OK)


def _main() -> int:
    try:
        code = app(standalone_mode=False)
        if code == EXIT_INTERRUPTED:  # typer makes an exit code of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else EXIT_OK
    except CreativeError as error:
        _say_error(str(error), [dataclasses.asdict(finding) for finding in getattr(error, "findings", ())])
        typer.echo(str(error), err=True)
        return error.exit_code
    except typer.TyperException as error:
        _say_error(error.format_message())
        show_itself = getattr(error, "show", None)  # usage errors have one, with a hint
        if show_itself is None:
            typer.echo(str(error), err=True)
        else:
            show_itself()
        return EXIT_USAGE
    except (KeyboardInterrupt, typer.Abort):
        how = "terminated" if terminated() else "interrupted"
        typer.echo(f"{how}; the same command goes on from here", err=True)
        return EXIT_TERMINATED if terminated() else EXIT_INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last resort: a fault of ours is told in one line too
        with tempfile.NamedTemporaryFile(
            "w", prefix="creative-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"creative-farm {VERSION}, Python {sys.version}\n")
            traceback.print_exception(error, file=file)
        message = f"unexpected: {type(error).__name__}: {error}; please report it with: {file.name}"
        _say_error(message)
        typer.echo(message, err=True)
        return EXIT_UNFORESEEN


def _say_error(message: str, findings: list[dict[str, Any]] | None = None) -> None:
    """What went wrong as data, where data were asked for."""
    if "--json" in sys.argv:
        _say({"ok": False, "error": message, "findings": findings or []})
