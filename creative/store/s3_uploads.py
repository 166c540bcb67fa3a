"""Writing to S3: small objects in one request, large ones in parts, copies within the bucket.

Nothing is visible before it is whole. Parts of an upload that ends early are removed; those of a process that was killed
are removed by the next large upload a day later, or by the bucket's lifecycle rule (AbortIncompleteMultipartUpload).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from creative.errors import DamagedStoreError, StoreError
from creative.records import BlobRef
from creative.store import files
from creative.store.s3_calls import Calls
from creative.store.s3_errors import Refused

LARGE = 16 << 20
"""Bytes from which a blob is uploaded in parts; and the size of a part, unless there would be too many."""

LARGEST_COPY = 5 << 30
"""S3 copies at most this many bytes in one request."""

COPIED_PART = 512 << 20
_MOST_PARTS = 10_000
_TRIES = 5
_LEFTOVER = timedelta(days=1)
_ABSENT: dict[str, Any] = {"IfNoneMatch": "*"}


class Uploads:
    """Writes to one store's place."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.place = calls.place

    def write(self, name: str, data: bytes, type: str, metadata: dict[str, str], *, if_absent: bool = False) -> bool:
        """Write an object in one request; with `if_absent`, only if the name is free. Whether it was written.

        The size and the sha256 go into the metadata. False may be said of a name that an earlier attempt of this call
        took, whose answer was lost.
        """
        digest = hashlib.sha256(data)
        try:
            self.calls.call(
                f"write {name}",
                "put_object",
                Key=self.place.key(name),
                Body=data,
                ChecksumSHA256=_base64(digest.digest()),
                ContentType=type,
                Metadata=metadata | said_of(digest.hexdigest(), len(data)),
                **(_ABSENT if if_absent else dict[str, Any]()),
                **self.place.encryption(),
                expect=(412,) if if_absent else (),
            )
        except Refused:
            return False
        return True

    def put(self, name: str, source: bytes | Path, sha256: str, size: int, type: str, *, replace: bool) -> bool:
        """Write a blob, in parts if it is large. Without `replace` only if there is none. False: look what is there.

        Raises StoreError if the file changed since `sha256` was taken.
        """
        if size <= LARGE:
            with files.plain_words("read", source if isinstance(source, Path) else Path(name)):
                data = source if isinstance(source, bytes) else source.read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise files.Changed(
                    f"{source if isinstance(source, Path) else name} changed while it was stored: try again"
                )
            return self.write(name, data, type, {}, if_absent=not replace)
        for _ in range(_TRIES):
            if self._in_parts(name, source, sha256, size, type, replace=replace):
                return True
        raise StoreError(f"cannot write {name} in {self.place}: its upload was ended {_TRIES} times by somebody else")

    def copy(self, source: str, name: str, blob: BlobRef, type: str) -> None:
        """Copy a blob within the bucket to `name`, replacing what is there, and offer it under a file name.

        Raises DamagedStoreError if the blob is gone.
        """
        said: dict[str, Any] = {
            "ContentType": type,
            "ContentDisposition": f'inline; filename="{name.rpartition("/")[2]}"',
            "Metadata": said_of(blob.sha256, blob.bytes),
        }
        try:
            if blob.bytes > LARGEST_COPY:
                self._copy_in_parts(source, name, blob, said)
                return
            self.calls.call(
                f"copy {source}",
                "copy_object",
                whole="CopyObjectResult",
                Key=self.place.key(name),
                CopySource=self._source(source),
                MetadataDirective="REPLACE",
                **said,
                **self.place.encryption(),
                expect=(404,),
            )
        except Refused as error:
            raise DamagedStoreError(f"the store {self.place} has no blob {blob.sha256}") from error

    def _source(self, name: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.key(name)}

    def _in_parts(self, name: str, source: bytes | Path, sha256: str, size: int, type: str, *, replace: bool) -> bool:
        """One upload in parts. False if it has to start over: it was ended from outside, and no blob is there."""
        seen = hashlib.sha256()
        said: dict[str, Any] = {"ContentType": type, "Metadata": said_of(sha256, size)}
        try:
            with self._upload(name, said) as upload, files.plain_words("read", Path(str(source)[:200])):
                parts = []
                for number, piece in enumerate(files.chunks(source, max(LARGE, -(-size // _MOST_PARTS))), 1):
                    seen.update(piece)
                    checksum = _base64(hashlib.sha256(piece).digest())
                    answer = self._part(name, "upload_part", upload, number, Body=piece, ChecksumSHA256=checksum)
                    parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
                if seen.hexdigest() != sha256:
                    raise files.Changed(
                        f"{source if isinstance(source, Path) else name} changed while it was stored: try again"
                    )
                self._complete(name, upload, parts, {} if replace else _ABSENT)
        # InvalidPart: a part is not what its answer said; 404: the upload is gone, or was completed and the answer lost;
        # 412: a blob is there.
        except Refused:
            if not self._stands(name, BlobRef(sha256=sha256, bytes=size, type=type)):
                return False
        self._tidy(name)
        return True

    def _copy_in_parts(self, source: str, name: str, blob: BlobRef, said: dict[str, Any]) -> None:
        for _ in range(_TRIES):
            try:
                with self._upload(name, said) as upload:
                    parts = []
                    for number, start in enumerate(range(0, blob.bytes, COPIED_PART), 1):
                        piece = f"bytes={start}-{min(start + COPIED_PART, blob.bytes) - 1}"
                        answer = self._part(
                            name,
                            "upload_part_copy",
                            upload,
                            number,
                            CopySource=self._source(source),
                            CopySourceRange=piece,
                        )["CopyPartResult"]
                        part = {"PartNumber": number, "ETag": answer["ETag"]}
                        if "ChecksumSHA256" in answer:
                            part["ChecksumSHA256"] = answer["ChecksumSHA256"]
                        parts.append(part)
                    self._complete(name, upload, parts, {})
                return
            except Refused as error:
                if error.code == "NoSuchKey":
                    raise
                if self._stands(name, blob):
                    return
        raise StoreError(f"cannot copy {source} in {self.place}: its upload was ended {_TRIES} times by somebody else")

    @contextlib.contextmanager
    def _upload(self, name: str, said: dict[str, Any]) -> Iterator[str]:
        """An upload's id. It is ended, and its parts removed, if the block fails, whatever the reason."""
        key = self.place.key(name)
        upload = str(
            self.calls.call(
                f"write {name}",
                "create_multipart_upload",
                whole="UploadId",
                Key=key,
                ChecksumAlgorithm="SHA256",
                **said,
                **self.place.encryption(),
            )["UploadId"]
        )
        try:
            yield upload
        except BaseException:
            with contextlib.suppress(Refused, StoreError):
                self._abort(key, upload)
            raise

    def _abort(self, key: str, upload: str) -> None:
        self.calls.call(
            "end an upload", "abort_multipart_upload", Key=key, UploadId=upload, expect=(404,), patient=False
        )

    def _part(self, name: str, operation: str, upload: str, number: int, **arguments: Any) -> dict[str, Any]:
        return self.calls.call(
            f"write {name}",
            operation,
            whole="ETag" if operation == "upload_part" else "CopyPartResult",
            Key=self.place.key(name),
            UploadId=upload,
            PartNumber=number,
            expect=(404,),
            **arguments,
        )

    def _complete(self, name: str, upload: str, parts: list[dict[str, Any]], condition: dict[str, Any]) -> None:
        self.calls.call(
            f"write {name}",
            "complete_multipart_upload",
            whole="ETag",
            Key=self.place.key(name),
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            expect=(404, 409, 412, "InvalidPart"),  # after a conflict (409) the whole upload has to start over
            **condition,
        )

    def _stands(self, name: str, blob: BlobRef) -> bool:
        try:
            there = self.calls.call(
                f"look for {name}", "head_object", whole="ContentLength", Key=self.place.key(name), expect=(404,)
            )
        except Refused:
            return False
        return bool(there["ContentLength"] == blob.bytes and there["Metadata"].get("sha256") == blob.sha256)

    def _tidy(self, name: str) -> None:
        """End uploads that nobody will: others of this blob, which is there now, and those that were left a day ago.

        An upload whose beginning was answered by a broken connection is known to nobody.
        """
        top, key, before = self.place.key("blobs/"), self.place.key(name), datetime.now(UTC) - _LEFTOVER
        with contextlib.suppress(StoreError):  # who may not list them leaves them to the lifecycle rule
            found = self.calls.call("list uploads", "list_multipart_uploads", whole="IsTruncated", Prefix=top)
            for one in found.get("Uploads", ()):
                if one["Key"] == key or one["Initiated"] < before:
                    with contextlib.suppress(Refused):
                        self._abort(one["Key"], one["UploadId"])


def said_of(sha256: str, size: int) -> dict[str, str]:
    """The metadata of every object: what it must be, beside the size that the server itself tells."""
    return {"sha256": sha256, "bytes": str(size)}


def checksum_of(sha256: str) -> str:
    """A sha256 as S3 writes it."""
    return _base64(bytes.fromhex(sha256))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
