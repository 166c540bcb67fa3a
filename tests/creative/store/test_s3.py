"""What only a store in S3 has to mind: answers that are lost or torn, damage, forks."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from creative.errors import DamagedStoreError, StoreError
from creative.records import Receipt
from creative.store import Store, open_store, s3_reads, write_receipt
from creative.store.healing import heal
from tests.creative.store.behind import PART, Behind, first
from tests.support.faults import FAULTS, Fault, FaultyProxy
from tests.support.seaweed import S3Server


@pytest.fixture
def store(s3_url: str) -> Store:
    return open_store(s3_url)


def test_the_layout(store: Store, behind: Behind) -> None:
    blob = store.put_blob(b"picture", "image/png")
    write_receipt(store, Receipt(key="ab" * 32, recipe={}, outputs={"o": blob}, inputs={}, seconds=1))
    store.publish("c/one.png", blob, "image/png")
    store.create("campaigns/c/cells/x.json.gz", b"")
    assert behind.keys() == [
        f"blobs/{blob.sha256[:2]}/{blob.sha256}",
        "campaigns/c/cells/x.json.gz",
        "published/c/one.png",
        f"receipts/ab/{'ab' * 32}.json",
        "store.json",
    ]
    keys = behind.keys()
    assert store.uri(blob.sha256) == f"s3://{behind.bucket}/{behind.prefix}/{keys[0]}"
    types = [behind.head(key)["ContentType"] for key in keys]
    assert types == ["image/png", "application/gzip", "image/png", "application/json", "application/json"]
    assert 'filename="one.png"' in behind.head("published/c/one.png")["ContentDisposition"]
    assert all("ChecksumSHA256" in behind.head(key) for key in keys)


def test_the_second_time_nothing_is_written(s3_server: S3Server, bucket: str, small_parts: None) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        store = open_store(s3_server.store_url(bucket, "twice", proxy.endpoint))
        for again in (False, True):
            before = len(proxy.written())
            blob = store.put_blob(b"picture", "image/png")
            large = store.put_blob(bytes(PART + 1), "video/mp4")
            store.publish("a.png", blob, "image/png")
            store.publish("a.mp4", large, "video/mp4")
            store.publish("a.json", b"{}", "application/json")
            open_store(store.url)
            assert (len(proxy.written()) == before) == again


def test_every_write_is_encrypted_and_has_its_checksum(s3_server: S3Server, bucket: str, small_parts: None) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        url = s3_server.store_url(bucket, "encrypted", proxy.endpoint) + "&sse=AES256"
        store = open_store(url)
        small, large = store.put_blob(b"picture", "image/png"), store.put_blob(bytes(PART + 1), "video/mp4")
        assert store.create("a/b.json", b"{}")
        store.publish("a.png", small, "image/png")
        store.publish("a.json", b"{}", "application/json")
        assert (store.get_blob(small.sha256), store.read("a/b.json")) == (b"picture", b"{}")
        assert store.get_blob(large.sha256) == bytes(PART + 1)
        writes = [one for one in proxy.written() if "partNumber" not in one.path and "uploadId" not in one.path]
        assert len(writes) == 6
        assert all(one.headers.get("x-amz-server-side-encryption") == "AES256" for one in writes)
        bodies = [one for one in proxy.written() if one.method == "PUT" and "x-amz-copy-source" not in one.headers]
        assert all("x-amz-checksum-sha256" in one.headers for one in bodies)
    behind = Behind(s3_server, url)
    keys = behind.keys()
    assert {behind.head(key)["ServerSideEncryption"] for key in keys} == {"AES256"}


@pytest.mark.parametrize("fault", FAULTS)
def test_whose_object_it_is_when_answers_are_lost(
    s3_server: S3Server, bucket: str, fault: Fault, short_waits: None
) -> None:
    """Seven faults in a row, more than boto3's attempts: still ours if we made it, still not if another did."""
    with FaultyProxy(s3_server.endpoint) as proxy:
        ours = open_store(s3_server.store_url(bucket, f"lost-{fault}", proxy.endpoint))
        theirs = open_store(s3_server.store_url(bucket, f"lost-{fault}"))
        proxy.fault_of = first([fault] * 7, "PUT", "ours")
        assert ours.create("race/ours", b"equal")
        assert not theirs.create("race/ours", b"equal")
        assert theirs.create("race/theirs", b"equal")
        proxy.fault_of = first([fault] * 7, "PUT", "theirs")
        assert not ours.create("race/theirs", b"equal")
        proxy.fault_of = first([fault] * 7, "GET", "race")
        assert ours.read("race/ours") == b"equal"
        assert list(ours.names("race/")) == ["race/ours", "race/theirs"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_an_answer_that_is_cut_anywhere_is_no_answer(
    s3_server: S3Server, bucket: str, short_waits: None, method: str
) -> None:
    """In the status line, a header's name or value, between headers, in the body: a stride that meets all of them."""
    with FaultyProxy(s3_server.endpoint) as proxy:
        store = open_store(s3_server.store_url(bucket, f"cut-{method}", proxy.endpoint))
        blob = store.put_blob(b"picture", "image/png")
        assert store.create("n/first", b"first")
        for proxy.cut_at in range(1, 700, 11):
            proxy.fault_of = first(["torn-answer"] * 2, method, "")
            match method:
                case "GET":
                    assert store.read("n/first") == b"first"
                    proxy.fault_of = first(["torn-answer"], method, "list-type")
                    assert next(store.names("n/")) == "n/first"
                case "HEAD":
                    assert store.size_of(blob.sha256) == 7
                case "PUT":
                    assert store.create(f"n/{proxy.cut_at}", b"equal")
        assert proxy.counts["torn-answer"] >= 64


def test_half_a_date_is_no_answer(s3_server: S3Server, bucket: str, short_waits: None) -> None:
    with FaultyProxy(s3_server.endpoint, cut_in="Last-Modified", cut_by=28) as proxy:
        store = open_store(s3_server.store_url(bucket, "date", proxy.endpoint))
        blob = store.put_blob(b"picture", "image/png")
        proxy.fault_of = first(["torn-answer"], "HEAD", "")
        assert store.size_of(blob.sha256) == 7
        assert proxy.counts["torn-answer"] == 1


def test_of_sixteen_creators_one_wins(s3_server: S3Server, bucket: str) -> None:
    url = s3_server.store_url(bucket, "sixteen")
    gate = threading.Barrier(16)

    def create(_: int) -> tuple[str, list[bool]]:
        gate.wait()
        store = open_store(url)
        return store.id, [store.create(f"race/{i}", b"equal") for i in range(5)]

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(create, range(16)))
    assert len({id for id, _ in seen}) == 1
    assert [sum(won[i] for _, won in seen) for i in range(5)] == [1] * 5


