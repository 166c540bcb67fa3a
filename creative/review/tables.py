"""A review file's two forms, as rows: JSON Lines, and CSV that survives spreadsheets.

A cell that a spreadsheet would take for a formula (OWASP, "CSV Injection") gets an apostrophe in front, which is taken
off again when it is read. Spreadsheets save with other separators, in other encodings and with other lines' ends than they
were given: all of that is understood.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from creative.errors import UsageError
from creative.manifest import ReviewLine

VERDICT = ("verdict", "verdict_by", "verdict_reason")
_NEEDED = ("asset_id", "sha256", "verdict")
_READ = ("asset_id", "sha256", *VERDICT)
_FIRST = (*VERDICT, "state", "rehearsal", "name", "segment", "placement", "market", "locale", "modality")
_LAST = (
    "reasons", "findings", "alt", "post_text", "url", "uri", "product", "offer", "variant", "seconds", "campaign",
    "ad_id", "asset_id", "sha256",
)  # fmt: skip
_RISKY = re.compile(r"[\s'\"\ufeff\x00]*(?:[=+\-@\uff1d\uff0b\uff0d\uff20]|(?<=\t)|(?<=\r))")
_DELIMITERS = ",;\t"
_MOST_CSV = 128 << 20
_MOST_JSONL = 1 << 30
_LONGEST_LINE = 8 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """What counts of a line, as it is written. `where`: "line 7", or "row 7" of a spreadsheet."""

    where: str
    asset_id: str
    sha256: str
    verdict: str
    by: str
    reason: str


def defuse(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; `undo` gives it back."""
    return f"'{text}" if _RISKY.match(text) else text


def undo(text: str) -> str:
    """What `defuse` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text[1:]) else text


def write(file: IO[str], lines: Iterable[ReviewLine], roles: Sequence[str], delimiter: str = ",") -> int:
    """Write a table with a byte order mark (without it Excel reads UTF-8 as something else); returns the number of rows.

    `roles`: of the texts, each of which gets a column.
    """
    texts = [f"text_{role}" for role in roles]
    file.write("\ufeff")
    table = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    table.writerow([*_FIRST, *texts, *_LAST])
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the count is wanted
        said = [line.texts.get(role, "") for role in roles]
        table.writerow([defuse(cell) for cell in (*_cells(line, _FIRST), *said, *_cells(line, _LAST))])
    return count


def _cells(line: ReviewLine, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = getattr(line, name)
        if isinstance(value, tuple):
            yield "; ".join(one if isinstance(one, str) else f"{one.id}: {one.says}" for one in value)
        else:
            yield "" if value is None else str(value)


def read(path: Path, problems: list[str]) -> tuple[list[Row], list[str]]:
    """The rows of a file, told by what is in it, and notes for whoever wrote it.

    What is wrong with single lines is added to `problems`. Raises UsageError for a file that cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
            if start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
                file.seek(0)
                return list(_json_rows(file, path, problems)), []
            data = start + file.read(_MOST_CSV + 1 - len(start))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    if data.startswith(b"PK\x03\x04"):
        raise UsageError(f"{path} is a spreadsheet program's own file: save it as CSV")
    if len(data) > _MOST_CSV:
        raise UsageError(f"{path} is larger than {_MOST_CSV >> 20} MiB: apply it in parts")
    notes: list[str] = []
    return list(_table_rows(_decoded(data, path, notes), path, problems)), notes


# JSON Lines


def _json_rows(file: IO[bytes], path: Path, problems: list[str]) -> Iterator[Row]:
    number = size = 0
    while data := file.readline(_LONGEST_LINE + 1):
        number, size = number + 1, size + len(data)
        if len(data) > _LONGEST_LINE or size > _MOST_JSONL:
            raise UsageError(f"{path}: line {number}: the file, or this line of it, is too large: apply it in parts")
        if number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        if data.strip():
            row = _json_row(data, f"line {number}")
            if isinstance(row, Row):
                yield row
            else:
                problems.append(f"line {number}: {row}")


def _json_row(data: bytes, where: str) -> Row | str:
    """The row, or what is wrong with it."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once)
    except UnicodeDecodeError:
        return "is not UTF-8"
    except json.JSONDecodeError as error:
        return f"is not JSON: {error.msg} (character {error.colno})"
    except (ValueError, RecursionError) as error:
        return str(error) if isinstance(error, _TwiceError) else "is not JSON that can be meant"
    if not isinstance(found, dict):
        return "is not an object: one asset a line"
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        return f"has no {' and no '.join(missing)}"
    texts = {name: "" if found.get(name) is None else found[name] for name in _READ}
    wrong = [name for name, text in texts.items() if not isinstance(text, str)]
    return f"{wrong[0]} is not a text" if wrong else Row(where, *texts.values())


class _TwiceError(ValueError):
    """A name stands twice in an object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"has {twice[:40]!r} twice")
    return found


# CSV


def _decoded(data: bytes, path: Path, notes: list[str]) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            notes.append("the file is not UTF-8; it was read as Windows-1252, as older spreadsheets save")
        return text
    raise UsageError(f"{path} is neither JSON Lines nor CSV in UTF-8")


def _table_rows(text: str, path: Path, problems: list[str]) -> Iterator[Row]:
    start = 1
    first, newline, rest = text.partition("\n")
    if newline and re.fullmatch(r"sep=.\r?", first, re.IGNORECASE):  # Excel's own way to say it
        text, start = rest, 2
    delimiter, header = _header(text)
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise UsageError(
            f"{path} has no column {' and no column '.join(missing)}: is it what creative manifest export wrote?"
        )
    twice = [name for name in _READ if header.count(name) > 1]
    if twice:
        raise UsageError(f"{path} has the column {twice[0]} twice")
    places = {name: header.index(name) for name in _READ if name in header}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = start
    try:
        for number, cells in enumerate(reader, start):
            if number == start or not any(cell.strip() for cell in cells):
                continue
            where = f"row {number}"
            if any(cell.strip() for cell in cells[len(header) :]):
                problems.append(f"{where} has more cells than the header: is a {delimiter!r} in a text without quotes?")
                continue
            found = {name: undo(cells[at]) if at < len(cells) else "" for name, at in places.items()}
            yield Row(where, *(found.get(name, "") for name in _READ))
    except csv.Error as error:
        problems.append(f"row {number + 1} (about line {reader.line_num + start - 1}) is not CSV: {error}")


def _header(text: str) -> tuple[str, list[str]]:
    """The separator that gives most of the columns that are needed, and the columns' names."""
    best: tuple[int, str, list[str]] = (-1, ",", [])
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader(io.StringIO(text[:_LONGEST_LINE], newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        names = [cell.strip().lower() for cell in cells]
        known = sum(name in names for name in _NEEDED)
        if known > best[0]:
            best = (known, delimiter, names)
    return best[1], best[2]
