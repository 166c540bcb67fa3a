"""Healing: what is gone or damaged is forgotten, what is sound stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.records import Receipt
from creative.store import Store, open_store, read_receipt, write_receipt
from creative.store.healing import heal
from creative.store.receipts import delete_receipt


class Known:
    """An index that remembers what it was told to forget."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.forgotten: list[str] = []

    def forget_steps(self, keys: list[str]) -> None:
        self.known.difference_update(keys)
        self.forgotten += keys

    def step_keys(self, after: str, until: str, most: int) -> list[str]:
        return sorted(key for key in self.known if after < key <= until)[:most]


def _made(store: Store, key: str, *blobs: bytes, **inputs: str) -> str:
    outputs = {f"o{number}": store.put_blob(data, "text/plain") for number, data in enumerate(blobs)}
    write_receipt(store, Receipt(key=key, recipe={}, outputs=outputs, inputs=inputs, seconds=0.1))
    return outputs["o0"].sha256


def test_only_steps_that_lost_something_are_forgotten(tmp_path: Path) -> None:
    store, index = open_store(str(tmp_path / "store")), Known()
    keys = [letter * 64 for letter in "abcd"]
    _made(store, keys[0], b"sound")
    gone = _made(store, keys[1], b"gone", b"sound")
    damaged = store.fetch(_made(store, keys[2], b"damaged"), tmp_path)
    store.delete_blob(gone)
    damaged.chmod(0o644)
    damaged.write_bytes(b"damage!")
    (tmp_path / "store" / "receipts" / "dd").mkdir(parents=True, exist_ok=True)
    (tmp_path / "store" / "receipts" / "dd" / f"{keys[3]}.json").write_text("not a receipt")
    assert heal(store, index) == 3
    assert index.forgotten == keys[1:]
    assert [read_receipt(store, key) is not None for key in keys] == [True, False, False, False]
    assert store.has_blob(store.put_blob(b"sound", "text/plain").sha256)
    assert heal(store, index) == 0
    assert store.get_blob(store.put_blob(b"damaged", "text/plain").sha256) == b"damaged"


def test_what_only_the_index_knows_is_forgotten(tmp_path: Path) -> None:
    store, index = open_store(str(tmp_path / "store")), Known()
    keys = [f"{number:064x}" for number in range(0, 3000, 7)]
    for key in keys[::5]:
        _made(store, key, b"sound")
    index.known = set(keys)
    assert heal(store, index) == len(keys) - len(keys[::5])
    assert index.known == set(keys[::5])
    assert heal(store, index) == 0
    for key in keys[::5]:
        delete_receipt(store, key)
    assert (heal(store, index), index.known) == (len(keys[::5]), set())


def test_an_ingested_file_that_is_damaged_makes_room_for_itself(tmp_path: Path) -> None:
    store, index = open_store(str(tmp_path / "store")), Known()
    photo, other = (store.put_blob(data, "image/png").sha256 for data in (b"photo", b"other"))
    _made(store, "a" * 64, b"cut out", photo=photo, mask=other)
    damaged = store.fetch(photo, tmp_path)
    damaged.chmod(0o644)
    damaged.write_bytes(b"phot0")
    assert heal(store, index) == 0
    assert (store.has_blob(photo), store.has_blob(other)) == (False, True)
    assert read_receipt(store, "a" * 64) is not None


def test_a_death_on_the_way_leaves_nothing_half_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, index = open_store(str(tmp_path / "store")), Known()
    store.delete_blob(_made(store, "a" * 64, b"gone"))
    index.known = {"a" * 64}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(store), "delete", _killed)
        heal(store, index)
    assert index.known == set()
    assert heal(store, index) == 1 and read_receipt(store, "a" * 64) is None


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
