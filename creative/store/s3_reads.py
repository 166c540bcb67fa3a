"""Reading from S3: nothing is believed that is not whole, and is what it was stored as."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from creative.errors import DamagedStoreError
from creative.store import files
from creative.store.port import is_path
from creative.store.s3_calls import Calls, Torn
from creative.store.s3_errors import Refused

T = TypeVar("T")

PAGE = 1000
"""Names a request when they are listed: S3's most."""

_CHUNK = 1 << 20
_DIGITS = 64  # of a sha256
_SAME = 3  # times the same wrong bytes: they are what is stored


class Reads:
    """Reads from one store's place. Whatever is not there is None, or False."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.place = calls.place

    def head(self, name: str, **more: str) -> dict[str, Any] | None:
        """What is known of an object without its bytes.

        Headers that were cut short cannot be told from others, but for this: the size is in them twice.
        """
        wrong = _Wrong()

        def once() -> dict[str, Any]:
            answer: dict[str, Any] = self.calls.client.head_object(
                Bucket=self.place.bucket, Key=self.place.key(name), **more
            )
            said, size = answer["Metadata"], answer.get("ContentLength")
            if size is None or said.get("bytes") != str(size) or len(said.get("sha256", "")) != _DIGITS:
                torn = Torn(f"what is said of {name} is cut short")
                if size is None or not wrong.always(f"{size} {sorted(said.items())}"):
                    raise torn  # else another program put the object there, or damaged it: that is its size
            return answer

        return self._found(f"look for {name}", once)

    def size(self, name: str) -> int | None:
        """An object's size in bytes."""
        there = self.head(name)
        return None if there is None else int(there["ContentLength"])

    def whole(
        self, name: str, sha256: str | None = None, *, patient: bool = True
    ) -> tuple[bytes, dict[str, str]] | None:
        """An object's bytes and its metadata. Raises DamagedStoreError if they are not those of `sha256`, or of its own."""
        wrong = _Wrong()

        def once() -> tuple[bytes, dict[str, str]]:
            answer = self._get(name)
            with contextlib.closing(answer["Body"]) as body:
                data = bytes(body.read())
            if len(data) != answer.get("ContentLength"):
                raise Torn(f"{name} is cut short")
            wanted = sha256 or answer["Metadata"].get("sha256")
            seen = hashlib.sha256(data).hexdigest()
            if wanted and seen != wanted:
                raise self._other(name, wrong, seen)
            return data, answer["Metadata"]

        return self._found(f"read {name}", once, patient=patient)

    def download(self, name: str, sha256: str, folder: Path, path: Path) -> bool:
        """Put an object into the file `path`, by way of `folder`. Raises DamagedStoreError if it is not that of `sha256`."""
        wrong = _Wrong()

        def once() -> bool:
            temporary = files.temporary(folder)
            try:
                with files.plain_words("write", path):
                    files.write(temporary, self._pieces(name), 0o444, sha256, name)
                    temporary.replace(path)
            except files.Changed as error:
                raise self._other(name, wrong, files.digest(temporary)[0]) from error
            finally:
                temporary.unlink(missing_ok=True)
            return True

        return bool(self._found(f"read {name}", once))

    def is_sound(self, name: str, sha256: str) -> bool:
        """Whether an object's bytes are those of `sha256`. They are read, and not kept."""
        wrong = _Wrong()

        def once() -> bool:
            seen = hashlib.sha256()
            for piece in self._pieces(name):
                seen.update(piece)
            if seen.hexdigest() != sha256:
                raise self._other(name, wrong, seen.hexdigest())
            return True

        try:
            return bool(self._found(f"read {name}", once))
        except DamagedStoreError:
            return False

    def names(self, prefix: str, delimiter: str = "") -> list[str]:
        """All names that begin with `prefix`, sorted here: not every server sorts by code point."""
        arguments: dict[str, Any] = {"Prefix": self.place.key(prefix), "MaxKeys": PAGE}
        if delimiter:
            arguments["Delimiter"] = delimiter
        start = len(self.place.key(""))
        found: list[str] = []
        while True:
            page = self.calls.call(f"list {prefix or 'names'}", "list_objects_v2", whole="IsTruncated", **arguments)
            found += [one["Key"][start:] for one in page.get("Contents", ())]
            found += [one["Prefix"][start:] for one in page.get("CommonPrefixes", ())]
            if not page["IsTruncated"]:
                break
            arguments["ContinuationToken"] = page["NextContinuationToken"]
        return sorted({name for name in found if is_path(name.removesuffix("/") if delimiter else name)})

    def _get(self, name: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.calls.client.get_object(Bucket=self.place.bucket, Key=self.place.key(name))
        return answer

    def _pieces(self, name: str) -> Iterator[bytes]:
        with contextlib.closing(self._get(name)["Body"]) as body:
            while piece := body.read(_CHUNK):
                yield piece

    def _found(self, what: str, once: Callable[[], T], *, patient: bool = True) -> T | None:
        try:
            return self.calls.attempt(what, once, expect=(404,), patient=patient)
        except Refused:
            return None

    def _other(self, name: str, wrong: _Wrong, seen: str) -> Exception:
        text = f"{name} in {self.place} is damaged: its bytes are not those that were stored"
        return DamagedStoreError(text) if wrong.always(seen) else Torn(text)


class _Wrong:
    """Tells torn answers, of which the next may be whole, from a damaged object, which always gives the same."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def always(self, seen: str) -> bool:
        self.seen.append(seen)
        return self.seen.count(seen) >= _SAME
