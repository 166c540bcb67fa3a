"""What only the Ray runner does: comparing workers, replacing them, and keeping to its own Ray."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec
from creative.catalogue import load_catalogue
from creative.errors import RunnerError, UsageError
from creative.running.port import Batch, Worksite
from creative.store import open_store
from tests.support.plans import ad, specs, window

ray_runner = pytest.importorskip("workers.ray_runner")

BED: BackendSpec = specs()["bed", "echo"]
ROW = "backends:\n  - {kind: bed, name: ours, target: 'tests.support.backends:Echo'}\n"


class Frail(ray_runner.Hands):  # type: ignore[misc, name-defined]  # mypy does not see through importorskip
    """Dies at its start for as many times as there are files in the site's `dies` folder."""

    def __init__(self, site: Worksite, threads: int, part: float = 0.0) -> None:
        for file in (Path(site.cache) / "dies").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
                os._exit(1)
        super().__init__(site, threads, part)


class Bare(ray_runner.Hands):  # type: ignore[misc, name-defined]  # as above
    """On a machine without the extra [studio]."""

    def hello(self) -> dict[str, str]:
        return {**super().hello(), "lacks": "av, mitsuba"}


def _site(folder: Path, catalogue: str = "", tables: tuple[str, ...] = ()) -> Worksite:
    return Worksite(open_store(str(folder / "store")).url, str(folder / "cache"), catalogue, tables)


@pytest.mark.usefixtures("local_ray")
def test_workers_have_to_read_the_same_catalogue(tmp_path: Path) -> None:
    table = tmp_path / "rows.yaml"
    table.write_text(ROW)
    digest = load_catalogue([table]).digest
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path, digest, (str(table),)), workers=1)) as runner:
        assert runner.free(BED) == 1
    with (
        contextlib.closing(ray_runner.RayRunner(_site(tmp_path, digest), workers=1)) as runner,
        pytest.raises(RunnerError, match="install the same package on both"),
    ):
        runner.free(BED)


@pytest.mark.usefixtures("local_ray")
@pytest.mark.parametrize("deaths", [3, 20])
def test_a_worker_that_dies_at_its_start_is_replaced_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    monkeypatch.setattr(ray_runner, "Hands", Frail)
    dies = tmp_path / "cache" / "dies"
    dies.mkdir(parents=True)
    for number in range(deaths):
        (dies / str(number)).touch()
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=1)) as runner:
        if deaths < 5:
            assert runner.free(BED) == 1
        else:
            with pytest.raises(RunnerError, match="a worker could not start"):
                runner.free(BED)


@pytest.mark.usefixtures("local_ray")
def test_one_worker_is_enough_when_others_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_runner, "Hands", Frail)
    dies = tmp_path / "cache" / "dies"
    dies.mkdir(parents=True)
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=2)) as runner:
        while runner.free(BED) < 2:
            runner.wait(0.05)
        for number in range(20):
            (dies / str(number)).touch()
        poison, good = (
            next(iter(window(1, [ad(name, mood=name, **behave)]).steps.values()))
            for name, behave in (("p", {"bed": "poison"}), ("g", {}))
        )
        runner.submit(Batch(1, BED, (poison,)))
        assert [outcomes[0].status for _, outcomes in runner.wait(30)] == ["lost"]
        while len(list(dies.iterdir())) > 14 or runner.free(BED) < 1:  # all six have been tried
            runner.free(BED)
            runner.wait(0.05)
        runner.submit(Batch(2, BED, (good,)))
        assert [outcomes[0].status for _, outcomes in runner.wait(30)] == ["made"]


