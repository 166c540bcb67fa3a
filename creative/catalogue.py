"""The catalogue: rows of backends, read from tables, chosen by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.error import YAMLError

from creative.backends import BackendSpec, Resources
from creative.brief.types import did_you_mean
from creative.canonical import digest as sha256
from creative.errors import UsageError
from creative.judging import NONE, chosen
from creative.models.licences import for_others_only, is_rehearsal, remedy, why_not
from creative.models.rows import ModelRow, operators_models, own_models
from creative.plain_yaml import read_plain
from creative.steps import KINDS

_OWN = Path(__file__).with_name("catalogue.yaml")


class _ResourcesRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cpu: float = Field(1.0, ge=0)
    gpu: float = Field(0.0, ge=0)
    memory_mb: int = Field(0, ge=0)
    accelerator_type: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$")


class _SpecRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    target: str = Field(pattern=r"^[\w.]+:\w+$")
    revision: int = Field(1, ge=1)
    model: str | None = None
    licence: str = "Apache-2.0"
    resources: _ResourcesRow = _ResourcesRow(cpu=1.0, gpu=0.0, memory_mb=0, accelerator_type=None)
    batch: int = Field(1, ge=1)
    attempts: int = Field(1, ge=1)
    timeout_s: float = Field(600.0, gt=0)
    seconds: float = Field(0.1, ge=0)
    draft: bool = False
    generative: bool = False
    named: bool = False
    options: dict[str, Any] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    runtime_env: dict[str, Any] = Field(default_factory=dict)


class RefusedBackend(UsageError):
    """A row that may not be used: why, and what to do."""

    def __init__(self, problem: str, instead: str) -> None:
        super().__init__(f"{problem}. {instead}")
        self.problem, self.instead = problem, instead


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows by (kind, name), in the tables' order. `digest` names the whole catalogue for workers to compare.

    `judges`: the names of those rows of kind `judge` that are asked. `refused`: why rows may not be used for ads, by their
    licence; they are chosen by nobody. `licences`: what the operator agreed to.
    """

    specs: Mapping[tuple[str, str], BackendSpec]
    digest: str
    judges: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _chosen: dict[tuple[str, str | None], BackendSpec] = field(default_factory=dict, repr=False, compare=False)

    def of_kind(self, kind: str) -> list[BackendSpec]:
        """The rows of one kind that may be used, in order."""
        return [spec for name, spec in self.specs.items() if spec.kind == kind and name not in self.refused]

    def for_brief(self, commercial: bool) -> Catalogue:
        """The catalogue of a brief: one whose ads are not commercial may name models whose licence allows only that.

        They are nobody's default: a brief that says nothing of its models keeps them when it becomes commercial.
        """
        if commercial:
            return self
        lifted = [name for name in self.refused if not why_not(self.specs[name], self.licences, commercial=False)]
        specs = {name: replace(spec, named=True) if name in lifted else spec for name, spec in self.specs.items()}
        refused = {name: why for name, why in self.refused.items() if name not in lifted}
        return replace(self, specs=specs, refused=refused, _chosen={})

    def not_for_sale(self, names: Iterable[tuple[str, str]]) -> list[str]:
        """Those of these rows that are used because the brief is not commercial: "speech by xtts-v2 (CPML)"."""
        rows = [self.specs[name] for name in names]
        return [
            f"{row.kind} by {row.name} ({row.licence})"
            for row in rows
            if for_others_only(row) and why_not(row, self.licences)
        ]

    def rehearsals(self, names: Iterable[tuple[str, str]]) -> list[str]:
        """Those of these rows that have random weights, for people: "scene by rehearse-sdxl"."""
        return [f"{kind} by {name}" for kind, name in names if is_rehearsal(self.specs[kind, name])]

    def choose(self, kind: str, name: str | None = None) -> BackendSpec:
        """The named row, or the kind's first that is no draft and needs no name. Raises UsageError with the names there are."""
        chosen = self._chosen.get((kind, name))
        if chosen is not None:
            return chosen
        if name is not None and (kind, name) in self.refused:
            rows = list(self.specs.values())
            raise RefusedBackend(self.refused[kind, name], remedy(self.specs[kind, name], rows, self.licences))
        rows = self.of_kind(kind)
        if name is None:
            row = next((row for row in rows if not row.draft and not row.named), None)
        else:
            row = self.specs.get((kind, name))
        if row is None:
            names = ", ".join(row.name for row in rows) or "none"
            wanted = f"{kind} backend {name!r}" if name else f"{kind} backend that is not a draft"
            model = own_models().get(name or "")
            if model is not None and not model.licence.commercial:
                terms = model.licence.terms or model.licence.weights
                raise UsageError(
                    f"{name} is not used for ads: {terms}; and no {kind} backend has it. There is: {names}"
                )
            raise UsageError(f"the catalogue has no {wanted}; there is: {names}")
        self._chosen[kind, name] = row
        return row


