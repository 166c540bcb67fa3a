"""What is published: copies under readable names, replaceable, whole."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from creative.errors import DamagedStoreError, UsageError
from creative.records import BlobRef
from creative.store import Store, open_store
from tests.support.seaweed import S3Server

Look = Callable[[str], bytes]


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """What others find at a URI."""

    def read(uri: str) -> bytes:
        parts = urlsplit(uri)
        if parts.scheme == "file":
            return Path(unquote(parts.path)).read_bytes()
        server: S3Server = request.getfixturevalue("s3_server")
        return bytes(server.client().get_object(Bucket=parts.netloc, Key=parts.path[1:])["Body"].read())

    return read


def test_bytes_and_blobs_are_found_under_their_names(store: Store, look: Look) -> None:
    blob = store.put_blob(b"picture", "application/octet-stream")
    picture = store.publish("c/2026/one.jpg", blob, "image/jpeg")
    feed = store.publish("c/feed.json", b"{}", "application/json")
    assert picture.endswith("/published/c/2026/one.jpg")
    assert (look(picture), look(feed)) == (b"picture", b"{}")
    assert list(store.published()) == ["c/2026/one.jpg", "c/feed.json"]
    assert list(store.published("c/20")) == ["c/2026/one.jpg"]
    assert list(store.published("d")) == []
    assert store.get_blob(blob.sha256) == b"picture"


def test_the_newest_stands(store: Store, look: Look) -> None:
    for data in (b"first", b"second", b"", b"second"):
        assert look(store.publish("feed.json", data, "application/json")) == data
    blob = store.put_blob(b"blob", "image/png")
    assert look(store.publish("feed.json", blob, "image/png")) == b"blob"
    store.unpublish("feed.json")
    store.unpublish("feed.json")
    assert list(store.published()) == []
    assert store.has_blob(blob.sha256)


def test_it_is_a_copy(store: Store, look: Look) -> None:
    """Whoever writes into what is published, or removes its blob, does not reach the other."""
    blob = store.put_blob(b"picture", "image/png")
    uri = store.publish("a.png", blob, "image/png")
    store.delete_blob(blob.sha256)
    assert look(uri) == b"picture"


def test_what_is_published_is_no_named_object(store: Store) -> None:
    store.publish("c/feed.json", b"{}", "application/json")
    store.create("c/feed.json", b"other")
    assert list(store.names()) == ["c/feed.json"]
    assert store.read("c/feed.json") == b"other"
    for call in (store.read, store.delete, lambda name: store.create(name, b"")):
        with pytest.raises(UsageError):
            call("published/c/feed.json")


def test_a_blob_that_is_gone_or_of_another_size_is_not_published(store: Store) -> None:
    missing = BlobRef(sha256="0" * 64, bytes=3, type="image/png")
    blob = store.put_blob(b"picture", "image/png")
    for bad in (missing, blob.model_copy(update={"bytes": 3})):
        with pytest.raises(DamagedStoreError, match=bad.sha256):
            store.publish("a.png", bad, "image/png")
    assert list(store.published()) == []


@pytest.mark.parametrize("bad", ["", "/a", "a/", "../a", "a/../../store.json", ".a", "a b", "ä", "a//b", "x" * 201])
def test_paths_that_lead_elsewhere_are_refused(store: Store, bad: str) -> None:
    for call in (lambda path: store.publish(path, b"", "text/plain"), store.unpublish):
        with pytest.raises(UsageError):
            call(bad)


def test_one_of_many_writers_stands_whole(store: Store, look: Look) -> None:
    versions = [hashlib.sha256(b"%d" % i).digest() * 3000 for i in range(6)]
    uris: list[str] = []

    def publish(data: bytes) -> None:
        uris.append(store.publish("c/feed.json", data, "application/json"))

    threads = [threading.Thread(target=publish, args=(data,)) for data in versions]
    for thread in threads:
        thread.start()
    seen = []
    for thread in threads:
        thread.join()
        seen.append(look(uris[0]))
    assert all(data in versions for data in seen)


def test_a_published_file_is_its_own(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    blob = store.put_blob(b"picture", "image/png")
    path = Path(unquote(urlsplit(store.publish("a.png", blob, "image/png")).path))
    assert (path.stat().st_nlink, path.is_symlink()) == (1, False)
    before = path.stat().st_ino
    store.publish("a.png", blob, "image/png")
    assert path.stat().st_ino == before
    path.write_bytes(b"retouched")
    store.publish("a.png", blob, "image/png")
    assert path.read_bytes() == b"picture"


def test_a_damaged_blob_is_not_published(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    blob = store.put_blob(b"picture", "image/png")
    file = store.fetch(blob.sha256, tmp_path)
    file.chmod(0o644)
    file.write_bytes(b"pictuRe")
    with pytest.raises(DamagedStoreError, match="damaged"):
        store.publish("a.png", blob, "image/png")
    assert list(store.published()) == []
