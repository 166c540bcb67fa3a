"""The store's port: blobs named by their content, and named objects that are written once.

Small enough for a directory and for S3. Everything above it (receipts, logs, cell records) is built from `create`, which
either makes a whole object or makes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from creative.errors import UsageError
from creative.records import BlobRef

SCHEMA = 1
"""Of what is stored; a store with a higher one is refused."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,199}")
_LONGEST = 900  # S3 takes 1,024 bytes, prefix of the bucket included
_OWN = ("blobs", "store.json")


class Store(Protocol):
    """Where a farm keeps what it made. Every method raises StoreError when the store cannot be reached or is full.

    All of it may be called from several threads and processes at once. `id` is the store's own, given when it was made:
    a registry is bound to it. After `put_blob` or `create` has returned, the object survives kill -9 and a power cut.
    """

    @property
    def id(self) -> str:
        """32 hexadecimal digits."""

    @property
    def url(self) -> str:
        """What `open_store` takes to come back here."""

    def put_blob(self, source: bytes | Path, type: str) -> BlobRef:
        """Keep these bytes under their sha256; nothing happens if they are there. `type` is a media type, passed on."""

    def has_blob(self, sha256: str) -> bool:
        """Whether the blob is there."""

    def fetch(self, sha256: str, cache: Path) -> Path:
        """A local file with the blob's bytes, to be read only; the store's own, or one put into `cache`.

        Raises StoreError if the blob is missing.
        """

    def get_blob(self, sha256: str) -> bytes:
        """The blob's bytes, checked against its name. Raises StoreError if it is missing or damaged."""

    def uri(self, sha256: str) -> str:
        """Where others find the blob: `file://...` or `s3://...`. Does not ask whether it is there."""

    def delete_blob(self, sha256: str) -> None:
        """Remove the blob, if it is there. Whoever calls this has removed the receipts that name it first."""

    def create(self, name: str, data: bytes) -> bool:
        """Make the object `name`, whole or not at all. False if it exists already: then nothing was written.

        Of many callers at once one gets True. Raises UsageError for a name that `check_name` refuses.
        """

    def read(self, name: str) -> bytes | None:
        """The object's bytes, or None."""

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names that begin with `prefix`, sorted by code point."""

    def delete(self, name: str) -> None:
        """Remove the object, if it is there."""


def check_name(name: str) -> str:
    """`name`, if it can name an object: ASCII parts joined by "/", none of them hidden, "." or ".."; else UsageError."""
    parts = name.split("/")
    if len(name) > _LONGEST or parts[0] in _OWN or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"{name[:120]!r} cannot name an object in a store: use letters, digits and ._=@+- in parts joined by '/', "
            f"no part beginning with a dot, the first not one of {', '.join(_OWN)}"
        )
    return name


def check_sha256(sha256: str) -> str:
    """`sha256`, if it is 64 lower-case hexadecimal digits; else UsageError."""
    if not _SHA256.fullmatch(sha256):
        raise UsageError(f"{sha256[:80]!r} is not a sha256 (64 lower-case hexadecimal digits)")
    return sha256
