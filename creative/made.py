"""What a run of a brief came to, for people and programs, and the exit code that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from creative.errors import EXIT_OK, EXIT_SOME_FAILED, EXIT_TEMPORARY
from creative.running.campaign import Report


@dataclass(slots=True)
class Made:
    """A run with the places of what it published. `pending`: the campaign's ads that nobody judged yet; `cost`: by the prices
    of the farm, "3.20 EUR". `rehearsals`: backends of random weights that the plan used ("scene by rehearse-sdxl"): noise.
    """

    report: Report
    places: dict[str, str] = field(default_factory=dict)
    pending: int = 0
    cost: str | None = None
    rehearsals: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all made, 3 some ads failed, 75 the store or the workers were not to be had."""
        if self.report.status == "unavailable":
            return EXIT_TEMPORARY
        return EXIT_SOME_FAILED if self.report.failed else EXIT_OK

    def summary(self) -> dict[str, Any]:
        """The object that ends `run --json`."""
        report, progress = self.report, self.report.progress
        return {
            "run": report.run,
            "status": report.status,
            "steps_made": progress.total("made"),
            "steps_reused": progress.total("reused"),
            "steps_failed": progress.total("failed"),
            "steps_blocked": progress.total("blocked"),
            "made": {kind: tally.made for kind, tally in sorted(progress.kinds.items()) if tally.made},
            "assets": report.assets,
            "new": report.new,
            "retired": report.retired,
            "failed": [
                {"ad_id": ad.ad_id, "segment": ad.segment, "placement": ad.placement, "market": ad.market,
                 "locale": ad.locale, "reason": ad.reason}
                for ad in report.failed
            ],
            "failures": [
                {"key": failure.step.key, "kind": failure.step.kind, "label": failure.step.label,
                 "status": failure.status, "reason": failure.reason}
                for failure in progress.failures
            ],
            "manifest": self.places.get("manifest"),
            "sheet": self.places.get("sheet"),
            **{name: place for name, place in self.places.items() if name.endswith("_uri")},
            "cost": self.cost,
            "rehearsals": list(self.rehearsals),
            "seconds": round(report.seconds, 2),
        }  # fmt: skip
