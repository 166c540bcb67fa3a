"""Review: who says yes or no to which bytes. `verdicts` decides and writes, `sheets` are the files that reviewers fill in."""

from __future__ import annotations

from creative.review.sheets import Ballot, read_ballots, write_sheet
from creative.review.verdicts import Outcome, Wish, judge, reviewer

__all__ = ["Ballot", "Outcome", "Wish", "judge", "read_ballots", "reviewer", "write_sheet"]
