"""Tables of a brief: segments.csv and copy.csv, read into the same tree of nodes as YAML, each row with its line.

Comma, semicolon (as a German Excel writes it) or tab between cells; UTF-8, with or without byte order mark. A cell is text:
formulas mean nothing here, and nothing here runs them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from creative.brief.findings import Findings, Place, SourceFile
from creative.brief.media import Folders, MediaError, read_text
from creative.brief.models import MAX_SEGMENTS
from creative.brief.places import known_locale
from creative.brief.types import did_you_mean
from creative.brief.yaml_source import Node, resolve_plain

MAX_TABLE_BYTES = 20_000_000
MAX_COLUMNS = 300
MAX_COPY_ROWS = 5_000

_SEGMENT_COLUMNS = ("id", "description", "copy", "scene", "value", "traits.<name>")
_PLAIN_TEXTS = ("cta", "post_text", "alt")


@dataclass(frozen=True, slots=True)
class _Row:
    cells: dict[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table is told of: the node that names it, its file as findings call it, and where it is."""

    node: Node
    file: SourceFile
    path: Path


def open_table(node: Node, folders: Folders, rank: int, findings: Findings) -> Table | None:
    """The table that a node names, or None, with the reason noted."""
    name = node.text or ""
    if name.lower().endswith((".parquet", ".xlsx", ".xls", ".ods")):
        kind = name.rpartition(".")[2].lower()
        findings.add(node.at, node.path, f"is a table in {kind}, which is not supported yet", "Save it as CSV, UTF-8")
        return None
    try:
        path = folders.find(node.at.file.folder, Path(name))
    except MediaError as error:
        findings.add(node.at, node.path, str(error), error.instead)
        return None
    return Table(node, node.at.file.beside(path, name, rank), path)


def read_segments(table: Table, findings: Findings) -> list[Node]:
    """Segments: columns id, description, copy and scene (several apart by |), value, and traits.<name> for each trait."""
    found: list[Node] = []
    steps = table.node.steps
    for row in _rows(table, "id", MAX_SEGMENTS, _segment_column, findings):
        here = (*steps, str(len(found)))
        fields: dict[str, Node] = {}
        traits: dict[str, Node] = {}
        for column, cell in row.cells.items():
            if not cell:
                continue
            head, _, trait = column.partition(".")
            if trait:
                traits[trait] = _leaf(cell, row.place, (*here, head, trait))
            elif head in ("copy", "scene"):
                parts = [part.strip() for part in re.split(r"[|,;\s]+" if head == "copy" else r"\|", cell)]
                items = [
                    Node(part, row.place, row.place, (*here, head, str(number)))
                    for number, part in enumerate(filter(None, parts))
                ]
                fields[head] = Node(items, row.place, row.place, (*here, head))
            elif head == "value":
                fields[head] = Node(resolve_plain(cell), row.place, row.place, (*here, head))
            else:
                fields[head] = _leaf(cell, row.place, (*here, head))
        if traits:
            fields["traits"] = Node(traits, row.place, row.place, (*here, "traits"))
        found.append(Node(fields, row.place, row.place, here))
    return found


def _segment_column(name: str) -> str:
    """What is wrong with a column's name, or ""."""
    if name in _SEGMENT_COLUMNS[:-1] or re.fullmatch(r"traits\.\S+", name):
        return ""
    return did_you_mean(name, _SEGMENT_COLUMNS) or f"There is: {', '.join(_SEGMENT_COLUMNS)}"


def read_copy(table: Table, findings: Findings) -> dict[str, Node]:
    """Copy: a column `key` (hook.short, hook.long, cta, alt, post_text, script) and one column a locale."""
    copy: dict[str, Node] = {}
    steps = table.node.steps
    for row in _rows(table, "key", MAX_COPY_ROWS, _copy_column, findings):
        key = row.cells.pop("key")
        name, _, length = key.partition(".")
        where = ".".join((*steps, key))
        if not length and name not in (*_PLAIN_TEXTS, "script"):
            findings.add(row.place, where, "has no length", f"Write {name}.short or {name}.long")
            continue
        for locale, cell in row.cells.items():
            if not cell:
                continue
            way = (name, locale, length) if name == "script" and length else (name, length, locale)
            if not _put(copy, tuple(filter(None, way)), cell, row.place, steps):
                findings.add(row.place, where, "is written twice", "Remove one of the rows")
                break
    return copy


