"""The numbered log and the windows that it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.errors import StoreError, UsageError
from creative.records import Window
from creative.store import Log, Store, campaigns, read_window, write_window


class Counting:
    """A store in memory that counts how often it is asked."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked = 0
        self.url = "memory:"

    def read(self, name: str) -> bytes | None:
        self.asked += 1
        return self.objects.get(name)

    def create(self, name: str, data: bytes) -> bool:
        self.asked += 1
        return self.objects.setdefault(name, data) is data

    def names(self, prefix: str = "") -> Iterator[str]:
        raise AssertionError("the log must not be listed")


def test_entries_are_numbered_from_one(store: Store) -> None:
    log = Log(store, "marlo-autumn-26")
    assert list(log.entries()) == []
    assert campaigns(store) == []
    made = [log.append("run", {"run": f"r{i}"}) for i in range(3)]
    assert [entry.n for entry in made] == [1, 2, 3]
    assert list(Log(store, "marlo-autumn-26").entries()) == made
    assert list(log.entries(after=2)) == made[2:]
    assert list(log.entries(after=3)) == list(log.entries(after=99)) == []
    assert datetime.fromisoformat(made[0].at).tzinfo is not None
    assert campaigns(store) == ["marlo-autumn-26"]


def test_two_writers_share_the_numbers(store: Store) -> None:
    one, other = Log(store, "c"), Log(store, "c")
    assert [log.append("run", {}).n for log in (one, other, other, one, other)] == [1, 2, 3, 4, 5]


def test_a_wrong_hint_does_no_harm(store: Store) -> None:
    for _ in range(5):
        Log(store, "c").append("run", {})
    assert Log(store, "c", seen=5).append("run", {}).n == 6
    assert Log(store, "c", seen=2).append("run", {}).n == 7


def test_campaigns_do_not_mix(store: Store) -> None:
    Log(store, "b").append("run", {"of": "b"})
    Log(store, "a").append("run", {"of": "a"})
    Log(store, "a-2").append("run", {"of": "a-2"})
    assert campaigns(store) == ["a", "a-2", "b"]
    assert [entry.data["of"] for entry in Log(store, "a").entries()] == ["a"]


def test_a_campaigns_id_is_part_of_a_name(store: Store) -> None:
    for bad in ("../x", "", "a b", ".x"):
        with pytest.raises(UsageError):
            Log(store, bad).append("run", {})
    assert list(store.names()) == []


@settings(max_examples=50, deadline=None)
@given(length=st.integers(0, 3000), seen=st.integers(0, 3000))
def test_the_end_is_found_in_few_questions(length: int, seen: int) -> None:
    store = Counting()
    log = Log(store, "c", seen=min(seen, length))  # type: ignore[arg-type]
    store.objects = {log._name(n): b"" for n in range(1, length + 1)}
    assert log.last() == length
    assert store.asked <= 2 * max(1, length - min(seen, length)).bit_length() + 1
    store.asked = 0
    assert log.last() == length
    assert store.asked == 1


def test_a_damaged_entry_is_named(store: Store) -> None:
    Log(store, "c").append("run", {})
    store.create("campaigns/c/log/0000000002.json", b"{}")
    with pytest.raises(StoreError, match="entry 2 of the log of c"):
        list(Log(store, "c").entries())
    store.create("campaigns/d/log/0000000001.json", b'{"n": 7, "type": "run", "at": "", "data": {}}')
    with pytest.raises(StoreError, match="number 7"):
        list(Log(store, "d").entries())


def test_a_window_is_named_by_its_content(store: Store) -> None:
    window = Window(cells=(), assets=())
    name = write_window(store, "c", window)
    assert write_window(store, "c", window) == name
    assert read_window(store, name) == window


def test_a_lost_or_damaged_window_is_named(store: Store) -> None:
    name = write_window(store, "c", Window(cells=(), assets=()))
    data = store.read(name)
    assert data is not None
    for bad in (b"", b"x", data[:-9], data[:12] + b"\xff" + data[13:]):
        store.delete(name)
        store.create(name, bad)
        with pytest.raises(StoreError, match="damaged"):
            read_window(store, name)
    store.delete(name)
    with pytest.raises(StoreError, match="lost"):
        read_window(store, name)
