"""From receipts to asset records: what a finished ad is, judged by its figures, with everything that it was made from."""

from __future__ import annotations

import functools
import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

from creative.acceptance import accept
from creative.canonical import checked_key, digest
from creative.errors import DamagedStoreError, StoreError
from creative.planning.judges import JUDGE
from creative.planning.planner import asset_id
from creative.planning.window import ENDS, SUBTITLES
from creative.records import AssetRecord, CellRecord, LineageStep, Receipt
from creative.registry import Registry
from creative.registry.consents import needed_by
from creative.rights.guard import ENTERS, drawn, entering
from creative.running.receipts import Receipts
from creative.store.receipts import delete_receipt
from creative.voices import CLONE
from creative.world import World

_Found = dict[str, Receipt | StoreError | None]


class _Outdated(StoreError):
    """Figures or poster of other bytes than the file has now: it was made again, and is not the same. `keys`: their steps."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__("its file was made again with other bytes, and has to be measured again")
        self.keys = keys


class Assets:
    """Makes the records of a window's ads, asking the store for as little as possible, and many things at once."""

    def __init__(self, world: World, registry: Registry, receipts: Receipts, brand: str = "") -> None:
        """`brand`: its name, which good ads let be heard."""
        self.world, self.registry, self.receipts, self.brand = world, registry, receipts, brand
        self._broken: Mapping[str, str] = {}
        self._rows = functools.cache(lambda placement: digest(world.placements[placement].model_dump_json().encode()))

    def judged_by(self, cell: CellRecord, broken: Container[str] = ()) -> str:
        """The digest of what an asset's state follows from, beside its bytes; a judge who could not say it is not part."""
        judges = [key for name, key in _judges(cell) if key not in broken]
        beside = [cell.steps[name] for name in (SUBTITLES,) if name in cell.steps]
        return checked_key([cell.steps["measure"], cell.steps["poster"], self._rows(cell.placement), *judges, *beside])

    def of(self, cells: Sequence[CellRecord], broken: Mapping[str, str] | None = None) -> list[AssetRecord | Exception]:
        """The record of each cell, all of whose steps have receipts; or why there is none: StoreError (DamagedStoreError
        for what is gone or is not what was put there), KeyError or ValueError. Figures and posters of other bytes than the
        file's are forgotten: the same command makes them again. `broken`: why steps of judges were not made, by key.
        """
        self._broken = broken or {}
        found = self._gather(cells)
        measured = (
            found.get(key) for cell in cells for key in (cell.steps["measure"], *(key for _, key in _judges(cell)))
        )
        blobs = (one.outputs.get("figures") for one in measured if isinstance(one, Receipt))
        wanted = list(dict.fromkeys(blob.sha256 for blob in blobs if blob is not None))
        figures = dict(zip(wanted, self.receipts.at_once.map(self._bytes, wanted), strict=True))
        made: list[AssetRecord | Exception] = []
        lineage: dict[str, LineageStep] = {}
        for cell in cells:
            try:
                made.append(self._asset(cell, found, figures, lineage))
            except _Outdated as error:
                self._forget(error.keys)
                made.append(error)
            except (StoreError, KeyError, ValueError) as error:
                made.append(error)
        return made

    def _gather(self, cells: Sequence[CellRecord]) -> _Found:
        """The receipts of these cells' ends and of everything below them, level by level."""
        found: _Found = {}
        level = dict.fromkeys(key for cell in cells for key in cell.steps.values() if key not in self._broken)
        while level:
            asked = self.receipts.ask(level)
            found |= asked
            receipts = [receipt for receipt in asked.values() if isinstance(receipt, Receipt)]
            level = dict.fromkeys(
                need for receipt in receipts for need in _readable_needs(receipt) if need not in found
            )
        return found

    def _forget(self, keys: list[str]) -> None:
        self.registry.forget_steps(keys)
        for key in keys:
            delete_receipt(self.receipts.store, key)
            self.receipts.forget(key)

    def _bytes(self, sha256: str) -> bytes | StoreError:
        try:
            return self.receipts.store.get_blob(sha256)
        except StoreError as error:
            return error

    def _asset(
        self,
        cell: CellRecord,
        found: _Found,
        blobs: Mapping[str, bytes | StoreError],
        lineage: dict[str, LineageStep],
    ) -> AssetRecord:
        finish, measure, poster = (self._receipt(cell.steps[end], found) for end in ENDS)
        blob = finish.outputs["asset"]
        if outdated := [end.key for end in (measure, poster) if end.inputs.get("asset") != blob.sha256]:
            raise _Outdated(outdated)
        read = blobs[measure.outputs["figures"].sha256]
        if isinstance(read, StoreError):
            raise read
        figures: dict[str, Any] = json.loads(read)
        if judged := self._judged(cell, found, blobs, blob.sha256):
            figures["judges"] = judged
        if subtitles := cell.steps.get(SUBTITLES):
            files = self._receipt(subtitles, found).outputs
            figures["subtitles"] = {name: files[name].sha256 for name in ("vtt", "srt")}
        placement = self.world.placements[cell.placement]
        steps = self._lineage((finish, measure, poster), found, lineage)
        if cell.carried.get("rights"):
            steps = tuple(self._under(one, found, cell) for one in steps)
        verdict = accept(
            figures,
            placement,
            ad_id=cell.ad_id,
            title=finish.recipe["params"]["title"],
            texts=cell.texts,
            brand=self.brand,
            spoken=any(one.kind == "speech" for one in steps),
        )
        return AssetRecord(
            asset_id=asset_id(cell.ad_id, finish.key),
            ad_id=cell.ad_id,
            name=cell.name,
            sha256=blob.sha256,
            bytes=blob.bytes,
            type=blob.type,
            width=placement.width,
            height=placement.height,
            ms=placement.ms,
            state=verdict.state,
            reasons=verdict.reasons,
            findings=verdict.findings,
            figures=figures,
            poster=poster.outputs["image"].sha256,
            checked=self.judged_by(cell, self._broken),
            lineage=steps,
        )

    def _judged(
        self, cell: CellRecord, found: _Found, blobs: Mapping[str, bytes | StoreError], sha256: str
    ) -> dict[str, Any]:
        """The judges' figures by name; of one who has none, {"why_not": ...}. What they said of other bytes is outdated."""
        judged: dict[str, Any] = {}
        for name, key in _judges(cell):
            if key in self._broken:
                judged[name] = {"why_not": self._broken[key]}
                continue
            receipt = self._receipt(key, found)
            if receipt.inputs.get("asset", sha256) != sha256:
                raise _Outdated([key])
            read = blobs[receipt.outputs["figures"].sha256]
            if isinstance(read, StoreError):
                raise read
            said = json.loads(read)
            judged[name] = said if isinstance(said, dict) else {"why_not": "its figures are no JSON object"}
        return judged

    def _lineage(
        self, ends: Sequence[Receipt], found: _Found, known: dict[str, LineageStep]
    ) -> tuple[LineageStep, ...]:
        """Every step that the ends are made from, each after what it needs. `known`: steps that other ads share."""
        steps: dict[str, LineageStep] = {}
        for end in ends:
            self._visit(end, found, known, steps)
        return tuple(steps.values())

    def _under(self, step: LineageStep, found: _Found, cell: CellRecord) -> LineageStep:
        """With the consent, where a voice was cloned in it, a person's photo was taken, or a track was."""
        kind = ENTERS[step.kind][1] if step.kind in ENTERS else None
        inputs = self._receipt(step.key, found).recipe["inputs"] if kind is not None else {}
        spec = self.world.catalogue.specs.get((step.kind, step.backend))
        if kind is None or spec is None or not (entering(step.kind, inputs) or drawn(spec)):
            return step
        if kind == "voice" and CLONE not in spec.facts.get("uses", ()):
            return step  # a recording, as it is
        consents = needed_by(cell, kind)
        return step.model_copy(update={"consent": ", ".join(consents)}) if consents else step

    def _visit(
        self, receipt: Receipt, found: _Found, known: dict[str, LineageStep], steps: dict[str, LineageStep]
    ) -> None:
        if receipt.key in steps:
            return
        for need in _needs(receipt):
            self._visit(self._receipt(need, found), found, known, steps)
        if receipt.key not in known:
            known[receipt.key] = _lineage_step(receipt)
        steps[receipt.key] = known[receipt.key]

    def _receipt(self, key: str, found: _Found) -> Receipt:
        receipt = found[key]
        if isinstance(receipt, StoreError):
            raise receipt
        if receipt is None:
            self.registry.forget_steps([key])
            raise DamagedStoreError(f"the receipt of step {key[:12]} is gone from {self.receipts.store.url}")
        return receipt


def _judges(cell: CellRecord) -> list[tuple[str, str]]:
    """Names and keys of those who judge the ad, in the order of their names."""
    return sorted((name.removeprefix(JUDGE), key) for name, key in cell.steps.items() if name.startswith(JUDGE))


def _needs(receipt: Receipt) -> list[str]:
    """The keys of the steps that it was made from, in the order of its inputs; ingested media are no steps.

    Raises DamagedStoreError for a recipe that is none.
    """
    try:
        return [source[0] for source in receipt.recipe["inputs"].values() if not isinstance(source, str)]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise DamagedStoreError(f"the receipt of step {receipt.key[:12]} does not say what it was made from") from error


def _readable_needs(receipt: Receipt) -> list[str]:
    try:
        return _needs(receipt)
    except DamagedStoreError:  # said of the ads that are made from it
        return []


def _lineage_step(receipt: Receipt) -> LineageStep:
    recipe = receipt.recipe
    return LineageStep(
        key=receipt.key,
        kind=recipe["kind"],
        backend=recipe["backend"],
        revision=recipe["revision"],
        model=recipe["model"],
        licence=receipt.licence,
        seed=receipt.seed,
        seconds=receipt.seconds,
        notes=receipt.notes,
    )
