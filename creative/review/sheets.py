"""The files that reviewers fill in: JSON Lines, and CSV for spreadsheets. Written, and read back as verdicts.

Of what comes back only the asset's id, the sha256 and the verdict's three fields count; the rest may be edited, sorted or
removed. A file with anything in it that cannot be meant is refused as a whole, with every place.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from creative.errors import StoreError, UsageError
from creative.manifest import ReviewLine, line_of, spell
from creative.registry import AssetRow, Registry
from creative.review import tables
from creative.review.tables import Row
from creative.review.verdicts import Said, bad_name, bad_reason
from creative.store import Store

_SAID: Mapping[str, Said] = {
    "approved": "approved",
    "approve": "approved",
    "rejected": "rejected",
    "reject": "rejected",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_ID = 200
_MOST_SAID = 100  # problems that are listed


@dataclass(frozen=True, slots=True)
class Ballot:
    """One line with a verdict. `where`: "line 7", or "row 7" of a spreadsheet, the header being row 1."""

    where: str
    asset_id: str
    sha256: str
    verdict: Said
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says. `silent`: lines without a verdict. `notes`: what its writer may want to know."""

    ballots: tuple[Ballot, ...]
    silent: int
    notes: tuple[str, ...] = ()


def write_sheet(
    registry: Registry,
    store: Store,
    out: Path | None,
    form: str,
    campaign: str | None = None,
    filters: Mapping[str, Collection[str]] | None = None,
    delimiter: str = ",",
) -> int:
    """Write what `Registry.manifest_rows` chooses, as "jsonl" or "csv", to a file or to stdout; returns how many ads.

    A file is replaced whole. Raises StoreError if it cannot be written, UsageError for an unknown filter.
    """
    filters = filters or {}

    def rows() -> Iterator[AssetRow]:
        return registry.manifest_rows(campaign, filters)

    def write(file: IO[str]) -> int:
        if form == "csv":
            roles = sorted({role for row in rows() for role in row.texts})
            return tables.write(file, (line_of(ReviewLine, row, store) for row in rows()), roles, delimiter)
        count = 0
        for count, row in enumerate(rows(), 1):  # noqa: B007 - the count is wanted
            file.write(spell(line_of(ReviewLine, row, store)) + "\n")
        return count

    if out is not None:
        return _replace(out, write)
    stream = open(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="")  # noqa: SIM115, PTH123 - a file number
    with stream:
        return write(stream)


def _replace(out: Path, write: Callable[[IO[str]], int]) -> int:
    fresh = out.with_name(f".{out.name[:200]}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            count = write(file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(out)
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
    return count


def read_ballots(path: Path, by: str | None = None) -> Sheet:
    """The verdicts of a file. `by`: who gave those that name nobody.

    Raises UsageError with everything that is wrong, by line (of JSON Lines) or row (of a spreadsheet).
    """
    problems: list[str] = []
    rows, notes = tables.read(path, problems)
    ballots = list(_ballots(rows, by, problems, notes))
    _contradictions(ballots, problems)
    if problems:
        more = f"\n... and {len(problems) - _MOST_SAID} more" if len(problems) > _MOST_SAID else ""
        raise UsageError("\n".join(f"{path}: {one}" for one in problems[:_MOST_SAID]) + more + "\nnothing was applied")
    unique = {ballot.asset_id: ballot for ballot in reversed(ballots)}  # the first of equal ones
    return Sheet(tuple(reversed(unique.values())), len(rows) - len(ballots), tuple(notes))


def _ballots(rows: Sequence[Row], by: str | None, problems: list[str], notes: list[str]) -> Iterator[Ballot]:
    for row in rows:
        word = row.verdict.strip()
        if not word:
            if row.reason.strip():
                notes.append(f"{row.where} has a reason, but no verdict")
            continue
        found = list(_problems(row, word, by))
        problems.extend(f"{row.where}: {problem}" for problem in found)
        if not found:
            said, who = _SAID[word.lower()], row.by.strip() or by or ""
            yield Ballot(row.where, row.asset_id.strip(), row.sha256.strip(), said, who, row.reason.strip())


def _problems(row: Row, word: str, by: str | None) -> Iterator[str]:
    said = _SAID.get(word.lower())
    if said is None:
        yield f"verdict is {word[:40]!r}: write approved or rejected, or leave it empty"
    if not row.asset_id.strip() or len(row.asset_id) > _MOST_ID:
        yield "has no asset_id"
    if not _SHA256.fullmatch(row.sha256.strip()):
        yield "sha256 is not what was exported (64 digits and letters a to f)"
    who = row.by.strip() or by
    if not who:
        yield "nobody is named: fill in verdict_by, or give --by"
    elif problem := bad_name(who):
        yield f"verdict_by {problem}"
    if said == "rejected" and not row.reason.strip():
        yield "rejected without a reason: fill in verdict_reason"
    if problem := bad_reason(row.reason):
        yield f"verdict_reason {problem}"


def _contradictions(ballots: Iterable[Ballot], problems: list[str]) -> None:
    first: dict[str, Ballot] = {}
    for ballot in ballots:
        other = first.setdefault(ballot.asset_id, ballot)
        if (other.verdict, other.sha256) != (ballot.verdict, ballot.sha256):
            problems.append(f"{ballot.where} contradicts {other.where}: both are about {ballot.asset_id}")
