"""What every worker does with a batch, whatever runner it belongs to.

Receipt there? Return it. Otherwise fetch the inputs, make attempts with derived seeds until one is accepted, store the
blobs, and write the receipt last, if absent: the loser of a race takes the winner's.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import functools
import json
import os
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creative.backends import Backend, BackendSpec, Made, Task, resolve
from creative.canonical import key as canonical_key
from creative.errors import AttemptRefused, StepRefused, StoreError, UsageError
from creative.records import Failure, Receipt
from creative.rights.guard import Guard, drawn, may_need, sources
from creative.running.at_once import AtOnce
from creative.running.port import Batch, Outcome, Status, Worksite
from creative.scratch import own_folder, scratch_name, sweep
from creative.steps import KINDS, Output, Step
from creative.store import Store, open_store
from creative.store.receipts import log_refused_attempt, read_receipt, write_failure, write_receipt
from creative.version import VERSION
from workers.cache import Cache, bound
from workers.cards import is_broken

_REMEMBERED_RECEIPTS = 4096
_OWN = "workers."
_PASSING = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ESTALE,
        errno.EROFS,
    )
)
"""What the machine lacks just now. Any other OSError is the backend's own, as Pillow's for a picture it cannot read."""


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


class _WrongMade(Exception):
    """The backend returned what no step can keep."""


class Workshop:
    """One worker process: keeps its backends loaded, and works on one batch at a time; with a card, on several.

    Of those, inputs are fetched and results stored beside each other; they are made one after another, unless the backend
    says `at_once`: then it sees to that itself, so that its card does not wait for what is no work of a card's.
    """

    def __init__(self, site: Worksite, threads: int) -> None:
        """`threads`: how many cores a backend may keep busy."""
        self.site = site
        self.threads = threads
        for name, value in site.environment:
            os.environ.setdefault(name, value)
        self.store: Store = open_store(site.store_url)
        folder = Path(site.cache) if site.cache else own_folder()
        self.cache = Cache(self.store, folder, bound())
        self.scratch = folder / "scratch"
        sweep(self.scratch)
        self._at_once = AtOnce.on(self.store).map
        self._backends: dict[tuple[str, str], Backend] = {}
        self._on_card: set[tuple[str, str]] = set()
        self._loading, self._turn = threading.Lock(), threading.Lock()
        self._counted = 0.0
        self.broken = ""  # what the card of this process said when it could not go on
        self._guard = Guard(self.store)
        self._receipt = functools.lru_cache(_REMEMBERED_RECEIPTS)(self._find_receipt)

    def run(self, batch: Batch) -> list[Outcome]:
        """One outcome a step, in order. Raises nothing that a step can cause."""
        outcomes = self._forbidden(batch.steps, batch.spec)
        waiting: list[_Open] = []
        steps = [step for step in batch.steps if step.key not in outcomes]
        for step, found in zip(steps, self._at_once(self._open, steps), strict=True):
            if isinstance(found, _Open):
                waiting.append(found)
            else:
                outcomes[step.key] = found
        refusals: dict[str, str] = {}
        attempts = batch.spec.attempts if any(step.seed is not None for step in batch.steps) else 1
        for attempt in range(attempts):
            if not waiting:
                break
            again: list[_Open] = []
            for start in range(0, len(waiting), batch.spec.batch):  # a group of small steps may be larger
                for task, outcome in self._attempt(batch.spec, waiting[start : start + batch.spec.batch], attempt):
                    if isinstance(outcome, str):
                        refusals[task.step.key] = outcome
                        again.append(task)
                    else:
                        outcomes[task.step.key] = outcome
            waiting = again
        for left in waiting:
            reason = f"{refusals[left.step.key]} (in {attempts} attempt{'s' if attempts > 1 else ''})"
            outcomes[left.step.key] = self._refuse(left.step, reason)
        self.cache.trim()
        return [outcomes[step.key] for step in batch.steps]

    def _forbidden(self, steps: Sequence[Step], spec: BackendSpec) -> dict[str, Outcome]:
        """Steps with a voice, likeness or music whose consent is not in force, or of which nobody can say now whether it is."""
        try:
            refused = self._guard.refused(steps, spec)
        except Exception as error:  # noqa: BLE001  as in _settle
            asked = [step for step in steps if may_need(step, spec)]
            return {step.key: _trouble(step, error) for step in asked}
        return {
            step.key: self._refuse(step, refused[step.key], step.rights)
            if step.rights
            else Outcome(step.key, "refused", reason=refused[step.key])  # not stored: the key is that of an allowed one
            for step in steps
            if step.key in refused
        }

    def _open(self, step: Step) -> _Open | Outcome:
        try:
            receipt = read_receipt(self.store, step.key)
            return self._fetch(step) if receipt is None else Outcome(step.key, "reused", receipt)
        except Exception as error:  # noqa: BLE001  of this step only, whatever it is
            self._receipt.cache_clear()  # a step made again may have other bytes
            return _trouble(step, error)

    def _attempt(self, spec: BackendSpec, waiting: Sequence[_Open], attempt: int) -> list[tuple[_Open, Outcome | str]]:
        """Each step with its outcome, or with the reason why this attempt does not count."""
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=scratch_name(os.getpid()), dir=self.scratch))
            folders = [scratch / str(number) for number in range(len(waiting))]
            for folder in folders:
                folder.mkdir()
        except OSError as error:
            reason = f"no scratch folder in {self.scratch}: {_text(error)}"
            return [(left, Outcome(left.step.key, "unavailable", reason=reason)) for left in waiting]
        try:
            tasks = []
            for left, folder in zip(waiting, folders, strict=True):
                seed = attempt_seed(left.step.seed, attempt)
                step = left.step
                tasks.append(Task(step.key, step.kind, step.params, left.files, seed, folder, attempt, left.digests))
            started = time.monotonic()
            results = self._make(spec, tasks)
            seconds = self._seconds_since(started) / len(tasks)
            # Of a store that is far away, beside each other: sixteen pictures, one after another, take longer than their card.
            made = list(zip(waiting, tasks, results, strict=True))
            return [
                (one[0], settled)
                for one, settled in zip(
                    made, self._at_once(lambda one: self._settle(spec, *one, seconds), made), strict=True
                )
            ]
        finally:
            try:
                for folder in (*folders, scratch):
                    folder.rmdir()  # mostly there is nothing in them, and looking costs more than this
            except OSError:
                shutil.rmtree(scratch, ignore_errors=True)

    def _make(self, spec: BackendSpec, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        try:
            backend = self._backend(spec)
            with contextlib.nullcontext() if getattr(backend, "at_once", False) else self._turn:
                results = list(backend.make(tasks))
            if len(results) != len(tasks):
                raise RuntimeError(f"{spec.target} returned {len(results)} results for {len(tasks)} tasks")
        except Exception as error:  # noqa: BLE001  foreign model code: whatever it raises is this batch's outcome
            results = [error] * len(tasks)
        if spec.resources.gpu:
            said = next((_text(one) for one in results if isinstance(one, Exception) and is_broken(one)), "")
            self.broken = self.broken or said.partition("\n")[0]
        return results

    def _backend(self, spec: BackendSpec) -> Backend:
        with self._loading:
            backend = self._backends.get((spec.kind, spec.name))
            if backend is None:
                if spec.resources.gpu:
                    self._make_room()
                backend = self._backends[spec.kind, spec.name] = _load(spec.target)(spec, self.threads)
                if spec.resources.gpu:
                    self._on_card.add((spec.kind, spec.name))
            return backend

    def _seconds_since(self, started: float) -> float:
        """Of batches that are made beside each other, each second is one's only: the sum is what the worker took."""
        with self._loading:
            now = time.monotonic()
            begun, self._counted = max(started, self._counted), now
            return now - begun

    def _make_room(self) -> None:
        """One model at a time has the card: those before it give its memory back, and are loaded again if they come again."""
        for name in self._on_card:
            close = getattr(self._backends.pop(name, None), "close", None)
            if close is not None:
                close()
        self._on_card.clear()

    def _settle(
        self, spec: BackendSpec, left: _Open, task: Task, result: Made | Exception, seconds: float
    ) -> Outcome | str:
        step = left.step
        try:
            if isinstance(result, AttemptRefused):
                log_refused_attempt(self.store, step.key, task.attempt, _text(result))
                return _text(result)
            if isinstance(result, StepRefused):
                return self._refuse(step, _text(result))
            if isinstance(result, Exception):
                return _trouble(step, result)
            return self._commit(spec, left, task, result, seconds)
        except Exception as error:  # noqa: BLE001  what foreign code returned is this step's outcome, never the worker's end
            return _trouble(step, error)

    def _commit(self, spec: BackendSpec, left: _Open, task: Task, made: Made, seconds: float) -> Outcome:
        step, types = left.step, KINDS[left.step.kind].outputs
        if forbidden := self._forbidden([step], spec):  # the consent may have ended while it was made
            return forbidden[step.key]
        notes = _check(spec, made, types)
        if step.rights and (sources(step) or drawn(spec)):
            notes |= {"consents": list(step.rights)}  # under which it was made: another one may use it later
        blobs = self._at_once(
            lambda one: self.store.put_blob(made.outputs[one], made.types.get(one, types[one])), types
        )
        receipt = Receipt(
            key=step.key,
            recipe=step.recipe(),
            outputs=dict(zip(types, blobs, strict=True)),
            inputs=left.digests,
            seconds=round(seconds, 4),
            attempt=task.attempt,
            seed=task.seed,
            licence=spec.licence,
            notes=notes,
            version=VERSION,
            made_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        standing = write_receipt(self.store, receipt)
        status: Status = "made" if standing == receipt else "reused"
        return Outcome(step.key, status, standing)

    def _refuse(self, step: Step, reason: str, rights: tuple[str, ...] = ()) -> Outcome:
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        failure = Failure(
            key=step.key, kind=step.kind, label=step.label, status="refused", reason=reason, at=at, rights=rights
        )
        try:
            write_failure(self.store, failure)
        except Exception as error:  # noqa: BLE001  as in _settle
            return _trouble(step, error)
        return Outcome(step.key, "refused", reason=reason)

    def _find_receipt(self, key: str) -> Receipt:
        receipt = read_receipt(self.store, key)
        if receipt is None:
            raise StoreError(f"the receipt of step {key[:12]} is gone from {self.store.url}")
        return receipt

    def _fetch(self, step: Step) -> _Open:
        found = dict(zip(step.inputs, self._at_once(self._bring, step.inputs.values()), strict=True))
        digests = {role: digest for role, (digest, _) in found.items()}
        return _Open(step, digests, {role: file for role, (_, file) in found.items()})

    def _bring(self, source: str | Output) -> tuple[str, Path]:
        """The digest of an input, and a file with its bytes."""
        if isinstance(source, str):
            return source, self.cache.fetch(source)
        blob = self._receipt(source.step).outputs[source.name]
        file = self.cache.fetch(blob.sha256)
        size = file.stat().st_size
        if size != blob.bytes:
            raise StoreError(f"the blob {blob.sha256} is damaged: {file} has {size} bytes, not {blob.bytes}")
        return blob.sha256, file


def _load(target: str) -> Any:
    """The class. Raises UsageError that says what this worker lacks."""
    try:
        return resolve(target)
    except UsageError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and not target.startswith(_OWN):  # no extra of ours has it
            raise UsageError(
                f"{target} needs the Python package {cause.name!r}: install it where the worker runs"
            ) from error
        raise


def _check(spec: BackendSpec, made: object, types: Mapping[str, str]) -> dict[str, Any]:
    """The notes as plain JSON values. Raises _WrongMade unless `made` has every output of the kind, as bytes or a file."""
    if not isinstance(made, Made):
        raise _WrongMade(f"{spec.target} returned {type(made).__name__}, not what it made")
    if set(made.outputs) != set(types):
        raise _WrongMade(f"{spec.target} made {sorted(map(str, made.outputs))}; a {spec.kind} has {sorted(types)}")
    for name, output in made.outputs.items():
        if not isinstance(output, bytes) and not (isinstance(output, Path) and output.is_file()):
            raise _WrongMade(f"{spec.target}: its output {name!r} is neither bytes nor a file that is there")
    try:
        text = json.dumps(dict(made.notes), allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise _WrongMade(f"{spec.target}: its notes are not JSON: {_text(error)}") from error
    notes: dict[str, Any] = json.loads(text)
    return notes


def _trouble(step: Step, error: Exception) -> Outcome:
    """Unavailable where another try may do, else failed."""
    passing = isinstance(error, StoreError | MemoryError) or (isinstance(error, OSError) and error.errno in _PASSING)
    if passing:
        reason = _text(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {_text(error)}"
        return Outcome(step.key, "unavailable", reason=reason)
    spoken = isinstance(error, UsageError | _WrongMade)
    return Outcome(step.key, "failed", reason=_text(error) if spoken else _explain(error))


def _text(error: BaseException) -> str:
    """What it says, as text that can be stored: foreign code may put anything into it."""
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001  foreign code too
        text = ""
    return text.encode("utf-8", "replace").decode()


def _explain(error: Exception) -> str:
    """The last lines of what foreign code raised: enough to find the place, short enough for a report."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {_text(error)[:500]}{place}"
