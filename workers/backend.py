"""The base that most backends share: one task after another, each with its own refusal."""

from __future__ import annotations

from collections.abc import Sequence

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepError


class OneByOne:
    """A backend without batches: implement `make_one`, raise StepRefused or AttemptRefused from it."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec = spec
        self.threads = threads

    def make_one(self, task: Task) -> Made:
        """Make one step, or raise StepRefused or AttemptRefused."""
        raise NotImplementedError

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`."""
        results: list[Made | Exception] = []
        for task in tasks:
            try:
                results.append(self.make_one(task))
            except StepError as refusal:
                results.append(refusal)
        return results
