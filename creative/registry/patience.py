"""Waiting for a database that does not answer: what was under way is tried again as a whole until it works."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from creative.errors import RegistryError, WrongRegistryError
from creative.registry.troubles import PassingError

T = TypeVar("T")

RUNNING = 600.0
"""Seconds that a run waits: long enough to restart a server, or for another one to take its place."""
LOOKING = 5.0
"""Seconds that a command waits which only looks."""
_OPENING = 10.0
_FIRST_S = 0.1
_LONGEST_S = 5.0


def _to_stderr(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a database may stay away, in seconds, and who is told, in a sentence, that it is away or back."""

    seconds: float = RUNNING
    say: Callable[[str], None] = _to_stderr

    def at_opening(self) -> Patience:
        """Nobody has answered at this address yet: it may be a wrong one, and a run of ten minutes' silence is too long."""
        return Patience(min(self.seconds, _OPENING), self.say)


class Waiting:
    """The waiting for the database at `place`, from the first thing that failed until something works again."""

    def __init__(self, patience: Patience, place: str, *, opening: bool = False) -> None:
        self._patience = patience
        self._place = place
        self._opening = opening
        self._since: float | None = None
        self._pause = _FIRST_S
        self._said = False

    def failed(self, error: PassingError) -> None:
        """Wait a little. Raises RegistryError when the patience is at its end."""
        now = time.monotonic()
        first = self._since is None
        since = self._since = now if self._since is None else self._since
        if self._opening and error.unknown:
            raise WrongRegistryError(f"the registry {self._place} cannot be reached: {error.why}") from error
        if first and error.stale and self._patience.seconds > 0:
            return  # the server may have been started anew long ago: a new connection will tell
        if now - since >= self._patience.seconds:
            raise RegistryError(self._last_words(error, now - since)) from error
        if error.away and not self._said:
            self._said = True
            longest = _told(self._patience.seconds)
            self._patience.say(f"the registry {self._place} does not answer ({error.why}); waiting up to {longest}")
        left = since + self._patience.seconds - now
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.0)))  # not all that wait come back at once
        self._pause = min(self._pause * 2, _LONGEST_S)

    def answered(self) -> None:
        """It works."""
        if self._said and self._since is not None:
            self._patience.say(f"the registry answers again, after {_told(time.monotonic() - self._since)}")
        self._since, self._pause, self._said = None, _FIRST_S, False

    def _last_words(self, error: PassingError, waited: float) -> str:
        if not error.away:
            return f"the registry {self._place} is too busy: {error.why}; try again"
        waited_for = f", after {_told(waited)} of waiting" if waited >= 1 else ""
        return (
            f"the registry {self._place} does not answer ({error.why}){waited_for}: see that its server runs and can be "
            "reached from here; the same command then goes on where this one stopped"
        )


def persist(place: str, patience: Patience, once: Callable[[], T], *, opening: bool = False) -> T:
    """What `once` returns; it is called again for as long as it raises PassingError and the patience lasts.

    So it must do no harm the second time, also where the first time was done and only the answer was lost.
    """
    waiting = Waiting(patience.at_opening() if opening else patience, place, opening=opening)
    while True:
        try:
            result = once()
        except PassingError as error:
            waiting.failed(error)
        else:
            waiting.answered()
            return result


def _told(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes"
