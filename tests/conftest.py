"""One Ray for the whole session: it takes seconds to start."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray on this machine, two CPUs and a GPU by name only, without its dashboard."""
    import ray

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    quiet = {"include_dashboard": False, "logging_level": logging.ERROR, "log_to_driver": False}
    ray.init("local", num_cpus=2, num_gpus=1, **quiet)
    yield
    ray.shutdown()
