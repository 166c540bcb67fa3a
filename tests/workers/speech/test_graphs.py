"""Graphs of steps, by recorded ones: what a card would do wrong is wrong here too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.support.recorded_graphs import recorded
from workers.speech.graphs import Graphs, lines
from workers.speech.stepping import PLACES, Stepping


class Sum:
    """Adds its own numbers up, in one of several right and wrong ways."""

    def __init__(self) -> None:
        self.given, self.sum, self.last = torch.ones(3), torch.zeros(3), torch.zeros(3)

    def right(self) -> None:
        self.sum.add_(self.given * 2)

    def leaves_a_new_tensor(self) -> None:
        self.last = self.last + self.given
        self.sum.copy_(self.last)

    def asks(self) -> None:
        self.sum.add_(float(self.given[0]))

    def draws(self) -> None:
        self.sum.add_(torch.rand(3))

    def counts_in_python(self) -> None:
        self.count = getattr(self, "count", 0) + 1
        self.sum.add_(self.count)


def after(step: Callable[[], None], sums: Sum, times: int = 3) -> torch.Tensor:
    graphs = Graphs(True)
    graphs.prepare("step", step)
    sums.sum.zero_()
    sums.last.zero_()
    for _ in range(times):
        graphs.run("step", step)
    return sums.sum


def test_a_replay_reads_and_writes_where_the_capture_did(monkeypatch) -> None:
    sums = Sum()
    with recorded(monkeypatch) as graphs:
        assert after(sums.right, sums).tolist() == [6.0, 6.0, 6.0]
        assert graphs[0].replays == 3
        sums.given.fill_(5.0)  # in place: the graph sees it
        graphs[0].replay()
        assert sums.sum.tolist() == [16.0, 16.0, 16.0]


@pytest.mark.parametrize("way", ["leaves_a_new_tensor", "counts_in_python"])
def test_what_a_graph_cannot_see_is_found(way, monkeypatch) -> None:
    sums, plain = Sum(), Sum()
    for _ in range(7):
        getattr(plain, way)()
    with recorded(monkeypatch):
        assert after(getattr(sums, way), sums, 7).tolist() != plain.sum.tolist()


@pytest.mark.parametrize("way", ["asks", "draws"])
def test_what_cannot_be_captured_is_refused(way, monkeypatch) -> None:
    sums = Sum()
    with recorded(monkeypatch), pytest.raises(RuntimeError, match="captured"):
        after(getattr(sums, way), sums)


def test_a_failed_batch_leaves_nothing_behind(monkeypatch) -> None:
    with recorded(monkeypatch):
        on: Stepping[Sum] = Stepping(True)
        state = on.state(4, lambda _: True, Sum)
        on.prepare(4, None, 10, 300, lambda: None, lambda _: state.right())
        assert [key[-1] for key in on.graphs.keys] == [PLACES, 2 * PLACES, 3 * PLACES]  # type: ignore[index]
        with pytest.raises(RuntimeError, match="memory"), on.reading():
            raise RuntimeError("out of memory")
        assert not on.graphs.keys and not on.states


def test_a_state_goes_with_the_graphs_that_read_it(monkeypatch) -> None:
    with recorded(monkeypatch):
        on: Stepping[Sum] = Stepping(True)

        def begun(count: int, fits: bool) -> Sum:
            state = on.state(count, lambda _: fits, Sum)
            on.prepare(count, None, 0, 1, lambda: None, lambda _: state.right())
            return state

        first, second = begun(4, True), begun(8, True)
        assert begun(4, True) is first and len(on.graphs.keys) == 2
        larger = begun(4, False)
        assert larger is not first and set(on.states) == {4, 8}
        assert begun(8, True) is second
        begun(16, True)
        assert set(on.states) == {8, 16} == {key[0] for key in on.graphs.keys}  # type: ignore[index]


@pytest.mark.parametrize(("count", "made"), [(1, 1), (3, 4), (33, 64), (64, 64), (65, 128)])
def test_lines_are_rounded_up_to_few_sizes(count, made) -> None:
    assert lines(count, True) == made and lines(count, False) == count
