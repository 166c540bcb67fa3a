"""Leases, over every kind of database: taken once, renewed, given back, free again when their holder is dead."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from creative.errors import RegistryError, UsageError
from creative.registry import Registry
from creative.registry.database import engine_for
from creative.registry.leases import Holder, Lease, LeaseLostError, holder_of, is_gone, leased
from creative.registry.tables import leases
from tests.support.postgres import Server
from tests.support.scripts import run_script

ROOT = Path(__file__).parents[3]
AN_HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def ready(place: str, registry: Registry) -> str:
    """The URL of a database with its tables, which the registry made."""
    return place


def _change(place: str, statement: Any) -> None:
    engine = engine_for(place)
    with engine.begin() as connection:
        connection.execute(statement)
    engine.dispose()


def _held_elsewhere(place: str, until: datetime.timedelta) -> None:
    """As if a process of another machine had the lease."""
    now = datetime.datetime.now(datetime.UTC)
    row = {"name": "nightly", "holder": "far:1:1:othermachine:aa", "host": "far", "taken": now, "until": now + until}
    _change(place, sa.insert(leases).values(row))


def _eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_of_two_one_has_it_and_the_other_hears_who(ready: str) -> None:
    with leased(ready, "nightly") as first, leased(ready, "nightly") as second, leased(ready, "other") as third:
        assert isinstance(first, Lease) and isinstance(second, Holder) and isinstance(third, Lease)
        assert (second.holder, second.pid, second.name) == (first.holder, os.getpid(), "nightly")
        assert datetime.timedelta(seconds=100) < second.until - second.since < datetime.timedelta(seconds=140)
        assert abs(second.since - datetime.datetime.now(datetime.UTC)) < AN_HOUR
        first.check()
    assert holder_of(ready, "nightly") is None


def test_it_is_given_back_whatever_happens(ready: str) -> None:
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), leased(ready, "nightly") as got:
            assert isinstance(got, Lease)
            raise error
        assert holder_of(ready, "nightly") is None


def test_another_machine_has_it_until_its_time_is_over(ready: str) -> None:
    _held_elsewhere(ready, AN_HOUR)
    with leased(ready, "nightly") as got:
        assert isinstance(got, Holder)
        assert got.host == "far"
    _change(ready, sa.delete(leases))
    _held_elsewhere(ready, -AN_HOUR)
    with leased(ready, "nightly") as mine:
        assert isinstance(mine, Lease)


def test_the_dead_of_this_machine_have_nothing(ready: str) -> None:
    code = f"from creative.registry.leases import leased\nimport os\nwith leased({ready!r}, 'nightly'): os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=300)
    left = holder_of(ready, "nightly")
    assert left is not None and left.pid != os.getpid()
    with leased(ready, "nightly") as got:
        assert isinstance(got, Lease)


def test_only_what_is_certainly_gone_is_gone(ready: str) -> None:
    with leased(ready, "nightly") as got:
        assert isinstance(got, Lease)
        host, pid, started, machine, chance = got.holder.split(":")
    assert not is_gone(got.holder)
    assert is_gone(":".join((host, pid, "1", machine, chance)))  # the number is another process's by now
    assert not is_gone(":".join((host, "999999999", "1", "elsewhere", chance)))
    assert not is_gone("written by a later version")
    child = subprocess.Popen([sys.executable, "-c", ""])
    _eventually(
        lambda: is_gone(":".join((host, str(child.pid), "", machine, chance)))
    )  # dead, though nobody has asked yet
    child.wait()
    assert is_gone(":".join((host, str(child.pid), started, machine, chance)))


def test_it_is_renewed_while_it_is_held(ready: str) -> None:
    with leased(ready, "nightly", ttl=30, every=0.05) as got:
        assert isinstance(got, Lease)
        first = holder_of(ready, "nightly")
        assert first is not None
        _eventually(lambda: (now := holder_of(ready, "nightly")) is not None and now.until > first.until)
        got.check()


def test_who_lost_it_is_told(ready: str) -> None:
    with leased(ready, "nightly", every=0.05) as got:
        assert isinstance(got, Lease)
        _change(ready, sa.update(leases).values(holder="far:1:1:othermachine:aa", host="far"))
        _eventually(lambda: _lost(got))
        with pytest.raises(LeaseLostError, match=r"'nightly' is lost: another has taken it; the same command goes on"):
            got.check()
    other = holder_of(ready, "nightly")
    assert other is not None and other.host == "far"  # what is not ours is not given back


def test_late_but_not_taken_it_is_still_ours(ready: str) -> None:
    with leased(ready, "nightly", ttl=0.01, every=60) as got:
        assert isinstance(got, Lease)
        _eventually(lambda: _over(ready))
        got.check()
        _eventually(lambda: _over(ready))
        with leased(ready, "nightly") as other:
            assert isinstance(other, Lease)  # its time was over
            with pytest.raises(LeaseLostError, match="another has taken it"):
                got.check()
            other.check()


def _over(place: str) -> bool:
    """Whether the lease's time is over, by the clock of the database, which is this machine's, and a little more."""
    found = holder_of(place, "nightly")
    assert found is not None
    return found.until < datetime.datetime.now(datetime.UTC) - datetime.timedelta(milliseconds=50)


def test_a_database_that_is_away_for_too_long_loses_it(ready: str, request: pytest.FixtureRequest) -> None:
    with leased(ready, "nightly", ttl=1.5, every=0.1) as got:
        assert isinstance(got, Lease)
        if ready.startswith("sqlite"):
            engine = engine_for(ready)
            with engine.connect() as connection:
                connection.execute(sa.update(leases).values(host="locked"))  # and not committed: others have to wait
                _eventually(lambda: _lost(got))
            engine.dispose()
        else:
            server: Server = request.getfixturevalue("postgres")
            server.stop()
            try:
                _eventually(lambda: _lost(got))
            finally:
                server.start()
        with pytest.raises(LeaseLostError, match="could not be reached for"):
            got.check()


def _lost(lease: Lease) -> bool:
    try:
        lease.check()
    except LeaseLostError as error:
        assert error.exit_code == 75
        return True
    return False


def test_of_twenty_at_once_one_gets_it(ready: str) -> None:
    assert run_script(Path(__file__).with_name("lease_crowd.py"), ready) == ["got 1, told 19, left 0"]


@pytest.mark.parametrize("name", ["", "-nightly", "a b", "x" * 65, "nächtlich"])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a lease"), leased(tmp_path / "registry.db", name):
        pass


def test_without_tables_it_says_so(new_place: Callable[[], str]) -> None:
    with pytest.raises(RegistryError), leased(new_place(), "nightly"):
        pass
