"""YAML as a person wrote it: a tree of nodes that know their file, line and column.

The tree is built from ruamel's parser events (YAML 1.2: `no` is a string), with a stack of our own: no recursion and no
constructor runs on what was written, so deep nesting, odd numbers and dates cannot raise. Aliases, anchors, tags, merge
keys, directives and second documents are findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from creative.brief.findings import Findings, Place, SourceFile
from creative.brief.types import WrittenFloat, WrittenInt, bad_character

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 100_000


@dataclass(slots=True)
class Node:
    """One value. `value` is a scalar (str, WrittenInt, WrittenFloat, bool, None), a list of nodes or a dict of nodes.

    `key` is where its key stands, in a mapping; else the same as `at`. `steps` leads here from the root.
    """

    value: Any
    at: Place
    key: Place
    steps: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """ "offers.house.price.DE"; empty for the root."""
        return ".".join(self.steps)

    @property
    def text(self) -> str | None:
        """A scalar that can be read as text, as it was written; else None."""
        if isinstance(self.value, str):
            return self.value
        return self.value.written if isinstance(self.value, WrittenInt | WrittenFloat) else None

    def child(self, name: str | int) -> Node | None:
        """The node under a key or an index, or None."""
        if isinstance(self.value, dict):
            found = self.value.get(str(name))
            return found if isinstance(found, Node) else None
        if isinstance(self.value, list) and isinstance(name, int) and 0 <= name < len(self.value):
            item = self.value[name]
            return item if isinstance(item, Node) else None
        return None

    def select(self, pattern: str) -> Iterator[Node]:
        """Every node at a path in which * is any key or item ("offers.*.product")."""
        nodes = [self]
        for name in pattern.split(".") if pattern else ():
            nodes = [below for node in nodes for below in node._step(name)]
        yield from nodes

    def _step(self, name: str) -> Iterator[Node]:
        if name != "*":
            found = self.child(name)
            if found is not None:
                yield found
        elif isinstance(self.value, dict):
            yield from (self.value[key] for key in self.names())
        elif isinstance(self.value, list):
            yield from self.value

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the file's order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node.value, dict):
                stack.extend(reversed(node.value.values()))
            elif isinstance(node.value, list):
                stack.extend(reversed(node.value))

    def names(self) -> tuple[str, ...]:
        """The keys of a mapping, without x- keys; else nothing."""
        return tuple(key for key in self.value if not key.startswith("x-")) if isinstance(self.value, dict) else ()

    def plain(self) -> Any:
        """The value without places. At most MAX_DEPTH deep, so recursion is safe."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?\Z")
_SWITCHES = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def resolve_plain(text: str) -> Any:
    """The value of an unquoted scalar by YAML 1.2's core schema; numbers keep their text, dates stay text."""
    if text in _NOTHING:
        return None
    if text in _SWITCHES:
        return _SWITCHES[text]
    if _INT.match(text):
        whole = WrittenInt(text)
        whole.written = text
        return whole
    if _FLOAT.match(text):
        number = WrittenFloat(text)
        number.written = text
        return number
    return text


def key_text(value: Any) -> str:
    """A mapping's key as text: `2025:` is "2025"."""
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    return {True: "true", False: "false", None: ""}.get(value, value) if not isinstance(value, str) else value


