"""What ads take of a card: each model's GPU-seconds times what is made with it. No figure is believed more than its row is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from creative.models.rows import load_models


def costs(ads: int, each: Mapping[str, float], busy: float, gpu_hour: Decimal) -> list[dict[str, Any]]:
    """A row for each model that says its GPU-seconds: units for so many ads, hours of its card, cost.

    `each`: units an ad, by "image", "second of film", "second of speech". `busy`: share of the time that the card works.
    """
    found = []
    for row in load_models().values():
        known = row.gpu_seconds
        if known is None or not each.get(known.unit):
            continue
        units = ads * each[known.unit]
        hours = units * known.value / busy / 3600
        found.append(
            {
                "model": row.name,
                "unit": known.unit,
                "units": round(units, 3),
                "gpu_seconds": known.value,
                "card": known.card,
                "measured": known.measured,
                "hours": round(hours, 4),
                "cost": f"{(Decimal(str(hours)) * gpu_hour).quantize(Decimal('0.01'))}",
            }
        )
    return found
