"""Receipts, failures and refused attempts."""

from __future__ import annotations

import json

import pytest

from creative.errors import StoreError, UsageError
from creative.store import (
    Store,
    clear_failure,
    log_refused_attempt,
    read_failure,
    read_receipt,
    receipt_keys,
    refused_attempts,
    write_failure,
    write_receipt,
)
from creative.store.receipts import delete_receipt
from tests.support.store_records import failure, receipt

KEY = "ab" * 32


def test_the_first_receipt_stands(store: Store) -> None:
    assert read_receipt(store, KEY) is None
    first = receipt(KEY)
    assert write_receipt(store, first) == first
    assert write_receipt(store, receipt(KEY, seconds=9.0)) == first
    assert read_receipt(store, KEY) == first
    delete_receipt(store, KEY)
    assert read_receipt(store, KEY) is None


def test_keys_are_spread_and_listed(store: Store) -> None:
    keys = sorted(f"{i * 37:02x}" * 32 for i in range(6))
    for key in keys:
        write_receipt(store, receipt(key))
    assert list(receipt_keys(store)) == keys
    assert f"receipts/{keys[1][:2]}/{keys[1]}.json" in list(store.names())


def test_failures_are_kept_until_cleared(store: Store) -> None:
    assert read_failure(store, KEY) is None
    first = failure(KEY)
    assert write_failure(store, first) == first
    assert write_failure(store, failure(KEY, "another")) == first
    assert read_failure(store, KEY) == first
    clear_failure(store, KEY)
    assert read_failure(store, KEY) is None
    assert write_failure(store, failure(KEY, "another")).reason == "another"


def test_refused_attempts_are_kept_beside_the_key(store: Store) -> None:
    assert refused_attempts(store, KEY) == {}
    log_refused_attempt(store, KEY, 1, "silent")
    log_refused_attempt(store, KEY, 0, "schwarz: Hausröstung")
    log_refused_attempt(store, KEY, 0, "again")
    assert refused_attempts(store, KEY) == {0: "schwarz: Hausröstung", 1: "silent"}
    assert read_receipt(store, KEY) is None


def test_what_cannot_be_understood_is_named(store: Store) -> None:
    good = json.loads(receipt(KEY).model_dump_json())
    name = f"receipts/ab/{KEY}.json"
    for data, words in (
        (b"{", "cannot be read"),
        (json.dumps(good | {"weather": "fine"}).encode(), "newer version.*weather"),
        (json.dumps(good | {"seconds": "long"}).encode(), "seconds"),
    ):
        store.create(name, data)
        with pytest.raises(StoreError, match=f"(?s){KEY}.*{words}"):
            read_receipt(store, KEY)
        store.delete(name)


def test_a_key_is_a_digest(store: Store) -> None:
    for call in (read_receipt, read_failure, clear_failure, refused_attempts):
        with pytest.raises(UsageError):
            call(store, "../../etc")
