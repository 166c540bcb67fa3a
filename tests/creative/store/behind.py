"""Looking at a store in S3 behind its back, and faults for some of its requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.support.faults import Fault
from tests.support.seaweed import S3Server

PART = 5 << 20
"""The least that S3 takes for a part that is not the last."""


class Behind:
    """A store's keys, looked at without the store."""

    def __init__(self, server: S3Server, url: str) -> None:
        parts = urlsplit(url)
        self.client, self.bucket, self.prefix = server.client(), parts.netloc, parts.path[1:]

    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}/").get("Contents", ())
        return sorted(one["Key"].removeprefix(f"{self.prefix}/") for one in found)

    def head(self, name: str) -> dict[str, Any]:
        return dict(self.client.head_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}", ChecksumMode="ENABLED"))

    def put(self, name: str, data: bytes, **more: Any) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}", Body=data, **more)

    def uploads(self) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=f"{self.prefix}/").get("Uploads", ())
        return [one["Key"] for one in found]


def first(faults: list[Fault], method: str, part: str) -> Callable[[str, str], Fault | None]:
    """These faults, one after another, for the requests with this method and this in their path."""
    left = iter(faults)

    def fault_of(asked: str, path: str) -> Fault | None:
        return next(left, None) if asked == method and part in path else None

    return fault_of
