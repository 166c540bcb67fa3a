"""One numbered event log a campaign, and the cell records that its entries point to.

logs/<campaign>                             says that the campaign has a log
campaigns/<campaign>/log/0000000001.json    one entry an object, made by conditional create: no number twice, no gap
campaigns/<campaign>/cells/<sha256>.json.gz one window of cells, named by the digest of its JSON
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from creative.canonical import digest
from creative.errors import DamagedStoreError
from creative.records import Entry, Window
from creative.store.port import Store
from creative.store.receipts import parse

_MARKS = "logs/"


class Log:
    """A campaign's log. `seen` is a number known to be in it (a registry's cursor): where the search for the end begins.

    Raises UsageError for a campaign whose id cannot be a part of a name.
    """

    def __init__(self, store: Store, campaign: str, seen: int = 0) -> None:
        self.store = store
        self.campaign = campaign
        self._last = seen
        self._known = seen > 0  # whether `_last` is near the end

    def append(self, type: str, data: Mapping[str, Any], at: str | None = None) -> Entry:
        """Add an entry under the next free number. It is durable when this returns. `at` is now, unless given."""
        at = at or datetime.now(UTC).isoformat(timespec="milliseconds")
        number = self.last() + 1
        if number == 1:
            self._begin()
        while True:
            entry = Entry(n=number, type=type, at=at, data=data)
            if self.store.create(self._name(number), entry.model_dump_json().encode()):
                self._last = number
                return entry
            number += 1

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries with higher numbers than `after`, in order, to the end as it is when it is reached."""
        number = after
        while (entry := self.read(number + 1)) is not None:
            number += 1
            yield entry
        if number > self._last and number > after:
            self._last, self._known = number, True

    def read(self, number: int) -> Entry | None:
        """One entry, or None. Raises DamagedStoreError if it cannot be understood."""
        data = self.store.read(self._name(number))
        if data is None:
            return None
        entry = parse(Entry, data, f"entry {number} of the log of {self.campaign} in {self.store.url}")
        if entry.n != number:
            raise DamagedStoreError(f"entry {number} of the log of {self.campaign} says that it is number {entry.n}")
        return entry

    def last(self) -> int:
        """The highest number, 0 for an empty log. Numbers have no gaps: doubling steps, then halving them, finds it."""
        least = self._last
        step = 1
        while self._has(least + step):
            least += step
            step *= 2
        while step > 1:
            step //= 2
            if self._has(least + step):
                least += step
        self._last = least
        return least

    def _begin(self) -> None:
        """Before the first entry: say that the campaign has a log."""
        self.store.create(_MARKS + self.campaign, b"{}")

    def _has(self, number: int) -> bool:
        return self.store.read(self._name(number)) is not None

    def _name(self, number: int) -> str:
        return f"campaigns/{self.campaign}/log/{number:010}.json"


def campaigns(store: Store) -> list[str]:
    """The ids of all campaigns that have a log, sorted."""
    return [name.removeprefix(_MARKS) for name in store.names(_MARKS)]


def write_window(store: Store, campaign: str, window: Window) -> str:
    """Keep the window; returns its object's name, for a `window` entry. The same window has the same name."""
    data = window.model_dump_json().encode()
    name = f"campaigns/{campaign}/cells/{digest(data)}.json.gz"
    store.create(name, gzip.compress(data, 6, mtime=0))
    return name


def read_window(store: Store, name: str) -> Window:
    """The window in the object `name`. Raises DamagedStoreError if it is missing or damaged."""
    packed = store.read(name)
    if packed is None:
        raise DamagedStoreError(f"the store {store.url} has lost {name}, which a log names")
    try:
        data = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedStoreError(f"{name} in the store {store.url} is damaged") from error
    if digest(data) != name.rpartition("/")[2].removesuffix(".json.gz"):
        raise DamagedStoreError(f"{name} in the store {store.url} is damaged: its bytes are not those of its name")
    return parse(Window, data, f"{name} in the store {store.url}")
