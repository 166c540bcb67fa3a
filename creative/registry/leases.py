"""Leases: of those who would do the work of one name at the same time, one does.

    with leased(settings.registry, "nightly") as got:
        if isinstance(got, Holder):
            ...                       # somebody else has it; `got` says who, where, since when
        got.check()                   # again and again: raises LeaseLostError once it is not ours any more

A lease is one row of the registry, taken, renewed and given back by single statements, by the database's clock alone. It
counts for `TTL_S` seconds and is renewed every `EVERY_S` by a thread with a connection of its own. Who holds it may die
without a word: then it is free when its time is over, or at once for those on the same machine, who can see that the
process is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from creative.errors import RegistryError, UsageError
from creative.registry.database import engine_for, reading, writing
from creative.registry.patience import Patience, persist
from creative.registry.tables import leases
from creative.registry.troubles import where

TTL_S = 120.0
EVERY_S = 20.0
_AGAIN_S = 5.0
_GIVE_BACK_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TAKEN = 3
_TAKE_S = 10.0
_LOCKED_MS = 2_000


class LeaseLostError(RegistryError):
    """The lease could not be renewed in time, or another has it: what it stands for must end."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease: `holder` names the process, `since` and `until` are by the database's clock, in UTC."""

    name: str
    holder: str
    host: str
    since: datetime
    until: datetime

    @property
    def pid(self) -> int:
        """The process, on its host."""
        return int(self.holder.split(":")[1])


class Lease:
    """A lease that this process has. Made by `leased`."""

    def __init__(self, engine: Engine, name: str, holder: str, ttl: float, every: float, taken: float) -> None:
        self.name, self.holder, self.ttl, self.every = name, holder, ttl, every
        self._engine = engine
        self._good_until = taken + ttl
        self._lost = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew_always, name=f"lease {name}", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise LeaseLostError if it is not certain any more that nobody else has it. Call it often.

        It asks no database, but once where the renewing has failed for too long: if the database is back by then and
        nobody has taken the lease meanwhile, it is still ours.
        """
        if not self._lost and _clock() >= self._good_until and not self._renew() and not self._lost:
            self._lost = f"the registry could not be reached for {self.ttl:g} s"
        if self._lost:
            raise LeaseLostError(f"the lease {self.name!r} is lost: {self._lost}; the same command goes on from here")

    def give_back(self) -> None:
        """End the renewing and free the lease. A database that does not answer is left to notice by itself."""
        self._end.set()
        last = threading.Thread(target=self._remove, name=f"lease {self.name} given back", daemon=True)
        last.start()
        last.join(_GIVE_BACK_S)

    def _remove(self) -> None:
        self._thread.join(_GIVE_BACK_S)
        with contextlib.suppress(RegistryError, SQLAlchemyError, OSError), writing(self._engine) as connection:
            connection.execute(sa.delete(leases).where(*_ours(self.name, self.holder)))
        with contextlib.suppress(SQLAlchemyError, OSError):
            self._engine.dispose()

    def _renew_always(self) -> None:
        wait = self.every
        while not self._end.wait(wait) and not self._lost:
            wait = self.every if self._renew() else min(_AGAIN_S, self.every)

    def _renew(self) -> bool:
        """Whether the database says that it is ours, from now on for its full time."""
        asked = _clock()  # before the database looks at its clock: what we count on ends before what it counts on
        try:
            with writing(self._engine) as connection:
                renewal = sa.update(leases).where(*_ours(self.name, self.holder))
                found = connection.execute(renewal.values(until=_moment(self._engine, self.ttl))).rowcount
        except (RegistryError, SQLAlchemyError, OSError):
            return False
        if found:
            self._good_until = max(self._good_until, asked + self.ttl)
        else:
            self._lost = "another has taken it"
        return bool(found)


@contextlib.contextmanager
def leased(place: str | Path, name: str, *, ttl: float = TTL_S, every: float = EVERY_S) -> Iterator[Lease | Holder]:
    """Take the lease `name` in the registry at `place`, whose tables must be there; or say who has it.

    It is given back at the end, however that comes. Raises UsageError for a name that is none, RegistryError when the
    database cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} cannot name a lease: use up to 64 letters, digits and . _ -, none of .-_ first"
        )
    engine = engine_for(place)
    try:
        holder = f"{socket.gethostname()[:200].replace(':', '.')}:{_myself()}:{secrets.token_hex(4)}"
        taken = _clock()
        other = persist(where(engine), Patience(_TAKE_S), lambda: _take(engine, name, holder, ttl))
        lease = None if other else Lease(_impatient(engine, place), name, holder, ttl, every, taken)
    except BaseException:
        engine.dispose()
        raise
    if lease is None:
        engine.dispose()
        assert other is not None
        yield other
        return
    try:
        yield lease
    finally:
        lease.give_back()