class _Stop(Exception):
    """What is wrong makes it useless to read on; the finding is already noted."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    node: Node
    key: str | None = None
    key_at: Place | None = None
    taken: bool = True  # False: the value of a second, equal key is read and dropped


class _Builder:
    def __init__(self, file: SourceFile, findings: Findings, lines: int) -> None:
        self.file, self.findings, self.lines = file, findings, lines
        self.root: Node | None = None
        self.stack: list[_Open] = []
        self.nodes = 0
        self.last_line = 1
        self.documents = 0

    def place(self, mark: StringMark | None) -> Place:
        if mark is None:
            return Place(self.file)
        return Place(self.file, max(1, min(mark.line + 1, self.lines)), mark.column + 1)

    def here(self) -> str:
        """The path of what is being read."""
        if not self.stack:
            return ""
        top = self.stack[-1]
        if top.key is not None:
            return _join(top.node.path, top.key)
        return _join(top.node.path, str(len(top.node.value))) if isinstance(top.node.value, list) else top.node.path

    def stop(self, place: Place, problem: str, instead: str) -> None:
        self.findings.add(place, self.here() or "file", problem, instead)
        raise _Stop

    def event(self, event: Any) -> None:
        place = self.place(event.start_mark)
        if isinstance(event, ScalarEvent) and event.value == "" and event.style is None:
            # What is left empty has the mark of what follows.
            before = self.stack[-1].key_at if self.stack and self.stack[-1].key is not None else None
            place = before or Place(self.file, self.last_line)
        self.last_line = place.line
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.stop(place, "begins a second document", "Keep one brief in a file, and remove the line ---")
            if event.version or event.tags:
                self.stop(place, "has a YAML directive", "Remove the line that begins with %")
        elif isinstance(event, AliasEvent):
            self.findings.add(place, self.here() or "file", "is a YAML alias", "Write the value out")
            self.put(None, place, mute=True)
        elif isinstance(event, ScalarEvent):
            self.marks(event, place)
            plain = event.style is None and event.implicit[0]
            self.put(resolve_plain(event.value) if plain else event.value, place)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self.marks(event, place)
            self.open({} if isinstance(event, MappingStartEvent) else [], place)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.close()

    def marks(self, event: Any, place: Place) -> None:
        if event.anchor:
            self.findings.add(place, self.here() or "file", f"has a YAML anchor, &{event.anchor}", "Remove it")
        if event.tag and not (event.tag == "!" and isinstance(event, ScalarEvent)):
            self.findings.add(place, self.here() or "file", f"has a YAML tag, {event.tag}", "Remove it")

    def open(self, value: Any, place: Place) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self.stop(place, f"is nested deeper than {MAX_DEPTH} levels", "Check the brackets")
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.node.value, dict) and top.key is None:
            self.stop(
                place,
                "uses a map or list as a key",
                'Text that begins with { or [ needs quotes, such as "{product.name}"',
            )
        self.stack.append(_Open(self.put(value, place)))

    def close(self) -> None:
        self.stack.pop()
        self.after_value()

    def put(self, value: Any, place: Place, mute: bool = False) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.stop(place, f"has more than {MAX_NODES} values", "Move segments and copy into CSV files")
        top = self.stack[-1] if self.stack else None
        collection = isinstance(value, dict | list)
        if top is None:
            self.root = Node(value, place, place)
            return self.root
        if isinstance(top.node.value, list):
            node = Node(value, place, place, (*top.node.steps, str(len(top.node.value))))
            top.node.value.append(node)
            return node
        if top.key is None:
            self.name(top, "" if mute else key_text(value), place)
            return top.node
        node = Node(value, place, top.key_at or place, (*top.node.steps, top.key))
        if top.taken:
            top.node.value[top.key] = node
        if not collection:
            self.after_value()
        return node

    def name(self, top: _Open, key: str, place: Place) -> None:
        top.key, top.key_at, top.taken = key, place, True
        if key == "<<":
            self.findings.add(place, top.node.path or "file", "has a YAML merge key, <<", "Write the fields out")
            top.taken = False
        elif problem := bad_character(key):
            self.findings.add(place, _join(top.node.path, key), f"is a key that {problem}", "Remove it")
            top.taken = False
        elif key in top.node.value:
            first = top.node.value[key].key
            self.findings.add(
                place, _join(top.node.path, key), f"is written twice; first in line {first.line}", "Remove one"
            )
            top.taken = False

    def after_value(self) -> None:
        if self.stack and isinstance(self.stack[-1].node.value, dict):
            self.stack[-1].key = None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_UNQUOTED_COLOUR = re.compile(r"[:,\[-]\s+#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?\b")
_TEMPLATE = re.compile(r"\{ *[a-z_]+(\.[a-z_]+)+ *\}")


def parse_yaml(text: str, file: SourceFile, findings: Findings) -> Node | None:
    """The tree of a YAML text, or None when it cannot be read; every problem is noted in `findings`."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if match := _CONTROL.search(text):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        findings.add(
            Place(file, line, column), "file", f"has the control character U+{ord(match.group()):04X}", "Remove it"
        )
        return None
    lines = text.count("\n") + (not text.endswith("\n"))
    builder = _Builder(file, findings, max(1, lines))
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.event(event)
    except _Stop:
        return None
    except MarkedYAMLError as error:
        _explain(error, text, builder)
        return None
    except (YAMLError, ValueError, IndexError, RecursionError, OverflowError) as error:
        # What the scanner has not learnt to report with a mark: an escape above U+10FFFF, for one.
        builder.findings.add(
            Place(file, builder.last_line), builder.here() or "file", f"is not YAML: {error}", "Check what follows here"
        )
        return None
    if builder.root is None or builder.root.value is None:
        findings.add(Place(file), "file", "is empty", "Begin with: schema: 1")
        return None
    return builder.root


def _explain(error: MarkedYAMLError, text: str, builder: _Builder) -> None:
    """A syntax error in plain words."""
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or "cannot be read").splitlines()[0]
    instead = ""
    if "quoted scalar" in str(error.context or "") and "end of stream" in problem and error.context_mark:
        mark, problem, instead = error.context_mark, "opens a quotation mark that is never closed", "Close it"
    place = builder.place(mark)
    line = text.split("\n")[place.line - 1] if text else ""
    found = _TEMPLATE.search(line)
    first = max(0, (error.context_mark or mark).line) if (error.context_mark or mark) else 0
    if not instead and any(_UNQUOTED_COLOUR.search(above) for above in text.split("\n")[first : place.line]):
        instead = 'A # begins a comment: put the colour in quotes, "#1f6f5c"'
    elif not instead and found:
        instead = f"Text with {found.group()} must be in quotes, the whole of it"
    elif "\\t" in problem or "\t" in line[: place.column]:
        instead = "Indent with spaces, not with tabs"
    elif "mapping values are not allowed" in problem:
        instead = "Text with a colon and a space needs quotes; otherwise check the indentation"
    elif "cannot start any token" in problem:
        instead = "Text that begins with @, ` or % needs quotes"
    elif "flow" in str(error.context or ""):
        instead = "Check the brackets and commas; text with a comma or bracket needs quotes"
    elif "block" in str(error.context or ""):
        problem = "what is here does not fit what is above it"
        instead = "Check the indentation; text that begins with a quote or bracket must be in quotes as a whole"
    builder.findings.add(place, builder.here() or "file", f"is not YAML: {problem}", instead)
