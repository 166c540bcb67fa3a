"""approve, reject, manifest export and apply, match, deliver: from finished ads to those that are shown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creative.commands.options import CampaignId, Json, Only, located, say
from creative.errors import EXIT_NO_MATCH, EXIT_OK, EXIT_SOME_FAILED, InfrastructureError, UsageError
from creative.settings import Settings

if TYPE_CHECKING:
    from creative.delivery import Delivery
    from creative.review import Outcome
    from creative.session import Session

_MOST_SAID = 10

manifest = typer.Typer(
    name="manifest", no_args_is_help=True, help="Ads as a list: to be looked at, judged, and read back."
)

Ids = Annotated[
    list[str],
    typer.Argument(metavar="ASSET_ID...", help="Assets, ads, or files' names, as `show` takes them; one or more."),
]
By = Annotated[str | None, typer.Option("--by", metavar="WHO", envvar="CREATIVE_BY", help="Who says it.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]
Sha256 = Annotated[
    str | None,
    typer.Option("--sha256", metavar="HEX", help="Of the bytes that you looked at; must be the asset's now."),
]
Deliver = Annotated[bool, typer.Option("--deliver/--no-deliver", help="Bring what is delivered up to date at once.")]
Rehearsal = Annotated[
    bool,
    typer.Option("--rehearsal", help="They are rehearsals (noise of random weights), approved to try the farm itself."),
]
Chosen = Annotated[list[str] | None, typer.Option(metavar="VALUE[,...]", show_default="all")]


@located
def approve(
    settings: Settings,
    ids: Ids,
    by: By = None,
    reason: Reason = None,
    sha256: Sha256 = None,
    rehearsal: Rehearsal = False,
    deliver: Deliver = True,
    as_json: Json = False,
) -> None:
    """Say yes to ads, as they are now. They are delivered, and may be matched."""
    _judge(settings, ids, "approved", by, reason or "", sha256, deliver, as_json, _stage(rehearsal))


@located
def reject(
    settings: Settings,
    ids: Ids,
    by: By = None,
    reason: Reason = None,
    sha256: Sha256 = None,
    deliver: Deliver = True,
    as_json: Json = False,
) -> None:
    """Say no to ads, with the reason. They are not delivered or matched any more."""
    if not (reason or "").strip():
        raise UsageError("a rejection needs its reason: --reason 'the price is hard to read'")
    _judge(settings, ids, "rejected", by, reason or "", sha256, deliver, as_json)


def _judge(
    settings: Settings,
    ids: Sequence[str],
    verdict: Any,
    by: str | None,
    reason: str,
    sha256: str | None,
    deliver: bool,
    as_json: bool,
    stage: str = "",
) -> None:
    from creative.inquire import plain_name
    from creative.review import Wish, judge, reviewer
    from creative.review.verdicts import bad_reason
    from creative.session import session

    who = reviewer(by)
    if problem := bad_reason(reason):
        raise UsageError(f"--reason {problem}")
    if sha256 is not None and (len(ids) > 1 or not re.fullmatch("[0-9a-f]{12,64}", sha256)):
        raise UsageError("--sha256 is of one asset: its 64 digits, or the first 12 of them or more")
    with session(settings, create=False) as opened:
        rows = [opened.registry.asset(plain_name(id)) for id in ids]
        bytes_ = [row.sha256 if row.sha256.startswith(sha256 or "") else str(sha256) for row in rows]
        wishes = [
            Wish(row.asset_id, seen, verdict, who, reason.strip(), stage)
            for row, seen in zip(rows, bytes_, strict=True)
        ]
        outcome = judge(opened.store, opened.registry, wishes)
        _finish(opened, outcome, who, deliver, as_json)


@located
def waive(
    settings: Settings,
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Its id, such as margin, as `show` names it.")],
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ASSET_ID...]", help="Assets, ads, or files' names, as `show` takes them."),
    ] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Every ad of the campaign that has it now.")] = False,
    campaign: CampaignId = None,
    by: By = None,
    reason: Reason = None,
    back: Annotated[bool, typer.Option("--back", help="It counts again.")] = False,
    as_json: Json = False,
) -> None:
    """Say that a finding may stay, and why. Checks are never waived. It holds for the ad's later renditions too."""
    from creative.inquire import plain_name
    from creative.making import the_campaign
    from creative.review import reviewer
    from creative.review.verdicts import bad_reason
    from creative.review.waivers import check_finding, waive
    from creative.session import session

    check_finding(finding)
    who, why = reviewer(by), (reason or "").strip()
    if not why and not back:
        raise UsageError("a waiver needs its reason: --reason 'the label is part of the product'")
    if problem := bad_reason(why):
        raise UsageError(f"--reason {problem}")
    if bool(ids) == everywhere:
        raise UsageError("name the ads, or say --all for every ad of the campaign that has it")
    with session(settings, create=False) as opened:
        if everywhere:
            rows = opened.registry.manifest_rows(the_campaign(opened, campaign).id)
            found = [row for row in rows if any(one.get("id") == finding for one in row.findings)]
        else:
            found = [opened.registry.asset(plain_name(id)) for id in ids or ()]
        outcome = waive(opened.store, opened.registry, found, finding, who, why, back=back)
    for refusal in outcome.refused:
        _note(f"refused: {refusal}")
    _note(str(outcome))
    if as_json:
        say(outcome.summary())
    raise typer.Exit(EXIT_SOME_FAILED if outcome.refused else EXIT_OK)


