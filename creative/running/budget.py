"""Budgets: when a run begins nothing more, and why.

The loop tells a budget what every step took and asks it before each submit. What is in flight ends and counts; what is not
begun any more is "limit", is stored nowhere, and is made by the same command when there is budget again. Since the most
valuable segments come first in a plan, and what is nearest to an ad's end comes before other ads' beginnings, the ads that
are there at the limit are the most valuable ones.

A budget answers for one backend at a time: where the GPU's minutes are used up, what needs no GPU goes on, so that ads
whose costly parts are there are finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from creative.backends import BackendSpec
from creative.errors import UsageError
from creative.records import Receipt

_HOUR = 3600


class Budget(Protocol):
    """What a run may still begin. Called from one thread."""

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        """A step was made in this run, in `receipt.seconds` of one worker with `spec.resources`. Reused ones cost nothing."""

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        """So many seconds of one worker went into what has no receipt: refused attempts, failures, killed batches."""

    def why_stop(self, spec: BackendSpec) -> str | None:
        """Why no step of this backend is begun any more, for people; None to go on. It never takes a reason back."""


@dataclass(slots=True)
class Spent:
    """Device seconds: of GPUs (half a GPU for 10 s is 5 s), and of workers that used none."""

    gpu_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, seconds: float, spec: BackendSpec) -> None:
        """So many seconds on one worker of this backend."""
        if spec.resources.gpu > 0:
            self.gpu_seconds += seconds * spec.resources.gpu
        else:
            self.cpu_seconds += seconds


@dataclass(frozen=True, slots=True)
class Prices:
    """What an hour of one GPU, and of one worker without, costs. Raises UsageError for negative ones."""

    gpu_hour: Decimal
    cpu_hour: Decimal
    currency: str

    def __post_init__(self) -> None:
        for name in ("gpu_hour", "cpu_hour"):
            price = getattr(self, name)
            if not price.is_finite() or price < 0:
                raise UsageError(f"the price {name} is {price}: write a number of {self.currency} for one device-hour")

    def of(self, spent: Spent) -> Decimal:
        """What it costs; not rounded."""
        gpu, cpu = (Decimal(repr(seconds)) for seconds in (spent.gpu_seconds, spent.cpu_seconds))
        return (gpu * self.gpu_hour + cpu * self.cpu_hour) / _HOUR


@dataclass(slots=True)
class Meter:
    """A budget of device seconds, minutes of wall-clock time, money, or any of them together; None is no limit.

    `called` begins every reason ("limits.money of autumn"). `before` is what counts already, such as earlier nights'; this
    run's spending is added to `total`, and time runs from the meter's making. One meter may serve several runs, one after
    another: it is then their common limit. Raises UsageError for negative limits, and for money without prices.
    """

    called: str = "the limit"
    gpu_seconds: float | None = None
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    money: Decimal | None = None
    prices: Prices | None = None
    before: Spent = field(default_factory=Spent)
    clock: Callable[[], float] = time.monotonic
    total: Spent = field(init=False)
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        for name in ("gpu_seconds", "cpu_seconds", "wall_seconds", "money"):
            limit = getattr(self, name)
            if limit is not None and not limit >= 0:
                raise UsageError(f"{self.called}: {name} is {limit}, and cannot be less than nothing")
        if self.money is not None and self.prices is None:
            raise UsageError(f"{self.called} is in money: say what an hour of a GPU and of a CPU worker costs")
        self.total = Spent(self.before.gpu_seconds, self.before.cpu_seconds)
        self._started = self.clock()

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        """See `Budget.spent`."""
        self.total.add(receipt.seconds, spec)

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        """See `Budget.wasted`."""
        self.total.add(seconds, spec)

    def cost(self) -> Decimal | None:
        """What all that counts has cost, to the cent; None without prices."""
        return None if self.prices is None else round(self.prices.of(self.total), 2)

    def why_stop(self, spec: BackendSpec) -> str | None:
        """See `Budget.why_stop`. Seconds of a device stop only what runs on it; time and money stop everything."""
        on_gpu, of_device = spec.resources.gpu > 0, self.gpu_seconds if spec.resources.gpu > 0 else self.cpu_seconds
        if of_device is not None and (self.total.gpu_seconds if on_gpu else self.total.cpu_seconds) >= of_device:
            return self._reached(f"{_minutes(of_device)} of {'GPU time' if on_gpu else 'CPU workers'}")
        if self.wall_seconds is not None and self.clock() - self._started >= self.wall_seconds:
            return self._reached(f"{_minutes(self.wall_seconds)}")
        if self.money is not None and self.prices is not None and self.prices.of(self.total) >= self.money:
            return self._reached(f"{self.money} {self.prices.currency}")
        return None

    def _reached(self, limit: str) -> str:
        # Without what is spent, which grows while batches end: reports gather ads by their reason.
        return f"{self.called} is reached: {limit}"


class Together:
    """Several budgets at once: a campaign's own, and the night's. The first that says stop is the reason."""

    def __init__(self, *budgets: Budget) -> None:
        self.budgets = budgets

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        """See `Budget.spent`."""
        for budget in self.budgets:
            budget.spent(receipt, spec)

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        """See `Budget.wasted`."""
        for budget in self.budgets:
            budget.wasted(seconds, spec)

    def why_stop(self, spec: BackendSpec) -> str | None:
        """See `Budget.why_stop`."""
        return next((reason for budget in self.budgets if (reason := budget.why_stop(spec)) is not None), None)


def _minutes(seconds: float) -> str:
    """ "30 minutes", "1 minute"."""
    return f"{seconds / 60:g} minute{'' if seconds == 60 else 's'}"
