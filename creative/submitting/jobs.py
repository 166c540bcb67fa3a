"""The port to a cluster's jobs: `workers.jobs` has Ray's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

_OVER = ("SUCCEEDED", "FAILED", "STOPPED")


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `status`: PENDING, RUNNING, SUCCEEDED, FAILED, STOPPED. `exit_code`: None if nobody saw it end."""

    id: str
    status: str
    exit_code: int | None = None
    message: str = ""
    started_ms: int = 0

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in _OVER


class Jobs(Protocol):
    """The jobs of a cluster. All of it raises RunnerError (not now) or UsageError (not so), in plain words."""

    def submit(self, id: str, entrypoint: str, metadata: Mapping[str, str]) -> bool:
        """Start a job. False if there is, or was, one with this id."""

    def with_prefix(self, prefix: str) -> list[Job]:
        """The jobs whose id begins so."""

    def look(self, id: str) -> Job:
        """How a job stands."""

    def log(self, id: str) -> Iterator[str]:
        """What the job says, in pieces, from its beginning until it ends or the connection does."""
