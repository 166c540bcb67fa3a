"""The fields of the models by path ("offers.*.price"): for findings, the support table and the published schemas."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a model. `*` stands for any key or item. `names`: the keys that a mapping there may have, if fixed."""

    path: str
    description: str
    names: tuple[str, ...] = ()


@cache
def fields(model: type[BaseModel]) -> Mapping[str, Field]:
    """Every path of a model, parents before children. Forms of one field (inline or a file) share its path."""
    found: dict[str, Field] = {}
    for field in _of_type(model, "", ""):
        before = found.get(field.path)
        names = tuple(dict.fromkeys((*(before.names if before else ()), *field.names)))
        found[field.path] = Field(field.path, (before and before.description) or field.description, names)
    return found


def _of_type(kind: Any, path: str, description: str) -> Iterator[Field]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _of_type(arguments[0], path, description)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _of_type(argument, path, description)
    elif origin is tuple:
        yield Field(path, description)
        yield from _of_type(arguments[0], _join(path, "*"), "")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        keys = get_args(arguments[0]) if get_origin(arguments[0]) is Literal else ()
        yield Field(path, description, keys)
        yield from _of_type(arguments[1], _join(path, "*"), "")
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        names = tuple(field.alias or name for name, field in kind.model_fields.items())
        yield Field(path, description, names)
        for name, field in kind.model_fields.items():
            yield from _of_type(field.annotation, _join(path, field.alias or name), field.description or "")
        if kind.model_config.get("extra") == "allow":
            extra = get_type_hints(kind, include_extras=True)["__pydantic_extra__"]
            yield from _of_type(get_args(extra)[1], _join(path, "*"), "")
    elif kind is not type(None):
        yield Field(path, description)


def field_at(model: type[BaseModel], path: tuple[str, ...]) -> Field | None:
    """The field that a written path ("offers", "house", "price") belongs to, or None."""
    known = fields(model)
    at = ""
    for name in path:
        exact = _join(at, name)
        at = exact if exact in known else _join(at, "*")
        if at not in known:
            return None
    return known[at]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
