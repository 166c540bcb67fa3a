"""The loop: from windows of cells to outcomes, with at most one attempt of each step in flight.

    admit a window     what is missing, walking back from finish, measure and poster; its media uploaded
    dispatch           ready steps, grouped by backend, to workers that are free; the most valuable first
    settle             an outcome releases what waits for it, or blocks it with the reason
    limit              what the budget does not allow any more is not begun; what is in flight ends and counts
    commit             when all of a window is settled: its assets, in one object and one log entry

Lost batches are split; a step alone in two deaths is quarantined. What is deterministic (refused, quarantined) is in the
store by its key and is reported again, not tried again, until the key changes or `retry_failed` is set.
"""

from __future__ import annotations

import datetime
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from creative.backends import BackendSpec
from creative.errors import StoreError
from creative.planning import PlanWindow
from creative.records import Failure, Receipt
from creative.registry import Registry
from creative.rights.guard import Guard
from creative.running.budget import Budget
from creative.running.port import FLIGHTS, Batch, Outcome, Runner
from creative.running.progress import Progress as Progress  # the loop's own, kept beside it
from creative.running.progress import StepFailure
from creative.running.ready import Pace, Ready, State, patience
from creative.running.receipts import Receipts
from creative.running.stock import Stock
from creative.running.turns import Turns
from creative.steps import Step
from creative.store import Store
from creative.store.receipts import write_failure
from creative.world import Media

_WINDOWS_OPEN = 2
_MOST_WINDOWS_OPEN = 8
_TRIES = 4
_RECORD_EVERY = 64
_DEATHS = 2


@dataclass(slots=True)
class _OpenWindow:
    plan: PlanWindow
    left: set[str]


