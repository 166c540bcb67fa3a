"""Receipts and failures by step key, over any store.

receipts/ab/<key>.json          the first one stands
failures/ab/<key>.json          refused or quarantined; removed by `clear_failure`
attempts/ab/<key>/0000.json     an attempt that was refused: never "done", kept for people
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from pydantic import ValidationError

from creative.errors import DamagedStoreError, StoreError
from creative.records import Failure, Receipt, Record
from creative.store.port import Store, check_sha256

R = TypeVar("R", bound=Record)


def read_receipt(store: Store, key: str) -> Receipt | None:
    """The receipt of the step `key`, if it was made. Raises DamagedStoreError if it cannot be understood."""
    return _load(store, Receipt, _name("receipts", key))


def write_receipt(store: Store, receipt: Receipt) -> Receipt:
    """Keep the receipt, if its step has none; returns the one that stands: this one, or the earlier one.

    Its blobs must be in the store already.
    """
    name = _name("receipts", receipt.key)
    if store.create(name, _dump(receipt)):
        return receipt
    return _load(store, Receipt, name) or receipt  # removed between the two calls: then nobody's stands


def receipt_keys(store: Store) -> Iterator[str]:
    """The keys of all receipts, sorted."""
    for name in store.names("receipts/"):
        yield name.rpartition("/")[2].removesuffix(".json")


def delete_receipt(store: Store, key: str) -> None:
    """Remove the receipt: the step will be made again. Done before any of its blobs is removed."""
    store.delete(_name("receipts", key))


def read_failure(store: Store, key: str) -> Failure | None:
    """Why the step `key` will not be made, if that is so."""
    return _load(store, Failure, _name("failures", key))


def write_failure(store: Store, failure: Failure) -> Failure:
    """Keep the failure, if its step has none; returns the one that stands."""
    name = _name("failures", failure.key)
    if store.create(name, _dump(failure)):
        return failure
    return _load(store, Failure, name) or failure


def clear_failure(store: Store, key: str) -> None:
    """Forget the failure, so that the step is tried again."""
    store.delete(_name("failures", key))


def failure_keys(store: Store) -> Iterator[str]:
    """The keys of all failures, sorted: of what a run would try, few have one."""
    for name in store.names("failures/"):
        yield name.rpartition("/")[2].removesuffix(".json")


def log_refused_attempt(store: Store, key: str, attempt: int, reason: str) -> None:
    """Keep why this attempt (counted from 0) was refused; the first reason stands."""
    store.create(f"{_folder('attempts', key)}/{attempt:04}.json", json.dumps({"reason": reason}).encode())


def refused_attempts(store: Store, key: str) -> dict[int, str]:
    """The reasons by attempt, in order."""
    reasons = {}
    for name in store.names(f"{_folder('attempts', key)}/"):
        data = store.read(name)
        if data is not None:
            reasons[int(name.rpartition("/")[2].removesuffix(".json"))] = str(json.loads(data)["reason"])
    return reasons


def _folder(kind: str, key: str) -> str:
    check_sha256(key)
    return f"{kind}/{key[:2]}/{key}"


def _name(kind: str, key: str) -> str:
    return _folder(kind, key) + ".json"


def _dump(record: Record) -> bytes:
    return record.model_dump_json().encode()


def _load(store: Store, model: type[R], name: str) -> R | None:
    data = store.read(name)
    return None if data is None else parse(model, data, f"{name} in the store {store.url}")


def parse(model: type[R], data: bytes, what: str) -> R:
    """A record from its JSON. Raises DamagedStoreError, naming `what` and the first thing that is wrong.

    What a newer version wrote is a StoreError: it is sound, and none of our business.
    """
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "as a whole"
        if first["type"] == "extra_forbidden":
            raise StoreError(f"{what} was written by a newer version ({where}: {first['msg']}): upgrade") from error
        raise DamagedStoreError(f"{what} cannot be read ({where}: {first['msg']})") from error
