"""The hub that models are fetched from, by `huggingface_hub` (HF_ENDPOINT, HF_TOKEN and its proxies mean what they mean to it)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from creative.canonical import file_digest
from creative.errors import CreativeError, InfrastructureError, UsageError
from creative.models.files import ModelError, allowed
from creative.models.rows import ModelRow


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository: its size in bytes, and its sha256 where the hub says it (large files)."""

    path: str
    bytes: int
    sha256: str | None


def is_offline() -> bool:
    """Whether nothing is to be asked of any hub: CREATIVE_OFFLINE or HF_HUB_OFFLINE is 1."""
    said = (os.environ.get(name, "").strip().lower() for name in ("CREATIVE_OFFLINE", "HF_HUB_OFFLINE"))
    return any(one in ("1", "true", "yes", "on") for one in said)


def offline_error() -> UsageError:
    """What is said where a hub would have to be asked and may not be."""
    return UsageError(
        "no hub is asked (CREATIVE_OFFLINE, HF_HUB_OFFLINE or the profile's `offline`): pull the model with --from, a folder or a mirror"
    )


def wanted(row: ModelRow, path: str) -> bool:
    """Whether the model needs this file of its repository. What is pickled is, only if the row has it converted."""
    if row.only and not _matches(path, row.only):
        return False
    if path in row.convert:
        return True
    if any(fnmatchcase(path, pattern) for pattern in row.skip if "/" in pattern or "/" not in path):
        return False  # a pattern without a folder speaks for the top one only
    return allowed(path)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def look(row: ModelRow, revision: str | None) -> tuple[str, list[HubFile]]:
    """The commit (40 hexadecimal digits) that a revision is, the repository's newest if None, and the files the model needs.

    Raises UsageError for what the hub does not have or does not give to this user, InfrastructureError if it cannot be asked.
    """
    library = _library()
    with _plain_words(row, revision):
        info = library.HfApi(endpoint=_endpoint()).model_info(row.repo, revision=revision, files_metadata=True)
    found = [
        HubFile(one.rfilename, int(one.size or 0), getattr(one.lfs, "sha256", None))
        for one in info.siblings or ()
        if wanted(row, one.rfilename)
    ]
    if not found:
        raise UsageError(f"{row.repo} at {info.sha} has none of the files that {row.name} needs")
    for source in row.convert:
        if source in row.sha256 and not any(one.path == source for one in found):
            raise UsageError(f"{row.repo} at {info.sha} has no {source}")
    return str(info.sha), found


def download(
    row: ModelRow, revision: str, files: list[HubFile], folder: Path, say: Callable[[str], None] = lambda _: None
) -> None:
    """Bring the files into `folder`; those that are there whole stay.

    A line that drops is taken up again in the middle of a file, by the library; a process that is ended loses the file in flight.
    """
    library = _library()
    for number, file in enumerate(files, 1):
        target = folder / file.path
        if target.is_file() and target.stat().st_size == file.bytes and _is_right(file, target):
            continue
        say(f"{number} of {len(files)}: {file.path} ({file.bytes / 1e9:.2f} GB)")
        with _plain_words(row, revision):
            library.hf_hub_download(row.repo, file.path, revision=revision, local_dir=folder, endpoint=_endpoint())
        if target.stat().st_size != file.bytes or not _is_right(file, target):
            target.unlink()
            raise InfrastructureError(f"{file.path} of {row.repo} did not come whole: the same command again")


def _is_right(file: HubFile, path: Path) -> bool:
    return file.sha256 is None or file_digest(path) == file.sha256


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _library() -> Any:
    if is_offline():
        raise offline_error()
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        raise UsageError(
            "fetching models needs the package huggingface_hub: pip install 'creative-farm[diffusion]'"
        ) from error
    return huggingface_hub


@contextlib.contextmanager
def _on_purpose() -> Iterator[None]:
    """Within it the hub may be asked in a process whose libraries may not ask it by themselves, as workers' may not."""
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextlib.contextmanager
def _plain_words(row: ModelRow, revision: str | None) -> Iterator[None]:
    from huggingface_hub import errors

    at = f" at {revision}" if revision else ""
    try:
        with _on_purpose():
            yield
    except errors.GatedRepoError as error:
        raise UsageError(
            f"{row.repo} is given to those only who accepted its terms: accept them on the hub "
            f"({_endpoint() or 'https://huggingface.co'}/{row.repo}), and set HF_TOKEN to a token of that account"
        ) from error
    except errors.LocalEntryNotFoundError as error:  # the library's word for whatever a file's first answer was
        cause = error.__cause__
        if isinstance(cause, errors.HfHubHTTPError):
            raise _refusal(row, at, cause) from error
        raise InfrastructureError(f"the hub cannot be reached for {row.repo}{at}: {_line(cause or error)}") from error
    except errors.RevisionNotFoundError as error:
        raise UsageError(f"the hub has no {row.repo}{at}") from error
    except errors.RepositoryNotFoundError as error:
        raise UsageError(f"the hub has no {row.repo}, or not for you: set HF_TOKEN if it is private") from error
    except errors.HfHubHTTPError as error:
        raise _refusal(row, at, error) from error
    except (errors.HFValidationError, errors.EntryNotFoundError) as error:
        raise ModelError(f"{row.repo}{at}: {_line(error)}") from error
    except (OSError, RuntimeError) as error:
        raise InfrastructureError(f"{row.repo}{at} could not be fetched: {_line(error)}") from error
    except Exception as error:
        # Of its HTTP library, which is not ours to name: it has changed twice already.
        if type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore2", "requests", "urllib3"):
            raise InfrastructureError(f"the hub cannot be reached: {_line(error)}") from error
        raise


def _refusal(row: ModelRow, at: str, error: Any) -> CreativeError:
    """What an answer of the hub means that is none of those it has names for."""
    status = getattr(error.response, "status_code", None)
    if status == 401:
        return UsageError(
            f"the hub does not take the token that it was shown for {row.repo}: set HF_TOKEN to one that is valid, or unset it"
        )
    if status in (403, 451):
        return UsageError(f"the hub does not give {row.repo}{at} to this account: {_line(error)}")
    return InfrastructureError(f"the hub did not give {row.repo}{at}: {_line(error)}")


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
