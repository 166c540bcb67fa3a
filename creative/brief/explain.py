"""From a tree of nodes to a model: pydantic's errors become findings with a line, in the words of a brief."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from creative.brief.fields import field_at
from creative.brief.findings import Findings
from creative.brief.types import did_you_mean
from creative.brief.yaml_source import Node

M = TypeVar("M", bound=BaseModel)
_ROUNDS = 40


def validate(model: type[M], root: Node, findings: Findings, stand_ins: Mapping[str, Any] | None = None) -> M | None:
    """The model of a tree. What is wrong is noted, then pruned from the tree, so that the rest can be checked as well.

    `stand_ins` take the place of required top-level fields that are missing or wrong. None: not even the rest fits.
    """
    for number in range(_ROUNDS):
        value = root.plain()
        if number and isinstance(value, dict):
            for name, stand_in in (stand_ins or {}).items():
                value.setdefault(name, stand_in)
        try:
            return model.model_validate(value)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
        located = [(detail, *_locate(root, detail["loc"])) for detail in errors]
        # Later rounds lack what was pruned: what follows from that is no news.
        news = [
            (detail, chain, rest)
            for detail, chain, rest in located
            if not number or (detail["type"] not in ("missing", "too_short") and not findings.under(chain[-1].path))
        ]
        for detail, chain, rest in news:
            _note(model, chain[-1], detail, rest, findings)
        if not _prune([chain for _, chain, _ in located], number == 0 and bool(stand_ins)):
            return None
    return None


def note_empty(root: Node, findings: Findings) -> None:
    """Note every field that is written without a value: a limit that was not filled in is not "no limit"."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node.value, dict):
            stack.extend(node.value[name] for name in node.names())
        elif isinstance(node.value, list):
            stack.extend(node.value)
        elif node.value is None and not findings.under(node.path):
            findings.add(node.key, node.path, "is empty", "Write its value, or remove the line")


def _locate(root: Node, loc: tuple[int | str, ...]) -> tuple[list[Node], list[str | int]]:
    """The nodes on the way to an error, as far as they are there, and what of its location is not.

    Names of forms ("<inline>") are in the location, not in the tree; nor is the 0 of a list written as its one item.
    """
    chain, rest = [root], [step for step in loc if step != "[key]"]
    while rest:
        below = chain[-1].child(rest[0])
        if below is not None:
            chain.append(below)
        elif not (rest[0] == 0 and not isinstance(chain[-1].value, dict | list)) and not str(rest[0]).startswith("<"):
            break
        rest = rest[1:]
    return chain, rest


def _note(model: type[BaseModel], node: Node, error: ErrorDetails, rest: list[str | int], findings: Findings) -> None:
    path, kind, context = node.steps, error["type"], error.get("ctx", {})
    if kind == "too_short" and isinstance(node.value, list | dict) and len(node.value) >= context["min_length"]:
        return  # it is long enough, but for what is wrong in it
    place = node.key if kind == "extra_forbidden" or error["loc"][-1:] == ("[key]",) else node.at
    where = node.path or "file"
    if kind == "missing":
        name = str(rest[0]) if rest else "?"
        field = field_at(model, (*path, name))
        instead = f"Add {name}: {field.description}" if field and field.description else f"Add {name}:"
        findings.add(node.key, where, f"lacks {name}", instead)
    elif kind == "extra_forbidden" or (kind == "literal_error" and error["loc"][-1:] == ("[key]",)):
        parent = field_at(model, path[:-1])
        names = parent.names if parent else ()
        instead = did_you_mean(path[-1], names) if path else ""
        if not instead.startswith("Did"):
            instead = f"There is: {', '.join(names)}. Keys of your own begin with x-"
        if "short" in names and "-" in path[-1]:
            instead = f"Write short: {{{path[-1]}: ...}}, long: {{{path[-1]}: ...}}, or both"
            near = difflib.get_close_matches(path[1], _PLAIN_COPY, n=1, cutoff=0.75) if path[0] == "copy" else []
            if near:
                instead = f"Did you mean 'copy.{near[0]}'? For a headline: {instead[0].lower()}{instead[1:]}"
        if path[-1:] != () and path[-1] in names and path[:-1] in _FORMS:  # of the other form
            findings.add(place, where, "does not go with the rest", _FORMS[path[:-1]])
        else:
            findings.add(place, where, "is not a known field", instead)
    elif kind == "refused":
        place = node.key if isinstance(node.value, dict) else place  # it is about its key, or all of it
        findings.add(place, where, str(context["problem"]), str(context["instead"]))
    else:
        problem, instead = _in_words(kind, context, node, error["msg"])
        if kind in _MAPPINGS and node.value is not None:
            instead = _how_to_write(model, path) or instead
        findings.add(place, where, problem, instead)


