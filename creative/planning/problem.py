"""What makes an ad impossible, found while planning it."""

from __future__ import annotations

from creative.errors import CreativeError


class PlanningProblem(CreativeError):
    """An ad that cannot be made as the brief asks. `where` is the field of the brief to change."""

    def __init__(self, where: str, problem: str, instead: str = "") -> None:
        super().__init__(problem)
        self.where, self.problem, self.instead = where, problem, instead