def test_a_conflict_is_tried_again(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, short_waits: None
) -> None:
    """409 is what S3 says when others write or remove the same key at that moment; this server never does."""
    from botocore.exceptions import ClientError

    store = open_store(s3_server.store_url(bucket, "conflict"))
    client = store._calls.client  # type: ignore[attr-defined]
    real, conflicts = client.put_object, iter([True, True])

    def put_object(**arguments: Any) -> Any:
        if next(conflicts, False):
            error = {"Code": "ConditionalRequestConflict", "Message": ""}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 409}}, "PutObject")  # type: ignore[typeddict-item]
        return real(**arguments)

    monkeypatch.setattr(client, "put_object", put_object)
    assert store.create("a", b"1")
    assert not store.create("a", b"2")


def test_names_come_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_reads, "PAGE", 2)
    names = ["a-/x", "a/b", "a/b-c", "a/c.json", "a/c/d", "ab", "b/1", "b/10", "b/2"]
    for name in names:
        store.create(f"p/{name}", b"")
        store.put_blob(name.encode(), "text/plain")
    assert list(store.names("p/")) == [f"p/{name}" for name in names]
    assert list(store.names("p/a/")) == [f"p/{name}" for name in names[1:5]]
    assert list(store.names("p")) == list(store.names()) == [f"p/{name}" for name in names]


