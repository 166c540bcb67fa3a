"""`creative doctor`: what works on this machine, or what to do."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from creative.backends import resolve
from creative.catalogue import load_catalogue
from creative.errors import CreativeError, MissingStoreError, WrongStoreError
from creative.places import plain_place
from creative.registry import Patience, open_registry
from creative.registry.patience import LOOKING
from creative.resources import templates
from creative.settings import Settings
from creative.show import stdout_for_data
from creative.store import open_store
from creative.version import VERSION

_WORKER_CHECKS = "workers.doctor:CHECKS"
_CLUSTER = "workers.doctor:cluster"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. `says` is what was found, or what to do."""

    name: str
    ok: bool
    says: str


def check_all(settings: Settings) -> Iterator[Check]:
    """Try everything, one after another. A store or registry that is not there yet is not made.

    Where a cluster does the work, this machine needs no renderer and no codecs: the cluster is asked who it is instead.
    """
    yield Check("package", True, f"creative-farm {VERSION}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    yield _try("templates", _templates)
    yield _try("catalogue", lambda: _catalogue(settings))
    if settings.remote:
        place = plain_place(settings.address)
        yield Check(
            "workers", True, f"at {place}: run creative doctor on one of its machines to check renderer and codecs"
        )
    else:
        yield from _workers()
        yield _try("models", lambda: _models(settings))
    yield _try("store", lambda: _store(settings))
    yield _try("registry", lambda: _registry(settings))
    if settings.remote:
        yield _try("ray", lambda: resolve(_CLUSTER)(settings.address))
    elif settings.runner == "ray":
        yield _try("ray", _ray)


def _workers() -> Iterator[Check]:
    try:
        checks: dict[str, Callable[[], str]] = resolve(_WORKER_CHECKS)
    except CreativeError as error:
        yield Check("workers", False, f"{error} (a control plane, whose settings name a cluster, does without)")
        return
    for name, check in checks.items():
        yield _try(name, check)


def _try(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except Exception as error:  # noqa: BLE001  a doctor reports whatever it meets
        return Check(name, False, str(error).strip() or type(error).__name__)


def _templates() -> str:
    missing = [name for name in ("layouts", "fonts", "scenes", "briefs", "pages") if not (templates() / name).is_dir()]
    if missing:
        raise CreativeError(f"the package lacks {', '.join(missing)}: install it again")
    return str(templates())


def _catalogue(settings: Settings) -> str:
    catalogue = load_catalogue(settings.catalogues)
    if settings.remote:
        return f"{len(catalogue.specs)} backends, loaded where they run"
    for spec in catalogue.specs.values():
        resolve(spec.target)
    return f"{len(catalogue.specs)} backends, all of them can be loaded"


def _models(settings: Settings) -> str:
    """Which weights are here, by their manifests; `creative models verify` reads their files."""
    from creative.models.files import ModelError, models_folder, read_manifest
    from creative.models.hub import is_offline

    folder = models_folder(settings.models)
    found, damaged = [], []
    for path in sorted(folder.glob("*/model.json")):
        try:
            manifest = read_manifest(path.parent)
        except ModelError as error:
            damaged.append(str(error))
            continue
        random = ", random: a rehearsal's" if manifest.rehearsal else ""
        found.append(f"{path.parent.name} ({manifest.bytes / 1e9:.1f} GB{random})")
    if damaged:
        raise CreativeError("; ".join(damaged[:3]))
    mirror = f"; mirror {plain_place(settings.models_mirror)}" if settings.models_mirror else ""
    offline = "; no hub is asked, by setting" if is_offline() or settings.offline else ""
    here = ", ".join(found) or "none: creative models pull NAME brings one"
    return f"{folder}: {here}{mirror}{offline}"


def _store(settings: Settings) -> str:
    try:
        store = open_store(settings.store, create=False)
    except MissingStoreError as error:
        if settings.store.startswith("s3://"):  # the bucket answered, so the first run may
            return f"{plain_place(settings.store)}: not there yet; the first run makes it"
        return _will_be_made(error, Path(settings.store.removeprefix("file://")).absolute())
    name = f"doctor/{os.getpid()}"
    blob = store.put_blob(b"creative doctor", "text/plain")
    store.get_blob(blob.sha256)
    store.delete_blob(blob.sha256)
    if not store.create(name, b"{}") or store.create(name, b"{}"):
        raise CreativeError("conditional create does not work there: two runs could overwrite each other")
    store.delete(name)
    return f"{plain_place(store.url)}, written and read"


def _will_be_made(error: MissingStoreError, place: Path) -> str:
    """What is said of a place with nothing in it, if it can be written."""
    there = next(folder for folder in (place, *place.parents) if folder.exists())
    if not there.is_dir():
        raise WrongStoreError(f"{error}, and none can be made: {there} is a file") from error
    if not os.access(there, os.W_OK | os.X_OK):
        raise CreativeError(f"{error}, and none can be made: {there} cannot be written") from error
    return f"{place}: not there yet; the first run makes it"


def _registry(settings: Settings) -> str:
    try:
        store = open_store(settings.store, create=False)
    except MissingStoreError:
        if "://" in settings.registry or not Path(settings.registry).exists():
            return f"{plain_place(settings.registry)}: not tried; the first run makes it with the store"
        raise
    if "://" not in settings.registry and not Path(settings.registry).exists():
        return f"{settings.registry}: not there yet; made from the store when first needed"
    with open_registry(settings.registry, store.id, Patience(LOOKING)) as registry:
        return f"{registry.place}, {len(registry.campaigns())} campaigns"


def _ray() -> str:
    from creative.running.port import Worksite

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store")
        spec = next(spec for spec in load_catalogue().specs.values() if not spec.resources.gpu)
        runner = resolve("workers.ray_runner:RayRunner")(Worksite(store.url, folder, ""), workers=1)
        with stdout_for_data(), contextlib.closing(runner):
            return f"started on this machine, {runner.free(spec)} worker answered"
