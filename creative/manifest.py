"""The manifest: what other tools read. JSON Lines, one asset a line, sorted by ad_id.

`ManifestLine` is the one place for its names; `templates/manifest.schema.json` is made from it:

    python -m creative.manifest > templates/manifest.schema.json
    python -m creative.manifest review > templates/review.schema.json
    python -m creative.manifest delivered > templates/delivered.schema.json

Two manifests of the same ads are the same bytes, but for `uri`: no time, host, speed or run is in them.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from creative.errors import StoreError, UsageError
from creative.placements import placements
from creative.records import AssetState
from creative.registry import AssetRow, Registry
from creative.rehearsals import noise_in
from creative.store.port import Store

_CARRIED = ("url", "alt", "post_text", "tracking", "owner", "flight", "valid", "timezone", "value", "traits", "rights")
_LONGEST_LINE = 8 << 20
# Readers that split text by Unicode's rules would see a line's end in these.
_LINE_ENDS = {end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestStep(_Part):
    """One step that the asset came from. `revision` is the backend's, `model` names pinned weights."""

    key: str
    kind: str
    backend: str
    revision: int
    model: str | None
    licence: str
    seed: int | None
    consent: str | None = Field(None, description="under which a cloned voice, a likeness or a track is in it")


class ManifestLineage(_Part):
    """Where the asset came from: lines of the brief by field ("brief.yaml:12"), and the steps."""

    brief: Mapping[str, str]
    steps: tuple[ManifestStep, ...]


class ManifestFinding(_Part):
    """Something worth a look: which row of the table of findings, in words, with its figure and limit."""

    id: str
    says: str
    figure: str | None = None
    limit: str = ""
    waived: Mapping[str, str] | None = Field(
        None, description="by whom, and the reason: it was looked at, and may stay"
    )


class ManifestRight(_Part):
    """A consent that the asset needs, in AdCP's words for a rights constraint; left out: not limited in that."""

    rights_id: str = Field(description="id of the consent in the store")
    right_type: str = Field(description="AdCP's right type: talent or music")
    uses: tuple[str, ...] = Field(description="AdCP's right uses: voice, likeness, ...")
    cloned: bool = Field(description="whether a person's voice was cloned for it")
    valid_from: str = Field(description="first day")
    valid_until: str = Field(description="last day, included: not to be shown after it")
    countries: tuple[str, ...] | None = Field(None, description="ISO 3166-1")
    channels: tuple[str, ...] | None = Field(None, description="AdCP's media channels")
    languages: tuple[str, ...] | None = Field(None, description="ISO 639")


class ManifestLine(_Part):
    """One asset. What does not apply is null: an image has no `seconds`, a voice ad no `width`."""

    asset_id: str = Field(description="this rendition")
    ad_id: str = Field(description="the ad, whatever its rendition")
    name: str
    campaign: str
    product: str | None
    offer: str | None
    segment: str
    market: str
    placement: str
    locale: str = Field(description="BCP 47")
    arm: str | None = Field(description="of an experiment")
    variant: int
    modality: Literal["image", "video", "audio"]
    uri: str = Field(description="the immutable file: file:// or s3://")
    sha256: str
    bytes: int
    type: str = Field(description="media type")
    width: int | None = Field(description="pixels")
    height: int | None = Field(description="pixels")
    seconds: float | None
    state: AssetState
    reasons: tuple[str, ...] = Field(description="why it is a failed-check")
    findings: tuple[ManifestFinding, ...] = Field(description="worth a look, no refusal")
    texts: Mapping[str, str] = Field(description="the copy as rendered and spoken, by role")
    choices: Mapping[str, str]
    lineage: ManifestLineage
    checks: Mapping[str, Any] = Field(
        description="measured on the final file; sound has lufs, lufs_target (LUFS) and true_peak (dBTP), "
        "text has contrast, the least ratio; a generated scene has product_pixels: how many of the product's it shows (px), how "
        "many of them are not its photo's (changed), and by how many levels the file's product differs, coarsely (tone)"
    )
    poster: str | None = Field(description="sha256 of the picture that pages show")
    subtitles: Mapping[str, str] | None = Field(
        None, description="beside a film, what is said in it: sha256 of the files vtt and srt"
    )
    url: str | None = Field(description="where a click leads")
    alt: str | None
    post_text: str | None
    tracking: str | None
    owner: Mapping[str, Any] | None
    flight: Mapping[str, str] | None = Field(description="days on which it runs: from, until, both included")
    valid: Mapping[str, str] | None = Field(None, description="days of its offer, where they are others: from, until")
    timezone: str | None = Field(None, description="IANA zone in which the market's days begin and end; null is UTC")
    value: int | None = Field(None, description="what the segment is worth, beside others")
    traits: Mapping[str, Any] | None = Field(description="of the segment, for matching")
    rights: tuple[ManifestRight, ...] | None = Field(
        None, description="consents that it needs: whoever shows it asks for them"
    )
    rehearsal: tuple[str, ...] | None = Field(
        None, description="what models of random weights made of it: then it is noise, and not for publication"
    )
    other: Mapping[str, Any] = Field(description="what else the brief asks to be passed on")


