"""What a command works with: catalogue, store and registry, opened together; and the brief in its world."""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from creative.backends import resolve
from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.brief.sound import Track
from creative.catalogue import Catalogue, RefusedBackend, load_catalogue
from creative.errors import BriefError, DamagedRegistryError, LimitError, MissingStoreError, UsageError
from creative.limits import check_limits
from creative.notices.sending import check_notify
from creative.planning import Planner, Survey, survey
from creative.planning.survey import Rate
from creative.registry import Registry, open_registry
from creative.registry.database import move_aside
from creative.registry.patience import LOOKING, Patience
from creative.resources import templates
from creative.rights.guard import drawn
from creative.rights.ledger import Rights, read_rights
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
        tables = tuple(str(table.absolute()) for table in self.settings.catalogues)
        site = Worksite(self.store.url, str(cache), self.catalogue.digest, tables, self.settings.worker_environment)
        if self.settings.runner == "inline":
            return InlineRunner(site, self.settings.workers)
        runner: Runner = resolve(_RAY)(site, address=self.settings.address, workers=self.settings.workers)
        return runner

    def rates(self) -> dict[tuple[str, str], Rate]:
        """What steps took so far, by (kind, backend)."""
        return {name: Rate(row.seconds_mean, row.bytes_mean, False) for name, row in self.registry.rates().items()}

    def survey(self, brief: Brief, world: World, only: Mapping[str, frozenset[str]]) -> Survey:
        """What the plan comes to. Raises BriefError for what cannot be made, LimitError over the brief's limit."""
        return surveyed(brief, world, only, self.registry.known_steps, self.rates())


def surveyed(
    brief: Brief,
    world: World,
    only: Mapping[str, frozenset[str]] | None = None,
    known: Callable[[Iterable[str]], set[str]] = lambda _: set(),
    rates: Mapping[tuple[str, str], Rate] | None = None,
) -> Survey:
    """What the plan comes to when the steps that `known` names are there: none, if left out.

    Raises BriefError for what cannot be made, LimitError over the brief's limit, UsageError for a plan without ads.
    """
    planner = Planner(brief, world, only)
    gc.freeze()  # what is loaded stays: looking through it again and again took a fifth of the time
    limited = any((brief.limits.money, brief.limits.per_night, brief.limits.gpu_minutes is not None))
    found = survey(planner.windows(), known, rates or {}, world.catalogue.specs, shares=limited)
    if planner.findings:
        raise BriefError(list(planner.findings.values()))
    ads, most = sum(found.ads.values()), brief.limits.ads
    if most is not None and ads > most:
        problem = f"the plan has {ads} ads, limits.ads allows {most}"
        trim = "Raise it, or trim the matrix (include, exclude, variants, or --only)"
        raise LimitError([brief.finding("limits.ads", problem, trim)])
    if not ads:
        raise UsageError("the plan has no ads: look at include, exclude, markets and --only")
    noise = [
        f"a rehearsal: {who} has random weights, and makes noise" for who in world.catalogue.rehearsals(found.backends)
    ]
    bound = [
        f"not commercial: {who} is used, so these ads may advertise nothing, as the brief says (commercial: false)"
        for who in world.catalogue.not_for_sale(found.backends)
    ]
    found.warnings = (*noise, *bound, *map(str, planner.warnings))
    return found


@contextlib.contextmanager
def looking(settings: Settings) -> Iterator[Session | None]:
    """A session that makes no store and no registry where there is none: None without a store."""
    try:
        store = open_store(settings.store, create=False)
    except MissingStoreError:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        place, there = settings.registry, "://" in settings.registry or Path(settings.registry).exists()
        with open_registry(place if there else Path(folder) / "registry.db", store.id, Patience(LOOKING)) as registry:
            if there:
                registry.catch_up(store)
            else:
                registry.rebuild(store)
            yield Session(
                settings, load_catalogue(settings.catalogues, settings.judges, settings.licences), store, registry
            )


def reindex(settings: Settings) -> tuple[int, int, Path | None]:
    """Make the registry anew from the store. A file that cannot be read any more is moved aside first.

    Returns the entries applied, the campaigns there are, and where the damaged file is now, if there was one.
    """
    store = open_store(settings.store, create=False)
    try:
        return *_rebuilt(settings, store), None
    except DamagedRegistryError:
        aside = move_aside(settings.registry)
    return *_rebuilt(settings, store), aside


def _rebuilt(settings: Settings, store: Store) -> tuple[int, int]:
    with open_registry(settings.registry, store.id) as registry:
        return registry.rebuild(store), len(registry.campaigns())


@contextlib.contextmanager
def session(settings: Settings, *, create: bool = True) -> Iterator[Session]:
    """Open store and registry; what a crash left between the store's log and the registry is applied.

    A database server that goes away is waited for ten minutes, or seconds where nothing would be created: nobody runs then.
    """
    catalogue = load_catalogue(settings.catalogues, settings.judges, settings.licences)
    store = open_store(settings.store, create=create)
    patience = Patience() if create else Patience(LOOKING)
    with open_registry(settings.registry, store.id, patience) as registry:
        registry.catch_up(store)
        yield Session(settings, catalogue, store, registry)


def read_brief(path: Path, settings: Settings) -> Brief:
    """The brief, with the settings' media roots; the packaged templates may always be used.

    Raises BriefError for what is wrong with it, also for limits and names that mean nothing by these settings.
    """
    brief = load_brief(path, media_roots=(*settings.media_roots, templates()))
    check_limits(brief, settings)
    check_notify(brief, settings)
    return brief


def in_world(brief: Brief, catalogue: Catalogue, where: Store | Settings | None = None) -> World:
    """The brief's world, with what the store (or the settings' one, if it is there) says of consents, for a brief that needs
    one, or may: a photo of its library, or a film, may show somebody. Without a store nobody agreed to anything.

    Raises BriefError when it names a backend that the catalogue does not have, StoreError.
    """
    catalogue = catalogue.for_brief(brief.commercial)
    for kind, name in brief.backends.items():
        try:
            catalogue.choose(kind, name)
        except RefusedBackend as error:
            raise BriefError([brief.finding(f"backends.{kind}", error.problem, error.instead)]) from error
        except UsageError as error:
            raise BriefError([brief.finding(f"backends.{kind}", str(error))]) from error
    asks = (
        any(voice.use == "clone" for voice in brief.voices), isinstance(brief.music, Track), brief.library, brief.footage,
        brief.scenes.likeness is not None, any(map(drawn, catalogue.specs.values())),
    )  # fmt: skip
    rights = _rights(where) if any(asks) and where is not None else None
    return ingest(brief, catalogue, rights, os.environ.get("CREATIVE_BY"))


def _rights(where: Store | Settings) -> Rights:
    if isinstance(where, Settings):
        try:
            where = open_store(where.store, create=False)
        except MissingStoreError:
            return Rights()
    return read_rights(where)
