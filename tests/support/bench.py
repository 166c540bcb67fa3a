"""The loop on a real store, registry and runner, over plans made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from creative.catalogue import load_catalogue
from creative.planning.window import PlanWindow
from creative.registry import Registry, open_registry
from creative.running.budget import Budget
from creative.running.loop import Loop
from creative.running.port import Runner, Worksite
from creative.running.progress import Progress
from creative.store import Store, open_store
from creative.world import Media
from tests.support.plans import specs

RunnerMaker = Callable[[Worksite], Runner]


class Bench:
    """A store, a registry and a runner; runs windows and keeps what was committed."""

    def __init__(self, folder: Path, make_runner: RunnerMaker, **changes: Any) -> None:
        self.store: Store = open_store(str(folder / "store"))
        self.registry: Registry = open_registry(folder / "registry.db", self.store.id)
        self.site = Worksite(self.store.url, str(folder / "cache"), load_catalogue().digest)
        self.make_runner, self.specs = make_runner, specs(**changes)
        self.runner = make_runner(self.site)
        self.begun = 0
        self.committed: dict[str, str | None] = {}

    def close(self) -> None:
        self.runner.close()
        self.registry.close()

    def run(self, *windows: PlanWindow, retry_failed: bool = False, budget: Budget | None = None) -> Progress:
        def begin() -> None:
            self.begun += 1

        def commit(done: PlanWindow, broken: Mapping[str, str]) -> None:
            for cell in done.cells:
                reasons = [broken[key] for key in cell.steps.values() if key in broken]
                self.committed[cell.record().name] = reasons[0] if reasons else None

        loop = Loop(
            self.store, self.registry, self.runner, self.specs, Media(),
            begin=begin, commit=commit, observe=lambda _: None, retry_failed=retry_failed, budget=budget,
        )  # fmt: skip
        return loop.run(windows)
