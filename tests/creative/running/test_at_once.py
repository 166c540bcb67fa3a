"""Many calls at once: as one after another, but sooner."""

from __future__ import annotations

import _thread
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import StoreError
from creative.running.at_once import AtOnce


@given(st.lists(st.integers()), st.integers(1, 5), st.sets(st.integers(0, 20)))
def test_it_is_what_one_after_another_would_be(items: list[int], threads: int, bad: set[int]) -> None:
    numbered = list(enumerate(items))

    def call(item: tuple[int, int]) -> int:
        if item[0] in bad:
            raise StoreError(f"number {item[0]}")
        return item[1] * 2

    broken = sorted(number for number, _ in numbered if number in bad)
    if broken:
        with pytest.raises(StoreError, match=f"number {broken[0]}$"):
            AtOnce(threads).map(call, numbered)
    else:
        assert AtOnce(threads).map(call, numbered) == [item * 2 for item in items]


@pytest.mark.parametrize("threads", [1, 3])
def test_so_many_at_once_and_no_more(threads: int) -> None:
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Event()

    def call(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == threads:
                full.set()
        full.wait(10)
        with lock:
            now -= 1

    many = AtOnce(threads)
    many.map(call, range(12))
    assert most == threads
    many.map(lambda _: many.map(call, range(3)), range(4))  # also where calls make many calls
    assert most == threads


def test_after_an_error_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def call(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise StoreError("gone")
        time.sleep(0.005)

    with pytest.raises(StoreError, match="gone"):
        AtOnce(2).map(call, range(10_000))
    time.sleep(0.05)
    after = len(begun)
    time.sleep(0.05)
    assert after == len(begun) < 10_000


def test_an_interrupt_waits_for_no_call() -> None:
    hanging, ended = threading.Event(), threading.Event()

    def call(number: int) -> None:
        if number == 0:
            _thread.interrupt_main()
        hanging.wait(60)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        AtOnce(4).map(call, range(100))
    assert not ended.is_set()
    hanging.set()
