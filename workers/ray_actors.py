"""The driver's actors and the batches on their way to them; whose fault it is when one dies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ray.exceptions import ActorUnavailableError, RayActorError, RayError, RayTaskError

from creative.backends import BackendSpec
from creative.errors import RunnerError
from creative.running.port import Batch, Outcome, Status, Worksite
from creative.version import VERSION
from workers.cards import CardBroken

OWN = "workers."
_INNOCENT = (
    "node has died",
    "node was ",
    "node_died",
    "node_out_of_memory",
    "low on memory",
    "above threshold",
    "exceeded threshold",
)
"""What Ray 2.60 says of an actor whose machine died or had no memory left: that may be any batch's doing, or none's."""


@dataclass(slots=True)
class Member:
    """One actor of the driver's: `group` is "cpu" or a backend with actors of its own; `ready` once it has answered, `seen`
    when it last did. `batches`: what it has. Of one that is gone, `together` says whether there were several of them, and
    `killed` that we ended it. `card`: which one it was given; a member that is `benched` has one that does not work, and only
    keeps others from being given it; one that is `leaving` gets nothing more, and ends with what it has.
    """

    handle: Any
    group: str
    hello: Any
    started: float
    seen: float = 0.0
    ready: bool = False
    batches: list[Batch] = field(default_factory=list)
    lacks: str = ""
    together: bool = False
    killed: bool = False
    card: str = ""
    benched: bool = False
    leaving: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it has answered, and may be given more."""
        return self.ready and not self.leaving

    def can(self, spec: BackendSpec) -> bool:
        """The same, if it has what the backend needs."""
        return self.is_free and not (self.lacks and spec.target.startswith(OWN))


@dataclass(slots=True)
class Flight:
    """A batch on its way. `stage` says what is waited for:

    asked     an idle actor has to say that it is there before it gets the batch: what dies first did not die of it
    sent      the outcomes
    doubted   Ray lost the actor from sight, and has to say whether it died; its own patience is one second (Ray 2.60)
    """

    member: Member
    batch: Batch
    stage: Literal["asked", "sent", "doubted"]
    killed: bool = False
    doubted_until: float = 0.0


def every(batch: Batch, status: Status, reason: str) -> list[Outcome]:
    """One outcome for each of its steps."""
    return [Outcome(step.key, status, reason=reason) for step in batch.steps]


def is_guilty(error: RayError) -> bool:
    """Whether the actor died by itself, so that its batch may be what kills."""
    if not isinstance(error, RayActorError) or isinstance(error, ActorUnavailableError) or error.preempted:
        return False
    text = str(error).lower()
    return not any(words in text for words in _INNOCENT)


def compare(hello: Mapping[str, str], site: Worksite) -> None:
    """Raise RunnerError unless the worker is of the driver's version and has read the same catalogue."""
    if hello["version"] != VERSION:
        raise RunnerError(
            f"the worker on {hello['host']} has creative-farm {hello['version']}, this command is {VERSION}: install the "
            "same package on both"
        )
    if hello["catalogue"] != site.catalogue:
        tables = f", and have the same tables there: {', '.join(site.tables)}" if site.tables else ""
        raise RunnerError(
            f"the worker on {hello['host']} reads another catalogue of backends than this command: install the same package "
            f"on both{tables}"
        )


def broken_card(error: RayError) -> str:
    """What the worker said of its card when it could not go on with it, or nothing."""
    cause = error.cause if isinstance(error, RayTaskError) else None
    return str(cause) if isinstance(cause, CardBroken) else ""


def why_stillborn(error: RayError) -> str:
    """Why an actor could not start, in a line."""
    if isinstance(error, RayTaskError):
        return str(error.cause)
    if "No module named 'workers'" in str(error) or "No module named 'creative'" in str(error):
        return "its machine has no creative-farm: install the same package on both"
    return _last_line(error)


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:300] if lines else type(error).__name__