@manifest.command("export")
@located
def export(
    settings: Settings,
    campaign: CampaignId = None,
    only: Only = None,
    state: Chosen = None,
    segment: Chosen = None,
    placement: Chosen = None,
    market: Chosen = None,
    locale: Chosen = None,
    out_file: Annotated[
        Path | None, typer.Option("--out-file", metavar="FILE", help="Where to write it.", show_default="stdout")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="jsonl, or csv for spreadsheets.", show_default="by FILE's ending, else jsonl")
    ] = None,
    separator: Annotated[str, typer.Option(help="Between the cells of a csv: comma, semicolon or tab.")] = "comma",
    as_json: Json = False,
) -> None:
    """Write the ads with empty columns for verdicts: fill in verdict, verdict_by, verdict_reason; then `manifest apply`."""
    from creative.cells import parse_only
    from creative.making import the_campaign
    from creative.records import STATES
    from creative.review import write_sheet
    from creative.session import session

    form = format or ("csv" if out_file and out_file.suffix.lower() == ".csv" else "jsonl")
    delimiter = {"comma": ",", "semicolon": ";", "tab": "\t"}.get(separator)
    if form not in ("jsonl", "csv") or delimiter is None:
        raise UsageError("--format is jsonl or csv, --separator is comma, semicolon or tab")
    if as_json and out_file is None:
        raise UsageError("--json says what was written where: name the file with --out-file")
    filters: dict[str, frozenset[str]] = dict(parse_only(only or []))
    given = {"state": state, "segment": segment, "placement": placement, "market": market, "locale": locale}
    for name, values in given.items():
        if values:
            split = frozenset(value for text in values for value in text.split(",") if value)
            filters[name] = filters.get(name, split) & split
    if unknown := sorted(filters.get("state", frozenset()) - set(STATES)):
        raise UsageError(f"--state {unknown[0]}: there is {', '.join(STATES)}")
    with session(settings, create=False) as opened:
        row = the_campaign(opened, campaign)
        count = write_sheet(opened.registry, opened.store, out_file, form, row.id, filters, delimiter)
    if as_json:
        say({"campaign": row.id, "ads": count, "file": str(out_file), "format": form})
    else:
        _note(f"{count} ad{'' if count == 1 else 's'} of {row.id}{f' in {out_file}' if out_file else ''}")


@manifest.command("apply")
@located
def apply(
    settings: Settings,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `manifest export` wrote, with verdicts filled in.")
    ],
    by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    rehearsal: Rehearsal = False,
    deliver: Deliver = True,
    as_json: Json = False,
) -> None:
    """Give the verdicts of a file. A malformed file is refused as a whole; a line about other bytes, by its number."""
    from creative.review import Wish, judge, read_ballots, reviewer
    from creative.session import session

    who = reviewer(by) if by else None
    sheet = read_ballots(file, who)
    stage = _stage(rehearsal)
    wishes = [
        Wish(
            one.asset_id,
            one.sha256,
            one.verdict,
            one.by,
            one.reason,
            stage if one.verdict == "approved" else "",
            one.where,
        )
        for one in sheet.ballots
    ]
    with session(settings, create=False) as opened:
        outcome = judge(opened.store, opened.registry, wishes, dry_run=dry_run)
        for note in sheet.notes:
            _note(f"note: {note}")
        if dry_run:
            _note("nothing was written: --dry-run")
        more = {"silent": sheet.silent, "notes": list(sheet.notes), "dry_run": dry_run}
        _finish(opened, outcome, who or "manifest apply", deliver and not dry_run, as_json, more)


def _stage(rehearsal: bool) -> str:
    from creative.rehearsals import STAGE

    return STAGE if rehearsal else ""


