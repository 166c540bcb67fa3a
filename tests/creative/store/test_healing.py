"""Healing: what is gone or damaged is forgotten, what is sound stays."""

from __future__ import annotations

from pathlib import Path

from creative.records import Receipt
from creative.store import Store, open_store, read_receipt, write_receipt
from creative.store.healing import heal


class Known:
    """An index that remembers what it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget_steps(self, keys: list[str]) -> None:
        self.forgotten += keys


def _made(store: Store, key: str, *blobs: bytes) -> str:
    outputs = {f"o{number}": store.put_blob(data, "text/plain") for number, data in enumerate(blobs)}
    write_receipt(store, Receipt(key=key, recipe={}, outputs=outputs, inputs={}, seconds=0.1))
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
