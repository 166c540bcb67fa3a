"""The Runner port: where batches run. `creative.running.inline` has one child process here, `workers.ray_runner` has Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from creative.backends import BackendSpec
from creative.records import Receipt
from creative.steps import Step

FLIGHTS = 3
"""Batches that a worker with a card may have at once: one is painted, the next one's steps are at hand, the one before is
packed and stored. Otherwise the card waits for all of that."""

Status = Literal["made", "reused", "refused", "failed", "unavailable", "lost"]
"""made, reused (a receipt was there), refused (deterministic), failed (the backend raised something unforeseen),
unavailable (store, disk or memory: worth another try), lost (its worker died or was killed)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step. `receipt` is there when it was made or reused, `reason` otherwise."""

    key: str
    status: Status
    receipt: Receipt | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps of one backend that go to one worker together. Every submitted step returns an outcome."""

    id: int
    spec: BackendSpec
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Worksite:
    """What every worker is told once: where the store is, where fetched media and scratch files may be kept.

    `catalogue` is the digest that a worker elsewhere has to come to with `tables`, the operator's own ("" for any).
    `environment`: variables for a worker whose machine does not set them itself.
    """

    store_url: str
    cache: str
    catalogue: str
    tables: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


class Runner(Protocol):
    """Runs batches somewhere. Built cheaply; workers start with the first `free` or `submit`."""

    def free(self, spec: BackendSpec) -> int:
        """How many batches of this backend could start now. Raises RunnerError when no worker can ever be had.

        Of a backend with a GPU, a worker takes up to FLIGHTS.
        """

    def submit(self, batch: Batch) -> None:
        """Start a batch on a worker that has answered."""

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        """Outcomes of the batches that ended, by batch id; empty after `timeout` seconds without any."""

    def kill(self, batch: int) -> None:
        """End a batch by ending its process; its outcomes come from the next `wait` as lost.

        Others of the same process come as unavailable.
        """

    def close(self) -> None:
        """End every worker."""
