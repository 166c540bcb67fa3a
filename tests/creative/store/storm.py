"""Many operations at once through a faulty proxy, and the questions afterwards: did all succeed, is all of it true?"""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creative.store import Store, open_store, s3_uploads
from tests.support.faults import FaultyProxy
from tests.support.seaweed import S3Server

_RACERS = 4


@dataclass
class Storm:
    """What happened. `winners` maps a contested name to those who were told that they made it."""

    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    winners: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    blobs: set[str] = field(default_factory=set)
    names: dict[str, bytes] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)


def storm(
    server: S3Server, bucket: str, operations: int, rate: float, seed: int, cache: Path, threads: int = 16
) -> Storm:
    """`operations` calls of a store's methods, of all kinds, by `threads` threads, at `rate` faults a request."""
    seen = Storm()
    lock = threading.Lock()
    with FaultyProxy(server.endpoint, rate, seed) as proxy:
        prefix = f"storm-{seed}-{rate}"
        store = open_store(server.store_url(bucket, prefix, proxy.endpoint))
        work = _Work(store, seen, lock, cache)
        draw = random.Random(seed)
        kinds = [*work.kinds] * (operations // len(work.kinds) + 1)
        draw.shuffle(kinds)
        tasks: list[tuple[str, int]] = []
        for number, kind in enumerate(kinds):
            tasks += [(kind, number)] * (_RACERS if kind == "race" else 1)

        def one(task: tuple[str, int]) -> None:
            kind, number = task
            try:
                work.kinds[kind](number)
            except AssertionError as error:
                with lock:
                    seen.wrong.append(f"{kind} {number}: {error}")
            except Exception as error:  # noqa: BLE001  whatever it is, it is counted and shown
                with lock:
                    seen.failed.append(f"{kind} {number}: {error!r}")
            with lock:
                seen.done[kind] += 1

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, tasks[:operations]))
        seen.faults = proxy.counts
    _look_behind(server, bucket, prefix, seen)
    return seen


class _Work:
    """One method a kind of operation; each checks what it was answered."""

    def __init__(self, store: Store, seen: Storm, lock: threading.Lock, cache: Path) -> None:
        self.store, self.seen, self.lock, self.cache = store, seen, lock, cache
        self.kinds: dict[str, Callable[[int], None]] = {
            "put": self.put,
            "large": self.large,
            "get": self.get,
            "fetch": self.fetch,
            "missing": self.missing,
            "create": self.create,
            "race": self.race,
            "names": self.names,
            "delete": self.delete,
            "publish": self.publish,
        }

    def _blob(self, number: int, size: int = 0) -> str:
        data = f"blob {number} ".encode() * (number % 300)
        data += bytes(size)
        blob = self.store.put_blob(data, "text/plain")
        assert blob.sha256 == hashlib.sha256(data).hexdigest()
        with self.lock:
            self.seen.blobs.add(blob.sha256)
        return blob.sha256

    def put(self, number: int) -> None:
        self._blob(number % 97)

    def large(self, number: int) -> None:
        self._blob(number % 29, s3_uploads.LARGE + 1)

    def get(self, number: int) -> None:
        sha256 = self._blob(number % 7)
        assert hashlib.sha256(self.store.get_blob(sha256)).hexdigest() == sha256

    def fetch(self, number: int) -> None:
        sha256 = self._blob(number % 11)
        assert hashlib.sha256(self.store.fetch(sha256, self.cache / str(number)).read_bytes()).hexdigest() == sha256

    def missing(self, number: int) -> None:
        assert not self.store.has_blob(hashlib.sha256(f"missing {number}".encode()).hexdigest())
        assert self.store.read(f"missing/{number}") is None

    def create(self, number: int) -> None:
        name, data = f"made/{number}.json", b"%d" % number * (number % 50)
        assert self.store.create(name, data), "somebody else is said to have made it"
        with self.lock:
            self.seen.names[name] = data
        assert self.store.read(name) == data

    def race(self, number: int) -> None:
        # Every second race is of equal objects: who won cannot be seen in the bytes.
        data = b"equal" if number % 2 else b"of thread %d" % threading.get_ident()
        if self.store.create(f"race/{number}.json", data):
            with self.lock:
                self.seen.winners[f"race/{number}.json"].append(data)

    def names(self, number: int) -> None:
        for i in range(3):
            assert self.store.create(f"listed/{number}/{i}", b"")
        assert list(self.store.names(f"listed/{number}/")) == [f"listed/{number}/{i}" for i in range(3)]

    def delete(self, number: int) -> None:
        assert self.store.create(f"gone/{number}", b"1")
        self.store.delete(f"gone/{number}")
        assert self.store.read(f"gone/{number}") is None

    def publish(self, number: int) -> None:
        data = f"shown {number}".encode()
        blob = self.store.put_blob(data, "image/png")
        self.store.publish(f"ads/{number}.png", blob, "image/png")
        self.store.publish(f"ads/{number}.json", data, "application/json")
        with self.lock:
            self.seen.shown |= {f"ads/{number}.png": data, f"ads/{number}.json": data}


def _look_behind(server: S3Server, bucket: str, prefix: str, seen: Storm) -> None:
    """Read the whole of the bucket without the proxy: nothing torn, nothing lost, one winner each."""
    client = server.client()
    found = _objects(client, bucket, prefix)
    for name, (data, metadata) in found.items():
        sha256 = hashlib.sha256(data).hexdigest()
        if metadata.get("sha256") != sha256 or metadata.get("bytes") != str(len(data)):
            seen.wrong.append(f"{name} is torn")
        if name.startswith("blobs/") and not name.endswith(f"/{sha256}"):
            seen.wrong.append(f"{name} has other bytes")
    for sha256 in seen.blobs:
        if f"blobs/{sha256[:2]}/{sha256}" not in found:
            seen.wrong.append(f"the blob {sha256} was acknowledged, and is not there")
    for name, data in [*seen.names.items(), *((f"published/{path}", data) for path, data in seen.shown.items())]:
        if found.get(name, (None, {}))[0] != data:
            seen.wrong.append(f"{name} was acknowledged, and is not there")
    raced = {name for name in found if name.startswith("race/")}
    for name in raced | seen.winners.keys():
        won = seen.winners.get(name, [])
        if len(won) != 1 or found.get(name, (b"", {}))[0] != won[0]:
            seen.wrong.append(f"{name} has {len(won)} winners")
    uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=f"{prefix}/").get("Uploads", ())
    if uploads:
        seen.wrong.append(f"{len(uploads)} uploads were left: {[one['Key'] for one in uploads][:3]}")


def _objects(client: Any, bucket: str, prefix: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]

    def read(key: str) -> tuple[bytes, dict[str, str]]:
        answer = client.get_object(Bucket=bucket, Key=key)
        return answer["Body"].read(), answer["Metadata"]

    with ThreadPoolExecutor(8) as pool:
        return dict(zip((key.removeprefix(f"{prefix}/") for key in keys), pool.map(read, keys), strict=True))
