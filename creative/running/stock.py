"""The stock: what of a window is there already, as the registry and the store know it; and what workers need to begin."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterable, Mapping

from creative.errors import StoreError
from creative.planning import PlanWindow
from creative.records import Failure, Receipt
from creative.registry import Registry
from creative.running.receipts import Receipts
from creative.steps import Output, Step
from creative.store.receipts import clear_failure, delete_receipt, failure_keys, read_failure
from creative.world import Media


class Stock:
    """Asks the registry first, then the store, many questions at once; what was answered once is not asked again."""

    def __init__(self, registry: Registry, receipts: Receipts, media: Media) -> None:
        self.store, self.registry, self.receipts, self.media = receipts.store, registry, receipts, media
        self._map = receipts.at_once.map
        self._found: set[Output] = set()

    def missing(self, window: PlanWindow, settled: Callable[[Step], bool]) -> dict[str, Step]:
        """What has to be made: what nobody knows of, and what it is made from as far as that is lost.

        `settled`: steps of which the store need not be asked.
        """
        known = self.registry.known_steps(window.steps)
        missing = window.needed(known)
        found = self.receipts.read(key for key, step in missing.items() if not settled(step))
        if found:  # made by a run that died before it could tell the registry
            self.registry.record_steps(found.values())
            known = known | found.keys()
            missing = window.needed(known)
        if outdated := self._outdated(window, missing, known, settled):
            self._forget(outdated)
            known = known - outdated
            missing = window.needed(known)
        while lost := self._lost_inputs(missing, known):
            self._forget(lost)
            known = known - lost
            missing = window.needed(known)
        return missing

    def failures(self, keys: Iterable[str], *, retry: bool) -> dict[str, Failure]:
        """Why steps will not be made, as far as that was found out before; with `retry`, it is forgotten.

        What was refused for want of a consent only is forgotten as well: whoever asks has one by now.
        """
        failed = [key for key in keys if key in self._failed]
        if retry:
            self._map(functools.partial(clear_failure, self.store), failed)
            self._failed.difference_update(failed)
            return {}
        read = self._map(functools.partial(read_failure, self.store), failed)
        lifted = [failure.key for failure in read if failure is not None and failure.rights]
        if lifted:
            self._map(functools.partial(clear_failure, self.store), lifted)
            self._failed.difference_update(lifted)
        return {failure.key: failure for failure in read if failure is not None and not failure.rights}

    def upload(self, steps: Iterable[Step]) -> None:
        """Put the media that these steps are made from into the store."""
        wanted = {source for step in steps for source in step.inputs.values() if isinstance(source, str)}
        self._map(lambda digest: self.media.upload(digest, self.store), sorted(wanted))

    @functools.cached_property
    def _failed(self) -> set[str]:
        # One list, instead of a question for each step: few have failed, and of those of this run the loop knows.
        return set(failure_keys(self.store))

    def _lost_inputs(self, missing: Mapping[str, Step], known: Container[str]) -> set[str]:
        """Steps that the registry knows, whose receipt or bytes a missing step would not find. Each output is asked once."""
        inputs = dict.fromkeys(
            source for step in missing.values() for source in step.inputs.values() if isinstance(source, Output)
        )
        asked = [source for source in inputs if source not in self._found and source.step in known]
        receipts = self.receipts.ask(source.step for source in asked)
        there = self._map(lambda source: self._is_there(source, receipts[source.step]), asked)
        self._found.update(source for source, found in zip(asked, there, strict=True) if found)
        return {source.step for source, found in zip(asked, there, strict=True) if not found}

    def _outdated(
        self, window: PlanWindow, missing: Mapping[str, Step], known: Container[str], settled: Callable[[Step], bool]
    ) -> set[str]:
        """What was said of files that are made again: they need not be the same bytes."""
        again = {
            key: cell for cell in window.cells if (key := cell.steps["finish"]) in missing and not settled(missing[key])
        }
        return {
            key
            for finish, cell in again.items()
            for key in cell.steps.values()
            if key in known and finish in window.steps[key].needs()
        }

    def _forget(self, keys: set[str]) -> None:
        """These have to be made again. The registry forgets first: what dies on the way is found out again."""
        self.registry.forget_steps(keys)
        for key in sorted(keys):
            delete_receipt(self.store, key)
            self.receipts.forget(key)

    def _is_there(self, source: Output, receipt: Receipt | StoreError | None) -> bool:
        if isinstance(receipt, StoreError):  # not to be understood: the worker says so, for those steps only
            return True
        blob = receipt.outputs.get(source.name) if receipt else None
        return blob is not None and self.store.size_of(blob.sha256) == blob.bytes
