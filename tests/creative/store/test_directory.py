"""What only a store in a directory has to mind."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from creative.errors import StoreError
from creative.store import open_store
from creative.store.directory import DirectoryStore


def test_fetch_is_the_stores_own_file(tmp_path: Path) -> None:
    store = open_store(tmp_path / "my store")
    blob = store.put_blob(b"bytes", "image/png")
    path = store.fetch(blob.sha256, tmp_path / "cache")
    assert path.is_relative_to(tmp_path / "my store" / "blobs" / blob.sha256[:2] / blob.sha256[2:4])
    assert not (tmp_path / "cache").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert store.uri(blob.sha256) == path.as_uri()
    assert "%20" in store.url
    assert open_store(store.url).id == store.id


def test_a_damaged_blob_is_found_and_mended(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    blob = store.put_blob(b"bytes", "image/png")
    path = store.fetch(blob.sha256, tmp_path)
    path.chmod(0o644)
    path.write_bytes(b"byte")
    with pytest.raises(StoreError, match="damaged"):
        store.get_blob(blob.sha256)
    store.put_blob(b"bytes", "image/png")
    assert store.get_blob(blob.sha256) == b"bytes"


def test_a_file_that_changes_while_it_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "store")
    media = tmp_path / "media"
    media.write_bytes(b"before")
    real = os.open

    def change_then_open(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_EXCL:
            media.write_bytes(b"after!")
        return real(path, flags, mode)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", change_then_open)
        with pytest.raises(StoreError, match="changed while"):
            store.put_blob(media, "image/png")
    assert not list((tmp_path / "store").rglob("*-*"))
    assert not [file for file in (tmp_path / "store" / "blobs").rglob("*") if file.is_file()]


def test_written_then_flushed_then_named_then_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut cannot be tried here; the order of calls that survives one can."""
    store = open_store(tmp_path / "store")
    store.create("a/first", b"1")
    calls: list[str] = []
    real_fsync, real_link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        calls.append("flush folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "flush file")
        real_fsync(descriptor)

    def link(*arguments: str) -> None:
        calls.append("name")
        real_link(*arguments)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    store.create("a/second", b"2")
    assert calls == ["flush file", "name", "flush folder"]
    calls.clear()
    assert not store.create("a/second", b"2")
    assert calls == ["flush folder"]
    calls.clear()
    store.create("b/c/third", b"3")
    assert calls == ["flush folder"] * 2 + ["flush file", "name", "flush folder"]


def test_old_leftovers_are_swept(tmp_path: Path) -> None:
    open_store(tmp_path).create("a", b"")
    old, new = tmp_path / ".incoming" / "1-old", tmp_path / ".incoming" / "1-new"
    for file in (old, new):
        file.write_bytes(b"half an obj")
    os.utime(old, (1, 1))
    assert list(open_store(tmp_path).names()) == ["a"]
    assert not old.exists()
    assert new.exists()


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(StoreError, match=r"not a store.*holiday\.jpg"):
        open_store(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="not a directory"):
        open_store(tmp_path / "file")
    with pytest.raises(StoreError, match="not a directory"):
        open_store(tmp_path / "file" / "store")


def test_a_newer_or_damaged_mark_is_refused(tmp_path: Path) -> None:
    mark = tmp_path / "store.json"
    mark.write_text(json.dumps({"id": "x", "schema": 2}))
    with pytest.raises(StoreError, match="newer version"):
        open_store(tmp_path)
    for text in ("", "[]", "{", '{"id": "x"}', '{"id": "x", "schema": "many"}'):
        mark.write_text(text)
        with pytest.raises(StoreError, match="damaged"):
            open_store(tmp_path)


def test_a_store_is_not_made_by_looking(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "new"):
        with pytest.raises(StoreError, match="no store"):
            open_store(folder, create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_failing_disk_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    store = open_store(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        for call in (lambda: store.create("a", b"data"), lambda: store.put_blob(b"data", "text/plain")):
            with pytest.raises(StoreError, match=words):
                call()
    assert list(store.names()) == []
    assert not list((tmp_path / ".incoming").iterdir())
    assert store.create("a", b"data")


def test_an_object_below_an_object_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.create("a", b"")
    with pytest.raises(StoreError):
        store.create("a/b", b"")
    assert store.read("a/b") is None


def test_the_same_store_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("out/store")
    assert isinstance(store, DirectoryStore)
    assert store.root == tmp_path / "out" / "store"
    assert open_store(tmp_path / "out" / "store").id == store.id
