"""Healing: steps whose files are gone or damaged are forgotten, so that the next run makes them again."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from creative.canonical import digest
from creative.errors import DamagedStoreError
from creative.store.port import Store
from creative.store.receipts import delete_receipt, read_receipt, receipt_keys

_SOME = 256  # receipts at a time
_AT_ONCE = 8  # requests to a store that is far away


class Index(Protocol):
    """What has to be told: `creative.registry.Registry`."""

    def forget_steps(self, keys: list[str]) -> None: ...


def heal(store: Store, index: Index) -> int:
    """Read every blob that a receipt names; returns how many steps have lost one.

    Their receipts go before their blobs, so that a death on the way leaves nothing half believed. Raises StoreError when
    the store cannot be reached: what cannot be read now is not lost.
    """
    sound: dict[str, bool] = {}
    lost = 0
    keys = receipt_keys(store)
    with ThreadPoolExecutor(1 if store.is_local else _AT_ONCE) as pool:
        while some := list(itertools.islice(keys, _SOME)):
            named = dict(zip(some, pool.map(lambda key: _blobs(store, key), some), strict=True))
            fresh = sorted(set().union(*(blobs for blobs in named.values() if blobs)) - sound.keys())
            sound.update(zip(fresh, pool.map(lambda sha256: _is_sound(store, sha256), fresh), strict=True))
            for key, blobs in named.items():
                bad = sorted(sha256 for sha256 in blobs or () if not sound[sha256])
                if blobs is None or bad:
                    delete_receipt(store, key)
                    index.forget_steps([key])
                    for sha256 in bad:
                        store.delete_blob(sha256)
                    lost += 1
    return lost


def _blobs(store: Store, key: str) -> set[str] | None:
    """What the receipt names; None if it is gone by now or cannot be understood."""
    try:
        receipt = read_receipt(store, key)
    except DamagedStoreError:
        return None
    return None if receipt is None else {blob.sha256 for blob in receipt.outputs.values()}


def _is_sound(store: Store, sha256: str) -> bool:
    try:
        return digest(store.get_blob(sha256)) == sha256
    except DamagedStoreError:
        return False
