"""`creative run`: from a brief's path to finished ads, a manifest, a tree of names and a contact sheet."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creative import session as sessions
from creative import show
from creative.backends import resolve
from creative.cards import Missing
from creative.cells import parse_only
from creative.errors import EXIT_OK, EXIT_SOME_FAILED, EXIT_TEMPORARY, CreativeError, UsageError
from creative.manifest import write_manifest
from creative.registry import AssetRow
from creative.running.campaign import CampaignRun, Report
from creative.session import Session, session
from creative.settings import Settings
from creative.sheet import write_sheet
from creative.store import link_tree

_DRAW_SHEET = "workers.sheet:draw_sheet"


@dataclass(slots=True)
class Made:
    """A run with the places of what it published."""

    report: Report
    places: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 all made, 3 some ads failed, 75 the store or the workers were not to be had."""
        if self.report.status == "unavailable":
            return EXIT_TEMPORARY
        return EXIT_SOME_FAILED if self.report.failed else EXIT_OK

    def summary(self) -> dict[str, Any]:
        """The object that ends `run --json`."""
        report, progress = self.report, self.report.progress
        return {
            "run": report.run,
            "status": report.status,
            "steps_made": progress.total("made"),
            "steps_reused": progress.total("reused"),
            "steps_failed": progress.total("failed"),
            "steps_blocked": progress.total("blocked"),
            "made": {kind: tally.made for kind, tally in sorted(progress.kinds.items()) if tally.made},
            "assets": report.assets,
            "new": report.new,
            "retired": report.retired,
            "failed": [
                {"ad_id": ad.ad_id, "segment": ad.segment, "placement": ad.placement, "market": ad.market,
                 "locale": ad.locale, "reason": ad.reason}
                for ad in report.failed
            ],
            "failures": [
                {"key": failure.step.key, "kind": failure.step.kind, "label": failure.step.label,
                 "status": failure.status, "reason": failure.reason}
                for failure in progress.failures
            ],
            "manifest": self.places.get("manifest"),
            "sheet": self.places.get("sheet"),
            "seconds": round(report.seconds, 2),
        }  # fmt: skip


def make(path: Path, settings: Settings, only: Sequence[str], *, retry_failed: bool, sheet: bool) -> Made:
    """Run a brief. Raises BriefError, LimitError, UsageError, InfrastructureError; KeyboardInterrupt after a clean end."""
    part = parse_only(only)
    brief = sessions.read_brief(path, settings)
    with session(settings) as opened:
        _note(f"store {opened.store.url}, registry {opened.registry.place}, runner {settings.runner}")
        world = sessions.in_world(brief, opened.catalogue)
        found = opened.survey(brief, world, part)
        workers = 1 if settings.runner == "inline" else settings.workers or os.cpu_count() or 1
        for line in show.survey_lines(found, workers):
            _note(line)
        with show.stdout_for_data(), contextlib.closing(opened.runner()) as runner:
            watcher = show.Watcher(opened.rates(), opened.catalogue.specs, found, workers)
            with watcher:
                run = CampaignRun(
                    brief, world, opened.store, opened.registry, runner,
                    only=part, retry_failed=retry_failed, observe=watcher,
                )  # fmt: skip
                report = run.run(found.segments)
        for line in show.report_lines(report):
            _note(line)
        changed = bool(report.new or report.retired or report.progress.total("made"))
        missing = [Missing(ad.segment, ad.market, ad.locale, ad.placement, ad.reason) for ad in report.not_made]
        made = Made(
            report, publish(opened, brief.campaign.id, draw=sheet, changed=changed or bool(missing), missing=missing)
        )
        for name, place in made.places.items():
            _note(f"{name}: {place}")
    return made


def publish(
    opened: Session, campaign: str | None, *, draw: bool, changed: bool = True, missing: Sequence[Missing] = ()
) -> dict[str, str]:
    """Write manifest, tree of names and contact sheet of a campaign; their places by name.

    With `changed` false only what is not there is written. `campaign` may be left out where there is only one.
    `missing`: ads that were wanted and not made; the sheet shows them as such.
    """
    campaign = the_campaign(opened, campaign)
    folder = opened.settings.out / campaign
    places = {"manifest": folder / "manifest.jsonl", "ads": opened.settings.out / "ads" / campaign}
    if changed or not places["manifest"].exists():
        write_manifest(opened.registry, opened.store, places["manifest"], campaign)
    if changed or not places["ads"].exists():
        link_tree(opened.store, _rows(opened, campaign), opened.settings.out / "ads", [campaign])
    if draw:
        places["sheet"], places["picture"] = folder / "sheet.html", folder / "sheet.png"
        if changed or not places["sheet"].exists():
            _draw(opened, campaign, places, missing)
        if not places["picture"].exists():
            del places["picture"]
    return {name: str(place) for name, place in places.items()}


def the_campaign(opened: Session, campaign: str | None) -> str:
    """The named campaign, or the only one. Raises UsageError with the names there are."""
    known = [row.id for row in opened.registry.campaigns()]
    if campaign is None and len(known) == 1:
        return known[0]
    if campaign not in known:
        there = ", ".join(known) or "none yet: creative run BRIEF"
        raise UsageError(
            f"{'name a campaign with --campaign' if campaign is None else f'no campaign {campaign!r}'}; there is: {there}"
        )
    return campaign


def _rows(opened: Session, campaign: str) -> Iterator[AssetRow]:
    return opened.registry.manifest_rows(campaign)


def _draw(opened: Session, campaign: str, places: dict[str, Path], missing: Sequence[Missing]) -> None:
    row = next(row for row in opened.registry.campaigns() if row.id == campaign)
    title = row.name or campaign
    places["sheet"].parent.mkdir(parents=True, exist_ok=True)
    facts = {"Campaign": campaign}
    if row.owner:
        facts["Owner"] = str(row.owner.get("name", ""))
    write_sheet(_rows(opened, campaign), opened.store, places["sheet"], title=title, facts=facts, missing=missing)
    try:
        resolve(_DRAW_SHEET)(_rows(opened, campaign), opened.store, places["picture"], title)
    except UsageError as error:  # a control plane without imaging
        _note(f"no picture of the contact sheet: {error}")
    except (CreativeError, OSError) as error:
        _note(f"no picture of the contact sheet: {error}")


def _note(line: str) -> None:
    show.console.print(line, markup=False, soft_wrap=True)