def test_a_damaged_blob_is_found_and_mended(store: Store, behind: Behind, tmp_path: Path) -> None:
    blob = store.put_blob(b"bytes", "image/png")
    name = f"blobs/{blob.sha256[:2]}/{blob.sha256}"
    behind.put(name, b"bytEs")
    for call in (lambda: store.get_blob(blob.sha256), lambda: store.fetch(blob.sha256, tmp_path)):
        with pytest.raises(DamagedStoreError, match="damaged"):
            call()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    behind.put(name, b"byte")
    assert store.size_of(blob.sha256) == 4
    store.put_blob(b"bytes", "image/png")
    assert store.get_blob(blob.sha256) == b"bytes"


def test_a_blob_with_a_flipped_byte_is_not_published(store: Store, behind: Behind, small_parts: None) -> None:
    for size in (100, PART + 1):  # the second is uploaded in parts, and has no checksum of the whole
        data = os.urandom(size)
        blob = store.put_blob(data, "image/png")
        name = f"blobs/{blob.sha256[:2]}/{blob.sha256}"
        assert store.publish(f"{size}-sound.png", blob, "image/png")
        flipped = bytes([data[0] ^ 1]) + data[1:]
        for more in ({}, {"ChecksumAlgorithm": "SHA256"}, {"Metadata": {"sha256": blob.sha256, "bytes": str(size)}}):
            behind.put(name, flipped, **more)
            with pytest.raises(DamagedStoreError, match="damaged"):
                store.publish(f"{size}.png", blob, "image/png")
        store.delete_blob(blob.sha256)
        with pytest.raises(DamagedStoreError, match="no blob"):
            store.publish(f"{size}.png", blob, "image/png")
    assert list(store.published()) == ["100-sound.png", f"{PART + 1}-sound.png"]


class Known:
    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget_steps(self, keys: list[str]) -> None:
        self.forgotten += keys

    def step_keys(self, after: str, until: str, most: int) -> list[str]:
        return []


def test_healing_forgets_what_is_lost_and_nothing_else(s3_server: S3Server, bucket: str, short_waits: None) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        store = open_store(s3_server.store_url(bucket, "healed", proxy.endpoint))
        for letter in "ab":
            blob = store.put_blob(letter.encode(), "text/plain")
            write_receipt(store, Receipt(key=letter * 64, recipe={}, outputs={"o": blob}, inputs={}, seconds=1))
        store.delete_blob(blob.sha256)
        index = Known()
        proxy.fault_of = lambda method, path: "dropped-before" if "/blobs/" in path else None
        with pytest.raises(StoreError) as caught:
            heal(store, index)
        assert not isinstance(caught.value, DamagedStoreError)
        assert (caught.value.exit_code, index.forgotten) == (75, [])
        proxy.fault_of = None
        assert heal(store, index) == 1
        assert index.forgotten == ["b" * 64]


def test_a_cache_is_shared(s3_url: str, tmp_path: Path) -> None:
    store = open_store(s3_url)
    blob = store.put_blob(os.urandom(3_000_000), "video/mp4")
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: store.fetch(blob.sha256, tmp_path), range(16)))
    [path] = paths
    assert hashlib.sha256(path.read_bytes()).hexdigest() == blob.sha256
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]
    store.delete_blob(blob.sha256)
    assert store.fetch(blob.sha256, tmp_path) == path
    with pytest.raises(DamagedStoreError, match=blob.sha256):
        store.fetch(blob.sha256, tmp_path / "other")


def test_forks_and_copies(s3_url: str, script: Callable[..., str]) -> None:
    seen = [json.loads(line) for line in script("forked.py", s3_url).splitlines()]
    assert sorted(itertools.chain(*(one["won"] for one in seen))) == list(range(8))
    assert list(open_store(s3_url).names("child/")) == [f"child/{i}" for i in range(8)]


def test_the_endpoint_of_the_environment_travels_with_the_url(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL_S3", s3_server.endpoint)
        patched.setenv("AWS_DEFAULT_REGION", "eu-west-3")
        store = open_store(f"s3://{bucket}/travel")
    assert store.url == f"s3://{bucket}/travel?endpoint={s3_server.endpoint}&region=eu-west-3"
    assert open_store(store.url).id == store.id
    assert store.uri("0" * 64) == f"s3://{bucket}/travel/blobs/00/{'0' * 64}"
