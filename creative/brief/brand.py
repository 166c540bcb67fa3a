"""The brand kit: `brand.yaml` beside its logos, fonts and photos. A brief names the folder, or the file itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from creative.brief.explain import note_empty, validate
from creative.brief.findings import Findings
from creative.brief.media import FileType, Folders, MediaError, png_header, read_text
from creative.brief.parts import Localised, Part
from creative.brief.places import Colour, MediaPath
from creative.brief.types import Id, Line, Value, one_or_more
from creative.brief.yaml_source import MAX_BYTES, Node, parse_yaml

ColourRole = Literal["ground", "second", "accent", "text", "on_accent", "muted", "on_ground", "on_second"]
_MOST_LAYOUTS = 100
REQUIRED_COLOURS: tuple[ColourRole, ...] = ("ground", "second", "accent", "text", "on_accent")


Script = Literal["Latn", "Cyrl", "Grek", "Arab", "Hebr", "Thai", "Deva", "Hans", "Hant", "Jpan", "Kore"]
"""Scripts by ISO 15924; Han letters are of the locale's: Hans (zh), Hant (zh-TW, zh-HK), Jpan (ja), Kore (ko)."""


class ScriptFont(Part):
    """One font file with its licence."""

    file: MediaPath = Field(description="A TTF or OTF file.")
    licence: MediaPath = Field(description="The text of its licence, UTF-8.")


class Font(ScriptFont):
    """The font of a role, and those that stand in where it lacks the letters of a script."""

    scripts: Mapping[Script, ScriptFont] = Field(
        default_factory=dict,
        description="Fonts for scripts that `file` lacks, by ISO 15924 (Arab, Jpan, ...); the farm's own, if left out.",
    )


class Brand(Part):
    """A brand kit. After loading, all paths are absolute."""

    schema_: Literal[1] = Field(1, alias="schema", description="Version of this format: 1.")
    id: Id | None = Field(None, description="Id of the brand in file names; made from the name, if left out.")
    name: Line = Field(description="Name of the brand: {brand.name} in copy.")
    version: Value | None = Field(None, description="Version of the kit.")
    colours: Mapping[ColourRole, Colour] = Field(
        description="Colours by role: ground, second, accent, text (on ground), on_accent (text of the button)."
    )
    logo: Mapping[Literal["light", "dark"], MediaPath] = Field(
        default_factory=dict, description="PNG with alpha: light is shown on light grounds, dark on dark ones."
    )
    fonts: Mapping[Literal["display", "text"], Font] = Field(
        default_factory=dict,
        description="display for headlines and prices, text for all else; the farm's own, if left out.",
    )
    tone: Line | None = Field(None, description="How the brand speaks; for people who write copy.")
    layouts: MediaPath | None = Field(
        None, description="Folder of the brand's own layouts, YAML files beside the farm's."
    )
    _layout_files: tuple[Path, ...] = PrivateAttr(())
    lexicon: Annotated[Mapping[Line, Localised], Field(max_length=5_000)] = Field(
        default_factory=dict, description="How things are spoken; the brief's own lexicon comes first."
    )
    banned: tuple[Line, ...] = Field((), max_length=1_000, description="Words that no ad may use.")
    photos: Annotated[tuple[MediaPath, ...], *one_or_more(1_000)] = Field((), description="The brand's own pictures.")

    @property
    def layout_files(self) -> tuple[Path, ...]:
        """The files of its folder of layouts, by name."""
        return self._layout_files


