"""A store in S3, or in a server that speaks it.

    <prefix>/store.json                  {"id": ..., "schema": 1}
    <prefix>/blobs/ab/<sha256>           by content; each write carries its SHA-256, so that the server refuses torn ones
    <prefix>/receipts/ab/..., ...        named objects, as their names say
    <prefix>/published/...               copies under readable names, with media type and file name

An object is whole or not there at all: S3 shows an upload when it is complete. A named object is made by conditional
create; its metadata holds a number drawn for that one call and the sha256 of its bytes. An answer may be lost after the
write, and the repetition is then refused (412) by our own object: who made it is read from that number, never guessed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from creative.errors import DamagedStoreError, MissingStoreError, StoreError, WrongStoreError
from creative.records import BlobRef
from creative.store import files
from creative.store.port import OWN, check_name, check_path, check_sha256, identity, mark
from creative.store.s3_calls import Calls
from creative.store.s3_place import place_of
from creative.store.s3_reads import Reads
from creative.store.s3_uploads import Uploads, checksum_of

_MARK = "store.json"
_TRIES = 8  # of what others may undo between two calls
_TYPES = {".json": "application/json", ".gz": "application/gzip", ".txt": "text/plain"}


class S3Store:
    """See `creative.store.port.Store`. May be pickled, and kept across a fork."""

    def __init__(self, calls: Calls, id: str) -> None:
        self.place = calls.place
        self._id = id
        self._calls = calls
        self._reads, self._uploads = Reads(calls), Uploads(calls)

    def __reduce__(self) -> tuple[type[S3Store], tuple[Calls, str]]:
        return S3Store, (self._calls, self._id)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> S3Store:
        """The store at an `s3://` URL. Two processes may make it at once: both get the same one. Buckets are never made.

        Raises UsageError for a URL that cannot be meant; WrongStoreError if there is no such bucket, the credentials are
        refused, or the prefix holds other things; MissingStoreError if nothing is there and `create` is False; StoreError
        if the server cannot be reached, or the store is damaged or a newer version's.
        """
        store = cls(Calls(place_of(url)).resolved(), "")
        data = store._mark()
        if data is None:
            store._refuse_foreign()
            if not create:
                raise MissingStoreError(f"there is no store at {store.place}")
            store._create(_MARK, mark(uuid.uuid4().hex))
            data = store._mark()
        store._id = identity(data or b"", store.place.uri(_MARK), f"the store {store.place}")
        return store

    @property
    def id(self) -> str:
        return self._id

    @property
    def url(self) -> str:
        return self.place.url

    @property
    def is_local(self) -> bool:
        return False

    def put_blob(self, source: bytes | Path, type: str) -> BlobRef:
        sha256, size = files.digest(source)
        name = _blob(sha256)
        for _ in range(_TRIES):
            there = self._reads.size(name)
            if there == size:
                break
            # A blob of another size was damaged behind our back: it is replaced, never believed.
            if self._uploads.put(name, source, sha256, size, type, replace=there is not None):
                break
        else:
            raise StoreError(f"the blob {sha256} does not stay in {self.place}: somebody removes it as it is written")
        return BlobRef(sha256=sha256, bytes=size, type=type)

    def has_blob(self, sha256: str) -> bool:
        return self.size_of(sha256) is not None

    def size_of(self, sha256: str) -> int | None:
        return self._reads.size(_blob(sha256))

    def fetch(self, sha256: str, cache: Path) -> Path:
        name = _blob(sha256)
        path = cache.absolute() / "blobs" / sha256[:2] / sha256
        with files.plain_words("read", path):
            if files.size_of(path) is not None:  # it was compared with its name before it got that name
                return path
        incoming = cache.absolute() / files.INCOMING
        with files.plain_words("make", incoming):
            incoming.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            files.sweep(incoming)
        if not self._reads.download(name, sha256, incoming, path):
            raise self._missing(sha256)
        return path

    def get_blob(self, sha256: str) -> bytes:
        data = self._get(_blob(sha256), sha256)
        if data is None:
            raise self._missing(sha256)
        return data

    def uri(self, sha256: str) -> str:
        return self.place.uri(_blob(sha256))

    def delete_blob(self, sha256: str) -> None:
        self._delete(_blob(sha256))

    def create(self, name: str, data: bytes) -> bool:
        return self._create(check_name(name), data)

    def read(self, name: str) -> bytes | None:
        return self._get(check_name(name), None)

    def names(self, prefix: str = "") -> Iterator[str]:
        folder, slash, _ = prefix.rpartition("/")
        if slash:
            check_name(folder)
            yield from self._reads.names(prefix)
            return
        # At the top, folder by folder: blobs are no names, and there are many.
        for found in self._reads.names(prefix, delimiter="/"):
            if found.endswith("/") and found[:-1] not in OWN:
                yield from self._reads.names(found)
            elif not found.endswith("/") and found not in OWN:
                yield found

    def delete(self, name: str) -> None:
        self._delete(check_name(name))

    def publish(self, path: str, source: bytes | BlobRef, type: str) -> str:
        name = f"published/{check_path(path)}"
        sha256, size = files.digest(source) if isinstance(source, bytes) else (source.sha256, source.bytes)
        there = self._reads.head(name)
        if there is not None and _is_copy(there, sha256, size, type):
            return self.place.uri(name)
        if isinstance(source, bytes):
            self._uploads.write(name, source, type, {})
        else:
            self._copy(source, name, type)
        return self.place.uri(name)

    def published_uri(self, path: str) -> str:
        return self.place.uri(f"published/{check_path(path)}")

    def published(self, prefix: str = "") -> Iterator[str]:
        folder = prefix.rpartition("/")[0]
        if folder:
            check_path(folder)
        for name in self._reads.names(f"published/{prefix}"):
            yield name.removeprefix("published/")

    def unpublish(self, path: str) -> None:
        self._delete(f"published/{check_path(path)}")

    # Inside

    def _mark(self) -> bytes | None:
        return self._get(_MARK, None, patient=False)

    def _refuse_foreign(self) -> None:
        answer = self._calls.call("list", "list_objects_v2", whole="IsTruncated", Prefix=self.place.key(""), MaxKeys=4)
        others = [one["Key"].removeprefix(self.place.key("")) for one in answer.get("Contents", ())]
        if others and _MARK not in others and self._mark() is None:  # asked last: another may just have made the store
            raise WrongStoreError(
                f"{self.place} is not a store, and holds other things ({', '.join(others[:3])}): name a new or an empty prefix"
            )

    def _create(self, name: str, data: bytes) -> bool:
        nonce = uuid.uuid4().hex
        type = _TYPES.get(Path(name).suffix, "application/octet-stream")
        for _ in range(_TRIES):
            if self._uploads.write(name, data, type, {"nonce": nonce}, if_absent=True):
                return True
            # Somebody's stands there, which may be ours: of an attempt whose answer was lost.
            # It is read, not only looked for: with all of its bytes came all of the headers before them.
            there = self._reads.whole(name)
            if there is not None:
                return bool(there[1].get("nonce") == nonce)
        raise StoreError(f"{name} does not stay in {self.place}: somebody removes it as it is written")

    def _get(self, name: str, sha256: str | None, *, patient: bool = True) -> bytes | None:
        there = self._reads.whole(name, sha256, patient=patient)
        return None if there is None else there[0]

    def _delete(self, name: str) -> None:
        self._calls.call(f"remove {name}", "delete_object", Key=self.place.key(name))

    def _copy(self, blob: BlobRef, name: str, type: str) -> None:
        """Copy a blob to `name`, if it is what it is named: the server compares no copy with a name."""
        source = _blob(blob.sha256)
        there = self._reads.head(source, ChecksumMode="ENABLED")
        if there is None:
            raise self._missing(blob.sha256)
        if there["ContentLength"] != blob.bytes:
            raise DamagedStoreError(
                f"the blob {self.place.uri(source)} is damaged: it has {there['ContentLength']} bytes, not {blob.bytes}"
            )
        # The checksum of an upload in parts is of the parts' checksums; what others put there may have none.
        if there.get("ChecksumSHA256") != checksum_of(blob.sha256) and not self._reads.is_sound(source, blob.sha256):
            raise DamagedStoreError(
                f"the blob {self.place.uri(source)} is damaged: its bytes are not those of its name"
            )
        self._uploads.copy(source, name, blob, type)

    def _missing(self, sha256: str) -> DamagedStoreError:
        return DamagedStoreError(f"the store {self.place} has no blob {sha256}")


def _blob(sha256: str) -> str:
    return f"blobs/{check_sha256(sha256)[:2]}/{sha256}"


def _is_copy(there: dict[str, Any], sha256: str, size: int, type: str) -> bool:
    return bool(
        there["ContentLength"] == size
        and there["Metadata"].get("sha256") == sha256
        and there.get("ContentType") == type
    )
