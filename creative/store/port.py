"""The store's port: blobs named by their content, and named objects that are written once.

Small enough for a directory and for S3. Everything above it (receipts, logs, cell records) is built from `create`, which
either makes a whole object or makes none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from creative.errors import StoreError, UsageError
from creative.records import BlobRef

SCHEMA = 1
"""Of what is stored; a store with a higher one is refused."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,199}")
_LONGEST = 900  # S3 takes 1,024 bytes, the store's prefix included
OWN = ("blobs", "published", "store.json")


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
        """What `open_store` takes to come back here, from any process and machine that can reach the place."""

    @property
    def is_local(self) -> bool:
        """Whether `fetch` gives the store's own file, which may be linked to: nothing is downloaded."""

    def put_blob(self, source: bytes | Path, type: str) -> BlobRef:
        """Keep these bytes under their sha256; nothing happens if they are there. `type` is a media type, passed on."""

    def has_blob(self, sha256: str) -> bool:
        """Whether the blob is there."""

    def size_of(self, sha256: str) -> int | None:
        """The blob's size in bytes, without reading it; None if it is not there. One request."""

    def fetch(self, sha256: str, cache: Path) -> Path:
        """A local file with the blob's bytes, to be read only; the store's own, or one put into `cache`.

        What is put into `cache` was compared with its name first. Several processes may share a cache. Raises
        DamagedStoreError if the blob is missing (or, where it is downloaded, damaged).
        """

    def get_blob(self, sha256: str) -> bytes:
        """The blob's bytes, checked against its name. Raises DamagedStoreError if it is missing or damaged."""

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

    # What people and ad servers see: copies under readable names. The store never reads them back.

    def publish(self, path: str, source: bytes | BlobRef, type: str) -> str:
        """Put a copy of `source` under `published/<path>`, in place of what is there; returns where others find it.

        Readers see the old copy or the new one, whole. Nothing is written if the same bytes are there already. A blob is
        copied within the store, as media type `type`, and offered under the last part of `path` as its file name. Raises
        UsageError for a path that `check_path` refuses, DamagedStoreError if the blob is missing or of another size.
        """

    def published_uri(self, path: str) -> str:
        """Where others find the copy at `path`, as `publish` returns it. Does not ask whether it is there."""

    def published(self, prefix: str = "") -> Iterator[str]:
        """The paths that begin with `prefix`, sorted by code point."""

    def unpublish(self, path: str) -> None:
        """Remove the copy, if it is there."""


def check_name(name: str) -> str:
    """`name`, if it can name an object: ASCII parts joined by "/", none of them hidden, "." or ".."; else UsageError."""
    if name.partition("/")[0] in OWN or not is_path(name):
        raise UsageError(
            f"{name[:120]!r} cannot name an object in a store: use {_PARTS}, the first not one of {', '.join(OWN)}"
        )
    return name


def check_path(path: str) -> str:
    """`path`, if something can be published under it: made as names are; else UsageError."""
    if not is_path(path):
        raise UsageError(f"{path[:120]!r} cannot be the path of what is published: use {_PARTS}")
    return path


_PARTS = "letters, digits and ._=@+- in parts joined by '/', no part beginning with a dot"


def is_path(path: str) -> bool:
    """Whether it is made of parts as names and paths are."""
    return len(path) <= _LONGEST and all(_PART.fullmatch(part) for part in path.split("/"))


def check_sha256(sha256: str) -> str:
    """`sha256`, if it is 64 lower-case hexadecimal digits; else UsageError."""
    if not _SHA256.fullmatch(sha256):
        raise UsageError(f"{sha256[:80]!r} is not a sha256 (64 lower-case hexadecimal digits)")
    return sha256


def mark(id: str) -> bytes:
    """What store.json says of a new store."""
    return json.dumps({"id": id, "schema": SCHEMA}).encode() + b"\n"


def identity(data: bytes, place: str, store: str) -> str:
    """The id in a store.json. Raises StoreError, naming `place` or `store`, if it is damaged or a newer version's."""
    try:
        said = json.loads(data)
        id, schema = str(said["id"]), int(said["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{place} is damaged: it should hold an id and a schema") from error
    if schema > SCHEMA:
        raise StoreError(
            f"{store} was written by a newer version of creative-farm "
            f"(its schema is {schema}, this version knows {SCHEMA}): upgrade"
        )
    return id
