"""A brief's `limits`, by the farm's prices: what a run may still spend, what its plan would cost, what would be left out.

What was spent is in the entries that runs make in the campaign's log: `gpu_ms` and `cpu_ms`, device-milliseconds, also of
runs that failed or died. `gpu_minutes` and `money` hold for the whole campaign, whoever runs it; `per_night` for the runs of
`creative nightly` that begin within `NIGHT` of each other, so that a night that is tried again has not twice the money.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from creative.backends import BackendSpec
from creative.brief.brief import Brief
from creative.errors import Finding, LimitError, UsageError
from creative.planning import Survey
from creative.records import Receipt
from creative.registry import RunRow
from creative.running.budget import Budget, Meter, Prices, Spent, Together
from creative.settings import Settings

NIGHT = datetime.timedelta(hours=12)
_PRICES = ("gpu_hour", "cpu_hour", "currency")
_WRITE = 'prices = {gpu_hour = "2.60", cpu_hour = "0.05", currency = "EUR"}'
_STAMP = "%Y%m%dT%H%M%SZ"


def prices_of(settings: Settings) -> Prices | None:
    """What the farm costs, or None where nobody says. Raises UsageError where only a part is said."""
    said = settings.prices
    if not said:
        return None
    if missing := [name for name in _PRICES if name not in said]:
        raise UsageError(
            f'{_profile(settings)}: prices lack {" and ".join(missing)}: write {_WRITE}; "0" is a price too'
        )
    return Prices(Decimal(said["gpu_hour"]), Decimal(said["cpu_hour"]), said["currency"])


def check_limits(brief: Brief, settings: Settings) -> None:
    """Raise LimitError for limits in money that cannot be kept: no prices here, or those of another currency."""
    prices, findings = prices_of(settings), []
    for name in ("money", "per_night"):
        written = getattr(brief.limits, name)
        if written is None:
            continue
        currency = written.split()[1]
        if prices is None:
            problem = f"is {written}, and this farm does not know what its hours cost"
            findings.append(
                _finding(brief, name, problem, f"Write {_WRITE} in {_profile(settings)}, or remove the limit")
            )
        elif currency != prices.currency:
            problem = f"is in {currency}, and the prices of {_profile(settings)} are in {prices.currency}"
            findings.append(_finding(brief, name, problem, f"Write the amount in {prices.currency}"))
    if findings:
        raise LimitError(findings)


def _finding(brief: Brief, name: str, problem: str, instead: str) -> Finding:
    return brief.finding(f"limits.{name}", problem, instead)


def _profile(settings: Settings) -> str:
    return f"the profile {settings.profile} of creative.toml" if settings.profile else "a profile of creative.toml"


# -- what was spent ----------------------------------------------------------------------------------------------------


class Runs(Protocol):
    """What is asked of a registry."""

    def runs(self, campaign: str) -> list[RunRow]:
        """The campaign's runs that its log knows of."""


def spent(runs: Iterable[RunRow]) -> Spent:
    """What these runs spent, as far as they could say."""
    total = Spent()
    for run in runs:
        total.gpu_seconds += run.counts.get("gpu_ms", 0) / 1000
        total.cpu_seconds += run.counts.get("cpu_ms", 0) / 1000
    return total


def of_tonight(runs: Iterable[RunRow], now: datetime.datetime) -> list[RunRow]:
    """The nightly runs that began not longer ago than a night is long."""
    return [run for run in runs if run.counts.get("nightly") and now - _began(run) < NIGHT]


def _began(run: RunRow) -> datetime.datetime:
    try:
        return datetime.datetime.strptime(run.id.partition("-")[0], _STAMP).replace(tzinfo=datetime.UTC)
    except ValueError:
        return run.at - datetime.timedelta(seconds=run.seconds)


# -- what may be spent -------------------------------------------------------------------------------------------------


class Purse:
    """The budget of one run of a brief: its limits with what was spent already, and the night's if it is part of one."""

    def __init__(
        self, brief: Brief, settings: Settings, registry: Runs, *, nightly: bool = False, night: Budget | None = None
    ) -> None:
        """Raises LimitError for limits that mean nothing by these settings, UsageError for prices that are not whole."""
        check_limits(brief, settings)
        limits, campaign, prices = brief.limits, brief.campaign.id, prices_of(settings)
        runs = registry.runs(campaign)
        self.prices, self.nightly = prices, nightly
        self.before = spent(runs)
        self.tonight = spent(of_tonight(runs, datetime.datetime.now(datetime.UTC)))
        self.own = Meter()  # without limits: what this run spends
        budgets: list[Budget] = [self.own]
        for name, meter in (
            ("gpu_minutes", None if limits.gpu_minutes is None else {"gpu_seconds": limits.gpu_minutes * 60.0}),
            ("money", limits.money and {"money": _amount(limits.money)}),
            ("per_night", limits.per_night and nightly and {"money": _amount(limits.per_night)}),
        ):
            if meter:
                before = self.tonight if name == "per_night" else self.before
                budgets.append(Meter(f"limits.{name} of {campaign}", prices=prices, before=before, **meter))
        all_of_them: Budget = Together(*budgets, *([night] if night else []))
        self.budget = Finish(all_of_them) if limits.when_reached == "stop" else all_of_them

    def counts(self) -> Mapping[str, int]:
        """What the log says of this run's spending."""
        total = self.own.total
        counts = {"gpu_ms": round(total.gpu_seconds * 1000), "cpu_ms": round(total.cpu_seconds * 1000)}
        return counts | {"nightly": 1} if self.nightly else counts

    def cost(self) -> Decimal | None:
        """What this run has cost so far; None without prices."""
        return None if self.prices is None else round(self.prices.of(self.own.total), 2)


