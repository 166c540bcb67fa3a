"""One Ray for the whole session, since it takes seconds to start; and the same examples in every run of the tests."""

from __future__ import annotations

import functools
import logging
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

    from tests.support.seaweed import S3Server

# The tests are the same on every machine and every day, however busy it is; HYPOTHESIS_PROFILE=explore looks for new examples.
_busy: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **_busy)
settings.register_profile("explore", print_blob=True, **_busy)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


# What is made and counted is the same whether judges are installed or not; tests of theirs ask for them by name.
os.environ["CREATIVE_JUDGES"] = "none"

# Several processes share few cores here: threads that have nothing to do sleep, where OpenMP would have them spin.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A shell that starts the tests in the background has SIGINT ignored, for them and for all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_SHARED = {
    "ray of tests/creative": re.compile(r"\blocal_ray\b"),
    "ray of tests/workers": re.compile(r"\blocal_ray\b"),
    "torch": re.compile(r"^\s*(?:from|import) (?:torch|diffusers|transformers|tests\.benchmarks\.gpu|workers\.(?:generate|rehearse))\b", re.M),
}  # fmt: skip
"""What is so dear that one worker has all files that use it: a Ray takes 20 to 50 s of CPU beside its tests (two, since these
mostly wait, and as a chain would be the longest of all); the libraries of models, with the models that are built for a session,
12 s."""


@functools.cache
def _group(file: Path) -> str | None:
    """What a file's tests share with those of other files: a key of `_SHARED`."""
    text, folder = file.read_text("utf-8"), file.parent.as_posix()
    return next(
        (name for name, uses in _SHARED.items() if uses.search(text) and f"/{name.partition(' of ')[2]}" in folder),
        None,
    )


_LONGEST = (
    "tests/test_run.py", "test_crash.py", "test_cluster.py", "test_cli.py", "test_nightly.py", "test_reviewing.py",
    "registry/test_rebuild.py", "scene/test_studio.py", "test_benchmarks.py", "measure/test_measure.py", "judge/test_judges.py",
    "sound/test_bed.py", "scene/test_freed.py", "store/test_s3.py",
)  # fmt: skip
"""Files that take longest, those first that mostly wait: begun first, so that none is left alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share something and the longest files first, the others as they were found."""
    groups: list[str | None] = [*_SHARED]
    ranks = {path: number for number, path in enumerate(_LONGEST, len(groups))}
    found: dict[Path, int] = {}
    for item in items:
        if item.path not in found:
            rank = min(
                (rank for path, rank in ranks.items() if item.path.match(path)), default=len(groups) + len(ranks)
            )
            group = _group(item.path)
            found[item.path] = groups.index(group) if group else rank
    items.sort(key=lambda item: found[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """A file to a worker (`--dist loadfile`), and all that share something to one."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return _group(config.rootpath / file) or file

    return Together(config, log)


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray on this machine, two CPUs and two GPUs by name only, without its dashboard."""
    import ray

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    quiet = {"include_dashboard": False, "logging_level": logging.ERROR, "log_to_driver": False}
    ray.init("local", num_cpus=2, num_gpus=2, resources={"accelerator_type:H100": 1}, **quiet)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server on this machine; its credentials are in the environment as long as it runs."""
    from tests.support import seaweed

    with seaweed.start(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patched.delenv(name)
        for name, value in server.environment.items():
            patched.setenv(name, value)
        yield server
