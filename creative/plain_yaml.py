"""YAML files of the package, read quickly: libyaml by PyYAML, with the values that YAML 1.2's core schema gives.

ruamel.yaml, which knows the line of everything, takes a second of CPU for the packaged layouts, and 0.3 s for the tables
of backends, models and placements; every command and every worker reads some of them. This takes 0.08 and 0.015 s. What is
wrong, or means different things to the two, is left to ruamel: see `read_quickly`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

_TEXT = r"[0-9]+(?:\.[0-9]+){2}(?:\.post[0-9]+)?|(?=[0-9e]*[a-df])[0-9a-f]{40,64}"
"""Text to everybody though it begins with a digit: versions, digests."""
_PLAIN = (
    ("tag:yaml.org,2002:null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?(0|[1-9][0-9]{0,17})"), list("-+0123456789")),
    ("tag:yaml.org,2002:float", re.compile(r"[-+]?(0|[1-9][0-9]{0,8})\.[0-9]{1,8}"), list("-+0123456789")),
    ("tag:yaml.org,2002:timestamp", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), list("0123456789")),
    ("!odd", re.compile(rf"(?!(?:{_TEXT})\Z)[-+.0-9=<].*", re.DOTALL), list("-+.0123456789=<")),
)
"""Plain scalars that are no text; "!odd" may be a number of another form, a time of day or a merge key."""


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml is in all wheels
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own form

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(made) != len(node.value):
            raise yaml.YAMLError("a key twice, or a merge")
        return made


for _tag, _pattern, _first in _PLAIN:
    _Reader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern.pattern})\Z", _pattern.flags), _first)


def read_quickly(text: str) -> Any:
    """A document's value, or None where it has to be read by ruamel.yaml, which says what is wrong and where."""
    try:
        return yaml.load(text, _Reader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None


def read_plain(path: Path) -> Any:
    """A file's value, by whichever reader. Raises OSError; YAMLError (ruamel's), ValueError or RecursionError for what is no YAML."""
    text = path.read_text("utf-8")
    found = read_quickly(text)
    return YAML(typ="safe", pure=True).load(text) if found is None else found
