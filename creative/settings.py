"""Settings: read once at the edge from flags, environment and a profile of `creative.toml`, then frozen.

    default = "studio"                                   # the profile, where --profile names none

    [profiles.production]
    store = "s3://marlo-ads/farm?region=eu-central-1"    # what creative.store.open_store takes
    registry = "postgresql://farm@db.internal/farm"      # the password from PGPASSWORD, or "${DB_PASSWORD}" in the URL
    address = "auto"                                     # of the Ray cluster; "local" is Ray on this machine
    runner = "ray"
    workers = 16
    shared = false                                       # true: every machine of the cluster sees `store` and `registry`
    out = "/var/lib/creative"
    media_roots = ["/mnt/brands"]
    catalogues = ["house-rows.yaml"]
    notify = {ops = "slack://${SLACK_TOKEN}/#creative"}  # names that briefs and `creative nightly` may use
    notify_schemes = ["mailto"]                          # URLs that briefs may write themselves: none, if left out
    judges = "auto"                                      # who judges finished ads: auto (who is installed here), none, or names
    models = "/data/models"                              # weights of models on each machine: creative models pull
    models_mirror = "s3://marlo-models/farm"             # the team's own copies, which workers fetch from
    offline = true                                       # no hub is asked for weights
    licences = {xtts-v2 = "agreement of 2026-03-01"}     # what was agreed to for models that are not free for commercial use
    prices = {gpu_hour = "2.60", cpu_hour = "0.05", currency = "EUR"}
    roles = {rights = ["Ines Rau"]}                      # who may enter and revoke consents; nobody, if left out

Flags come first, then the environment (CREATIVE_STORE, CREATIVE_REGISTRY, ...), then the profile, then `./out`. Relative
paths of a profile are below the folder of its file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from creative.errors import UsageError
from creative.places import plain_place
from creative.profiles import Profile, load_profile

RunnerName = Literal["ray", "inline"]
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. `address` is a Ray cluster's, or "local"; `shared` says that the whole cluster sees the folders.

    `registry` may have a password in it, `notify` has URLs by name, some with secrets in them: never printed. `prices`:
    gpu_hour, cpu_hour (decimal strings), currency. `judges`: see `creative.judging.chosen`. `models`, `models_mirror`,
    `offline`: where weights are, come from, and whether a hub may be asked. `licences`: by model or backend, the operator's
    own statement of the agreement under which a model that is not for commercial use is used. `roles`: names of people by role
    (rights).
    """

    out: Path
    store: str
    registry: str = field(repr=False)
    runner: RunnerName
    workers: int | None
    media_roots: tuple[Path, ...]
    catalogues: tuple[Path, ...]
    address: str = LOCAL
    shared: bool = False
    profile: str | None = None
    notify: Mapping[str, str] = field(default_factory=dict, repr=False)
    notify_schemes: tuple[str, ...] = ()
    prices: Mapping[str, str] = field(default_factory=dict)
    judges: str = "auto"
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: Path | None = None
    models_mirror: str | None = None
    offline: bool = False
    licences: Mapping[str, str] = field(default_factory=dict)

    @property
    def worker_environment(self) -> tuple[tuple[str, str], ...]:
        """What the profile says of models, as the variables that workers read; those of a machine's own come first."""
        said = {
            "CREATIVE_MODELS": str(self.models.absolute()) if self.models else "",
            "CREATIVE_MODELS_MIRROR": self.models_mirror or "",
            "CREATIVE_OFFLINE": "1" if self.offline else "",
        }
        return tuple((name, value) for name, value in said.items() if value)

    @property
    def remote(self) -> bool:
        """Whether the work is done on other machines than this one."""
        return self.runner == "ray" and self.address != LOCAL

    def check_reach(self) -> None:
        """Raise UsageError where a cluster's machines could not see the store, or the registry is a file of one machine."""
        if not self.remote or self.shared:
            return
        if urlsplit(self.store).scheme not in ("s3",):
            raise UsageError(
                f"the workers at {plain_place(self.address)} cannot see the store {plain_place(self.store)}: name one that all machines reach "
                "(--store s3://bucket/prefix), or say shared = true in the profile if the folder is on a shared disk"
            )
        if urlsplit(self.registry).scheme in ("", "sqlite"):
            raise UsageError(
                f"the registry {self.registry} is a file of this machine, and the work is done at "
                f"{plain_place(self.address)}: name a "
                "database (--registry postgresql://user@host/database), or say shared = true in the profile"
            )


