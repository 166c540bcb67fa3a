"""`creative nightly DIR`: what is missing of every ready brief of a folder, one brief after another, by one process at a time.

A bad brief, a failed ad or a crash costs that brief; what is wrong with the store, the database or the workers ends the
night, since every other brief would end the same way. It is told from one brief's own trouble by asking store and registry
again, and by a second brief in a row that ends like it.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Sequence
from pathlib import Path

from creative import session as sessions
from creative import show
from creative.backends import BackendSpec
from creative.brief.brief import Brief
from creative.delivery import follow
from creative.errors import (
    EXIT_OK,
    EXIT_TEMPORARY,
    EXIT_UNFORESEEN,
    EXIT_USAGE,
    CreativeError,
    InfrastructureError,
)
from creative.faults import kept
from creative.limits import estimate
from creative.making import check_cards, make_in
from creative.nights import folder as folders
from creative.nights.folder import Found
from creative.nights.outcome import Night, Row
from creative.notices.sending import allowed, check_names
from creative.notices.telling import Message, of_run, of_trouble, tell, where
from creative.registry.leases import Holder, Lease, LeaseLostError, leased
from creative.review.withdrawing import withdraw_lapsed
from creative.running.budget import Meter
from creative.running.port import Batch, Outcome, Runner
from creative.session import Session
from creative.settings import Settings
from creative.store import open_store

_REASONS = 3
_ROWS = 20


class _Watched:
    """A runner that ends the run as soon as the lease is not ours any more. See `creative.running.port.Runner`.

    `busy`: batches of this brief that did not come back. They must not meet the next one, which counts its own from 1.
    """

    def __init__(self, runner: Runner, lease: Lease) -> None:
        self.runner, self.lease = runner, lease
        self.busy: set[int] = set()

    def free(self, spec: BackendSpec) -> int:
        return self.runner.free(spec)

    def check(self, specs: Sequence[BackendSpec]) -> None:
        check_cards(self.runner, specs)

    def submit(self, batch: Batch) -> None:
        self.busy.add(batch.id)
        self.runner.submit(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        self.lease.check()
        ended = self.runner.wait(timeout)
        self.busy.difference_update(number for number, _ in ended)
        return ended

    def kill(self, batch: int) -> None:
        self.runner.kill(batch)

    def close(self) -> None:
        self.runner.close()


def night(
    folder: Path,
    settings: Settings,
    *,
    lease: str = "nightly",
    minutes: float | None = None,
    notify: Sequence[str] = (),
    sheet: bool = True,
) -> Night:
    """Make what is missing of the folder's ready briefs, if nobody else is at it.

    Raises UsageError for a wrong folder or name, InfrastructureError when store or registry cannot be opened;
    KeyboardInterrupt after a clean end. Everything else is in what it returns.
    """
    started = time.monotonic()
    folders.check(folder)
    check_names(notify, settings)
    settings.check_reach()
    found = Night(folder)
    timer = None if minutes is None else Meter("--minutes", wall_seconds=minutes * 60)
    try:
        _held(found, settings, lease, sheet, timer)
    except InfrastructureError as error:
        found.stopped = str(error)
        _tell(found, [_summary(name, found, settings) for name in notify], settings)
        raise
    finally:
        found.seconds = time.monotonic() - started
    if found.holder is None:
        _note(found.last_line())
        _tell(found, [_summary(name, found, settings) for name in notify], settings)
    return found


def _held(found: Night, settings: Settings, lease: str, sheet: bool, timer: Meter | None) -> None:
    """The night, if nobody else has the lease."""
    with sessions.session(settings) as opened, leased(settings.registry, lease) as got:
        if isinstance(got, Holder):
            found.holder = got
            _note(
                f"another nightly holds the lease {got.name!r} since {got.since:%Y-%m-%d %H:%M:%S} UTC on {got.host}, "
                f"process {got.pid}: nothing is done here"
            )
            return
        _all(found, opened, got, sheet, timer)


def _all(found: Night, opened: Session, lease: Lease, sheet: bool, timer: Meter | None) -> None:
    _withdraw(opened)
    todo = _read(found, opened.settings)
    failed_before = False
    with show.stdout_for_data(), contextlib.closing(opened.runner()) as runner:
        for number, one in enumerate(todo):
            watched = _Watched(runner, lease)
            row = _one(one, opened, watched, sheet, timer)
            found.rows.append(row)
            _say(row)
            _tell(found, _messages(row, opened.settings), opened.settings)
            if watched.busy or row.status in ("unavailable", "crashed"):
                runner.close()  # it starts anew when it is needed
            if row.status == "unavailable":
                found.stopped = _why_stop(opened, row, lease, failed_before)
            failed_before = row.status == "unavailable"
            if found.stopped:
                found.rows += [Row(other, "waiting", "the night ended before it") for other in todo[number + 1 :]]
                return


def _withdraw(opened: Session) -> None:
    """Withdraw what nobody agrees to any more: consents end without anybody's doing."""
    gone = withdraw_lapsed(opened.store, opened.registry, "nightly")
    for campaign, ids in sorted(gone.assets.items()):
        _note(f"{campaign}: {show.ads(len(ids))} withdrawn: {gone.reasons[ids[0]]}")
        follow(opened.store, opened.registry, campaign, by="nightly")


def _read(found: Night, settings: Settings) -> list[Found]:
    """Put down what is not to be made; returns what is, in order."""
    now = datetime.datetime.now(datetime.UTC)
    todo = []
    for one in folders.briefs(found.folder, lambda path: sessions.read_brief(path, settings), now):
        if one.state == "ready":
            todo.append(one)
            continue
        row = Row(one, one.state, one.why, EXIT_USAGE if one.state == "refused" else None)
        found.rows.append(row)
        _say(row)
        if not found.dry:
            _tell(found, _messages(row, settings), settings)
    return todo


