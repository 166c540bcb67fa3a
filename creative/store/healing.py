"""Healing: steps whose files are gone or damaged are forgotten, so that the next run makes them again."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from creative.canonical import digest
from creative.errors import DamagedStoreError
from creative.records import Receipt
from creative.store.port import Store
from creative.store.receipts import delete_receipt, read_receipt, receipt_keys

_SOME = 256  # receipts at a time
_AT_ONCE = 8  # requests to a store that is far away
_PAGE = 1000
_LAST = "g"  # sorts behind every step's key


class Index(Protocol):
    """What has to be told: `creative.registry.Registry`."""

    def forget_steps(self, keys: list[str]) -> None: ...
    def step_keys(self, after: str, until: str, most: int) -> list[str]: ...


def heal(store: Store, index: Index) -> int:
    """Read every blob that a receipt names; returns how many steps have lost one, or their receipt.

    The index forgets first, then receipts go, then blobs, so that a death on the way leaves nothing half believed. Ingested
    files that are damaged are removed: a run that needs them puts them there again. Raises StoreError when the store cannot
    be reached: what cannot be read now is not lost.
    """
    sound: dict[str, bool] = {}
    lost, used, after = 0, set[str](), ""
    keys = receipt_keys(store)
    with ThreadPoolExecutor(1 if store.is_local else _AT_ONCE) as pool:
        while some := list(itertools.islice(keys, _SOME)):
            named = dict(zip(some, pool.map(lambda key: _receipt(store, key), some), strict=True))
            outputs = {key: {blob.sha256 for blob in one.outputs.values()} for key, one in named.items() if one}
            inputs = {sha256 for one in named.values() if one for sha256 in one.inputs.values()}
            fresh = sorted(inputs.union(*outputs.values()) - sound.keys())
            sound.update(zip(fresh, pool.map(lambda sha256: _is_sound(store, sha256), fresh), strict=True))
            used |= {sha256 for sha256 in inputs if not sound[sha256]}
            bad = {key: sorted(one for one in outputs.get(key, ()) if not sound[one]) for key in some}
            bad = {key: blobs for key, blobs in bad.items() if blobs or named[key] is None}
            if bad:
                index.forget_steps(list(bad))
            for key, blobs in bad.items():
                delete_receipt(store, key)
                for sha256 in blobs:
                    store.delete_blob(sha256)
                    used.discard(sha256)
            lost += len(bad) + _forget_without_receipt(index, after, some[-1], set(some))
            after = some[-1]
    for sha256 in sorted(used):
        if store.has_blob(sha256) and not _is_sound(store, sha256):
            store.delete_blob(sha256)
    return lost + _forget_without_receipt(index, after, _LAST, set())


def _forget_without_receipt(index: Index, after: str, until: str, there: set[str]) -> int:
    """What the index knows between two keys, and the store has no receipt of: a bucket's rule, or a person, removed it."""
    forgotten = 0
    while page := index.step_keys(after, until, _PAGE):
        if gone := [key for key in page if key not in there]:
            index.forget_steps(gone)
            forgotten += len(gone)
        after = page[-1]
    return forgotten


def _receipt(store: Store, key: str) -> Receipt | None:
    """The receipt; None if it is gone by now or cannot be understood."""
    try:
        return read_receipt(store, key)
    except DamagedStoreError:
        return None


def _is_sound(store: Store, sha256: str) -> bool:
    try:
        return digest(store.get_blob(sha256)) == sha256
    except DamagedStoreError:
        return False
