"""What is gathered while a brief is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from creative.brief import rules
from creative.brief.findings import Findings
from creative.brief.library import LibraryPhoto
from creative.brief.media import Folders
from creative.brief.yaml_source import Node


@dataclass
class Loading:
    """What is gathered while a brief is read."""

    root: Node
    folders: Folders
    findings: Findings
    base: Path
    files: dict[tuple[str, ...], Path] = field(default_factory=dict)
    scripts: dict[tuple[str, ...], rules.Script] = field(default_factory=dict)
    media: dict[str, Path] = field(default_factory=dict)
    library: list[LibraryPhoto] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    ranks: int = 0
    brand_folder: Path | None = None

    def rank(self) -> int:
        self.ranks += 1
        return self.ranks

    def keep(self, path: Path) -> Path:
        """Note a medium under the name that it has on every machine."""
        name = self._name(path)
        while self.media.get(name, path) != path:  # two media roots, one relative name
            name = f"@{name}"
        self.media[name] = path
        return path

    def _name(self, path: Path) -> str:
        if path.is_relative_to(self.base):
            return path.relative_to(self.base).as_posix()
        if self.brand_folder is not None and path.is_relative_to(self.brand_folder):
            return f"@brand/{path.relative_to(self.brand_folder).as_posix()}"
        roots = [folder for folder in self.folders.allowed if path.is_relative_to(folder)]
        root = max(roots, key=lambda folder: len(folder.parts))
        return f"@media/{path.relative_to(root).as_posix()}"
