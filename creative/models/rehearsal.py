"""Rehearsals: small models of random weights, and the table of backends that use them in place of the real ones."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from creative.backends import resolve
from creative.errors import UsageError
from creative.models.files import read_manifest
from creative.models.licences import REHEARSAL

_BUILDERS = {
    ("scene", "clip"): "workers.rehearse.diffusion:build",
    ("speech",): "workers.rehearse.voice:build",
}
TABLE = "rows.yaml"
_HEAD = "# Rehearsal: random weights, whose pictures, films and voices are noise. Made by `creative models rehearse`.\n"


def rehearse(folder: Path, kinds: Iterable[str] = ()) -> tuple[Path, list[dict[str, Any]]]:
    """Write the models and `rows.yaml` into `folder`; the table's path and its rows. The same command again makes them anew.

    `kinds`: of steps; all, if left out. Raises UsageError for a kind without models, a folder that is something else, and
    libraries that are not installed.
    """
    wanted = set(kinds)
    there = {kind for own in _BUILDERS for kind in own}
    if wanted - there:
        raise UsageError(
            f"nothing to rehearse for {', '.join(sorted(wanted - there))}: there is {', '.join(sorted(there))}"
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder")
    table = folder / TABLE
    if folder.is_dir() and any(folder.iterdir()) and not table.is_file():
        raise UsageError(f"{folder} has other things in it: name a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table.write_text(_HEAD + "backends: []\n", "utf-8")  # what dies here may be made again
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror or error}") from error
    rows: list[dict[str, Any]] = []
    for own, target in _BUILDERS.items():
        if wanted and not wanted & set(own):
            continue
        rows += [_row(folder, row) for row in resolve(target)(folder) if not wanted or row["kind"] in wanted]
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump({"backends": rows}, out)
    table.write_text(_HEAD + out.getvalue(), "utf-8")
    return table, rows


def _row(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """The builder's row: used by name only, without a card, and called a rehearsal."""
    name = str(row["options"]["weights"])
    manifest = read_manifest(folder / name)
    if not manifest.rehearsal:
        raise UsageError(f"{name} does not say in its manifest that it is a rehearsal")
    kept = {field: value for field, value in row.items() if field != "draft"}
    resources = {**row.get("resources", {}), "gpu": 0}
    return kept | {"named": True, "resources": resources, "model": f"{REHEARSAL}{name} {manifest.revision}"}
