"""Healing: steps whose files are gone or damaged are forgotten, so that the next run makes them again."""

from __future__ import annotations

from typing import Protocol

from creative.canonical import digest
from creative.errors import DamagedStoreError
from creative.store.port import Store
from creative.store.receipts import delete_receipt, read_receipt, receipt_keys


class Index(Protocol):
    """What has to be told: `creative.registry.Registry`."""

    def forget_steps(self, keys: list[str]) -> None: ...


def heal(store: Store, index: Index) -> int:
    """Read every blob that a receipt names; returns how many steps have lost one.

    Their receipts go before their blobs, so that a death on the way leaves nothing half believed. Raises StoreError when
    the store cannot be reached: what cannot be read now is not lost.
    """
    sound: dict[str, bool] = {}
    lost = []
    for key in receipt_keys(store):
        try:
            receipt = read_receipt(store, key)
        except DamagedStoreError:  # not to be understood
            receipt, bad = None, set[str]()
        else:
            blobs = {blob.sha256 for blob in receipt.outputs.values()} if receipt else set()
            for sha256 in blobs - sound.keys():
                sound[sha256] = _is_sound(store, sha256)
            bad = {sha256 for sha256 in blobs if not sound[sha256]}
            if receipt is not None and not bad:
                continue
        delete_receipt(store, key)
        index.forget_steps([key])
        for sha256 in bad:
            store.delete_blob(sha256)
        lost.append(key)
    return len(lost)


def _is_sound(store: Store, sha256: str) -> bool:
    try:
        return digest(store.get_blob(sha256)) == sha256
    except DamagedStoreError:
        return False
