"""A store that is far away: every call takes its time and is counted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from creative.store import Store

_CALLS = {"put_blob", "has_blob", "size_of", "fetch", "get_blob", "delete_blob", "create", "read", "names", "delete", "publish",
          "published", "unpublish"}  # fmt: skip


class FarStore:
    """Passes every call on, after `seconds`. `calls` counts them by method, `most` how many were under way at once."""

    is_local = False

    def __init__(self, store: Store, seconds: float = 0.0) -> None:
        self._store = store
        self.seconds = seconds
        self.calls: Counter[str] = Counter()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._counted(name, found) if name in _CALLS else found

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                self.calls[name] += 1
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                if self.seconds:
                    time.sleep(self.seconds)
                return call(*arguments, **named)
            finally:
                with self._lock:
                    self._now -= 1

        return counted
