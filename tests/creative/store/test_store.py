"""What every store must do, whatever it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creative.errors import StoreError, UsageError
from creative.store import Log, Store, open_store, read_receipt
from tests.support.store_records import receipt

BYTES = b"some bytes"
SHA = hashlib.sha256(BYTES).hexdigest()


def test_it_keeps_its_id(url: str, store: Store) -> None:
    assert len(store.id) == 32
    assert open_store(url).id == open_store(store.url).id == store.id


def test_blob_from_bytes(store: Store, tmp_path: Path) -> None:
    assert not store.has_blob(SHA)
    blob = store.put_blob(BYTES, "image/png")
    assert (blob.sha256, blob.bytes, blob.type) == (SHA, len(BYTES), "image/png")
    assert store.has_blob(SHA)
    assert store.get_blob(SHA) == BYTES
    assert store.fetch(SHA, tmp_path / "cache").read_bytes() == BYTES
    assert store.put_blob(BYTES, "image/png") == blob


def test_blob_from_a_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(BYTES * 300_000)
    blob = store.put_blob(file, "video/mp4")
    assert blob.bytes == len(BYTES) * 300_000
    assert store.get_blob(blob.sha256) == file.read_bytes()
    assert file.exists()


def test_an_empty_blob(store: Store) -> None:
    blob = store.put_blob(b"", "text/plain")
    assert (store.get_blob(blob.sha256), blob.bytes) == (b"", 0)


def test_a_missing_blob_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=SHA):
        store.get_blob(SHA)
    with pytest.raises(StoreError, match=SHA):
        store.fetch(SHA, tmp_path)
    with pytest.raises(StoreError, match=r"missing\.png"):
        store.put_blob(tmp_path / "missing.png", "image/png")


def test_a_deleted_blob_is_gone(store: Store) -> None:
    store.put_blob(BYTES, "image/png")
    store.delete_blob(SHA)
    store.delete_blob(SHA)
    assert not store.has_blob(SHA)


def test_the_uri_names_the_digest(store: Store) -> None:
    assert store.uri(SHA).endswith(SHA)
    assert store.uri(SHA).startswith(("file:///", "s3://"))


@pytest.mark.parametrize("bad", ["", "abc", SHA.upper(), "../" + SHA, SHA + "\n", "g" * 64])
def test_only_a_digest_names_a_blob(store: Store, bad: str, tmp_path: Path) -> None:
    for ask in (store.has_blob, store.get_blob, store.uri, store.delete_blob, lambda sha: store.fetch(sha, tmp_path)):
        with pytest.raises(UsageError):
            ask(bad)


def test_an_object_is_made_once(store: Store) -> None:
    assert store.read("a/b.json") is None
    assert store.create("a/b.json", b"first")
    assert not store.create("a/b.json", b"second")
    assert store.read("a/b.json") == b"first"
    store.delete("a/b.json")
    store.delete("a/b.json")
    assert store.read("a/b.json") is None
    assert store.create("a/b.json", b"third")


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            ".hidden",
            "a/.hidden",
            "a/./b",
            "a\\b",
            "a b",
            "ä",
            "a\0b",
        ),
        *("blobs/x", "store.json", "x" * 201, "a\n", "/".join(["aaaa"] * 300)),
    ],
)
def test_names_that_lead_elsewhere_are_refused(store: Store, bad: str) -> None:
    for call in (store.read, store.delete, lambda name: store.create(name, b"")):
        with pytest.raises(UsageError):
            call(bad)


def test_names_are_listed_in_order(store: Store) -> None:
    names = ["a-/x", "a/b", "a/b-c", "a/c/d", "a/c.json", "ab", "b/1", "b/10", "b/2"]
    for name in reversed(names):
        store.create(name, b"")
    store.put_blob(BYTES, "text/plain")
    assert list(store.names()) == sorted(names)
    assert list(store.names("a/")) == sorted(name for name in names if name.startswith("a/"))
    assert list(store.names("a")) == sorted(name for name in names if name.startswith("a"))
    assert list(store.names("b/1")) == ["b/1", "b/10"]
    assert list(store.names("nothing/")) == []
    with pytest.raises(UsageError):
        list(store.names("../"))


PARTS = st.text("ab-.1", min_size=1, max_size=3).filter(lambda part: part[0] not in "-.")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.sets(st.lists(PARTS, min_size=2, max_size=2).map("/".join), max_size=8),
    prefix=st.text("ab-.1/", max_size=4),
)
def test_a_prefix_is_a_beginning_of_the_name(store: Store, names: set[str], prefix: str) -> None:
    for name in [*store.names("hyp/")]:
        store.delete(name)
    for name in names:
        store.create(f"hyp/{name}", b"")
    wanted = sorted(f"hyp/{name}" for name in names if name.startswith(prefix))
    try:
        assert list(store.names(f"hyp/{prefix}")) == wanted
    except UsageError:
        assert not wanted


def test_of_eight_processes_one_wins(url: str, script: Callable[..., str]) -> None:
    names = 12 if url.startswith("s3:") else 40
    crowd = [json.loads(line) for line in script("crowd.py", url, str(names)).splitlines()]
    store = open_store(url)
    assert {one["id"] for one in crowd} == {store.id}
    winners = {name: one["who"] for one in crowd for name in one["won"]}
    assert sum(len(one["won"]) for one in crowd) == len(winners) == names
    for name, who in winners.items():
        assert store.read(name) == b"%d" % who
    for i in range(10):
        standing = read_receipt(store, f"{i:064x}")
        assert standing is not None
        assert {one["standing"][i] for one in crowd} == {standing.seconds}
    entries = list(Log(store, "together").entries())
    assert [entry.n for entry in entries] == list(range(1, 8 * (names // 4) + 1))
    for one in crowd:
        mine = [entry.n for entry in entries if entry.data["who"] == one["who"]]
        assert mine == one["entries"]


def test_a_crash_anywhere_loses_and_tears_nothing(tmp_path: Path, script: Callable[..., str]) -> None:
    points = int(script("crash.py", str(tmp_path)))
    assert points > 80
    for at in range(points + 1):
        folder = tmp_path / str(at)
        store = open_store(folder / "store")
        for name in store.names():
            data = store.read(name)
            assert data
            if name.endswith(".json"):
                json.loads(data)
        for file in (folder / "store" / "blobs").rglob("*"):
            assert not file.is_file() or store.get_blob(file.name) is not None
        for line in (folder / "acknowledged").read_text().splitlines():
            what, of = line.split()
            match what:
                case "id":
                    assert store.id == of
                case "blob":
                    assert store.has_blob(of)
                case "receipt":
                    assert read_receipt(store, of) == receipt(of)
                case "entry":
                    assert Log(store, "c").read(int(of)) is not None
                case "window":
                    assert store.read(of)
                case "tree":
                    assert len(list((folder / "ads").rglob("*.jpg"))) == 1
        assert Log(store, "c").append("run", {}).n == len(list(Log(store, "c").entries()))


def test_urls() -> None:
    for url in ("http://host/x", "file://elsewhere/x", ""):
        with pytest.raises(UsageError):
            open_store(url)