def load_brand(
    node: Node, folders: Folders, rank: int, findings: Findings
) -> tuple[Brand, Path, tuple[Path, ...]] | None:
    """The brand kit that a brief's node names, its folder, and all its files; or None, with the reasons noted.

    Its files lie in its own folder, in the brief's or in a media root.
    """
    name = node.text or ""
    try:
        path = folders.find(node.at.file.folder, Path(name))
        if path.is_dir():
            name = f"{name.rstrip('/')}/brand.yaml"
            path = folders.find(node.at.file.folder, Path(name))
        text = read_text(path, name, MAX_BYTES)
    except MediaError as error:
        instead = error.instead if "outside" in str(error) else "Name a folder that has a brand.yaml"
        findings.add(node.at, node.path, str(error), instead)
        return None
    before = len(findings)
    source = node.at.file.beside(path, name, rank)
    root = parse_yaml(text, source, findings)
    if root is None:
        return None
    if not isinstance(root.value, dict):
        findings.add(root.at, "file", "is not a brand kit", "Begin with: name: ...")
        return None
    kit = validate(Brand, root, findings)
    note_empty(root, findings)
    if kit is None:
        return None
    folder = path.parent
    found = _files(root, Folders.of([*folders.allowed, folder], folders.references), findings)
    layouts = _layouts(root, Folders.of([*folders.allowed, folder], folders.references), findings)
    lacking = [role for role in REQUIRED_COLOURS if role not in kit.colours]
    colours = root.child("colours")
    if lacking and colours is not None and len(findings) == before:
        findings.add(
            colours.key, "colours", f"lacks {', '.join(lacking)}", f'Write {lacking[0]}: "#1f6f5c", for example'
        )
    if len(findings) > before:
        return None
    return _resolved(kit, found, layouts), folder, (path, *found.values(), *layouts)


_TYPES: tuple[tuple[str, tuple[FileType, ...]], ...] = (
    ("logo.*", ("png",)),
    ("fonts.*.file", ("font",)),
    ("fonts.*.licence", ("text",)),
    ("fonts.*.scripts.*.file", ("font",)),
    ("fonts.*.scripts.*.licence", ("text",)),
    ("photos", ("png", "jpeg")),
    ("photos.*", ("png", "jpeg")),
)


def _files(root: Node, folders: Folders, findings: Findings) -> dict[tuple[str, ...], Path]:
    found: dict[tuple[str, ...], Path] = {}
    for pattern, types in _TYPES:
        for node in root.select(pattern):
            if node.text is None:
                continue
            try:
                path = folders.file(node.at.file.folder, Path(node.text), types)
                if pattern == "logo.*":
                    png_header(path)
            except MediaError as error:
                svg = "an SVG" in str(error)
                instead = "SVG is not supported yet: save it as a PNG with alpha" if svg else error.instead
                findings.add(node.at, node.path, str(error), instead)
                continue
            found[node.steps] = path
    return found


def _layouts(root: Node, folders: Folders, findings: Findings) -> tuple[Path, ...]:
    """The kit's own layouts: the YAML files of its folder, each a reference, so that it is sent along with the kit."""
    node = root.child("layouts")
    if node is None or node.text is None:
        return ()
    base, name = node.at.file.folder, node.text.rstrip("/")
    here = Path(os.path.realpath(base))
    try:
        # Read again where they were sent, files may lie anywhere; then only the references know which there were.
        names = sorted(
            path for given, path in folders.references.given if given == here and Path(path).parent == Path(name)
        )
        if not names:
            real = folders.find(base, Path(name))
            if not real.is_dir():
                raise MediaError(f"is no folder: {name}", "Name the folder that has the layouts' YAML files")
            names = [f"{name}/{file.name}" for file in sorted(real.glob("*.yaml"))[:_MOST_LAYOUTS]]
        return tuple(folders.find(base, Path(one)) for one in names)
    except MediaError as error:
        findings.add(node.at, node.path, str(error), error.instead)
        return ()


def _resolved(kit: Brand, found: Mapping[tuple[str, ...], Path], layouts: tuple[Path, ...]) -> Brand:
    photos = tuple(path for steps, path in found.items() if steps[0] == "photos")
    fonts = {
        role: Font(
            file=found["fonts", role, "file"],
            licence=found["fonts", role, "licence"],
            scripts={
                script: ScriptFont(
                    file=found["fonts", role, "scripts", script, "file"],
                    licence=found["fonts", role, "scripts", script, "licence"],
                )
                for script in font.scripts
            },
        )
        for role, font in kit.fonts.items()
    }
    logo = {tone: found["logo", tone] for tone in kit.logo}
    made = kit.model_copy(update={"logo": logo, "fonts": fonts, "photos": photos})
    made._layout_files = layouts
    return made
