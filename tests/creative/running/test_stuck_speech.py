"""A cloned voice whose model gets stuck is killed at its time limit, in both runners; what was said beside it is not lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from creative.backends import BackendSpec
from creative.planning.window import ENDS, Part, PlannedCell, PlanWindow, part
from creative.records import CellRecord
from creative.running.inline import InlineRunner
from creative.running.port import Runner, Worksite
from creative.steps import step
from tests.support.bench import Bench
from tests.support.consents import REFERENCE, blob, consent, enter
from tests.support.plans import ECHO

LIMIT_S = 6.0


@pytest.fixture(params=["inline", "ray"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    def runner(site: Worksite) -> Runner:
        if request.param == "inline":
            return InlineRunner(site, 1)
        request.getfixturevalue("local_ray")
        from workers.ray_runner import RayRunner

        return RayRunner(site, workers=1)

    with contextlib.closing(Bench(tmp_path, runner)) as made:
        voice = {"facts": {"uses": ["clone"]}, "batch": 2, "timeout_s": LIMIT_S, "attempts": 3}
        for kind, more in (("speech", voice), ("fit", {})):
            made.specs[kind, "echo"] = BackendSpec("echo", kind, ECHO, **more)  # type: ignore[arg-type]
        made.store.put_blob(REFERENCE, "audio/wav")
        enter(made.store)
        yield made


def spoken(name: str, *behave: str) -> tuple[PlannedCell, tuple[Part, ...]]:
    """An ad of two sentences in a cloned voice; `behave`: what the model does at the second."""
    said = [
        part(
            step(
                "speech", "echo", 1, None,
                {"phrases": [f"{name} {number}"], "locale": "en-GB", "speaker": "clone", **({"behave": what} if what else {})},
                {"reference": blob(REFERENCE).sha256}, 7, f"sentence {number} of {name}",
            ).under([consent().id])
        )
        for number, what in enumerate(["", *behave])
    ]  # fmt: skip
    inputs = {f"audio.{number}": one.out("audio") for number, one in enumerate(said)}
    fit = part(step("fit", "echo", 1, None, {"ms": 9}, inputs, label=f"read of {name}"), *said)
    finish = part(step("finish", "echo", 1, None, {"ad_id": name}, {"media": fit.out("audio")}), fit)
    ends = [finish]
    for kind in ENDS[1:]:
        ends.append(part(step(kind, "echo", 1, None, {}, {"asset": finish.out("asset")}), finish))
    cell = CellRecord(
        ad_id=name, campaign="test", market="GB", locale="en-GB", product=None, offer=None, segment="all",
        placement="spotify-audio-15", arm=None, variant=1, modality="audio", name=name, choices={}, texts={},
        wanted="w", binding="b", steps={end: one.step.key for end, one in zip(ENDS, ends, strict=True)},
    )  # fmt: skip
    return PlannedCell(name, "audio", "all", cell.steps, lambda: cell), tuple(ends)


def test_only_what_is_stuck_fails(bench: Bench) -> None:
    ads = [spoken("well", ""), spoken("stuck", "hang")]
    steps = {below.key: below for _, parts in ads for end in parts for below in end.steps}
    progress = bench.run(PlanWindow(1, tuple(cell for cell, _ in ads), steps))
    assert bench.committed["well"] is None
    assert f"did not end within {LIMIT_S:g} s" in (bench.committed["stuck"] or "")
    [failed] = progress.failures
    assert (failed.status, failed.step.params["phrases"]) == ("quarantined", ["stuck 1"])
    assert (progress.kinds["speech"].made, progress.kinds["speech"].failed) == (3, 1)
    again = bench.run(PlanWindow(1, tuple(cell for cell, _ in ads), steps))
    assert (again.total("made"), [one.step.key for one in again.failures]) == (0, [failed.step.key])