def _put(tree: dict[str, Node], way: tuple[str, ...], cell: str, place: Place, steps: tuple[str, ...]) -> bool:
    """Put a text into the tree. False: there is one already."""
    here = tree
    for depth, name in enumerate(way[:-1], 1):
        node = here.setdefault(name, Node({}, place, place, (*steps, *way[:depth])))
        if not isinstance(node.value, dict):
            return False
        here = node.value
    if way[-1] in here:
        return False
    here[way[-1]] = _leaf(cell, place, (*steps, *way))
    return True


def _copy_column(name: str) -> str:
    if name == "key" or known_locale(name):
        return ""
    return "Columns are key and one a locale, such as de-DE"


def _leaf(cell: str, place: Place, steps: tuple[str, ...]) -> Node:
    return Node(cell, place, place, steps)


def _rows(table: Table, first: str, most: int, wrong: object, findings: Findings) -> Iterator[_Row]:
    """The rows as cells by column, blank ones left out. x- columns pass."""
    file, where = table.file, table.node.path
    try:
        text = read_text(table.path, table.node.text or "", MAX_TABLE_BYTES)
    except MediaError as error:
        place = table.node.at if error.line is None else Place(file, error.line)
        findings.add(place, where, str(error), error.instead)
        return
    skipped = 0
    if match := re.match(r"sep=(.)\n", text):  # Excel's own hint
        text, skipped = text[match.end() :], 1
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    columns: list[str] = []
    count, line = 0, 1
    try:
        for cells in reader:
            place = Place(file, line + skipped, 1)
            line = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip() for cell in cells]
                if not _header_is_good(columns, first, wrong, place, where, findings):
                    return
                continue
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                findings.add(
                    place, where, f"has {len(cells)} cells, and the first row has {len(columns)}",
                    f"A cell with {delimiter!r} in it needs quotes",
                )  # fmt: skip
                continue
            if len(cells) < len(columns):
                findings.add(
                    place, where, f"has {len(cells)} cell{'' if len(cells) == 1 else 's'}, and the first row has {len(columns)}",
                    f"Write a {delimiter!r} for each empty cell too",
                )  # fmt: skip
                continue
            count += 1
            if count > most:
                findings.add(place, where, f"has more than {most} rows", "Split the campaign")
                return
            named = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
            row = {name: cell for name, cell in named.items() if not name.startswith("x-")}
            if not row.get(first):
                findings.add(place, where, f"has no {first}", f"Fill in the column {first}")
                continue
            yield _Row(row, place)
    except csv.Error as error:
        findings.add(Place(file, line + skipped, 1), where, f"is not CSV: {error}", "Check the quotation marks")
    if not columns:
        findings.add(Place(file), where, "is an empty table", f"Its first row names the columns: {first}, ...")


def _header_is_good(
    columns: list[str], first: str, wrong: object, place: Place, where: str, findings: Findings
) -> bool:
    good = True
    if len(columns) > MAX_COLUMNS:
        findings.add(place, where, f"has {len(columns)} columns, and may have {MAX_COLUMNS}", "Check the first row")
        return False
    if first not in columns:
        near = next((name for name in columns if name.lower() == first), None)
        hint = f"Write {first} for {near}" if near else f"The first row names the columns: {first}, ..."
        findings.add(place, where, f"has no column {first!r}", hint)
        return False
    for number, name in enumerate(columns):
        if name in columns[:number] and name:
            findings.add(place, where, f"has the column {name!r} twice", "Rename or remove one")
            good = False
        elif name and not name.startswith("x-") and callable(wrong) and (hint := wrong(name)):
            findings.add(place, where, f"has a column that is not known: {name!r}", hint)
            good = False
    return good
