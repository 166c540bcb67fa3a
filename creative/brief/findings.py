"""All that is wrong with a brief, gathered while it is read."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from creative.errors import BriefError, Finding

MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a person wrote. `label` is how findings name it (a path to click on), `name` how lineage does: relative
    to the brief's folder, the same on every machine. `rank` orders findings: the brief first, then what it names. Paths in
    the file are seen from `folder`."""

    label: str
    name: str
    rank: int = 0
    folder: Path = Path()

    def beside(self, path: Path, name: str, rank: int) -> SourceFile:
        """A file that this one names: `path` is absolute, `name` as it is written here."""
        label = os.path.normpath(Path(self.label).parent / name)
        # An absolute path would say where this machine keeps things.
        name = path.name if Path(name).is_absolute() else os.path.normpath(Path(self.name).parent / name)
        return SourceFile(label, name, rank, path.parent)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: SourceFile
    line: int = 1
    column: int = 1


_UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def printable(text: str, most: int = 300) -> str:
    """`text` as it can be shown in a terminal: control characters escaped, in one line, not too long."""
    shown = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.replace("\n", " "))
    return shown if len(shown) <= most else f"{shown[:most]}..."


@dataclass
class Findings:
    """Gathers findings; `check` raises them all."""

    _found: dict[tuple[int, int, int, str, str], Finding] = field(default_factory=dict)
    _wheres: set[str] = field(default_factory=set)

    def add(self, place: Place, where: str, problem: str, instead: str = "") -> None:
        """Note one thing. The same problem at the same place counts once."""
        finding = Finding(
            place.file.label,
            place.line,
            place.column,
            printable(where, 120),
            printable(problem),
            printable(instead, 600),
        )
        while where and where not in self._wheres:
            self._wheres.add(where)
            where = where.rpartition(".")[0]
        self._found.setdefault((place.file.rank, place.line, place.column, finding.where, finding.problem), finding)

    def under(self, where: str) -> bool:
        """Whether something was found in `where` or below it."""
        return where in self._wheres

    def __len__(self) -> int:
        return len(self._found)

    def check(self) -> None:
        """Raises BriefError, findings in the file's order, if there are any."""
        if not self._found:
            return
        found = [self._found[order] for order in sorted(self._found)]
        if (more := len(found) - MAX_FINDINGS) > 0:
            last = found[MAX_FINDINGS]
            found = found[:MAX_FINDINGS]
            found.append(Finding(last.file, last.line, last.column, last.where, f"and {more} more findings from here"))
        raise BriefError(found)