def _how_to_write(model: type[BaseModel], path: tuple[str, ...]) -> str:
    """How a mapping is written: "{from: ..., until: ...}"."""
    if path and (path[-1] in _BY_LOCALE or path[0] == "lexicon"):
        return "Write one text a locale: {en-GB: ..., de-DE: ...}"
    if path in _FORMS:
        return _FORMS[path]
    field = field_at(model, path)
    if field is None or not field.names:
        return ""
    shown = [f"{name}: ..." for name in field.names[:3]]
    return f"Write its fields: {{{', '.join(shown)}{', ...' if len(field.names) > 3 else ''}}}"


_FORMS: Mapping[tuple[str, ...], str] = {("music",): "Write {mood: ...}, or {track: ..., licence: ...}"}
"""How what has several forms is written."""
_PLAIN_COPY = ("script", "cta", "support", "post_text", "alt")
_BY_LOCALE = frozenset({"name", "cta", "post_text", "alt", "short", "long", "text"})

_MAPPINGS = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type"})


def _in_words(kind: str, context: Mapping[str, Any], node: Node, message: str) -> tuple[str, str]:
    value = node.value
    if kind in _MAPPINGS:
        if value is None:
            return "is empty", "Write its fields below it, indented, or remove the line"
        if isinstance(value, list):
            return "must be a mapping of fields, not a list", "Remove the - before its fields"
        return "must be a mapping of fields", "Write its fields below it, indented"
    if kind in ("tuple_type", "list_type"):
        return ("is empty" if value is None else "must be a list"), "Write [one, two], or one item a line after -"
    if kind == "literal_error":
        known = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
        shown = value if isinstance(value, str) else getattr(value, "written", None)
        hint = did_you_mean(shown, known) if shown else ""
        problem = f"must be {' or '.join(known)}" + (f", not {shown!r}" if shown else "")
        if shown in known:  # a quoted number
            return problem.partition(",")[0], "Write it without quotes"
        return problem, hint if hint.startswith("Did") else ""
    if kind == "union_tag_not_found":
        return "must say use: stock, clone or recording", "Write use: stock"
    if kind == "too_short":
        least = context.get("min_length", 1)
        return ("is empty" if not value else "has too little"), f"Write at least {least}"
    if kind == "too_long":
        return f"has too much: {context.get('actual_length')}, and may have {context.get('max_length')}", "Shorten it"
    limits = {
        "greater_than_equal": ("ge", "at least"),
        "less_than_equal": ("le", "at most"),
        "greater_than": ("gt", "above"),
        "less_than": ("lt", "below"),
    }
    if kind in limits:
        name, words = limits[kind]
        return f"must be {words} {context.get(name)}", ""
    if kind == "string_pattern_mismatch":
        return f"does not look right: {str(value)[:40]!r}", _PATTERNS.get(str(context.get("pattern")), "")
    return message[:1].lower() + message[1:], ""


_PATTERNS = {"^[A-Z]$": "Arms are called A, B, C, ...", r"^[0-9]{1,4}/(hour|day|week|flight)$": "Write 3/day"}


def _prune(chains: list[list[Node]], root_may_lack: bool) -> bool:
    """Take what is wrong out of the tree. False: nothing could be taken out."""
    wrong: dict[int, tuple[Node, set[int]]] = {}
    for chain in chains:
        if len(chain) > 1:
            wrong.setdefault(id(chain[-2]), (chain[-2], set()))[1].add(id(chain[-1]))
    for parent, nodes in wrong.values():
        if isinstance(parent.value, dict):
            parent.value = {name: item for name, item in parent.value.items() if id(item) not in nodes}
        else:
            parent.value = [item for item in parent.value if id(item) not in nodes]
    return bool(wrong) or root_may_lack