def _messages(row: Row, settings: Settings) -> list[Message]:
    """Whom the row's brief wants told of it, also where the brief is refused but says whom."""
    if row.made is not None and row.found.brief is not None:
        return of_run(row.found.brief, row.made, settings)
    to = row.found.notify
    if row.status not in ("refused", "crashed", "unavailable") or not to or not allowed(to, settings):
        return []
    return [of_trouble(to, str(row.found.path), row.found.campaign, row.why, settings)]


def _summary(to: str, night: Night, settings: Settings) -> Message:
    """The night's summary: a line a brief, what failed first."""
    lines = [night.last_line()]
    rows = [row for row in night.rows if row.status not in ("passed", "nothing")]
    lines += [row.line().replace("\n", " ")[:300] for row in rows[:_ROWS]]
    lines += [f"and {len(rows) - _ROWS} more"] if len(rows) > _ROWS else []
    lines.append(f"more: creative status{where(settings)}")
    return Message(to, f"creative nightly {night.folder.name}: {night.status}", "\n".join(lines))


def _tell(found: Night, messages: Sequence[Message], settings: Settings) -> None:
    for problem in tell(messages, settings):
        found.notices.append(problem)
        _note(problem)


def _one(one: Found, opened: Session, runner: Runner, sheet: bool, timer: Meter | None) -> Row:
    """Run one brief. Whatever is wrong with it, or with the farm's own code, is in the row."""
    started = time.monotonic()
    assert one.brief is not None
    try:
        made = make_in(opened, one.brief, runner, sheet=sheet, say=lambda _: None, nightly=True, budget=timer)
    except CreativeError as error:
        away = isinstance(error, InfrastructureError) and error.exit_code == EXIT_TEMPORARY
        row = Row(one, "unavailable" if away else "refused", str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001  a fault of ours in one brief must not cost the others
        why = f"{type(error).__name__}: {error}; {kept(error)}"
        row = Row(one, "crashed", why, EXIT_UNFORESEEN)
    else:
        status = made.report.status
        if status == "done" and not made.report.new and not made.report.retired:
            status = "nothing"
        row = Row(one, status, "", made.exit_code, made)
        if status == "unavailable":
            row.why = next(
                (step.reason for step in made.report.progress.failures), "store or workers were not to be had"
            )
    row.seconds = time.monotonic() - started
    return row


def _why_stop(opened: Session, row: Row, lease: Lease, again: bool) -> str:
    """Why no other brief is begun after this one, or "" if the trouble was its own."""
    try:
        lease.check()
        open_store(opened.settings.store, create=False)
        opened.registry.campaigns()
    except LeaseLostError as error:
        return str(error)
    except InfrastructureError as error:
        return f"{row.found.name}: {error}"
    return f"two briefs in a row were not to be made: {row.why}" if again else ""


def dry(folder: Path, settings: Settings) -> Night:
    """Say what a night would make, and what that takes. No store or registry is made, and no lease taken."""
    started = time.monotonic()
    folders.check(folder)
    found = Night(folder, dry=True)
    workers = show.workers(settings)
    todo = _read(found, settings)
    with sessions.looking(settings) as opened:
        for one in todo:
            assert one.brief is not None
            try:
                row = _planned(one, one.brief, settings, opened, workers)
            except CreativeError as error:
                row = Row(one, "refused", str(error), error.exit_code)
            found.rows.append(row)
            _say(row)
    found.seconds = time.monotonic() - started
    ads: int = sum(row.plan.get("ads_to_make", 0) for row in found.rows)
    seconds = sum(row.plan.get("worker_seconds", 0.0) for row in found.rows) / workers
    _note(f"{show.ads(ads)} to make, about {show.duration(seconds)} on {workers} workers; nothing was made")
    return found


def _planned(one: Found, brief: Brief, settings: Settings, opened: Session | None, workers: int) -> Row:
    from creative.catalogue import load_catalogue

    world = sessions.in_world(
        brief,
        opened.catalogue if opened else load_catalogue(settings.catalogues, settings.judges, settings.licences),
        opened.store if opened else None,
    )
    survey = opened.survey(brief, world, {}) if opened else sessions.surveyed(brief, world)
    cost = estimate(survey, brief, settings, opened.registry if opened else None)
    total = sum(survey.ads.values())
    plan = {
        "ads": total,
        "ads_to_make": survey.ads_to_make,
        "worker_seconds": round(survey.seconds, 1),
        "bytes": survey.bytes,
        **cost.data(),
    }
    takes = f", about {show.duration(survey.seconds / workers)}" if survey.ads_to_make else ""
    if survey.ads_to_make and cost.money is not None:
        takes += f", about {cost.money} {cost.currency}"
    takes += "".join(f"\n    note: {text}" for text in cost.over)
    return Row(one, "ready", f"{survey.ads_to_make} of {show.ads(total)} to make{takes}", EXIT_OK, plan=plan)


def _say(row: Row) -> None:
    _note(row.line())
    reports = [] if row.made is None else show.report_lines(row.made.report)[1:]
    reports = [line for line in reports if not (row.limit and line.endswith(row.limit))]  # the row says it
    for line in reports[:_REASONS]:
        _note(f"    {line}")
    if len(reports) > _REASONS:
        _note(f"    and {len(reports) - _REASONS} more: creative status --campaign {row.found.campaign}")


def _note(line: str) -> None:
    show.console.print(line, markup=False, soft_wrap=True)
