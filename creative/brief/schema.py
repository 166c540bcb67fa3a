"""The published JSON schemas of briefs and brand kits: what an editor checks and shows while somebody writes.

`python -m creative.brief.schema` writes templates/brief.schema.json and templates/brand.schema.json anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from creative.brief.brand import Brand
from creative.brief.models import BriefFile
from creative.brief.support import TABLE
from creative.brief.types import ID_PATTERN, ONE_OR_MORE
from creative.resources import templates

SCHEMAS: Mapping[str, tuple[type[BaseModel], str]] = {
    "brief.schema.json": (BriefFile, "A campaign brief of creative-farm"),
    "brand.schema.json": (Brand, "A brand kit of creative-farm"),
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON schema of a model: what may be written, with keys that begin with x- allowed everywhere."""
    found: dict[str, Any] = _tidy(model.model_json_schema(by_alias=True))
    if model is BriefFile:
        _say_what_is_refused(found)
    return {"$schema": _DIALECT, **found, "title": title}


def text(name: str) -> str:
    """A published schema as it stands in its file."""
    model, title = SCHEMAS[name]
    return json.dumps(schema(model, title), ensure_ascii=False, indent=1) + "\n"


def write(folder: Path) -> None:
    """Write both schemas into `folder`."""
    for name in SCHEMAS:
        (folder / name).write_text(text(name), encoding="utf-8")


def _tidy(node: Any) -> Any:
    """A raw schema as it is published: x- keys pass, one item may stand without its list, empty values do not pass."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {
        name: {key: _field(field) for key, field in item.items()} if name == "properties" else _tidy(item)
        for name, item in node.items()
    }
    if found.get("type") == "object":
        patterns = found.setdefault("patternProperties", {})
        if ID_PATTERN in patterns:
            patterns[f"^(?!x-){ID_PATTERN[1:]}"] = patterns.pop(ID_PATTERN)
        patterns["^x-"] = {}
        found.pop("propertyNames", None)
        found.setdefault("additionalProperties", False)
    for kind, suffix in (("array", "Items"), ("object", "Properties")):
        for end in ("min", "max"):
            if found.get("type") == kind and f"{end}Length" in found:
                found[f"{end}{suffix}"] = found.pop(f"{end}Length")
    if found.pop(ONE_OR_MORE, False):
        outer = {name: found.pop(name) for name in ("default", "description") if name in found}
        return {"anyOf": [found, found["items"]], **outer}
    choices = [choice for choice in found.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) < len(found.get("anyOf", [])):
        found.pop("default", None)
        found["anyOf"] = choices
        if len(choices) == 1:
            found |= found.pop("anyOf")[0] | {key: found[key] for key in ("description",) if key in found}
    return found


def _field(field: Any) -> Any:
    """A property, without the title that only repeats its name."""
    tidy = _tidy(field)
    if isinstance(tidy, dict):
        tidy.pop("title", None)
        if tidy.get("default") in ("", [], {}):
            del tidy["default"]
    return tidy


def _say_what_is_refused(found: dict[str, Any]) -> None:
    """Begin the description of every top-level field that is not supported yet with that."""
    for row in TABLE:
        field = found["properties"].get(row.path)
        if row.state == "refused" and field is not None and row.path != "limits":
            field["description"] = f"Not supported yet. {field.get('description', '')}".strip()
            field["deprecated"] = True


if __name__ == "__main__":
    write(templates())
