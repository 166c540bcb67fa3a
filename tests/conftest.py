"""One Ray for the whole session, since it takes seconds to start; and the same examples in every run of the tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The tests are the same on every machine and every day; HYPOTHESIS_PROFILE=explore looks for new examples.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """Ray on this machine, two CPUs and a GPU by name only, without its dashboard."""
    import ray

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    quiet = {"include_dashboard": False, "logging_level": logging.ERROR, "log_to_driver": False}
    ray.init("local", num_cpus=2, num_gpus=1, **quiet)
    yield
    ray.shutdown()