def _finish(
    opened: Session, outcome: Outcome, by: str, deliver: bool, as_json: bool, more: dict[str, Any] | None = None
) -> None:
    """Say what came of it, deliver the difference, and end with the exit code."""
    for id, why in itertools.islice(outcome.unchanged.items(), _MOST_SAID):
        _note(f"{id} {why}")
    if len(outcome.unchanged) > _MOST_SAID:
        _note(f"... and {len(outcome.unchanged) - _MOST_SAID} more that nothing changed for")
    for refusal in outcome.refused:
        _note(f"refused: {refusal}")
    silent = f", {more['silent']} without a verdict" if more and more["silent"] else ""
    _note(f"{outcome}{silent}")
    delivered = _deliver(opened, outcome.campaigns, by) if deliver else []
    if as_json:
        say({**outcome.summary(), **(more or {}), "delivered": [one.summary() for one in delivered]})
    failed = outcome.refused or any(one.failed for one in delivered)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_OK)


def _deliver(opened: Session, campaigns: Iterable[str], by: str) -> list[Delivery]:
    from creative.delivery import deliver, is_delivered

    done = []
    for campaign in sorted(campaigns):
        if is_delivered(opened.registry, campaign):
            continue
        try:
            done.append(deliver(opened.store, opened.registry, campaign, by=by))
        except InfrastructureError:
            _note(f"the verdicts are kept; what is delivered is not up to date: creative deliver --campaign {campaign}")
            raise
        _say_delivery(done[-1])
    return done


def delivered(opened: Session, campaigns: Iterable[str], by: str) -> list[dict[str, Any]]:
    """Bring what is delivered of these campaigns up to date, where it was delivered before; what came of it, as data."""
    there = [name for name in campaigns if opened.registry.deliveries(name)]
    return [one.summary() for one in _deliver(opened, there, by)]


def _say_delivery(told: Delivery) -> None:
    for path, reason in sorted(told.failed.items()):
        _note(f"not delivered: {path}: {reason}")
    _note(str(told))


@located
def match(
    settings: Settings,
    placement: Annotated[str, typer.Option(help="Where it is shown, such as meta-feed-4x5.")],
    locale: Annotated[str, typer.Option(help="In which language, such as en-GB.")],
    market: Annotated[str, typer.Option(help="In which country, such as GB.")],
    segment: Annotated[str | None, typer.Option(help="Which audience it is for.")] = None,
    trait: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What is known of them; all of it must fit.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601; UTC where it has no zone.", show_default="now")
    ] = None,
    campaign: Annotated[str | None, typer.Option(help="Id of the campaign.", show_default="any")] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="Take approved rehearsals as well: noise, to try the farm itself.")
    ] = False,
    deliver: Deliver = True,
    as_json: Json = False,
) -> None:
    """Say which approved ad to show. Its bytes are checked first. Without one: exit code 1, and what was missing."""
    from creative.matching import match as best
    from creative.matching import request
    from creative.session import session

    asked = request(placement, market, locale, segment, trait or (), at, campaign, rehearsal)
    with session(settings, create=False) as opened:
        found = best(opened.store, opened.registry, asked)
        for _, asset_id in found.withdrawn:
            _note(f"withdrawn: {asset_id} (creative show {asset_id} says why)")
        if deliver and found.withdrawn:
            _deliver(opened, {name for name, _ in found.withdrawn}, "match")
    if as_json:
        say(found.summary())
    elif found.found:
        typer.echo(found.uri)
    if not as_json:
        _note(f"{found.asset_id}: {found.reason}" if found.found else found.reason)
    raise typer.Exit(EXIT_OK if found.found else EXIT_NO_MATCH)


@located
def deliver(
    settings: Settings,
    campaign: CampaignId = None,
    again: Annotated[
        bool, typer.Option("--again", help="Compare every copy's bytes, also of those that are there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make published/ in the store hold exactly the approved ads, under readable names, and their manifest."""
    from creative.delivery import deliver as bring
    from creative.making import the_campaign
    from creative.session import session

    with session(settings, create=False) as opened:
        row = the_campaign(opened, campaign)
        told = bring(opened.store, opened.registry, row.id, again=again)
    if as_json:
        say(told.summary())
    else:
        for name in ("added", "replaced", "removed"):
            for path in sorted(getattr(told, name)):
                _note(f"{name}: {path}")
        if told.manifest:
            _note(f"manifest: {told.manifest}")
    _say_delivery(told)
    raise typer.Exit(EXIT_SOME_FAILED if told.failed else EXIT_OK)


def _note(line: str) -> None:
    typer.echo(line, err=True)
