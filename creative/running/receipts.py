"""The receipts of this run: those that workers have just sent need not be read, the others are read many at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from creative.errors import StoreError
from creative.records import Receipt
from creative.running.at_once import AtOnce
from creative.store import Store, read_receipt

_MOST = 8192


class Receipts:
    """The latest few thousand receipts by step key, over the store. Used from one thread."""

    def __init__(self, store: Store, at_once: AtOnce | None = None) -> None:
        self.store = store
        self.at_once = at_once or AtOnce.on(store)
        self._kept: OrderedDict[str, Receipt] = OrderedDict()

    def keep(self, receipt: Receipt) -> None:
        """This one stands."""
        self._kept[receipt.key] = receipt
        self._kept.move_to_end(receipt.key)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """It was deleted."""
        self._kept.pop(key, None)

    def read(self, keys: Iterable[str]) -> dict[str, Receipt]:
        """Those of the keys that have one, in their order. Raises StoreError for one that cannot be read."""
        found = {}
        for key, what in self.ask(keys).items():
            if isinstance(what, StoreError):
                raise what
            if what is not None:
                found[key] = what
        return found

    def ask(self, keys: Iterable[str]) -> dict[str, Receipt | StoreError | None]:
        """The receipt of each key, or None, or why it cannot be read."""
        wanted = dict.fromkeys(keys)
        there: dict[str, Receipt | StoreError | None] = {key: self._kept.get(key) for key in wanted}
        absent = [key for key, receipt in there.items() if receipt is None]
        there.update(zip(absent, self.at_once.map(self._read, absent), strict=True))
        for key in absent:
            receipt = there[key]
            if isinstance(receipt, Receipt):
                self.keep(receipt)
        return there

    def _read(self, key: str) -> Receipt | StoreError | None:
        try:
            return read_receipt(self.store, key)
        except StoreError as error:
            return error
