"""Files that people write for a brief: the mapping that a YAML file is, and whether a sound file is one."""

from __future__ import annotations

from pathlib import Path

from creative.brief.findings import Findings, Place, SourceFile
from creative.brief.media import MediaError, read_text
from creative.brief.recordings import LEAST_MS, wav_header
from creative.brief.yaml_source import MAX_BYTES, Node, parse_yaml

_FOLDER = "is a folder"


def read_root(path: Path, called: str, findings: Findings) -> Node:
    """The mapping that the YAML file at `path` is. Raises BriefError for a file that is none.

    `called`: what it should be, for people ("a brief"). What is wrong below the root is noted only.
    """
    source = SourceFile(str(path), path.name, 0, path.parent)
    root = None
    try:
        root = parse_yaml(read_text(path, path.name, MAX_BYTES), source, findings)
    except MediaError as error:
        noun = called.rpartition(" ")[2]
        instead = f"Name the file in it, such as {noun}.yaml" if _FOLDER in str(error) else error.instead
        findings.add(Place(source, error.line or 1), "file", str(error), instead)
    if root is not None and not isinstance(root.value, dict):
        findings.add(root.at, "file", f"is not {called}", "Begin with: schema: 1")
        root = None
    if root is None:
        findings.check()
        raise AssertionError("a file without findings has a mapping")
    return root


def sound_problem(path: Path, least_ms: int = LEAST_MS) -> tuple[str, str] | None:
    """Why a WAV cannot be used, and what to do; None if its header can be read and it is at least `least_ms` long."""
    instead = "Export it as WAV, PCM, 24 bits, 48 kHz"
    try:
        header = wav_header(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}", "Check the file"
    if header is None:
        return "is a damaged WAV: it has no format, or no sound", instead
    if header.ms < least_ms and least_ms > LEAST_MS:
        return f"lasts {header.ms / 1000:g} s, and has to last {least_ms / 1000:g} s at least", "Record it again"
    return (header.problem, instead) if header.problem else None
