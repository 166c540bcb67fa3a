"""What people read: progress while a run goes on, and tables. All of it goes to stderr; data goes to stdout."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from creative.backends import BackendSpec
from creative.planning import Survey
from creative.planning.survey import Rate
from creative.running.campaign import Report
from creative.running.loop import Progress
from creative.settings import Settings

console = Console(stderr=True, highlight=False)
_PLAIN_EVERY_S = 10.0
_LIVE_EVERY_S = 0.25


@contextlib.contextmanager
def stdout_for_data() -> Iterator[None]:
    """Send what anything prints meanwhile to stderr, also below Python: Ray and codecs print where they like."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def duration(seconds: float) -> str:
    """ "40 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(number: float) -> str:
    """ "340 kB", "12.4 MB"."""
    for unit, base in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= base:
            return f"{number / base:.1f} {unit}"
    return f"{number:.0f} B"


def ads(number: int) -> str:
    """ "1 ad", "42 ads"."""
    return f"{number} ad{'' if number == 1 else 's'}"


def workers(settings: Settings) -> int:
    """How many workers a run has, as far as that can be said before it begins."""
    return 1 if settings.runner == "inline" else settings.workers or os.cpu_count() or 1


def survey_table(found: Survey) -> Table:
    """Ads by kind, steps by kind: wanted and missing."""
    table = Table(box=None, pad_edge=False)
    for name in ("steps", "wanted", "to make"):
        table.add_column(name, justify="left" if name == "steps" else "right")
    for kind, count in found.steps.items():
        table.add_row(kind, str(count), str(found.missing.get(kind, 0)))
    return table


def survey_lines(found: Survey, workers: int) -> list[str]:
    """The plan in sentences, its warnings first."""
    kinds = ", ".join(f"{count} {modality}" for modality, count in sorted(found.ads.items()))
    lines = [f"note: {warning}" for warning in found.warnings]
    lines.append(f"{ads(sum(found.ads.values()))} ({kinds}); {found.ads_to_make} to make")
    missing = sum(found.missing.values())
    if missing:
        seconds = found.seconds / max(1, workers)
        lines.append(
            f"about {duration(seconds)} on {workers} worker{'s' if workers > 1 else ''}, about {size(found.bytes)} to store"
        )
        if found.guessed:
            lines.append(f"(guessed, not measured yet: {', '.join(found.guessed)})")
    return lines


class Watcher:
    """Shows a run's progress: a live table in a terminal, a line now and then elsewhere."""

    def __init__(
        self,
        rates: Mapping[tuple[str, str], Rate],
        specs: Mapping[tuple[str, str], BackendSpec],
        found: Survey,
        workers: int,
    ) -> None:
        self.rates, self.specs, self.found, self.workers = rates, specs, found, max(1, workers)
        self._live = Live(console=console, auto_refresh=False, transient=True) if sys.stderr.isatty() else None
        self._last = 0.0

    def __enter__(self) -> Watcher:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show it, if it is time to."""
        now = time.monotonic()
        if now - self._last < (_LIVE_EVERY_S if self._live else _PLAIN_EVERY_S):
            return
        self._last = now
        if self._live:
            self._live.update(self._table(progress), refresh=True)
        else:
            done = progress.total("made") + progress.total("reused")
            failed = progress.total("failed") + progress.total("blocked")
            console.print(
                f"{done} of {sum(self.found.steps.values())} steps, {failed} failed, "
                f"about {duration(self.seconds_left(progress))} left",
                soft_wrap=True,
            )

    def seconds_left(self, progress: Progress) -> float:
        """By the mean of what this run measured, else what earlier ones did, else the catalogue's guess."""
        total = 0.0
        for kind, missing in self.found.missing.items():
            tally = progress.kinds.get(kind)
            settled = tally.made + tally.failed + tally.blocked + tally.limited if tally else 0
            left = max(0, missing - settled)
            if tally and tally.made:
                each = tally.seconds / tally.made
            else:
                known = [rate.seconds for (name, _), rate in self.rates.items() if name == kind]
                each = known[0] if known else max(spec.seconds for spec in self.specs.values() if spec.kind == kind)
            total += left * each
        return total / self.workers

    def _table(self, progress: Progress) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("step", "done", "of", "failed"):
            table.add_column(name, justify="left" if name == "step" else "right")
        for kind, wanted in self.found.steps.items():
            tally = progress.kinds.get(kind)
            done = (tally.made + tally.reused) if tally else 0
            failed = (tally.failed + tally.blocked) if tally else 0
            table.add_row(kind, str(done), str(wanted), Text(str(failed), "red") if failed else "")
        working = sorted({batch.steps[0].label or batch.spec.kind for batch in progress.in_flight.values()})
        table.caption = f"{duration(self.seconds_left(progress))} left    {'; '.join(working)[:90]}"
        table.caption_justify = "left"
        return table


def report_lines(report: Report) -> list[str]:
    """What a run came to, with the reason for everything that failed, once."""
    progress = report.progress
    lines = [
        f"{progress.total('made')} steps made, {progress.total('reused')} there already, "
        f"{progress.total('failed')} failed; {ads(report.assets)}, {report.new} of them new, in {duration(report.seconds)}"
    ]
    if not progress.total("made") and not report.failed and not report.new:
        lines = [f"Nothing to do: {ads(report.assets)} there already ({duration(report.seconds)})"]
    if report.retired:
        lines.append(f"{ads(report.retired)} that the brief does not want any more: retired")
    if report.withdrawn:
        lines.append(f"{ads(report.withdrawn)} whose consent ended meanwhile: withdrawn")
    for failure in progress.failures:
        lines.append(f"{failure.status}: {failure.step.label or failure.step.kind}: {failure.reason}")
    reasons: dict[str, list[str]] = {}
    for ad in report.failed:
        reasons.setdefault(ad.reason, []).append(f"{ad.placement} for {ad.segment} in {ad.market}/{ad.locale}")
    for reason, named in reasons.items():
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        lines.append(f"not made or not passed: {'; '.join(named[:3])}{more}: {reason}")
    return lines
