"""The catalogue: rows of backends, read from tables, chosen by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from creative.backends import BackendSpec, Resources
from creative.canonical import digest as sha256
from creative.errors import UsageError
from creative.steps import KINDS

_OWN = Path(__file__).with_name("catalogue.yaml")


class _ResourcesRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cpu: float = Field(1.0, ge=0)
    gpu: float = Field(0.0, ge=0)
    memory_mb: int = Field(0, ge=0)


class _SpecRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    target: str = Field(pattern=r"^[\w.]+:\w+$")
    revision: int = Field(1, ge=1)
    model: str | None = None
    licence: str = "Apache-2.0"
    resources: _ResourcesRow = _ResourcesRow(cpu=1.0, gpu=0.0, memory_mb=0)
    batch: int = Field(1, ge=1)
    attempts: int = Field(1, ge=1)
    timeout_s: float = Field(600.0, gt=0)
    seconds: float = Field(0.1, ge=0)
    draft: bool = False
    generative: bool = False
    options: dict[str, Any] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows by (kind, name), in the tables' order. `digest` names the whole catalogue for workers to compare."""

    specs: Mapping[tuple[str, str], BackendSpec]
    digest: str
    _chosen: dict[tuple[str, str | None], BackendSpec] = field(default_factory=dict, repr=False, compare=False)

    def of_kind(self, kind: str) -> list[BackendSpec]:
        """The rows of one kind, in order."""
        return [spec for spec in self.specs.values() if spec.kind == kind]

    def choose(self, kind: str, name: str | None = None) -> BackendSpec:
        """The named row, or the kind's first that is not a draft. Raises UsageError with the names there are."""
        chosen = self._chosen.get((kind, name))
        if chosen is not None:
            return chosen
        rows = self.of_kind(kind)
        if name is None:
            row = next((row for row in rows if not row.draft), None)
        else:
            row = self.specs.get((kind, name))
        if row is None:
            names = ", ".join(row.name for row in rows) or "none"
            wanted = f"{kind} backend {name!r}" if name else f"{kind} backend that is not a draft"
            raise UsageError(f"the catalogue has no {wanted}; there is: {names}")
        self._chosen[kind, name] = row
        return row


def load_catalogue(more: Iterable[Path] = ()) -> Catalogue:
    """The package's own table, then those of the operator: a row with the same kind and name replaces the earlier one,
    and rows of later tables come first when a default is chosen.

    Raises UsageError for a table that cannot be read or a row that is wrong.
    """
    tables = [_rows(path) for path in (_OWN, *more)]
    specs: dict[tuple[str, str], BackendSpec] = {}
    for rows in reversed(tables):
        for spec in rows:
            specs.setdefault((spec.kind, spec.name), spec)
    spelled = "\n".join(repr(asdict(spec)) for spec in sorted(specs.values(), key=lambda spec: (spec.kind, spec.name)))
    return Catalogue(specs, sha256(spelled.encode()))


def _rows(path: Path) -> list[BackendSpec]:
    try:
        table = YAML(typ="safe", pure=True).load(path)
        rows = [_SpecRow.model_validate(row) for row in table["backends"]]
    except (OSError, YAMLError, ValueError, TypeError, KeyError) as error:
        problem = error.errors()[0] if isinstance(error, ValidationError) else error
        raise UsageError(f"{path.name}: not a table of backends: {problem}") from error
    for row in rows:
        if row.kind not in KINDS:
            raise UsageError(f"{path.name}: {row.name}: there is no kind of step {row.kind!r}")
    return [_spec(row) for row in rows]


def _spec(row: _SpecRow) -> BackendSpec:
    fields = row.model_dump()
    fields["resources"] = Resources(**fields["resources"])
    return BackendSpec(**fields)
