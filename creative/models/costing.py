"""What ads take of a card, in hours and money: by each model for so many ads, or by each backend of a brief's own plan.

Two figures, which are not the same. A model's GPU-seconds (`rows.yaml`) are its card's alone: what the work itself takes. A
backend's seconds (the catalogue's, or what receipts have measured) are those in which its worker holds the card, with everything
around the work; `creative plan` and a brief's limits reckon with these. No figure is believed more than its row is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from creative.backends import BackendSpec
from creative.models.needs import loaded
from creative.models.rows import ModelRow, load_models
from creative.planning.survey import Survey

SENTENCE_S = 3.5
"""How long a sentence of a script is, about: a step of speech makes one."""


def costs(
    ads: int,
    each: Mapping[str, float],
    busy: float,
    gpu_hour: Decimal,
    backends: Iterable[BackendSpec] = (),
    models: Mapping[str, ModelRow] | None = None,
) -> list[dict[str, Any]]:
    """A row for each model that says its GPU-seconds: units for so many ads, hours of its card, cost; and, where a backend has
    it, hours and cost by that backend's seconds.

    `each`: units an ad, by "image", "second of film", "second of speech". `busy`: share of the time that the card works.
    """
    own = {name: spec for spec in reversed([*backends]) for name in loaded(spec)[:1] if spec.resources.gpu}
    found = []
    for row in (load_models() if models is None else models).values():
        known = row.gpu_seconds
        if known is None or not each.get(known.unit):
            continue
        units = ads * each[known.unit]
        hours = units * known.value / busy / 3600
        said = {
            "model": row.name,
            "unit": known.unit,
            "units": round(units, 3),
            "gpu_seconds": known.value,
            "card": known.card,
            "measured": known.measured,
            "hours": round(hours, 4),
            "cost": _money(hours, gpu_hour),
            "backend": None,
            "farm_hours": None,
            "farm_cost": None,
        }
        if (spec := own.get(row.name)) is not None:
            farm = units / _units_a_step(row) * spec.seconds * spec.resources.gpu / 3600
            said |= {"backend": spec.name, "farm_hours": round(farm, 4), "farm_cost": _money(farm, gpu_hour)}
        found.append(said)
    return found


def _units_a_step(row: ModelRow) -> float:
    unit = row.gpu_seconds.unit if row.gpu_seconds else ""
    if unit == "second of film" and row.frames is not None:
        return row.frames.most / row.frames.fps
    return SENTENCE_S if unit == "second of speech" else 1.0


@dataclass(frozen=True, slots=True)
class Bill:
    """What so many ads take that are like a brief's: a row for each of its backends that need a card, and their sums.

    `plan_gpu_minutes` and `plan_cost` are of what its plan still has to make, as `creative plan` says them. `cpu_hours` are of
    workers without a card; they cost nothing where nobody says the price of their hour.
    """

    ads: int
    plan_ads: int
    rows: tuple[dict[str, Any], ...]
    gpu_hours: float
    cpu_hours: float
    cost: str
    plan_gpu_minutes: float
    plan_cost: str

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ads": self.ads, "plan_ads": self.plan_ads, "backends": list(self.rows), "gpu_hours": round(self.gpu_hours, 4),
            "cpu_hours": round(self.cpu_hours, 4), "cost": self.cost,
            "plan_gpu_minutes": round(self.plan_gpu_minutes, 1), "plan_cost": self.plan_cost,
        }  # fmt: skip


def bill(found: Survey, ads: int, gpu_hour: Decimal, cpu_hour: Decimal) -> Bill:
    """The cost of `ads` like those of a surveyed plan: scenes, clips and sentences shared among them as they are in it."""
    planned = sum(found.ads.values())
    scale = ads / planned if planned else 0.0
    rows: list[dict[str, Any]] = []
    gpu_hours = cpu_hours = 0.0
    for (kind, name), takes in sorted(found.takes.items()):
        hours = takes.steps * scale * takes.seconds * (takes.gpu or 1) / 3600
        if not takes.gpu:
            cpu_hours += hours
            continue
        gpu_hours += hours
        said = {"kind": kind, "backend": name, "steps": round(takes.steps * scale, 1), "seconds": takes.seconds}
        said |= {
            "gpu": takes.gpu,
            "measured": not takes.guess,
            "hours": round(hours, 4),
            "cost": _money(hours, gpu_hour),
        }
        rows.append(said)
    total = Decimal(repr(gpu_hours)) * gpu_hour + Decimal(repr(cpu_hours)) * cpu_hour
    plan = (Decimal(repr(found.gpu_seconds)) * gpu_hour + Decimal(repr(found.cpu_seconds)) * cpu_hour) / 3600
    return Bill(ads, planned, tuple(rows), gpu_hours, cpu_hours, _cents(total), found.gpu_seconds / 60, _cents(plan))


def _money(hours: float, gpu_hour: Decimal) -> str:
    return _cents(Decimal(str(hours)) * gpu_hour)


def _cents(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'))}"
