"""The in-process runner: one child process on this machine, which can be killed and is then replaced."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from creative.backends import BackendSpec, resolve
from creative.errors import RunnerError, UsageError
from creative.running.port import Batch, Outcome, Worksite

_WORKSHOP = "workers.work:Workshop"
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends; elsewhere the closed pipe ends it at the next batch."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _serve(pipe: Connection, site: Worksite, threads: int) -> None:
    """The child: answer batches until the pipe closes."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    os.dup2(2, 1)  # what foreign code prints must not mix with the command's data
    try:
        workshop = resolve(_WORKSHOP)(site, threads)
        pipe.send("ready")
        while True:
            batch: Batch = pipe.recv()
            pipe.send((batch.id, workshop.run(batch)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except Exception as error:  # noqa: BLE001  the parent reads it and says it
        with contextlib.suppress(OSError):
            pipe.send(error)


class InlineRunner:
    """See `creative.running.port.Runner`. `threads`: cores that a backend may keep busy."""

    def __init__(self, site: Worksite, threads: int | None = None) -> None:
        self.site = site
        self.threads = threads or os.cpu_count() or 1
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._batch: Batch | None = None

    def free(self, spec: BackendSpec) -> int:
        """One batch at a time; a backend that wants a GPU has to run on Ray."""
        if spec.resources.gpu:
            raise RunnerError(f"{spec.name} needs a GPU worker: run with --runner ray")
        return 0 if self._batch else 1

    def check(self, specs: Sequence[BackendSpec]) -> None:
        """Raise UsageError for backends that want a GPU: none has one here."""
        for spec in specs:
            if spec.resources.gpu:
                raise UsageError(
                    f"{spec.name} needs {spec.resources.gpu:g} GPU, and one process on this machine has none: run with "
                    f"--runner ray on a machine with a card, or name another backend for {spec.kind} in the brief"
                )

    def submit(self, batch: Batch) -> None:
        """Hand the batch to the child, starting one if there is none."""
        if self._batch is not None:
            raise RunnerError("the child process is busy")
        pipe = self._child()
        self._batch = batch
        with contextlib.suppress(OSError):  # a child that died is noticed by wait()
            pipe.send(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        """See `Runner.wait`."""
        if self._batch is None:
            time.sleep(timeout)
            return ()
        batch, pipe = self._batch, self._pipe
        if pipe is not None:
            try:
                if not pipe.poll(timeout):
                    return ()
                answer = pipe.recv()
                if isinstance(answer, Exception):
                    raise RunnerError(f"the worker process stopped: {answer}") from answer
                self._batch = None
                return [answer]
            except (EOFError, OSError):
                pass
        reason = self._death()
        self._batch = None
        return [(batch.id, [Outcome(step.key, "lost", reason=reason) for step in batch.steps])]

    def kill(self, batch: int) -> None:
        """End the child; `wait` then reports the batch as lost."""
        if self._batch is not None and self._batch.id == batch and self._process is not None:
            self._process.kill()
            self._process.join(_END_SECONDS)
            if self._pipe is not None:  # even a process that hangs in the kernel is not waited for any more
                self._pipe.close()
                self._pipe = None

    def close(self) -> None:
        """End the child."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join(_END_SECONDS)
            with contextlib.suppress(ValueError):  # it hangs in the kernel: it is left behind
                self._process.close()
        self._process = self._pipe = self._batch = None

    def _child(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        self.close()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.site, self.threads), daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        try:
            if not ours.poll(_START_SECONDS):
                raise RunnerError(f"the worker process did not answer within {_START_SECONDS:.0f} s")
            answer = ours.recv()
        except EOFError as error:
            raise RunnerError(f"the worker process ended at its start ({self._death()})") from error
        if answer != "ready":
            raise RunnerError(f"the worker process could not start: {answer}")
        return ours

    def _death(self) -> str:
        if self._process is None:
            return "its worker process ended"
        self._process.join(5)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"its worker process was ended by {signal.Signals(-code).name}"
        return f"its worker process ended with exit code {code}"
