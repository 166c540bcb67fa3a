"""What every worker does with a batch, whatever runner it belongs to.

Receipt there? Return it. Otherwise fetch the inputs, make attempts with derived seeds until one is accepted, store the
blobs, and write the receipt last, if absent: the loser of a race takes the winner's.
"""

from __future__ import annotations

import datetime
import functools
import shutil
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from creative.backends import Backend, BackendSpec, Made, Task, resolve
from creative.canonical import key as canonical_key
from creative.errors import AttemptRefused, StepRefused, StoreError, UsageError
from creative.records import Failure, Receipt
from creative.running.port import Batch, Outcome, Status, Worksite
from creative.steps import KINDS, Step
from creative.store import Store, open_store
from creative.store.receipts import log_refused_attempt, read_receipt, write_failure, write_receipt
from creative.version import VERSION

_REMEMBERED_RECEIPTS = 4096


def attempt_seed(seed: int | None, attempt: int) -> int | None:
    """The seed of an attempt: the step's own first, then ones derived from it (31 bits)."""
    if seed is None or attempt == 0:
        return seed
    return int(canonical_key({"seed": seed, "attempt": attempt})[:8], 16) & 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class _Open:
    """A step of the batch that has no receipt yet, with its inputs at hand."""

    step: Step
    digests: dict[str, str]
    files: dict[str, Path]


class Workshop:
    """One worker process: keeps its backends loaded, and works on one batch at a time."""

    def __init__(self, site: Worksite, threads: int) -> None:
        """`threads`: how many cores a backend may keep busy."""
        self.site = site
        self.threads = threads
        self.store: Store = open_store(site.store_url)
        self.cache = Path(site.cache)
        self._backends: dict[tuple[str, str], Backend] = {}
        self._receipt = functools.lru_cache(_REMEMBERED_RECEIPTS)(self._find_receipt)

    def run(self, batch: Batch) -> list[Outcome]:
        """One outcome a step, in order. Raises nothing that a step can cause."""
        outcomes: dict[str, Outcome] = {}
        waiting: list[_Open] = []
        for step in batch.steps:
            try:
                receipt = read_receipt(self.store, step.key)
                if receipt is None:
                    waiting.append(self._fetch(step))
                else:
                    outcomes[step.key] = Outcome(step.key, "reused", receipt)
            except (StoreError, OSError) as error:
                outcomes[step.key] = Outcome(step.key, "unavailable", reason=str(error))
        refusals: dict[str, str] = {}
        attempts = batch.spec.attempts if KINDS[batch.spec.kind].seeded else 1
        for attempt in range(attempts):
            if not waiting:
                break
            again: list[_Open] = []
            for task, outcome in self._attempt(batch.spec, waiting, attempt):
                if outcome is None or isinstance(outcome, str):
                    refusals[task.step.key] = outcome or ""
                    again.append(task)
                else:
                    outcomes[task.step.key] = outcome
            waiting = again
        for left in waiting:
            reason = f"{refusals[left.step.key]} (in {attempts} attempt{'s' if attempts > 1 else ''})"
            outcomes[left.step.key] = self._refuse(left.step, reason)
        return [outcomes[step.key] for step in batch.steps]

    def _attempt(self, spec: BackendSpec, waiting: Sequence[_Open], attempt: int) -> list[tuple[_Open, Outcome | str]]:
        """Each step with its outcome, or with the reason why this attempt does not count."""
        scratch = Path(tempfile.mkdtemp(prefix="creative-"))
        try:
            tasks = []
            for number, left in enumerate(waiting):
                folder = scratch / str(number)
                folder.mkdir()
                seed = attempt_seed(left.step.seed, attempt)
                step = left.step
                tasks.append(Task(step.key, step.kind, step.params, left.files, seed, folder, attempt))
            started = time.monotonic()
            results = self._make(spec, tasks)
            seconds = (time.monotonic() - started) / len(tasks)
            return [
                (left, self._settle(spec, left, task, result, seconds))
                for left, task, result in zip(waiting, tasks, results, strict=True)
            ]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _make(self, spec: BackendSpec, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        try:
            backend = self._backends.get((spec.kind, spec.name))
            if backend is None:
                backend = self._backends[spec.kind, spec.name] = resolve(spec.target)(spec, self.threads)
            results = backend.make(tasks)
            if len(results) != len(tasks):
                raise RuntimeError(f"{spec.target} returned {len(results)} results for {len(tasks)} tasks")
            return results
        except Exception as error:  # noqa: BLE001  foreign model code: whatever it raises is this batch's outcome
            return [error] * len(tasks)

    def _settle(
        self, spec: BackendSpec, left: _Open, task: Task, result: Made | Exception, seconds: float
    ) -> Outcome | str:
        step = left.step
        try:
            if isinstance(result, AttemptRefused):
                log_refused_attempt(self.store, step.key, task.attempt, str(result))
                return str(result)
            if isinstance(result, StepRefused | UsageError):
                return self._refuse(step, str(result))
            if isinstance(result, StoreError | OSError | MemoryError):
                return Outcome(step.key, "unavailable", reason=f"{type(result).__name__}: {result}")
            if isinstance(result, Exception):
                return Outcome(step.key, "failed", reason=_explain(result))
            return self._commit(spec, left, task, result, seconds)
        except (StoreError, OSError) as error:
            return Outcome(step.key, "unavailable", reason=str(error))

    def _commit(self, spec: BackendSpec, left: _Open, task: Task, made: Made, seconds: float) -> Outcome:
        step, types = left.step, KINDS[left.step.kind].outputs
        if set(made.outputs) != set(types):
            reason = f"{spec.target} made {sorted(made.outputs)}; a {step.kind} has {sorted(types)}"
            return Outcome(step.key, "failed", reason=reason)
        receipt = Receipt(
            key=step.key,
            recipe=step.recipe(),
            outputs={
                name: self.store.put_blob(made.outputs[name], made.types.get(name, type_)) for name, type_ in types.items()
            },
            inputs=left.digests,
            seconds=round(seconds, 4),
            attempt=task.attempt,
            seed=task.seed,
            licence=spec.licence,
            notes=dict(made.notes),
            version=VERSION,
            made_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        standing = write_receipt(self.store, receipt)
        status: Status = "made" if standing == receipt else "reused"
        return Outcome(step.key, status, standing)

    def _refuse(self, step: Step, reason: str) -> Outcome:
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        failure = Failure(key=step.key, kind=step.kind, label=step.label, status="refused", reason=reason, at=at)
        try:
            write_failure(self.store, failure)
        except (StoreError, OSError) as error:
            return Outcome(step.key, "unavailable", reason=str(error))
        return Outcome(step.key, "refused", reason=reason)

    def _find_receipt(self, key: str) -> Receipt:
        receipt = read_receipt(self.store, key)
        if receipt is None:
            raise StoreError(f"the receipt of step {key[:12]} is gone from {self.store.url}")
        return receipt

    def _fetch(self, step: Step) -> _Open:
        digests = {}
        for role, source in step.inputs.items():
            digests[role] = (
                source if isinstance(source, str) else self._receipt(source.step).outputs[source.name].sha256
            )
        files = {role: self.store.fetch(digest, self.cache) for role, digest in digests.items()}
        return _Open(step, digests, files)


def _explain(error: Exception) -> str:
    """The last lines of what foreign code raised: enough to find the place, short enough for a report."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error).strip()[:500]}{place}"
