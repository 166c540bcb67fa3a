"""Delivery: copies of the approved ads under readable names, for whoever serves them.

published/<campaign>/<segment>/<placement>/<name>.<ext>     the approved ads, named as the brief's `naming` says
published/<campaign>/<segment>/<placement>/<name>.vtt, .srt  beside a film its subtitles
published/<campaign>/manifest.jsonl                         a line for each (`creative.manifest.DeliveredLine`)
published/_rehearsal/<campaign>/...                         the same of approved rehearsals, which are not for publication

What must not be shown any more goes first, then the new copies, then the manifest; the log's `export` entry is last. Each
round begins by looking at what is there, so that what a crash left is mended by the next one, and it is done when a round
finds nothing to do: of several who deliver at once, the last has seen everybody's verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from creative.errors import DamagedStoreError, StoreError
from creative.manifest import DeliveredLine, line_of, spell
from creative.records import BlobRef
from creative.registry import ApprovedRow, DeliveryRow, Registry
from creative.rehearsals import FOLDER, SAID
from creative.review.verdicts import lapses
from creative.store import Log, Store
from creative.store.events import Copy, ExportEvent
from creative.store.tree import readable, safe

MANIFEST = "manifest.jsonl"
_LINES = "application/x-ndjson"
SUBTITLES = {"vtt": "text/vtt", "srt": "application/x-subrip"}
"""What lies beside a film, by its ending. It goes and comes with its film, and is no entry of the log: the film is."""
_ROUNDS = 8
_HANDS = 8


@dataclass(slots=True)
class Delivery:
    """What `deliver` did, by path below `published/`. `failed`: approved, and why there is no copy."""

    campaign: str
    added: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    ads: int = 0
    manifest: str | None = None
    shown: dict[str, str] = field(default_factory=dict)
    """What the manifests say: places by asset."""
    rehearsals: int = 0
    rehearsed: bool = False
    """Whether there is a manifest of rehearsals."""

    @property
    def changed(self) -> bool:
        """Whether anything was written or removed, but for the manifest."""
        return bool(self.added or self.replaced or self.removed)

    def summary(self) -> dict[str, Any]:
        """As data."""
        return {
            "campaign": self.campaign,
            "ads": self.ads,
            "rehearsals": self.rehearsals,
            "added": sorted(self.added),
            "replaced": sorted(self.replaced),
            "removed": sorted(self.removed),
            "failed": [{"path": path, "reason": reason} for path, reason in sorted(self.failed.items())],
            "manifest": self.manifest,
        }

    def __str__(self) -> str:
        said = [
            f"{len(getattr(self, name))} {name}" for name in ("added", "replaced", "removed") if getattr(self, name)
        ]
        if self.failed:
            said.append(f"{len(self.failed)} could not be copied")
        ads = f"{self.ads} approved ad{'' if self.ads == 1 else 's'}"
        if self.rehearsals:
            ads += f" ({self.rehearsals} of them: {SAID}, below published/{FOLDER}/)"
        return f"{self.campaign}: {ads} delivered ({', '.join(said) or 'all there already'})"


def deliver(store: Store, registry: Registry, campaign: str, *, by: str = "deliver", again: bool = False) -> Delivery:
    """Make `published/<campaign>/` hold exactly the approved ads and their manifest.

    `again`: compare every copy's bytes, also of those that are there. Raises StoreError if others change the campaign's
    verdicts all the time, or the store cannot be reached.
    """
    told = Delivery(campaign)
    mine: dict[str, Copy | None] = {}  # what this call wrote last, whatever others logged since
    for number in range(_ROUNDS):
        registry.catch_up(store)
        if not _round(store, registry, told, mine, by, again=again and number == 0):
            told.replaced -= told.added
            return told
    raise StoreError(f"the verdicts of {campaign} change while it is delivered: creative deliver --campaign {campaign}")


def is_delivered(registry: Registry, campaign: str) -> bool:
    """Whether the log says that exactly the approved ads are delivered, without looking into the store."""
    there = {(row.asset_id, row.sha256) for row in registry.deliveries(campaign).values()}
    return there == {(row.asset_id, row.sha256) for row in registry.approved(campaign)}


def follow(store: Store, registry: Registry, campaign: str, *, by: str) -> Delivery | None:
    """Deliver the difference, if the campaign was delivered before; None if there is none.

    After a run: what it superseded or retired must not be shown any more.
    """
    if not registry.deliveries(campaign) or is_delivered(registry, campaign):
        return None
    return deliver(store, registry, campaign, by=by)


def _round(
    store: Store, registry: Registry, told: Delivery, mine: dict[str, Copy | None], by: str, *, again: bool
) -> bool:
    """One look, and what follows from it; False if all was as it should be."""
    campaign = told.campaign
    recorded = registry.deliveries(campaign)
    known = {path: _copy(row) for path, row in recorded.items()}
    known |= {path: copy for path, copy in mine.items() if copy is not None}
    approved = registry.approved(campaign)
    lapsed = lapses(store, registry, [row.asset_id for row in approved])
    wanted = named([row for row in approved if row.asset_id not in lapsed], recorded)
    found = {path for top in _tops(campaign) for path in store.published(f"{top}/")}
    told.rehearsed |= f"{_tops(campaign)[1]}/{MANIFEST}" in found
    found -= {f"{top}/{MANIFEST}" for top in _tops(campaign)}
    beside = subtitles(wanted)
    there = {path for path in found if path.rpartition(".")[2] not in SUBTITLES}
    stale = found - there - beside.keys()
    gone = there - wanted.keys()
    late = {
        path: row
        for path, row in wanted.items()
        if again or path not in there or known.get(path) != _copy(row) or mine.get(path, known.get(path)) is None
    }
    late = {path: row for path, row in late.items() if path not in told.failed}
    forgotten = recorded.keys() - wanted.keys() - there
    missing = {
        path: (film, sha256)
        for path, (film, sha256) in beside.items()
        if (path not in found or film in late) and path not in told.failed and film not in told.failed
    }
    if not gone and not late and not forgotten and not stale and not missing:
        told.ads = len(wanted.keys() - told.failed.keys())
        told.rehearsals = sum(bool(wanted[path].rehearsal) for path in wanted.keys() - told.failed.keys())
        if wanted or recorded or told.changed:
            _manifest(store, registry, told, wanted)
        return False
    _each(gone | stale, store.unpublish)
    failed = dict(_each(late, lambda path: _publish(store, path, wanted[path])))
    _each(failed.keys() & there, store.unpublish)
    said = {path: sha256 for path, (film, sha256) in missing.items() if film not in failed}
    lost_words = dict(_each(said, lambda path: _publish_words(store, path, said[path])))
    failed |= lost_words
    told.failed |= failed
    _manifest(store, registry, told, wanted)
    written = {path: _copy(row) for path, row in late.items() if path not in failed}
    removed = gone | forgotten | failed.keys()
    new = {path: copy for path, copy in written.items() if path not in recorded or _copy(recorded[path]) != copy}
    lost = sorted(removed & recorded.keys())
    if new or lost:
        event = ExportEvent(paths=new, removed=tuple(lost), by=by)
        entry = Log(store, campaign).append("export", event.model_dump(mode="json"))
        registry.apply(store, campaign, entry)
    mine |= written | dict.fromkeys(removed)
    told.added = (told.added | (written.keys() - there) | (said.keys() - lost_words.keys() - found)) - gone - stale
    told.replaced |= {path for path in written.keys() & there if known.get(path) != written[path]}
    told.removed = (told.removed | gone | stale | (failed.keys() & there)) - written.keys() - said.keys()
    return True


def named(rows: Iterable[ApprovedRow], delivered: Mapping[str, DeliveryRow]) -> dict[str, ApprovedRow]:
    """A path below `published/` for each ad: the one that it has, if that still fits; never another's."""
    held = {row.ad_id: path for path, row in delivered.items()}
    found: dict[str, ApprovedRow] = {}
    homeless = []
    for row in sorted(rows, key=lambda row: row.ad_id):
        top = _tops(row.campaign)[bool(row.rehearsal)]
        paths = [f"{top}/{path}" for path in readable(row)]
        path = held.get(row.ad_id)
        if path in paths and path not in found:
            found[path] = row
        else:
            homeless.append((row, paths))
    for row, paths in homeless:
        stem, _, extension = paths[1].rpartition(".")
        paths += [f"{stem}-{number}.{extension}" for number in range(2, len(homeless) + 2)]
        found[next(path for path in paths if path not in found)] = row
    return dict(sorted(found.items()))


