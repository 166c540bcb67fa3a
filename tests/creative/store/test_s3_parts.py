"""Large blobs in S3: uploads and copies in parts, and what is left of those that end early."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from creative.store import Store, open_store, s3_uploads
from creative.store.files import Changed
from tests.creative.store.behind import PART, Behind, first
from tests.support.faults import FaultyProxy
from tests.support.seaweed import S3Server


@pytest.fixture
def store(s3_url: str) -> Store:
    return open_store(s3_url)


def test_large_blobs_go_in_parts(store: Store, behind: Behind, small_parts: None, tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(os.urandom(2 * PART + 7))
    blob = store.put_blob(file, "video/mp4")
    assert store.fetch(blob.sha256, tmp_path / "cache").read_bytes() == file.read_bytes()
    there = behind.head(f"blobs/{blob.sha256[:2]}/{blob.sha256}")
    assert (there["ContentLength"], there["ContentType"]) == (2 * PART + 7, "video/mp4")
    assert there["ETag"].endswith('-3"')
    assert behind.uploads() == []


def test_two_upload_the_same_at_once(s3_url: str, behind: Behind, small_parts: None) -> None:
    data = os.urandom(2 * PART)
    stores = [open_store(s3_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        blobs = list(pool.map(lambda store: store.put_blob(data, "video/mp4"), stores))
    assert len(set(blobs)) == 1
    assert stores[0].get_blob(blobs[0].sha256) == data
    assert behind.uploads() == []


def test_who_finds_the_blob_there_at_the_end_leaves_no_upload_either(
    s3_url: str, store: Store, behind: Behind, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(2 * PART)
    real = s3_uploads.Uploads._complete

    def late(self: s3_uploads.Uploads, name: str, upload: str, *more: Any) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(s3_uploads.Uploads, "_complete", real)
            open_store(s3_url).put_blob(data, "video/mp4")  # somebody else is quicker
        # one whose beginning was answered by a broken connection: nobody knows of it
        behind.client.create_multipart_upload(Bucket=behind.bucket, Key=f"{behind.prefix}/{name}")
        real(self, name, upload, *more)

    monkeypatch.setattr(s3_uploads.Uploads, "_complete", late)
    store.put_blob(data, "video/mp4")
    assert behind.uploads() == []


def test_half_an_etag_is_none(s3_server: S3Server, bucket: str, small_parts: None, short_waits: None) -> None:
    """Nothing but its missing quote tells it from a whole one."""
    with FaultyProxy(s3_server.endpoint, cut_in="ETag") as proxy:
        store = open_store(s3_server.store_url(bucket, "cut", proxy.endpoint))
        proxy.fault_of = first(["torn-answer"], "PUT", "partNumber=1")
        data = os.urandom(2 * PART)
        assert store.get_blob(store.put_blob(data, "video/mp4").sha256) == data
        methods = [(request.method, request.path) for request in proxy.seen]
        assert sum(method == "POST" and "uploads" in path for method, path in methods) == 1, "it started over"


def test_a_part_that_the_server_does_not_know_is_uploaded_again(
    store: Store, behind: Behind, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = s3_uploads.Uploads._complete

    def wrong(self: s3_uploads.Uploads, name: str, upload: str, parts: list[dict[str, Any]], *more: Any) -> None:
        monkeypatch.setattr(s3_uploads.Uploads, "_complete", real)
        real(self, name, upload, [part | {"ETag": f'"{"0" * 32}"'} for part in parts], *more)

    monkeypatch.setattr(s3_uploads.Uploads, "_complete", wrong)
    data = os.urandom(2 * PART)
    assert store.get_blob(store.put_blob(data, "video/mp4").sha256) == data
    assert behind.uploads() == []


def test_an_upload_that_fails_leaves_no_parts(
    store: Store, behind: Behind, small_parts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "film.mp4"
    real = s3_uploads.Uploads._part

    def broken(why: Callable[[], None]) -> Callable[..., dict[str, Any]]:
        def part(self: s3_uploads.Uploads, name: str, operation: str, upload: str, number: int, **more: Any) -> Any:
            if number == 2:
                assert behind.uploads()
                why()
            return real(self, name, operation, upload, number, **more)

        return part

    def interrupt() -> None:
        raise KeyboardInterrupt

    def change() -> None:
        file.write_bytes(b"1" * 3 * PART)

    for why, error in ((interrupt, KeyboardInterrupt), (file.unlink, None), (change, Changed)):
        file.write_bytes(bytes(3 * PART))
        with monkeypatch.context() as patched:
            patched.setattr(s3_uploads.Uploads, "_part", broken(why))
            if error is None:  # an open file can still be read
                store.delete_blob(store.put_blob(file, "video/mp4").sha256)
            else:
                with pytest.raises(error):
                    store.put_blob(file, "video/mp4")
        assert behind.uploads() == []
        assert behind.keys() == ["store.json"]


def test_a_process_killed_while_it_uploads(
    s3_server: S3Server, bucket: str, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(2 * PART + 1)
    sha256 = hashlib.sha256(data).hexdigest()
    reached, gate = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if method == "PUT" and "partNumber=2" in path:
            reached.set()
            gate.wait(60)

    with FaultyProxy(s3_server.endpoint, fault_of=hold) as proxy:
        url = s3_server.store_url(bucket, "killed", proxy.endpoint)
        store, behind = open_store(s3_server.store_url(bucket, "killed")), Behind(s3_server, url)
        script = [sys.executable, str(Path(__file__).with_name("upload.py")), url, str(len(data)), str(PART)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with subprocess.Popen(script, env=environment, stdout=subprocess.DEVNULL) as process:
            assert reached.wait(60)
            process.kill()
        gate.set()
        assert not store.has_blob(sha256)
        assert behind.keys() == ["store.json"]
        assert len(behind.uploads()) == 1
    monkeypatch.setattr(s3_uploads, "_LEFTOVER", timedelta(0))  # as if a day had passed
    store.put_blob(bytes(2 * PART + 2), "video/mp4")
    assert behind.uploads() == []
    assert store.put_blob(data, "video/mp4").sha256 == sha256


def test_copies_of_very_large_blobs_go_in_parts(
    store: Store, behind: Behind, small_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_uploads, "LARGEST_COPY", PART)
    monkeypatch.setattr(s3_uploads, "COPIED_PART", PART)
    data = os.urandom(2 * PART + 9)
    uri = store.publish("c/film.mp4", store.put_blob(data, "video/mp4"), "video/mp4")
    assert uri == f"s3://{behind.bucket}/{behind.prefix}/published/c/film.mp4"
    there = behind.head("published/c/film.mp4")
    assert (there["ContentLength"], there["ContentType"]) == (len(data), "video/mp4")
    answer = behind.client.get_object(Bucket=behind.bucket, Key=f"{behind.prefix}/published/c/film.mp4")
    assert answer["Body"].read() == data
    assert behind.uploads() == []
