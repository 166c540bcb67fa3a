"""What is said of a model: to programs, in a line of a list, and in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from creative.models.costing import Bill
from creative.models.files import ModelError, read_manifest
from creative.models.rows import ModelRow

_SAID = (  # the facts in the order in which they are told
    "task", "library", "class", "classes", "repo", "revision", "archive", "licence", "vram_gb", "sizes", "frames", "steps",
    "guidance", "dtype", "prompt_tokens", "languages", "phonemiser", "clones", "lora", "runtime_env", "gpu_seconds", "sha256",
)  # fmt: skip


def about(row: ModelRow, folder: Path, agreed: Mapping[str, str]) -> dict[str, Any]:
    """The row as data, with `usable` for ads, the revision that is `pulled` here, and which facts are `unconfirmed`.

    `agreed`: the operator's `licences`.
    """
    try:
        here: str | None = read_manifest(folder / row.name).revision
    except ModelError:
        here = None
    usable = (row.licence.commercial and row.enabled) or bool(agreed.get(row.name))
    said = row.model_dump(mode="json", by_alias=True)
    return said | {
        "usable": usable,
        "agreement": agreed.get(row.name, ""),
        "pulled": here,
        "unconfirmed": row.unconfirmed(),
    }


def line(row: ModelRow, one: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, task, library, licence of the weights, for ads, least GB of a card, what is here, what is unconfirmed."""
    here = str(one["pulled"])[:12] if one["pulled"] else ("" if row.revision or row.archive else "not pinned")
    memory = f"{row.least_vram_gb:g}"
    return (
        row.name, row.task[0], row.library, row.licence.weights, for_ads(row, one), memory, here,
        ", ".join(one["unconfirmed"]),
    )  # fmt: skip


def for_ads(row: ModelRow, one: Mapping[str, Any]) -> str:
    """Whether ads may use it, in a word or two."""
    if one["agreement"]:
        return "by agreement"
    if not row.enabled:
        return f"off: {row.phonemiser}"
    return "yes" if row.licence.commercial else "no"


def sentences(row: ModelRow, one: Mapping[str, Any]) -> Iterator[str]:
    """Each fact with where it is from and when it was looked up, then what is here and who loads it."""
    yield f"{row.name}: for ads: {for_ads(row, one)}"
    for name in _SAID:
        value = one[name]
        if value in (None, [], {}, "", False):
            continue
        yield f"  {name:<14} {_plain(value)}"
        for source in one["sources"]:
            if name in source["of"]:
                how = "" if source["how"] == "read" else f"{source['how']}: "
                yield f"  {'':<14}   {how}{source['from']} ({source['on']})"
    yield f"  {'here':<14} {one['pulled'] or 'no: creative models pull ' + row.name}"
    yield f"  {'backends':<14} {', '.join(one['backends']) or 'none'}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(one)}" for name, one in value.items() if one not in (None, "", {}, []))
    if isinstance(value, list):
        if value and all(isinstance(one, list) for one in value):
            return ", ".join("x".join(map(str, one)) for one in value)
        return ", ".join(map(_plain, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def cost_lines(rows: list[dict[str, Any]], currency: str) -> list[tuple[str, ...]]:
    """The table of `creative.models.costing.costs`, its head first."""
    money = f"cost {currency}".strip()
    head = (
        "model",
        "unit",
        "units",
        "GPU-seconds each",
        "card",
        "hours alone",
        money,
        "backend",
        "hours in the farm",
        money,
    )
    return [head, *(_cost_line(row) for row in rows)]


def _cost_line(row: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = f"{row['gpu_seconds']:g}{'' if row['measured'] else ' (a guess)'}"
    alone = (row["model"], row["unit"], f"{row['units']:g}", seconds, row["card"], f"{row['hours']:.2f}", row["cost"])
    if row["backend"] is None:
        return (*alone, "", "", "")
    return (*alone, row["backend"], f"{row['farm_hours']:.2f}", row["farm_cost"])


def bill_lines(made: Bill, currency: str, *, priced: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    """The table of a brief's backends that need a card, its head first, or nothing; and what there is to say below it."""
    head = ("step", "backend", f"steps for {made.ads} ads", "seconds each", "of a card", "hours", f"cost {currency}")
    table: list[tuple[str, ...]] = [tuple(one.strip() for one in head)]
    for row in made.rows:
        seconds = f"{row['seconds']:.3g}{'' if row['measured'] else ' (a guess)'}"
        gpu, hours = f"{row['gpu']:g}", f"{row['hours']:.2f}"
        table.append((row["kind"], row["backend"], f"{row['steps']:g}", seconds, gpu, hours, row["cost"]))
    cpu = f" and {made.cpu_hours:.2f} h of workers without one{'' if priced else ', whose price nobody says'}"
    told = [] if made.rows else ["nothing of this brief is made on a card: its `backends` name no model that wants one"]
    told += [f"{made.ads} ads: {made.gpu_hours:.2f} h of a card{cpu}: {made.cost} {currency}".rstrip()]
    told.append(
        f"what creative plan has still to make of these {made.plan_ads}: {made.plan_gpu_minutes:.1f} GPU minutes, "
        f"{made.plan_cost} {currency}".rstrip()
    )
    return table if made.rows else [], told