def _tops(campaign: str) -> tuple[str, str]:
    """Where a campaign's copies lie: its ads', and its rehearsals'."""
    return safe(campaign), f"{FOLDER}/{safe(campaign)}"


def subtitles(wanted: Mapping[str, ApprovedRow]) -> dict[str, tuple[str, str]]:
    """The subtitles of films, by their paths: each with its film's path and its own sha256."""
    return {
        f"{film.rpartition('.')[0]}.{name}": (film, sha256)
        for film, row in wanted.items()
        for name, sha256 in (row.figures.get("subtitles") or {}).items()
        if name in SUBTITLES
    }


def _publish_words(store: Store, path: str, sha256: str) -> tuple[str, str] | None:
    """Put a film's subtitles beside it."""
    try:
        store.publish(path, store.get_blob(sha256), SUBTITLES[path.rpartition(".")[2]])
    except DamagedStoreError as error:
        return path, str(error)
    return None


def _copy(row: ApprovedRow | DeliveryRow) -> Copy:
    return Copy(asset_id=row.asset_id, sha256=row.sha256)


def _publish(store: Store, path: str, row: ApprovedRow) -> tuple[str, str] | None:
    try:
        store.publish(path, BlobRef(sha256=row.sha256, bytes=row.bytes, type=row.type), row.type)
    except DamagedStoreError as error:
        return path, str(error)
    return None


def _each(paths: Iterable[str], work: Callable[[str], tuple[str, str] | None]) -> list[tuple[str, str]]:
    """Do it for every path, several at once; what it said, where it said something."""
    with ThreadPoolExecutor(_HANDS) as hands:
        return [said for said in hands.map(work, sorted(paths)) if said is not None]


def _manifest(store: Store, registry: Registry, told: Delivery, wanted: Mapping[str, ApprovedRow]) -> None:
    places = {row.asset_id: store.published_uri(path) for path, row in wanted.items() if path not in told.failed}
    if told.manifest is not None and told.shown == places:
        return
    lines: tuple[list[str], list[str]] = [], []
    for row in registry.manifest_rows(told.campaign, {"state": {"approved"}}):
        if row.asset_id in places:
            line = line_of(DeliveredLine, row, store, delivered=places[row.asset_id])
            lines[bool(line.rehearsal)].append(spell(line) + "\n")
    top, apart = _tops(told.campaign)
    told.manifest = store.publish(f"{top}/{MANIFEST}", "".join(lines[0]).encode(), _LINES)
    if lines[1]:
        store.publish(f"{apart}/{MANIFEST}", "".join(lines[1]).encode(), _LINES)
    elif told.rehearsed:
        store.unpublish(f"{apart}/{MANIFEST}")
    told.shown = places
