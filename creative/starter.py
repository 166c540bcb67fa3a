"""`creative init`: a folder with an example brief that runs as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from creative.errors import UsageError
from creative.resources import templates

_BRAND = "brand: ../../brands/marlo"
_SCHEMA = "$schema=../../brief.schema.json"


def write_starter(folder: Path) -> Path:
    """Copy the demo brief with its media and brand kit into a new `folder`; the brief's path.

    Raises UsageError when there is something at that place already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: name a new folder")
    source = templates()
    try:
        shutil.copytree(source / "briefs" / "demo", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py"))
        shutil.copytree(source / "brands" / "marlo", folder / "brand", ignore=shutil.ignore_patterns("*.py"))
        for name in ("brief.schema.json", "brand.schema.json"):
            shutil.copy(source / name, folder / name)
        brief = folder / "brief.yaml"
        text = brief.read_text("utf-8").replace(_BRAND, "brand: brand").replace(_SCHEMA, "$schema=brief.schema.json")
        brief.write_text(text, "utf-8")
        kit = folder / "brand" / "brand.yaml"
        kit.write_text(kit.read_text("utf-8").replace("../../brand.schema.json", "../brand.schema.json"), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror or error}") from error
    return brief