@pytest.mark.usefixtures("local_ray")
def test_what_kills_a_worker_is_told_from_what_comes_after_its_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an idle worker, too: whose last answer is lost with it, or which Ray has only lost from sight so far."""
    ray, sent = ray_runner.ray, iter([])

    class Shortsighted:
        def __getattr__(self, name: str) -> Any:
            return getattr(ray, name)

        def get(self, ref: Any, **options: Any) -> Any:
            for error in sent:
                raise error
            return ray.get(ref, **options)

    monkeypatch.setattr(ray_runner, "_IDLE_SECONDS", 0.0)
    poison, good = (
        next(iter(window(1, [ad(name, mood=name, **behave)]).steps.values()))
        for name, behave in (("p", {"bed": "poison"}), ("g", {}))
    )
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=1)) as runner:

        def status(number: int, step: Any) -> list[str]:
            while runner.free(BED) < 1:
                runner.wait(0.05)
            runner.submit(Batch(number, BED, (step,)))
            return [outcome.status for _, outcomes in runner.wait(60) for outcome in outcomes]

        assert status(1, poison) == ["lost"]
        assert status(2, good) == ["made"]
        monkeypatch.setattr(ray_runner, "_IDLE_SECONDS", 3600.0)
        monkeypatch.setattr(ray_runner, "ray", Shortsighted())
        while runner.free(BED) < 1:
            runner.wait(0.05)
        sent = iter([ray.exceptions.ActorUnavailableError("out of sight", None)])
        assert status(3, poison) == ["lost"]
        while runner.free(BED) < 1:
            runner.wait(0.05)
        monkeypatch.setattr(ray_runner, "_IDLE_SECONDS", 0.0)
        pid = int(ray.get(runner._members[0].handle.hello.remote())["pid"])
        os.kill(pid, signal.SIGKILL)
        assert status(4, good) == ["unavailable"]
        assert status(5, good) == ["reused"]


@pytest.mark.usefixtures("local_ray")
def test_workers_that_cannot_open_the_store_are_an_error_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "holiday.jpg").touch()
    site = Worksite((tmp_path / "store").as_uri(), str(tmp_path / "cache"), "")
    with (
        contextlib.closing(ray_runner.RayRunner(site, workers=1)) as runner,
        pytest.raises(RunnerError, match="is not a store") as caught,
    ):
        runner.free(BED)
    assert "Traceback" not in str(caught.value)


@pytest.mark.usefixtures("local_ray")
def test_tables_that_a_machine_does_not_have_are_said_by_name(tmp_path: Path) -> None:
    site = _site(tmp_path, "digest", (str(tmp_path / "rows.yaml"),))
    with (
        contextlib.closing(ray_runner.RayRunner(site, workers=1)) as runner,
        pytest.raises(RunnerError, match=r"rows.yaml: the table of backends is not there; every machine"),
    ):
        runner.free(BED)


@pytest.mark.usefixtures("local_ray")
def test_a_machine_without_the_embedded_workers_gets_no_work_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_runner, "Hands", Bare)
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=1)) as runner:
        assert runner.free(BED) == 1  # a backend of somebody else's
        with pytest.raises(RunnerError, match=r"lack av, mitsuba: .* pip install 'creative-farm\[studio\]'"):
            runner.free(dataclasses.replace(BED, target="workers.sound.bed:Bed"))


@pytest.mark.usefixtures("local_ray")
def test_a_busy_cluster_is_waited_for(tmp_path: Path) -> None:
    """Ray of this machine counts as a cluster here: its address is not local."""
    ray = ray_runner.ray
    busy = [ray.remote(ray_runner.Hands).options(num_cpus=1).remote(_site(tmp_path), 1) for _ in range(2)]
    ray.get([one.hello.remote() for one in busy])
    timer = threading.Timer(3, lambda: [ray.kill(one) for one in busy])
    timer.start()
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), address="auto")) as runner:
        assert runner.free(BED) >= 1
    timer.join()


@pytest.mark.parametrize(
    "address", ["local", "auto", "head:6379", "10.0.0.1:6379", "[fd00::1]:6379", "ray://head:10001"]
)
def test_addresses_that_a_run_can_be_driven_over(address: str, tmp_path: Path) -> None:
    ray_runner.RayRunner(_site(tmp_path), address=address).close()


@pytest.mark.parametrize(
    ("address", "says"),
    [("http://head:8265", "creative submit"), ("head", "ray://host:10001"), ("ray://head", "ray://host:10001"),
     ("", "ray://host:10001"), ("redis://:hunter2@head:1", "ray://host:10001")],
)  # fmt: skip
def test_other_addresses_are_refused_with_what_to_write(address: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        ray_runner.RayRunner(_site(tmp_path), address=address)
    assert "hunter2" not in str(caught.value)


def test_ray_on_this_machine_is_our_own(tmp_path: Path) -> None:
    """Whatever cluster RAY_ADDRESS names."""
    code = (
        "import sys; from workers.ray_runner import RayRunner; from creative.running.port import Worksite\n"
        "from tests.support.plans import specs\n"
        "runner = RayRunner(Worksite(sys.argv[1], sys.argv[2], ''), workers=1)\n"
        "print('free', runner.free(specs()['bed', 'echo'])); runner.close()"
    )
    site = _site(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code, site.store_url, site.cache],
        env={**os.environ, "RAY_ADDRESS": "127.0.0.1:1"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "free 1" in done.stdout, done.stderr