class Loop:
    """Runs windows to their end. `commit` is called with each window when all its steps are settled."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        runner: Runner,
        specs: Mapping[tuple[str, str], BackendSpec],
        media: Media,
        *,
        begin: Callable[[], None],
        commit: Callable[[PlanWindow, Mapping[str, str]], None],
        observe: Callable[[Progress], None],
        retry_failed: bool = False,
        budget: Budget | None = None,
        receipts: Receipts | None = None,
    ) -> None:
        """`begin` is called before steps are submitted, again and again; `commit` gets the reasons of broken steps by key.

        `budget` is asked before each submit. Without one, everything is made. `receipts`: where those of this run are kept.
        """
        self.store, self.registry, self.runner, self.specs = store, registry, runner, specs
        self.receipts = receipts or Receipts(store)
        self.stock = Stock(registry, self.receipts, media)
        self.guard = Guard(store)
        self.begin, self.commit, self.observe, self.retry_failed = begin, commit, observe, retry_failed
        self.budget = budget
        self.progress = Progress()
        self._states: dict[str, State] = {}
        self._ready = Ready()
        self._pace = Pace()
        self._windows: deque[_OpenWindow] = deque()
        self._begun_at: dict[int, float] = {}
        self._deadlines: dict[int, float] = {}
        self._overdue: dict[int, float] = {}
        self._unrecorded: list[Receipt] = []
        self._seen: set[bytes] = set()
        self._batches = 0
        self._rank = 0
        self._turns = Turns(specs)
        self._open: Counter[tuple[str, str]] = Counter()  # steps of each backend that are not settled

    def run(self, windows: Iterable[PlanWindow]) -> Progress:
        """Admit, dispatch, settle and commit until nothing is left."""
        source = iter(windows)
        more = True
        while more or self._windows:
            while more and self._has_room():
                window = next(source, None)
                if window is None:
                    more = False
                else:
                    self._admit(window)
            self._close_windows()
            if not self._windows:
                continue
            self._ready.wake()
            self._dispatch()
            for number, outcomes in self.runner.wait(0.2):
                self._land(number, outcomes)
            self._end_overdue()
            self._close_windows()
        return self.progress

    def _has_room(self) -> bool:
        """Two windows are open, so that the end of one is not waited for; more where there would be nothing to do, and where
        models take turns on a card: each of them is loaded once for all of these.
        """
        models = sum(count > 0 and self.specs[name].resources.gpu > 0 for name, count in self._open.items())
        return len(self._windows) < (_WINDOWS_OPEN if self._ready.names() and models < 2 else _MOST_WINDOWS_OPEN)

    def stop(self) -> None:
        """Record what is made; the caller closes the runner."""
        self._record(force=True)

    # -- admit ---------------------------------------------------------------------------------------------------------

    def _admit(self, window: PlanWindow) -> None:
        self._record(force=True)  # the registry is asked next: what was made a moment ago is there
        self._forbid(window)
        missing = self.stock.missing(window, self._is_settled)
        self._count(window, missing)
        broken = self.progress.broken
        fresh = {key: step for key, step in missing.items() if key not in self._states and key not in broken}
        for key, step in fresh.items():
            self._rank += 1
            spec = self.specs[step.kind, step.backend]
            self._states[key] = State(step, spec, self._rank, {need for need in step.needs() if need in missing})
            self._open[step.kind, step.backend] += 1
        for key in fresh:
            for need in self._states[key].waits:
                if need in self._states:
                    self._states[need].wanted_by.append(key)
        self._windows.append(_OpenWindow(window, {key for key in missing if key not in broken}))
        failures = self.stock.failures(fresh, retry=self.retry_failed)
        for key, step in fresh.items():
            if key not in self._states:
                continue
            bad = next((need for need in step.needs() if need in broken), None)
            if bad is not None:
                self._break(key, "limit" if bad in self.progress.limited else "blocked", broken[bad])
            elif key in failures:
                self._break(key, failures[key].status, failures[key].reason)
            elif not self._states[key].waits:
                self._ready.push(self._states[key])
        self.stock.upload(step for key, step in fresh.items() if key in self._states and not self._is_stopped(step))
        self.observe(self.progress)

    def _forbid(self, window: PlanWindow) -> None:
        """Steps in a voice whose consent is not in force any more are not used, whether they were made before or not."""
        refused = self.guard.refused(window.steps.values())
        for key, reason in refused.items():
            if key in self._states or key in self.progress.broken:
                continue
            step = window.steps[key]
            self.progress.broken[key] = reason
            if any(need in refused for need in step.needs()):
                self.progress.kinds[step.kind].blocked += 1
            else:
                self.progress.kinds[step.kind].failed += 1
                self.progress.failures.append(StepFailure(step, "refused", reason))

    def _is_settled(self, step: Step) -> bool:
        """Whether it is known that the step will be made, or will not be, so that nothing need be asked about it."""
        return step.key in self._states or step.key in self.progress.broken or self._is_stopped(step)

    def _is_stopped(self, step: Step) -> bool:
        return self._why_stop((step.kind, step.backend)) is not None

    def _count(self, window: PlanWindow, missing: Mapping[str, Step]) -> None:
        for key, step in window.steps.items():
            mark = bytes.fromhex(key[:16])
            if mark in self._seen:
                continue
            self._seen.add(mark)
            tally = self.progress.kinds[step.kind]
            tally.wanted += 1
            if key not in missing and key not in self.progress.broken:
                tally.reused += 1

    # -- dispatch ------------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while True:
            self._limit()
            names = self._ready.names()
            if not names:
                return
            self.begin()
            if not any(self._submit(name) for name in names):
                return

    def _why_stop(self, name: tuple[str, str]) -> str | None:
        return self.budget.why_stop(self.specs[name]) if self.budget is not None else None

    def _limit(self) -> None:
        """Give up what is ready and may not be begun any more, with all that needs it."""
        for name in self._ready.names() if self.budget is not None else ():
            reason = self._why_stop(name)
            if reason is not None:
                for state in self._ready.drain(name):
                    self._break(state.step.key, "limit", reason)

    def _submit(self, name: tuple[str, str]) -> bool:
        spec = self.specs[name]
        if spec.resources.gpu and not self._gpu_turn(name):
            return False
        free = self.runner.free(spec)
        if free < 1 or (spec.resources.gpu and not self._worth_it(name, spec, free)):
            return False
        most = self._pace.batch(spec, self._ready.count(name), free + len(self.progress.in_flight))
        steps = tuple(state.step for state in self._ready.take(name, most))
        self._batches += 1
        batch = Batch(self._batches, spec, steps)
        self._deadlines[batch.id] = time.monotonic() + patience(spec, len(steps))
        self.progress.in_flight[batch.id] = batch
        self.runner.submit(batch)
        self._begun_at[batch.id] = time.monotonic()
        return True

    def _worth_it(self, name: tuple[str, str], spec: BackendSpec, free: int) -> bool:
        """A worker that has a batch already gets the next one early if it is a full one: what is ready by then may fill it. Any
        other if nothing can: all that is missing of this backend is ready, or under way.
        """
        under_way = [batch for batch in self.progress.in_flight.values() if (batch.spec.kind, batch.spec.name) == name]
        if len(under_way) < (free + len(under_way)) / FLIGHTS or self._ready.alike(name, spec.batch) >= spec.batch:
            return True
        return self._open[name] == self._ready.count(name) + sum(len(batch.steps) for batch in under_way)

    def _gpu_turn(self, name: tuple[str, str]) -> bool:
        """See `creative.running.turns`. Steps that wait for others hold no turn: those others may be for another GPU model."""
        running = {(batch.spec.kind, batch.spec.name) for batch in self.progress.in_flight.values()}
        return self._turns.may(name, lambda one: one in running or self._ready.has_work(one))

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for number, deadline in list(self._deadlines.items()):
            if now > deadline and number not in self._overdue:
                batch = self.progress.in_flight[number]
                self._overdue[number] = patience(batch.spec, len(batch.steps))
                self.runner.kill(number)

    # -- settle --------------------------------------------------------------------------------------------------------

    def _land(self, number: int, outcomes: Iterable[Outcome]) -> None:
        batch = self.progress.in_flight.pop(number)
        self._deadlines.pop(number, None)
        overdue = self._overdue.pop(number, None)
        outcomes = list(outcomes)
        self._meter(batch, outcomes, time.monotonic() - self._begun_at.pop(number))
        for outcome in outcomes:
            if outcome.status in ("made", "reused") and outcome.receipt is not None:
                self._finish(outcome.key, outcome.receipt, outcome.status)
            elif outcome.status == "lost":
                reason = outcome.reason if overdue is None else f"it did not end within {overdue:g} s and was killed"
                self._lost(outcome.key, reason, alone=len(batch.steps) == 1)
            elif outcome.status == "unavailable":
                self._unavailable(outcome.key, outcome.reason)
            else:
                self._break(outcome.key, outcome.status, outcome.reason)
        self._record()
        self.observe(self.progress)

    def _meter(self, batch: Batch, outcomes: Iterable[Outcome], seconds: float) -> None:
        """Tell the budget. Receipts have the seconds of the attempt that counts; the worker's others are in `seconds`."""
        if self.budget is None:
            return
        clean = True
        for outcome in outcomes:
            receipt = outcome.receipt
            if outcome.status == "made" and receipt is not None:
                self.budget.spent(receipt, batch.spec)
                seconds -= receipt.seconds
            clean = clean and receipt is not None and (outcome.status == "reused" or receipt.attempt == 0)
        if not clean and seconds > 0:
            self.budget.wasted(seconds, batch.spec)

    def _finish(self, key: str, receipt: Receipt, status: str) -> None:
        state = self._states.pop(key)
        self._open[state.name] -= 1
        tally = self.progress.kinds[state.step.kind]
        if status == "made":
            tally.made += 1
            tally.seconds += receipt.seconds
            self._pace.made(state.name, receipt.seconds)
        else:
            tally.reused += 1
        self._unrecorded.append(receipt)
        self.receipts.keep(receipt)
        self._settled(key)
        for child in state.wanted_by:
            waiting = self._states.get(child)
            if waiting is not None:
                waiting.waits.discard(key)
                if not waiting.waits:
                    self._ready.push(waiting)

    def _lost(self, key: str, reason: str, *, alone: bool) -> None:
        state = self._states[key]
        state.alone = True
        if alone:
            state.deaths += 1
        if state.deaths < _DEATHS:
            self._ready.push(state)
            return
        reason = f"{reason}, {_DEATHS} times; it is not tried again (creative run --retry-failed does)"
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        step = state.step
        try:
            write_failure(
                self.store,
                Failure(key=key, kind=step.kind, label=step.label, status="quarantined", reason=reason, at=at),
            )
        except (StoreError, OSError):
            self.progress.unavailable = True
        self._break(key, "quarantined", reason)

    def _unavailable(self, key: str, reason: str) -> None:
        state = self._states[key]
        state.tries += 1
        if state.tries < _TRIES:
            self._ready.put_off(state, 0.5 * 4.0**state.tries)
            return
        self.progress.unavailable = True
        self._break(key, "unavailable", reason)

    def _break(self, key: str, status: str, reason: str) -> None:
        """Mark a step as not to be had in this run, and all that need it as blocked, or as beyond the limit like itself."""
        state = self._states.pop(key, None)
        if state is None:
            return
        self._open[state.name] -= 1
        self.progress.broken[key] = reason
        tally = self.progress.kinds[state.step.kind]
        if status == "blocked":
            tally.blocked += 1
        elif status == "limit":
            tally.limited += 1
            self.progress.limited.add(key)
        else:
            tally.failed += 1
            self.progress.failures.append(StepFailure(state.step, status, reason))
        self._settled(key)
        below = "limit" if status == "limit" else "blocked"
        if status not in ("blocked", "limit"):
            reason = f"{state.step.label or state.step.kind}: {reason}"
        for child in state.wanted_by:
            self._break(child, below, reason)

    def _settled(self, key: str) -> None:
        for window in self._windows:
            window.left.discard(key)

    def _record(self, *, force: bool = False) -> None:
        if self._unrecorded and (force or len(self._unrecorded) >= _RECORD_EVERY):
            self.registry.record_steps(self._unrecorded)
            self._unrecorded.clear()

    # -- commit --------------------------------------------------------------------------------------------------------

    def _close_windows(self) -> None:
        while self._windows and not self._windows[0].left:
            self._record(force=True)
            self.commit(self._windows.popleft().plan, self.progress.broken)
