"""What a command works with: catalogue, store and registry, opened together; and the brief in its world."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from creative.backends import resolve
from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.catalogue import Catalogue, load_catalogue
from creative.errors import BriefError, LimitError, UsageError
from creative.planning import Planner, Survey, survey
from creative.planning.survey import Rate
from creative.registry import Registry, open_registry
from creative.resources import templates
from creative.running.inline import InlineRunner
from creative.running.port import Runner, Worksite
from creative.settings import Settings
from creative.store import Store, open_store
from creative.world import World, ingest

_RAY = "workers.ray_runner:RayRunner"


@dataclass(frozen=True, slots=True)
class Session:
    """An open store with its registry, up to date with it."""

    settings: Settings
    catalogue: Catalogue
    store: Store
    registry: Registry

    def runner(self) -> Runner:
        """The runner that the settings name; its workers start when first needed."""
        cache = self.settings.out.absolute() / "cache"
        site = Worksite(self.store.url, str(cache), self.catalogue.digest)
        if self.settings.runner == "inline":
            return InlineRunner(site, self.settings.workers)
        runner: Runner = resolve(_RAY)(site, workers=self.settings.workers)
        return runner

    def rates(self) -> dict[tuple[str, str], Rate]:
        """What steps took so far, by (kind, backend)."""
        return {name: Rate(row.seconds_mean, row.bytes_mean, False) for name, row in self.registry.rates().items()}

    def survey(self, brief: Brief, world: World, only: Mapping[str, frozenset[str]]) -> Survey:
        """What the plan comes to. Raises BriefError for what cannot be made, LimitError over the brief's limit."""
        planner = Planner(brief, world, only)
        gc.freeze()  # what is loaded stays: looking through it again and again took a fifth of the time
        found = survey(planner.windows(), self.registry.known_steps, self.rates(), self.catalogue.specs)
        if planner.findings:
            raise BriefError(list(planner.findings.values()))
        ads, most = sum(found.ads.values()), brief.limits.ads
        if most is not None and ads > most:
            raise LimitError(
                f"{brief.line('limits.ads')}: the plan has {ads} ads, limits.ads allows {most}: raise it, or trim the "
                "matrix (include, exclude, variants, or --only)"
            )
        if not ads:
            raise UsageError("the plan has no ads: look at include, exclude, markets and --only")
        return found


@contextlib.contextmanager
def session(settings: Settings, *, create: bool = True) -> Iterator[Session]:
    """Open store and registry; what a crash left between the store's log and the registry is applied."""
    catalogue = load_catalogue(settings.catalogues)
    store = open_store(settings.store, create=create)
    with open_registry(settings.registry, store.id) as registry:
        registry.catch_up(store)
        yield Session(settings, catalogue, store, registry)


def read_brief(path: Path, settings: Settings) -> Brief:
    """The brief, with the settings' media roots; the packaged templates may always be used."""
    return load_brief(path, media_roots=(*settings.media_roots, templates()))


def in_world(brief: Brief, catalogue: Catalogue) -> World:
    """The brief's world. Raises BriefError when it names a backend that the catalogue does not have."""
    for kind, name in brief.backends.items():
        try:
            catalogue.choose(kind, name)
        except UsageError as error:
            raise UsageError(f"{brief.line(f'backends.{kind}')}: backends.{kind}: {error}") from error
    return ingest(brief, catalogue)
