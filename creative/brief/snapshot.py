"""What was asked, as JSON: all that a brief, its tables, scripts and brand kit said, media by relative name."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from creative.brief.brief import Brief

_NOT_ASKED = frozenset({"path", "media", "lines"})


def snapshot(brief: Brief) -> dict[str, Any]:
    """JSON values only (see creative.canonical): no floats, decimals and dates as strings, media by name."""
    names = {path: name for name, path in brief.media.items()}
    fields = (field.name for field in dataclasses.fields(brief) if field.name not in _NOT_ASKED)
    return {"schema": 1} | {name.rstrip("_"): plain(getattr(brief, name), names) for name in fields}


def plain(value: Any, names: Mapping[Path, str]) -> Any:
    """`value` with models and dataclasses as mappings, and paths by their name in `names`."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {fields[name].alias or name: plain(getattr(value, name), names) for name in fields}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name), names) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item, names) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, names) for item in value]
    if isinstance(value, Path):
        return names.get(value, value.name)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value
