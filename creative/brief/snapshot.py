"""Models and dataclasses as JSON values, for snapshots and manifests."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def plain(value: Any, names: Mapping[Path, str]) -> Any:
    """`value` as JSON values: models and dataclasses as mappings, decimals and dates as strings, paths by their name in
    `names`. No floats come in, so none come out."""
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
