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

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from creative.errors import DamagedStoreError, MissingStoreError, StoreError, WrongStoreError
from creative.records import BlobRef
from creative.store import files
from creative.store.port import OWN, check_name, check_path, check_sha256, identity, is_path, mark
from creative.store.s3_calls import Calls, Torn
from creative.store.s3_errors import Refused
from creative.store.s3_place import place_of
from creative.store.s3_uploads import Uploads, checksum_of

_MARK = "store.json"
_CHUNK = 1 << 20
PAGE = 1000
"""Names a request when they are listed: S3's most."""

_DIGITS = 64  # of a sha256
_SAME = 3  # times the same wrong bytes: they are what is stored
_TRIES = 8  # of what others may undo between two calls
_TYPES = {".json": "application/json", ".gz": "application/gzip", ".txt": "text/plain"}


class S3Store:
    """See `creative.store.port.Store`. May be pickled, and kept across a fork."""

    def __init__(self, calls: Calls, id: str) -> None:
        self.place = calls.place
        self._id = id
        self._calls = calls
        self._uploads = Uploads(calls)

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
            there = self._size(name)
            if there == size:
                break
            # A blob of another size was damaged behind our back: it is replaced, never believed.
            self._uploads.put(name, source, sha256, size, type, replace=there is not None)
        else:
            raise StoreError(f"the blob {sha256} does not stay in {self.place}: somebody removes it as it is written")
        return BlobRef(sha256=sha256, bytes=size, type=type)

    def has_blob(self, sha256: str) -> bool:
        return self.size_of(sha256) is not None

    def size_of(self, sha256: str) -> int | None:
        return self._size(_blob(sha256))

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
        wrong = _Wrong()
        try:
            return self._calls.attempt(
                f"read {name}", lambda: self._download(name, sha256, incoming, path, wrong), expect=(404,)
            )
        except Refused as error:
            raise self._missing(sha256) from error

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
            yield from self._list(prefix)
            return
        # At the top, folder by folder: blobs are no names, and there are many.
        for found in self._list(prefix, delimiter="/"):
            if found.endswith("/") and found[:-1] not in OWN:
                yield from self._list(found)
            elif not found.endswith("/") and found not in OWN:
                yield found

    def delete(self, name: str) -> None:
        self._delete(check_name(name))

    def publish(self, path: str, source: bytes | BlobRef, type: str) -> str:
        name = f"published/{check_path(path)}"
        sha256, size = files.digest(source) if isinstance(source, bytes) else (source.sha256, source.bytes)
        there = self._head(name)
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
        for name in self._list(f"published/{prefix}"):
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

    def _head(self, name: str, **more: str) -> dict[str, Any] | None:
        """What is known of an object without its bytes; None if it is not there.

        Headers that were cut short cannot be told from others, but for this: the size is in them twice.
        """
        wrong = _Wrong()

        def once() -> dict[str, Any]:
            answer: dict[str, Any] = self._calls.client.head_object(
                Bucket=self.place.bucket, Key=self.place.key(name), **more
            )
            said, size = answer["Metadata"], answer.get("ContentLength")
            if size is None or said.get("bytes") != str(size) or len(said.get("sha256", "")) != _DIGITS:
                torn = wrong.again(f"{size} {sorted(said.items())}", f"what {self.place} says of {name} is cut short")
                if isinstance(torn, Torn) or size is None:
                    raise torn
            return answer

        try:
            return self._calls.attempt(f"look for {name}", once, expect=(404,))
        except Refused:
            return None

    def _size(self, name: str) -> int | None:
        there = self._head(name)
        return None if there is None else int(there["ContentLength"])

    def _create(self, name: str, data: bytes) -> bool:
        nonce = uuid.uuid4().hex
        type = _TYPES.get(Path(name).suffix, "application/octet-stream")
        for _ in range(_TRIES):
            if self._uploads.write(name, data, type, {"nonce": nonce}, if_absent=True):
                return True
            # Somebody's stands there, which may be ours: of an attempt whose answer was lost.
            # It is read, not only looked for: with all of its bytes came all of the headers before them.
            there = self._whole(name, None)
            if there is not None:
                return bool(there[1].get("nonce") == nonce)
        raise StoreError(f"{name} does not stay in {self.place}: somebody removes it as it is written")

    def _get(self, name: str, sha256: str | None, *, patient: bool = True) -> bytes | None:
        there = self._whole(name, sha256, patient=patient)
        return None if there is None else there[0]

    def _whole(self, name: str, sha256: str | None, *, patient: bool = True) -> tuple[bytes, dict[str, str]] | None:
        """An object's bytes, compared with `sha256`, or with what its metadata says; and its metadata."""
        wrong = _Wrong()

        def once() -> tuple[bytes, dict[str, str]]:
            answer = self._calls.client.get_object(Bucket=self.place.bucket, Key=self.place.key(name))
            with contextlib.closing(answer["Body"]) as body:
                data = bytes(body.read())
            if len(data) != answer.get("ContentLength"):
                raise Torn(f"{name} is cut short")
            wanted = sha256 or answer["Metadata"].get("sha256")
            seen = hashlib.sha256(data).hexdigest()
            if wanted and seen != wanted:
                raise wrong.again(seen, f"{name} in {self.place} is damaged: its bytes are not those that were stored")
            return data, answer["Metadata"]

        try:
            return self._calls.attempt(f"read {name}", once, expect=(404,), patient=patient)
        except Refused:
            return None

    def _download(self, name: str, sha256: str, incoming: Path, path: Path, wrong: _Wrong) -> Path:
        answer = self._calls.client.get_object(Bucket=self.place.bucket, Key=self.place.key(name))
        temporary = files.temporary(incoming)
        with contextlib.closing(answer["Body"]) as body, files.plain_words("write", path):
            try:
                files.write(temporary, iter(lambda: body.read(_CHUNK), b""), 0o444, sha256, name)
                temporary.replace(path)
            except files.Changed as error:
                seen = files.digest(temporary)[0]
                raise wrong.again(
                    seen, f"{name} in {self.place} is damaged: its bytes are not those of its name"
                ) from error
            finally:
                temporary.unlink(missing_ok=True)
        return path

    def _list(self, prefix: str, delimiter: str = "") -> list[str]:
        """All names that begin with `prefix`, sorted here: not every server sorts by code point."""
        arguments: dict[str, Any] = {"Prefix": self.place.key(prefix), "Delimiter": delimiter, "MaxKeys": PAGE}
        start = len(self.place.key(""))
        found: list[str] = []
        while True:
            page = self._calls.call(f"list {prefix or 'names'}", "list_objects_v2", whole="IsTruncated", **arguments)
            found += [one["Key"][start:] for one in page.get("Contents", ())]
            found += [one["Prefix"][start:] for one in page.get("CommonPrefixes", ())]
            if not page.get("IsTruncated"):
                break
            arguments["ContinuationToken"] = page["NextContinuationToken"]
        return sorted({name for name in found if is_path(name.removesuffix("/") if delimiter else name)})

    def _delete(self, name: str) -> None:
        self._calls.call(f"remove {name}", "delete_object", Key=self.place.key(name))

    def _copy(self, blob: BlobRef, name: str, type: str) -> None:
        """Copy a blob to `name`, if it is what it is named: the server compares no copy with a name."""
        source = _blob(blob.sha256)
        there = self._head(source, ChecksumMode="ENABLED")
        if there is None:
            raise self._missing(blob.sha256)
        if there["ContentLength"] != blob.bytes:
            raise DamagedStoreError(
                f"the blob {self.place.uri(source)} is damaged: it has {there['ContentLength']} bytes, not {blob.bytes}"
            )
        # The checksum of an upload in parts is of the parts' checksums; what others put there may have none.
        if there.get("ChecksumSHA256") != checksum_of(blob.sha256) and not self._is_sound(source, blob.sha256):
            raise self._damaged(source)
        self._uploads.copy(source, name, blob, type)

    def _is_sound(self, name: str, sha256: str) -> bool:
        """Whether an object's bytes are those of `sha256`; they are read, and not kept."""
        wrong = _Wrong()

        def once() -> bool:
            answer = self._calls.client.get_object(Bucket=self.place.bucket, Key=self.place.key(name))
            seen = hashlib.sha256()
            with contextlib.closing(answer["Body"]) as body:
                while chunk := body.read(_CHUNK):
                    seen.update(chunk)
            if seen.hexdigest() != sha256:
                raise wrong.again(seen.hexdigest(), "")
            return True

        try:
            return self._calls.attempt(f"read {name}", once, expect=(404,))
        except (DamagedStoreError, Refused):
            return False

    def _damaged(self, name: str) -> DamagedStoreError:
        return DamagedStoreError(f"{name} in {self.place} is damaged: its bytes are not those of its name")

    def _missing(self, sha256: str) -> DamagedStoreError:
        return DamagedStoreError(f"the store {self.place} has no blob {sha256}")


class _Wrong:
    """Tells a torn answer, which another request may mend, from a damaged object, which always gives the same bytes."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def again(self, seen: str, text: str) -> Exception:
        self.seen.append(seen)
        return DamagedStoreError(text) if self.seen.count(seen) >= _SAME else Torn(text)


def _blob(sha256: str) -> str:
    return f"blobs/{check_sha256(sha256)[:2]}/{sha256}"


def _is_copy(there: dict[str, Any], sha256: str, size: int, type: str) -> bool:
    return bool(
        there["ContentLength"] == size
        and there["Metadata"].get("sha256") == sha256
        and there.get("ContentType") == type
    )