def holder_of(place: str | Path, name: str) -> Holder | None:
    """Who has the lease, also where its time is over; None if nobody took it."""
    engine = engine_for(place)
    try:
        with reading(engine) as connection:
            return _holder(connection, name)
    finally:
        engine.dispose()


def _take(engine: Engine, name: str, holder: str, ttl: float) -> Holder | None:
    """Take it if it is free, else say who has it. One that is given back between the two is tried for again."""
    for _ in range(_TAKEN):
        with writing(engine) as connection:
            if connection.execute(_claim(engine, name, holder, ttl)).rowcount:
                return None
            other = _holder(connection, name)
            if other is not None and other.holder == holder:
                return None  # it was ours already: only the answer was lost
            if other is not None and is_gone(other.holder):
                dead = sa.delete(leases).where(*_ours(name, other.holder))
                connection.execute(dead)
                if connection.execute(_claim(engine, name, holder, ttl)).rowcount:
                    return None
                other = _holder(connection, name)
        if other is not None:
            return other
    raise RegistryError(f"the lease {name!r} changes hands too fast; try again")


def _impatient(engine: Engine, place: str | Path) -> Engine:
    """Another engine for the same place, that does not wait for long where a file is locked."""
    engine.dispose()
    engine = engine_for(place)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _short_wait)
    return engine


def _short_wait(connection: Any, _: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_LOCKED_MS}")


def _claim(engine: Engine, name: str, holder: str, ttl: float) -> Any:
    now, until = _moment(engine), _moment(engine, ttl)
    host = holder.split(":")[0]
    row = {"name": name, "holder": holder, "host": host, "taken": now, "until": until}
    ours = {column: value for column, value in row.items() if column != "name"}
    over = leases.c.until < now
    if engine.dialect.name == "postgresql":
        return (
            postgresql.insert(leases).values(row).on_conflict_do_update(index_elements=["name"], set_=ours, where=over)
        )
    return sqlite.insert(leases).values(row).on_conflict_do_update(index_elements=["name"], set_=ours, where=over)


def _holder(connection: Connection, name: str) -> Holder | None:
    columns = (leases.c.name, leases.c.holder, leases.c.host, leases.c.taken, leases.c.until)
    row = connection.execute(sa.select(*columns).where(leases.c.name == name)).one_or_none()
    return None if row is None else Holder(*row)


def _ours(name: str, holder: str) -> tuple[Any, ...]:
    return leases.c.name == name, leases.c.holder == holder


def _moment(engine: Engine, plus: float = 0.0) -> sa.ColumnElement[Any]:
    """The database's present time, and so many seconds more; in the form in which the column keeps it."""
    if engine.dialect.name == "postgresql":
        return sa.literal_column(f"clock_timestamp() + interval '{float(plus)} seconds'")
    return sa.literal_column(f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '{float(plus):+} seconds')")


# -- who is who on this machine ----------------------------------------------------------------------------------------


def _myself() -> str:
    """This process, so that others on this machine can tell when it is gone: pid, when it started, and where that counts."""
    return f"{os.getpid()}:{_started(os.getpid())}:{_machine()}"


def is_gone(holder: str) -> bool:
    """Whether the process is certainly gone. Only processes of the same boot and pid namespace can be looked for."""
    parts = holder.split(":")
    if len(parts) != 5 or not parts[1].isdecimal() or not parts[3] or parts[3] != _machine():
        return False
    pid, started = int(parts[1]), parts[2]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and another user's
        return False
    found = _started(pid)
    return found == "dead" or (bool(found) and bool(started) and found != started)


def _started(pid: int) -> str:
    """When a process started, in ticks after the boot (a pid alone is used again); "dead" for a zombie; "" if unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "dead" if fields[0] in "ZXx" else fields[19]


def _machine() -> str:
    """This boot of this machine and its pid namespace, since pids mean nothing elsewhere; "" where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        return hashlib.sha256(f"{boot} {Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:16]
    except (OSError, UnicodeDecodeError):
        return ""


def _clock() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)