def load_catalogue(
    more: Iterable[Path] = (), judges: str = NONE, licences: Mapping[str, str] | None = None
) -> Catalogue:
    """The package's own table, then those of the operator: a row with the same kind and name replaces the earlier one,
    and rows of later tables come first when a default is chosen. Models of the operator's own (`models:` in those tables) say
    what a backend of diffusers that loads them leaves open. `judges`: see `creative.judging.chosen`.
    `licences`: what the operator agreed to, see `creative.models.licences`; they are no part of the digest.

    Raises UsageError for a table that cannot be read or a row that is wrong.
    """
    others = list(more)
    tables = [_rows(path) for path in (_OWN, *others)]
    models = operators_models(others) if others else {}
    specs: dict[tuple[str, str], BackendSpec] = {}
    for rows in reversed(tables):
        for spec in rows:
            specs.setdefault((spec.kind, spec.name), _told(spec, models))
    spelled = "\n".join(repr(asdict(spec)) for spec in sorted(specs.values(), key=lambda spec: (spec.kind, spec.name)))
    asked = chosen(judges, [spec for spec in specs.values() if spec.kind == "judge"])
    agreed = licences or {}
    return Catalogue(specs, sha256(spelled.encode()), asked, agreed, _refused(specs.values(), agreed))


def _told(spec: BackendSpec, models: Mapping[str, ModelRow]) -> BackendSpec:
    """The row, with what the operator's own row of its model says where its options are silent."""
    model = models.get(str(spec.options.get("weights")))
    if model is None or model.library != "diffusers":
        return spec
    said = {name: value for name, value in model.recipe().items() if value not in (None, "", ())}
    if "class" in spec.options:
        said.pop("pipeline", None)
    return replace(spec, options={**said, **spec.options})


def _refused(specs: Iterable[BackendSpec], agreed: Mapping[str, str]) -> dict[tuple[str, str], str]:
    found = {(spec.kind, spec.name): why for spec in specs if (why := why_not(spec, agreed))}
    return {name: f"{name[1]} is not used for ads: {why}" for name, why in found.items()}


def _rows(path: Path) -> list[BackendSpec]:
    try:
        table = read_plain(path)
    except OSError as error:
        raise UsageError(f"{path}: the table of backends {_reason(error)}") from error
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not UTF-8 text"
        raise UsageError(f"{path}{at}: not a table of backends: it is not YAML: {problem}") from error
    rows = table.get("backends") if isinstance(table, dict) else None
    if rows is None and isinstance(table, dict) and "models" in table:
        return []  # a table of models alone
    if not isinstance(rows, list):
        raise UsageError(f"{path}: not a table of backends: begin with `backends:`, then one row an item")
    return [_spec(_row(path, number, row)) for number, row in enumerate(rows, 1)]


def _row(path: Path, number: int, written: object) -> _SpecRow:
    if not isinstance(written, dict):
        raise UsageError(f"{path}: not a table of backends: row {number} must be {{kind: ..., name: ..., target: ...}}")
    name = f"row {number} ({written.get('name', 'without a name')})"
    try:
        row = _SpecRow.model_validate(written)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, detail["loc"]))
        says = _FIELDS.get(field) or _SAYS.get(detail["type"]) or detail["msg"][:1].lower() + detail["msg"][1:]
        if detail["type"] == "extra_forbidden":
            says = f"is not a field of a row. {did_you_mean(field, _SpecRow.model_fields)}".rstrip()
        raise UsageError(f"{path}: {name}: {field}: {says}") from error
    if row.kind not in KINDS:
        hint = did_you_mean(row.kind, KINDS)
        raise UsageError(f"{path}: {name}: there is no kind of step {row.kind!r}. {hint}".rstrip(". "))
    return row


_SAYS = {"missing": "is missing"}
_FIELDS = {
    "target": "must be where the class is, such as mycompany.scenes:House",
    "name": "must be lower-case letters, digits, points and hyphens, such as house-2",
}


def _reason(error: OSError) -> str:
    """Why a file cannot be read, in words."""
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, IsADirectoryError):
        return "is a folder: name a file"
    return "may not be read" if isinstance(error, PermissionError) else f"cannot be read: {error.strerror}"


def _spec(row: _SpecRow) -> BackendSpec:
    fields = row.model_dump()
    fields["resources"] = Resources(**fields["resources"])
    return BackendSpec(**fields)
