"""The briefs of a folder, for `creative nightly DIR`: which files are briefs, and which of them are to be made now.

A brief is `DIR/*/brief.yaml`, and any `DIR/*.yaml` with a `campaign` at its top level. Nothing deeper is looked at. `.yml`
will do too. Passed by, with a word: hidden files and folders, editors' backup files, symbolic links that lead out of DIR or
to a brief that is there already. What cannot be read as YAML is refused, since it may well be a brief.

They are made in this order: the flight that begins first; of these the most valuable segment first; then by name. A flight
is over when its last day has ended in every market; a market without `timezone` ends its days in UTC.
"""

from __future__ import annotations

import datetime
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from creative.brief.brief import Brief
from creative.brief.findings import Findings, SourceFile
from creative.brief.media import MediaError, read_text
from creative.brief.yaml_source import MAX_BYTES, Node, parse_yaml
from creative.errors import BriefError, UsageError

_YAML = (".yaml", ".yml")
_BRIEF = ("brief.yaml", "brief.yml")
_BACKUP = re.compile(
    r"(.*~|#.*#|.*\.(bak|orig|rej|swp|swo|tmp|save|old)|.*\.(bak|orig|old|copy)\.ya?ml)\Z", re.IGNORECASE
)

State = Literal["ready", "draft", "over", "refused", "passed"]


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the folder. `name` is its path below the folder; `why` says why it is not ready.

    `notify` is whom the file names for failures, also where it is refused for something else.
    """

    name: str
    path: Path
    state: State
    why: str = ""
    brief: Brief | None = None
    campaign: str | None = None
    notify: str | None = None

    @property
    def order(self) -> tuple[datetime.date, int, str]:
        """What the most urgent has least."""
        if self.brief is None:
            return datetime.date.max, 0, self.name
        starts = self.brief.flight.from_ if self.brief.flight else datetime.date.max
        return starts, -max(segment.value for segment in self.brief.segments), self.name


def briefs(folder: Path, load: Callable[[Path], Brief], now: datetime.datetime) -> list[Found]:
    """Every file of the folder that is or could be a brief: those that are ready first, in the order of their making.

    `load` reads a brief or raises BriefError; `now` has a time zone. Raises UsageError for what is no folder that can be read.
    """
    found = [
        _one(name, path, load, now) if why is None else _passed(name, path, why) for name, path, why in _files(folder)
    ]
    ready = [one for one in found if one.state == "ready"]
    often = Counter(one.campaign for one in ready)
    sure = sorted((one for one in ready if often[one.campaign] == 1), key=lambda one: one.order)
    return sure + [_doubtful(one, ready) if one.state == "ready" else one for one in found if one not in sure]


def check(folder: Path) -> None:
    """Raise UsageError for what is no folder, or has nothing in it that may be a brief."""
    if all(why is not None for _, _, why in _files(folder)):
        raise UsageError(f"{folder} has no briefs: there is neither {folder}/*/brief.yaml nor {folder}/*.yaml in it")


def _doubtful(one: Found, ready: list[Found]) -> Found:
    """Two briefs of one campaign would take each other's ads away, night after night."""
    others = ", ".join(other.name for other in ready if other.campaign == one.campaign and other is not one)
    why = (
        f"{one.name}: campaign.id: is {one.campaign!r}, as in {others}. Make one of them a draft, or give it another id"
    )
    return Found(one.name, one.path, "refused", why, None, one.campaign, one.notify)


def _files(folder: Path) -> Iterator[tuple[str, Path, str | None]]:
    """(name below the folder, path, why it is passed by) of every file that may be a brief, by name."""
    real = _real(folder)
    if real is None or not real.is_dir():
        raise UsageError(
            f"{folder} is {'no folder' if folder.exists() else 'not there'}: name the folder that has the briefs"
        )
    seen: dict[Path, str] = {}
    for path in _listed(folder):
        try:
            inside = (
                [path] if not path.is_dir() else [path / name for name in _BRIEF if os.path.lexists(path / name)][:1]
            )
        except OSError as error:
            yield path.name, path, f"cannot be looked at: {error.strerror}"
            continue
        for file in inside:
            name = file.relative_to(folder).as_posix()
            if file is path and not _could_be(path):
                continue
            why = _why_not(file, path, real, seen)
            if why is None:
                seen[_real(file) or file] = name
            yield name, file, why


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise UsageError(f"cannot read the folder {folder}: {error.strerror}") from error


def _could_be(path: Path) -> bool:
    """Whether the name is one of YAML, or of a backup of YAML: other files are nobody's business."""
    return path.suffix.lower() in _YAML or (_BACKUP.match(path.name) is not None and ".y" in path.name.lower())


def _why_not(file: Path, path: Path, folder: Path, seen: dict[Path, str]) -> str | None:
    if _BACKUP.match(path.name):
        return "an editor's backup"
    if path.name.startswith("."):
        return "hidden"
    real = _real(file)
    if real is None:
        return "a symbolic link that leads nowhere"
    if not real.is_relative_to(folder):
        return "a symbolic link out of the folder"
    return f"the same file as {seen[real]}" if real in seen else None


def _real(path: Path) -> Path | None:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _passed(name: str, path: Path, why: str) -> Found:
    return Found(name, path, "passed", why)


def _one(name: str, path: Path, load: Callable[[Path], Brief], now: datetime.datetime) -> Found:
    """Drafts and what is over need not be right, nor have their media any more: they are told by a glance."""
    root = _glance(path)
    if root is not None:
        if path.name not in _BRIEF and root.child("campaign") is None:
            return _passed(name, path, "no brief: it has no `campaign`")
        campaign, notify = _text(root, "campaign", "id"), _text(root, "notify", "failed")
        if _text(root, "campaign", "status") == "draft":
            return Found(name, path, "draft", "campaign.status is draft", None, campaign, notify)
        if last := _over(root, now):
            return Found(name, path, "over", f"the flight was over on {last}", None, campaign, notify)
    else:
        campaign = notify = None
    try:
        brief = load(path)
    except BriefError as error:
        return Found(name, path, "refused", str(error), None, campaign, notify)
    return Found(name, path, "ready", "", brief, brief.campaign.id, notify)


def _glance(path: Path) -> Node | None:
    try:
        text = read_text(path, path.name, MAX_BYTES)
    except MediaError:
        return None
    findings = Findings()
    root = parse_yaml(text, SourceFile(str(path), path.name, 0, path.parent), findings)
    return root if root is not None and isinstance(root.value, dict) and not len(findings) else None


def _text(root: Node, *steps: str) -> str | None:
    node: Node | None = root
    for step in steps:
        node = node.child(step) if node is not None else None
    return node.text if node is not None else None


def _over(root: Node, now: datetime.datetime) -> str | None:
    """The flight's last day, if it is over in every market."""
    written = _text(root, "flight", "until")
    try:
        last = datetime.date.fromisoformat(written or "")
        zones = [ZoneInfo(node.text or "") for node in root.select("markets.*.timezone")]
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None  # loading will say what is wrong with it
    if len(zones) < len(list(root.select("markets.*"))):
        zones.append(ZoneInfo("UTC"))
    return written if all(now.astimezone(zone).date() > last for zone in zones) else None