class ReviewLine(ManifestLine):
    """A line to be judged: whoever looks at the ad fills in what they say of exactly these bytes."""

    verdict: str = Field("", description="approved or rejected; empty: nothing was said")
    verdict_by: str = Field("", description="who says it")
    verdict_reason: str = Field("", description="why; a rejection needs one")


class DeliveredLine(ManifestLine):
    """A line of an approved ad that was delivered."""

    delivered: str = Field(description="the copy under its readable name: file:// or s3://")


_FROM_ROW = tuple(
    name for name in ManifestLine.model_fields if name in AssetRow.__dataclass_fields__ and name != "lineage"
)
Line = TypeVar("Line", bound=ManifestLine)


def manifest_line(row: AssetRow, store: Store) -> ManifestLine:
    """The line of one asset."""
    return line_of(ManifestLine, row, store)


def line_of(kind: type[Line], row: AssetRow, store: Store, **more: str) -> Line:
    """A line of one kind, with what that kind has more."""
    carried = dict(row.carried)
    return kind.model_validate(
        {
            **more,
            **{name: getattr(row, name) for name in _FROM_ROW},
            "findings": [{"id": "", "says": one} if isinstance(one, str) else one for one in row.findings],
            **{name: carried.pop(name, None) for name in _CARRIED},
            "uri": store.uri(row.sha256),
            "seconds": None if row.ms is None else row.ms / 1000,
            "subtitles": row.figures.get("subtitles"),
            "lineage": {
                "brief": dict(sorted(row.lines.items())),
                "steps": [{name: step.get(name) for name in ManifestStep.model_fields} for step in row.lineage],
            },
            "checks": checks(row.figures, row.placement),
            "rehearsal": noise_in(row.lineage) or None,
            "other": carried,
        }
    )


def checks(figures: Mapping[str, Any], placement: str) -> dict[str, Any]:
    """Figures, condensed: single values, how often it was black, still or silent, and the least contrast of any text."""
    found = {name: value for name, value in figures.items() if not isinstance(value, list | tuple | Mapping)}
    for name in ("black", "still", "silent"):
        if isinstance(figures.get(name), list):
            found[name] = len(figures[name])
    contrasts = [text["contrast"] for text in figures.get("texts", ()) if text.get("contrast") is not None]
    if contrasts:
        found["contrast"] = min(contrasts, key=float)
    if isinstance(judges := figures.get("judges"), Mapping):
        found["judges"] = {
            name: {what: value for what, value in said.items() if not isinstance(value, list | tuple | Mapping)}
            for name, said in judges.items()
            if isinstance(said, Mapping)
        }
    if isinstance(compared := figures.get("product_pixels"), Mapping):
        found["product_pixels"] = dict(compared)
    if "lufs" in figures:
        found["lufs_target"] = _target(placement)
    return found


@cache
def _target(placement: str) -> float | None:
    """The loudness that the placement's row asks for, in LUFS; None if the table has no such row any more."""
    row = placements().get(placement)
    return None if row is None or row.lufs_tenths is None else row.lufs_tenths / 10


def write_manifest(
    registry: Registry,
    store: Store,
    path: Path,
    campaign: str | None = None,
    filters: Mapping[str, Collection[str]] | None = None,
    all_states: bool = False,
) -> int:
    """Write the manifest of what `Registry.manifest_rows` chooses; returns the number of lines.

    `path` is replaced at the end, whole: a reader sees the old one or the new one. Raises StoreError if it cannot be
    written, UsageError for an unknown filter.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            for row in registry.manifest_rows(campaign, filters, all_states):
                file.write(spell(manifest_line(row, store)) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write the manifest {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
    return count


def spell(line: ManifestLine) -> str:
    """A line's one spelling: the fields in their order, the names inside them sorted, no spaces."""
    fields = line.model_dump(mode="json")
    # Lineage is in order already: the brief's fields by name, the steps as their model has them.
    ordered = {name: value if name == "lineage" else _ordered(value) for name, value in fields.items()}
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
    for end, escape in _LINE_ENDS.items():
        text = text.replace(end, escape)
    return text


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def read_manifest(path: Path) -> Iterator[ManifestLine]:
    """The lines of a manifest, one after another. Raises UsageError that names the file and the line."""
    try:
        with path.open("rb") as file:
            number = 0
            while data := file.readline(_LONGEST_LINE):
                number += 1
                if data.strip():
                    yield _parse(data, f"{path}:{number}")
    except OSError as error:
        raise UsageError(f"cannot read the manifest {path}: {error.strerror or error}") from error


def _parse(data: bytes, where: str) -> ManifestLine:
    try:
        return ManifestLine.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {field + ': ' if field else ''}{first['msg']}") from error


KINDS: Mapping[str, type[ManifestLine]] = {"manifest": ManifestLine, "review": ReviewLine, "delivered": DeliveredLine}
"""The kinds of lines: of a run, of `creative manifest export`, of what was delivered."""


def manifest_schema(kind: str = "manifest") -> dict[str, Any]:
    """The JSON Schema of one line."""
    schema = KINDS[kind].model_json_schema(mode="serialization")
    title = f"creative-farm {kind} line"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def main() -> None:
    """Print the JSON Schema, as it is published; of another kind of lines if one is named."""
    sys.stdout.write(json.dumps(manifest_schema(*sys.argv[1:2]), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
