"""What a night came to: a row for each file of the folder, in words, as data, and as an exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creative import show
from creative.errors import EXIT_OK, EXIT_SOME_FAILED, EXIT_TEMPORARY, EXIT_USAGE
from creative.made import Made
from creative.nights.folder import Found
from creative.registry.leases import Holder

_LEFT = ("draft", "over", "passed")


@dataclass(slots=True)
class Row:
    """What came of one file. `status`: draft, over, passed (no brief), nothing (all was there), done, partly, failed, limited
    (a limit was reached), unavailable, refused, crashed, waiting (the night ended before it); in a dry run also ready.

    `exit` is what `creative run` would have exited with; None for what was not begun.
    """

    found: Found
    status: str
    why: str = ""
    exit: int | None = None
    made: Made | None = None
    plan: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def line(self) -> str:
        """The row for people."""
        said = f"{self.found.name}: "
        if self.made is None:
            if self.status in (*_LEFT, "ready"):
                return said + self.why
            between = "\n    " if self.status == "refused" else " "
            return f"{said}{self.status}:{between}{self.why.replace(chr(10), between)}"
        report = self.made.report
        if self.status == "nothing":
            return said + f"nothing to do, {show.ads(report.assets)} there already"
        parts = [show.ads(report.assets), f"{report.new} new"]
        limited = sum(ad.limit for ad in report.failed)
        if failed := len(report.failed) - limited:
            parts.append(f"{failed} failed")
        if limited:
            parts.append(f"{limited} not begun: {self.limit}")
        if report.retired:
            parts.append(f"{report.retired} retired")
        return said + f"{', '.join(parts)} ({show.duration(self.seconds)})"

    @property
    def limit(self) -> str:
        """The limit that was reached, or ""."""
        failed = self.made.report.failed if self.made else []
        return next((ad.reason for ad in failed if ad.limit), "")

    def data(self) -> dict[str, Any]:
        """The row for programs."""
        row: dict[str, Any] = {
            "brief": self.found.name,
            "campaign": self.found.campaign,
            "status": self.status,
            "exit": self.exit,
            "seconds": round(self.seconds, 2),
        }
        if self.why:
            row["reason"] = self.why
        if self.plan:
            row |= self.plan
        if self.made:
            summary = self.made.summary()
            keep = (
                "run",
                "assets",
                "new",
                "retired",
                "steps_made",
                "steps_reused",
                "steps_failed",
                "manifest",
                "sheet",
            )
            row |= {name: summary[name] for name in keep}
            row["cost"] = summary["cost"]
            row["limited"] = sum(ad.limit for ad in self.made.report.failed)
            row["failed"] = len(self.made.report.failed) - row["limited"]
            row["failures"] = summary["failed"]
            row["limit"] = self.limit or None
        return row


@dataclass(slots=True)
class Night:
    """A night's rows, in the order of the briefs. `stopped` says why it ended early; `holder` who has the lease."""

    folder: Path
    rows: list[Row] = field(default_factory=list)
    stopped: str = ""
    holder: Holder | None = None
    seconds: float = 0.0
    dry: bool = False
    notices: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 all made, or another has the lease; 2 nothing could be read; 3 some of it failed; 75 worth trying again."""
        codes = {row.exit for row in self.rows} - {None, EXIT_OK}
        if self.holder is not None:
            return EXIT_OK
        if self.stopped or EXIT_TEMPORARY in codes:
            return EXIT_TEMPORARY
        read = [row for row in self.rows if row.status not in ("refused", "passed")]
        if not read:
            return EXIT_USAGE
        return EXIT_SOME_FAILED if codes else EXIT_OK

    @property
    def status(self) -> str:
        """In one word: held, unavailable, partly, limited, done, or nothing (there was nothing to do)."""
        if self.holder is not None:
            return "held"
        if self.exit_code in (EXIT_TEMPORARY, EXIT_USAGE):
            return "unavailable" if self.exit_code == EXIT_TEMPORARY else "refused"
        kinds = {row.status for row in self.rows}
        if kinds & {"partly", "failed", "refused", "crashed"}:
            return "partly"
        return "limited" if "limited" in kinds else "planned" if self.dry else "done" if "done" in kinds else "nothing"

    def summary(self) -> dict[str, Any]:
        """The object that `nightly --json` prints."""
        found: dict[str, Any] = {
            "status": self.status,
            "exit": self.exit_code,
            "folder": str(self.folder),
            "briefs": [row.data() for row in self.rows],
            "limits": sorted({row.limit for row in self.rows if row.limit}),
            "seconds": round(self.seconds, 2),
        }
        if self.stopped:
            found["reason"] = self.stopped
        if self.holder is not None:
            who = self.holder
            found["lease"] = {
                "name": who.name,
                "host": who.host,
                "pid": who.pid,
                "since": who.since.isoformat(timespec="seconds"),
                "until": who.until.isoformat(timespec="seconds"),
            }
        if self.notices:
            found["notices"] = self.notices
        return found

    def last_line(self) -> str:
        """The night in one line."""
        rows = [row for row in self.rows if row.status != "passed"]
        counts = Counter(row.status for row in rows)
        made = [row.made.report for row in self.rows if row.made]
        words = ", ".join(f"{number} {status}" for status, number in counts.items())
        new = sum(report.new for report in made)
        if self.stopped:
            return f"the night ended early: {self.stopped}; {words}; the same command goes on from here"
        if self.status == "nothing":
            return f"nothing to do: {words or 'no briefs'} ({show.duration(self.seconds)})"
        return f"{len(rows)} brief{'' if len(rows) == 1 else 's'}: {words}; {show.ads(new)} new ({show.duration(self.seconds)})"
