"""Batches split where memory runs out, and what was learnt is remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.generate.batching import Fitting, OutOfMemory, in_batches, is_out_of_memory


def _card(limit: int, seen: list[int]) -> object:
    def make(items: Sequence[int]) -> list[int]:
        seen.append(len(items))
        if len(items) > limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return [item * 2 for item in items]

    return make


@given(count=st.integers(0, 40), limit=st.integers(1, 40))
def test_all_are_made_in_order_whatever_fits(count: int, limit: int) -> None:
    seen: list[int] = []
    fitting = Fitting(None, "card", "model")
    assert in_batches(range(count), _card(limit, seen), fitting, "64x64") == [2 * n for n in range(count)]  # type: ignore[arg-type]
    seen.clear()
    in_batches(range(count), _card(limit, seen), fitting, "64x64")  # type: ignore[arg-type]
    assert all(size <= limit for size in seen)  # nothing is tried twice in vain


@given(count=st.integers(0, 40), limit=st.integers(1, 40))
def test_only_counts_that_are_ready_are_made_at_once(count: int, limit: int) -> None:
    seen: list[int] = []
    fitting = Fitting(None, "card", "model")
    made: list[int] = in_batches(range(count), _card(limit, seen), fitting, "64x64", counts=(1, 4, 8))  # type: ignore[arg-type]
    assert made == [2 * n for n in range(count)]
    assert set(seen) <= {1, 4, 8}
    if limit >= 8:
        assert seen == [8] * (count // 8) + [4] * (count % 8 // 4) + [1] * (count % 4)


def test_what_fits_is_remembered_by_card_model_and_size(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "batches.json"
    seen: list[int] = []
    in_batches(range(8), _card(3, seen), Fitting(file, "H100", "sdxl"), "1024x1024")  # type: ignore[arg-type]
    assert json.loads(file.read_text())["H100|sdxl|1024x1024"] == {"fails": 4, "fits": 3}
    assert Fitting(file, "H100", "sdxl").most("1024x1024") == 3
    assert Fitting(file, "H100", "sdxl").most("832x1216") is None
    assert Fitting(file, "RTX 4090", "sdxl").most("1024x1024") is None
    file.write_text("{")  # damaged, it is found again
    assert Fitting(file, "H100", "sdxl").most("1024x1024") is None


def test_one_that_does_not_fit_ends_it_after_what_is_idle_was_released() -> None:
    released: list[int] = []
    with pytest.raises(OutOfMemory, match="out of memory"):
        in_batches([1, 2], _card(0, []), Fitting(None, "card", "model"), "64x64", lambda: released.append(1))  # type: ignore[arg-type]
    assert len(released) == 2


def test_other_errors_are_not_taken_for_memory() -> None:
    def broken(items: Sequence[int]) -> list[int]:
        raise ValueError("shapes do not match")

    with pytest.raises(ValueError, match="shapes"):
        in_batches([1], broken, Fitting(None, "card", "model"), "64x64")
    assert is_out_of_memory(MemoryError()) and not is_out_of_memory(RuntimeError("no kernel image"))
