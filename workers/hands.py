"""What runs in each worker process of a Ray cluster: a Workshop that says who it is before it is given work."""

from __future__ import annotations

import os
import socket
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from creative.catalogue import load_catalogue
from creative.errors import InfrastructureError, RunnerError, UsageError
from creative.running.port import Batch, Outcome, Worksite
from creative.version import VERSION
from workers import cards
from workers.work import Workshop


class Hands:
    """The actor: one Workshop in a Ray worker process. Raises RunnerError that names the machine.

    `part`: how much of a card it has. As many of the machine's cores go with it, whatever Ray may give away of them.
    """

    def __init__(self, site: Worksite, threads: int, part: float = 0.0) -> None:
        self.card = ""
        if part:
            ids, beside = cards_of_this()
            self.card, threads = cards.name(ids), cards.cores(part, beside)
            cards.keep_to(part)
        else:
            cards.give_way(4)
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        host = socket.gethostname()
        try:
            self.workshop = Workshop(site, threads)
        except (UsageError, InfrastructureError) as error:
            raise RunnerError(f"on {host}: {error}") from error
        try:
            self.catalogue = load_catalogue(Path(table) for table in site.tables).digest if site.catalogue else ""
        except UsageError as error:
            raise RunnerError(
                f"on {host}: {error}; every machine of the cluster needs the tables of backends that CREATIVE_CATALOGUES names "
                "at the same paths"
            ) from error

    def hello(self) -> dict[str, str]:
        """Who this is, with the catalogue as it is on this machine: what the driver compares before any work is given.

        `lacks`: packages of the extra [studio] that are not installed here. `card`: the one it was given, and why that is `sick`.
        """
        sick = ""
        if self.card:
            try:
                cards.look()
            except cards.CardBroken as error:
                sick = str(error)
        return {
            "version": VERSION,
            "catalogue": self.catalogue,
            "pid": str(os.getpid()),
            "host": socket.gethostname(),
            "lacks": ", ".join(_lacking()),
            "card": self.card,
            "sick": sick,
        }

    def begin(self) -> None:
        """An idle actor answers this before it is sent a batch: if it dies before, it did not die of the batch."""

    def run(self, batch: Batch) -> list[Outcome]:
        """See `workers.work.Workshop.run`. Raises CardBroken where this process can do nothing more with its card."""
        outcomes = self.workshop.run(batch)
        if self.workshop.broken:
            raise cards.CardBroken(f"{self.card}: {self.workshop.broken}")
        return outcomes


def _lacking() -> list[str]:
    """Packages of the extra [studio] that are not installed; nothing where the package itself is not, as in a checkout."""
    try:
        wanted = [Requirement(line) for line in metadata.requires("creative-farm") or ()]
    except metadata.PackageNotFoundError:
        return []
    studio = [one.name for one in wanted if one.marker is not None and "studio" in str(one.marker)]
    found = []
    for name in studio:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            found.append(name)
    return found


def cards_of_this() -> tuple[list[int | str], float]:
    """The cards that Ray gave this actor, by number, and how many its machine has."""
    import ray

    here = ray.get_runtime_context().get_node_id()
    there = (node["Resources"].get("GPU", 1.0) for node in ray.nodes() if node["NodeID"] == here)
    return list(ray.get_gpu_ids()), next(there, 1.0)