class Finish:
    """`when_reached: stop`: as soon as one thing may not be begun, nothing is. Otherwise what needs no GPU goes on when the
    GPU's minutes are used up.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._reason: str | None = None

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        """See `Budget.spent`."""
        self.budget.spent(receipt, spec)

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        """See `Budget.wasted`."""
        self.budget.wasted(seconds, spec)

    def why_stop(self, spec: BackendSpec) -> str | None:
        """See `Budget.why_stop`."""
        self._reason = self._reason or self.budget.why_stop(spec)
        return self._reason


def _amount(written: str) -> Decimal:
    return Decimal(written.split()[0])


# -- what a plan would cost --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan takes: minutes of GPUs, money where prices are known; what is over a limit, each with what is left out."""

    gpu_minutes: float
    money: Decimal | None
    currency: str | None
    over: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """For people."""
        parts = [] if self.money is None else [f"{self.money} {self.currency}"]
        if self.gpu_minutes:
            parts.append(f"{self.gpu_minutes:.1f} GPU minutes")
        lines = [f"about {', '.join(parts)}"] if parts else []
        return lines + [f"note: {text}" for text in self.over]

    def data(self) -> dict[str, object]:
        """For programs."""
        money = None if self.money is None else str(self.money)
        return {
            "gpu_minutes": round(self.gpu_minutes, 1),
            "money": money,
            "currency": self.currency,
            "over_limits": list(self.over),
            "left_out": list(self.left_out),
        }


def estimate(found: Survey, brief: Brief, settings: Settings, registry: Runs | None) -> Estimate:
    """What the surveyed plan takes and, by that, which of the brief's limits it would reach before its end.

    `left_out` are the segments that would not be made, or not whole: the least valuable ones.
    """
    prices, limits = prices_of(settings), brief.limits
    before = spent(registry.runs(brief.campaign.id)) if registry else Spent()
    over: list[str] = []
    out: dict[str, None] = {}

    def check(name: str, unit: str, most: float, used: float, of: Mapping[str, float], needed: float) -> None:
        if needed <= most - used:
            return
        segments = _beyond(of, most - used)
        out.update(dict.fromkeys(segments))
        left = f"{max(0.0, most - used):.2f} {unit} are left of {most:g}" if used else f"it allows {most:g} {unit}"
        what = ", ".join(f"{segment} ({found.segments[segment]} ads)" for segment in segments[:5])
        more = f" and {len(segments) - 5} more segments" if len(segments) > 5 else ""
        place = brief.line(f"limits.{name}")
        over.append(
            f"{place}: limits.{name}: about {needed:.2f} {unit} are needed, {left}; not made, or not all: {what}{more}"
        )

    if limits.gpu_minutes is not None:
        gpu = {segment: gpu / 60 for segment, (_, gpu) in found.shares.items()}
        used = before.gpu_seconds / 60
        check("gpu_minutes", "GPU minutes", limits.gpu_minutes, used, gpu, found.gpu_seconds / 60)
    cost = None if prices is None else prices.of(Spent(found.gpu_seconds, found.cpu_seconds))
    if prices is not None and cost is not None:
        each = {segment: float(prices.of(Spent(gpu, cpu))) for segment, (cpu, gpu) in found.shares.items()}
        for name, written, used in (
            ("money", limits.money, float(prices.of(before))),
            ("per_night", limits.per_night, 0.0),
        ):
            if written:
                check(name, prices.currency, float(_amount(written)), used, each, float(cost))
    return Estimate(
        found.gpu_seconds / 60,
        None if cost is None else round(cost, 2),
        None if prices is None else prices.currency,
        tuple(over),
        tuple(out),
    )


def _beyond(of: Mapping[str, float], left: float) -> list[str]:
    """The segments, in the order of the plan, that what is left does not reach, the first of them perhaps in part."""
    total, beyond = 0.0, []
    for segment, amount in of.items():
        total += amount
        if amount and total > left:
            beyond.append(segment)
    return beyond