def settings(
    out: Path | None = None,
    store: str | None = None,
    registry: str | None = None,
    runner: str | None = None,
    workers: int | None = None,
    address: str | None = None,
    profile: str | None = None,
) -> Settings:
    """Flags first, then the environment (a variable that is empty counts as unset), then the profile, then `./out`.

    Raises UsageError, naming the flag, the variable or the file, for what cannot be meant: a runner that does not exist,
    a number of workers that is none, a folder of media that is not there, a place that is no path or URL.
    """
    base = load_profile(profile or os.environ.get("CREATIVE_PROFILE") or None)
    folder = Path(_place(*_given("--out", str(out) if out else None, "CREATIVE_OUT", base)) or "out")
    said, name = _given("--runner", runner, "CREATIVE_RUNNER", base)
    if name not in ("ray", "inline", None):
        raise UsageError(f"{said} {name}: there is ray (a cluster, or Ray on this machine) and inline (one process)")
    return Settings(
        out=folder,
        store=_place(*_given("--store", store, "CREATIVE_STORE", base)) or str(folder / "store"),
        registry=_place(*_given("--registry", registry, "CREATIVE_REGISTRY", base)) or str(folder / "registry.db"),
        runner="inline" if name == "inline" else "ray",
        workers=workers or _whole("CREATIVE_WORKERS") or base.workers,
        media_roots=_folders(*_paths("CREATIVE_MEDIA_ROOTS", base, base.media_roots)),
        catalogues=_paths("CREATIVE_CATALOGUES", base, base.catalogues)[1],
        address=_given("--address", address, "CREATIVE_ADDRESS", base)[1] or LOCAL,
        shared=base.shared,
        profile=base.name,
        notify=base.notify,
        notify_schemes=base.notify_schemes,
        prices=base.prices,
        roles=base.roles,
        judges=(_given("--judges", None, "CREATIVE_JUDGES", base)[1] or "auto").strip().lower(),
        models=Path(place) if (place := _place(*_named("CREATIVE_MODELS", "models", base))) else None,
        models_mirror=_place(*_named("CREATIVE_MODELS_MIRROR", "models_mirror", base)),
        offline=base.offline or os.environ.get("CREATIVE_OFFLINE", "").strip().lower() in ("1", "true", "yes", "on"),
        licences=base.licences,
    )


def _given(flag: str, value: str | None, variable: str, base: Profile) -> tuple[str, str | None]:
    """Who says it, and what: the flag, else the variable, else the profile, else nobody."""
    if value:
        return flag, value
    if told := os.environ.get(variable):
        return variable, told
    name = flag.removeprefix("--")
    return f"{base.where}.{name}", base.texts.get(name)


def _named(variable: str, key: str, base: Profile) -> tuple[str, str | None]:
    """As `_given`, of what has no flag."""
    told = os.environ.get(variable)
    return (variable, told) if told else (f"{base.where}.{key}", base.texts.get(key))


def _place(said: str, value: str | None) -> str | None:
    """A path or URL that can be read as one."""
    if value is None:
        return None
    try:
        if "://" in value:
            urlsplit(value)
        else:
            value = str(Path(value).expanduser()) if value.startswith("~") else value
    except (ValueError, RuntimeError) as error:
        reason = "there is no such user" if isinstance(error, RuntimeError) else "it cannot be read as a URL"
        raise UsageError(f"{said} {plain_place(value)}: is no place: {reason}") from error
    return value


def _paths(variable: str, base: Profile, else_: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
    told = os.environ.get(variable, "")
    if told:
        return variable, tuple(Path(part) for part in told.split(os.pathsep) if part)
    return base.where, else_


def _folders(said: str, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{said}: {path} is not a folder that is there")
    return paths


def _whole(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text)):
        raise UsageError(f"{variable}={text[:40]}: write a number of workers, 1 to 999999")
    return int(text)
