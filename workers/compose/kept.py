"""What a worker keeps between steps: decoded pictures and what was made of them, by the digests of their bytes.

A batch has steps of one scene, and a campaign few logos and layouts: each is decoded, cropped and scaled once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from PIL import Image

from creative.backends import Task
from creative.canonical import file_digest

T = TypeVar("T")
MOST = 160_000_000
"""Bytes kept at most, as far as they are weighed: some ten scenes with their crops."""
_SMALL = 20_000


class Kept:
    """Things by a key that names what they were made from; those used longest ago go, beyond `most` bytes.

    What is kept is shared: nobody may change it.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int] = lambda _: _SMALL) -> T:
        """What is kept under `key`, or what `make` makes; `weigh` says how many bytes that is. What `make` raises passes."""
        found = self._things.get(key)
        if found is not None:
            self._things.move_to_end(key)
            kept: T = found[0]
            return kept
        thing = make()
        weight = weigh(thing)
        self._things[key] = (thing, weight)
        self._bytes += weight
        while self._bytes > self.most and len(self._things) > 1:
            _, (_, gone) = self._things.popitem(last=False)
            self._bytes -= gone
        return thing


def digest_of(task: Task, role: str) -> str:
    """The sha256 of an input's bytes: what the worker knows, else reckoned from the file."""
    return task.digests.get(role) or file_digest(task.inputs[role])


def weight_of(picture: Image.Image) -> int:
    """Bytes that a picture takes in memory: Pillow gives a pixel of three colours four."""
    return picture.width * picture.height * (1 if picture.mode in ("L", "P") else 4)
