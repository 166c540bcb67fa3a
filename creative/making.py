"""`creative run`: from a brief's path to finished ads, a manifest, a tree of names and a contact sheet."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from creative import session as sessions
from creative import show
from creative.backends import BackendSpec, resolve
from creative.brief.brief import Brief
from creative.canonical import checked_key
from creative.cards import Missing
from creative.cells import parse_only
from creative.delivery import follow
from creative.errors import CreativeError, DamagedStoreError, UsageError
from creative.limits import Purse, estimate
from creative.made import Made as Made  # what `make` returns
from creative.manifest import write_manifest
from creative.notices.telling import of_run, tell
from creative.offering import offer
from creative.registry import CampaignRow
from creative.rehearsals import SAID
from creative.running.budget import Budget
from creative.running.campaign import CampaignRun
from creative.running.port import Runner
from creative.running.progress import Progress
from creative.session import Session, session
from creative.settings import Settings
from creative.sheet import write_sheet
from creative.store import link_tree
from creative.store.healing import heal

_DRAW_SHEET = "workers.sheet:draw_sheet"
_SAY_S = 300.0  # a run that dies without a word has said what it spent until so long before


def make(
    path: Path, settings: Settings, only: Sequence[str], *, retry_failed: bool, sheet: bool, verify: bool = False
) -> Made:
    """Run a brief. `verify`: read everything in the store first; what is damaged or gone is made again. Raises BriefError, LimitError, UsageError, InfrastructureError; KeyboardInterrupt after a clean end."""
    part = parse_only(only)
    settings.check_reach()
    brief = sessions.read_brief(path, settings)
    with session(settings) as opened:
        if verify:
            _note(f"{heal(opened.store, opened.registry)} damaged steps will be made again")
        with show.stdout_for_data(), contextlib.closing(opened.runner()) as runner:
            made = make_in(opened, brief, runner, part, retry_failed=retry_failed, sheet=sheet)
    for problem in tell(of_run(brief, made, settings), settings):
        _note(problem)
    return made


def make_in(
    opened: Session,
    brief: Brief,
    runner: Runner,
    part: Mapping[str, frozenset[str]] | None = None,
    *,
    retry_failed: bool = False,
    sheet: bool = True,
    say: Callable[[str], None] | None = None,
    nightly: bool = False,
    budget: Budget | None = None,
) -> Made:
    """Run a brief in an open session, on a runner that the caller closes; `say` hears what is said of it, else stderr.

    `nightly` counts it as a part of this night; `budget` is the night's. Raises what `make` does.
    """
    say, settings = say or _note, opened.settings
    world = sessions.in_world(brief, opened.catalogue, opened.store)
    found = opened.survey(brief, world, part or {})
    workers = show.workers(settings)
    for line in show.survey_lines(found, workers):
        say(line)
    for line in estimate(found, brief, settings, opened.registry).lines():
        say(line)
    check_cards(runner, [world.catalogue.specs[name] for name in found.backends if found.missing.get(name[0])])
    purse = Purse(brief, settings, opened.registry, nightly=nightly, night=budget)
    watcher = show.Watcher(opened.rates(), opened.catalogue.specs, found, workers)
    with watcher:
        run = CampaignRun(
            brief, world, opened.store, opened.registry, runner,
            only=part, retry_failed=retry_failed, budget=purse.budget, counts=purse.counts,
        )  # fmt: skip
        run.observe = _each(_SAY_S, watcher, run.still_running)
        report = run.run(found.segments)
    for line in show.report_lines(report):
        say(line)
    missing = [Missing(ad.segment, ad.market, ad.locale, ad.placement, ad.reason) for ad in report.not_made]
    made = Made(report, rehearsals=tuple(opened.catalogue.rehearsals(found.backends)))
    if made.rehearsals:
        say(f"{SAID}: noise by random weights in {', '.join(made.rehearsals)}")
    if any(row.id == brief.campaign.id for row in opened.registry.campaigns()):  # else nothing was ever begun
        delivered = follow(opened.store, opened.registry, brief.campaign.id, by=report.run)
        if delivered is not None:
            say(str(delivered))
        made.places = publish(opened, brief.campaign.id, draw=sheet, missing=missing)
    counts = opened.registry.counts(brief.campaign.id)
    made.pending = sum(number for (state, _), number in counts.items() if state == "pending")
    if purse.prices is not None:
        made.cost = f"{purse.cost()} {purse.prices.currency}"
        say(f"cost: about {made.cost}")
    for name, place in made.places.items():
        say(f"{name}: {place}")
    return made


def check_cards(runner: Runner, specs: Sequence[BackendSpec]) -> None:
    """Raise UsageError, before anything is made, for a backend that wants a card where the runner can never have one."""
    check = getattr(runner, "check", None)
    wanted = [spec for spec in specs if spec.resources.gpu]
    if check is not None and wanted:
        check(wanted)


def _each(seconds: float, observe: Callable[[Progress], None], then: Callable[[], None]) -> Callable[[Progress], None]:
    """`observe`, and at most once in so many seconds `then`."""
    last = time.monotonic()

    def observed(progress: Progress) -> None:
        nonlocal last
        observe(progress)
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            then()

    return observed


def publish(
    opened: Session, campaign: str | None, *, draw: bool, again: bool = False, missing: Sequence[Missing] = ()
) -> dict[str, str]:
    """Write manifest, tree of names and contact sheet of a campaign; their places by name. There is a tree only of a store on
    this machine: elsewhere people browse what is delivered.

    What shows the campaign's log to its present end already is left as it is, unless `again`. `campaign` may be left out
    where there is only one. `missing`: ads that were wanted and not made; the sheet shows them as such.
    """
    row = the_campaign(opened, campaign)
    folder = opened.settings.out / row.id
    places = {"manifest": folder / "manifest.jsonl"}
    if opened.store.is_local:
        places["ads"] = opened.settings.out / "ads" / row.id
    shown = {"entry": row.cursor, "missing": checked_key([[one.segment, one.placement, one.reason] for one in missing])}
    mark = folder / ".published.json"
    before = {} if again else _read(mark)
    if before.get("ads") != shown or not all(place.exists() for place in places.values()):
        write_manifest(opened.registry, opened.store, places["manifest"], row.id)
        try:
            link_tree(opened.store, opened.registry.manifest_rows(row.id), opened.settings.out / "ads", [row.id])
        except DamagedStoreError as error:
            raise DamagedStoreError(f"{error}: creative run BRIEF --verify makes it again") from error
    if draw:
        places["sheet"], places["picture"] = folder / "sheet.html", folder / "sheet.png"
        if before.get("sheet") != shown or not places["sheet"].exists():
            _draw(opened, row, places, missing)
        if not places["picture"].exists():
            del places["picture"]
    sheet = {"sheet": shown} if draw else {name: before[name] for name in ("sheet",) if name in before}
    mark.write_text(json.dumps({"ads": shown, **sheet}), "utf-8")  # last: what died on the way is done again
    found = {name: str(place) for name, place in places.items()}
    if not opened.store.is_local:  # whoever reviews may be anywhere
        found |= {f"{name}_uri": uri for name, uri in offer(opened.store, row.id, found).items()}
    return found


def _read(mark: Path) -> dict[str, Any]:
    try:
        found = json.loads(mark.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def the_campaign(opened: Session, campaign: str | None) -> CampaignRow:
    """The named campaign, or the only one. Raises UsageError with the names there are."""
    known = {row.id: row for row in opened.registry.campaigns()}
    if campaign is None and len(known) == 1:
        return next(iter(known.values()))
    if campaign is None or campaign not in known:
        there = ", ".join(known) or "none yet: creative run BRIEF"
        wish = "name a campaign with --campaign" if campaign is None else f"no campaign {campaign!r}"
        raise UsageError(f"{wish}; there is: {there}")
    return known[campaign]


def _draw(opened: Session, row: CampaignRow, places: dict[str, Path], missing: Sequence[Missing]) -> None:
    title = row.name or row.id
    facts = {"Campaign": row.id}
    if row.owner:
        facts["Owner"] = str(row.owner.get("name", ""))
    rows = opened.registry.manifest_rows
    write_sheet(rows(row.id), opened.store, places["sheet"], title=title, facts=facts, missing=missing)
    try:
        resolve(_DRAW_SHEET)(rows(row.id), opened.store, places["picture"], title)
    except (CreativeError, OSError) as error:  # a control plane without imaging does without
        _note(f"no picture of the contact sheet: {error}")


def _note(line: str) -> None:
    show.console.print(line, markup=False, soft_wrap=True)
