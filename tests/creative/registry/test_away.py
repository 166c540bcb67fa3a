"""The database stopped and started while it is used: what was under way waits, and then is done, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pg8000.exceptions import InterfaceError

from creative.errors import EXIT_TEMPORARY, RegistryError
from creative.registry import Registry, open_registry
from creative.registry.driver import Link
from creative.registry.patience import Patience, persist
from creative.registry.troubles import PassingError
from creative.store import Store
from tests.support.postgres import Server, started
from tests.support.registry_records import Farm, asset, receipt, sha, told


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that these tests stop and start; the other tests have another one."""
    with started() as server:
        yield server


@pytest.fixture
def words() -> list[str]:
    return []


@pytest.fixture
def waiting(server: Server, store: Store, words: list[str]) -> Iterator[Registry]:
    server.start()
    with open_registry(server.new_schema(), store.id, Patience(60, words.append)) as registry:
        yield registry
    server.start()


def later(action: Callable[[], None], seconds: float = 0.3) -> threading.Thread:
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


@pytest.mark.parametrize("crash", [False, True])
def test_a_server_stopped_and_started_while_it_is_written_to(
    server: Server, waiting: Registry, store: Store, farm: Farm, words: list[str], crash: bool
) -> None:
    keys: list[str] = []

    def write(number: int) -> None:
        ads = [f"ad{number}-{i}" for i in range(5)]
        assert waiting.apply(store, "c", farm.made(*ads))
        keys.append(sha(str(number)))
        assert waiting.record_steps([receipt(keys[-1])]) == 1
        waiting.set_job("r", "commuters", "running", {"made": number})

    def interrupt() -> None:
        for _ in range(2):
            time.sleep(0.3)
            server.stop(crash=crash)
            time.sleep(0.3)
            server.start()

    interruption = threading.Thread(target=interrupt)
    interruption.start()
    number = 0
    while interruption.is_alive():
        write(number)
        number += 1
    interruption.join()
    write(number)
    assert waiting.campaigns()[0].cursor == number + 1 == farm.log.last()
    assert len(list(waiting.manifest_rows())) == 5 * (number + 1)
    assert waiting.known_steps(keys) == set(keys)
    assert waiting.jobs("r")[0].counts == {"made": number}
    live = told(waiting)
    waiting.rebuild(store)
    assert told(waiting) == live | {"rates": {}, "jobs": told(waiting)["jobs"]}
    away, back = words[0], words[1]
    assert "does not answer" in away and "waiting up to 60 s" in away and server.password not in away
    assert back.startswith("the registry answers again, after ")
    assert len(words) % 2 == 0 and set(words[::2]) <= {word for word in words if "does not answer" in word}


def test_rows_that_are_being_read_go_on_where_they_were(
    server: Server, waiting: Registry, store: Store, farm: Farm
) -> None:
    farm.made(*(f"ad{i:04}" for i in range(1200)))
    farm.made(*(f"ad{i:04}" for i in range(600)), take="2")
    waiting.catch_up(store)
    whole = [row.asset_id for row in waiting.manifest_rows(all_states=True)]
    assert len(whole) == 1800
    seen: list[str] = []
    for row in waiting.manifest_rows(all_states=True):
        if len(seen) in (3, 900):
            server.stop()
            later(server.start)
        seen.append(row.asset_id)
    assert seen == whole
    current = waiting.each_current_asset("c")
    some = [next(current)]
    server.stop()
    later(server.start)
    assert [one.ad_id for one in (*some, *current)] == sorted(waiting.current_assets("c"))


def test_a_restart_between_two_questions_is_not_worth_a_word(
    server: Server, waiting: Registry, words: list[str]
) -> None:
    assert waiting.known_steps(["k"]) == set()
    server.stop()
    server.start()
    assert waiting.known_steps(["k"]) == set()
    assert words == []


def test_a_server_that_stays_away(server: Server, store: Store, farm: Farm, words: list[str]) -> None:
    server.start()
    with open_registry(server.new_schema(), store.id, Patience(0.5, words.append)) as registry:
        server.stop()
        entry = farm.made("a")
        for call in (
            lambda: registry.apply(store, "c", entry),
            lambda: registry.known_steps(["k"]),
            lambda: list(registry.each_current_asset("c")),
        ):
            with pytest.raises(RegistryError, match=r"does not answer.*same command then goes on") as refusal:
                call()
            assert refusal.value.exit_code == EXIT_TEMPORARY
            assert server.password not in str(refusal.value)
            assert str(server.port) in str(refusal.value)
        assert len(words) == 3
        server.start()
        assert registry.catch_up(store) == 1


def test_nobody_at_the_address(server: Server, store: Store, words: list[str]) -> None:
    server.stop()
    with pytest.raises(RegistryError, match=r"connection refused") as refusal:
        open_registry(server.url(), store.id, Patience(0.3, words.append))
    assert refusal.value.exit_code == EXIT_TEMPORARY
    with pytest.raises(RegistryError, match=r"host's name is not known") as refusal:
        open_registry("postgresql://farm:pw@no-such-host.invalid/db", store.id, Patience(0.3, words.append))
    assert "pw" not in str(refusal.value)
    with pytest.raises(RegistryError, match=r"no such file") as refusal:
        open_registry("postgresql://farm@/db?host=/nowhere", store.id, Patience(0, words.append))


def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    waiting: Registry, store: Store, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    commit = Link.commit

    def losing(link: Link) -> None:
        nonlocal commits
        commit(link)
        commits += 1
        if commits % 2:
            link.close()
            raise InterfaceError("network error: nobody heard the answer")

    monkeypatch.setattr(Link, "commit", losing)
    farm.brief()
    assert waiting.apply(store, "c", farm.made("a", "b"))
    assert waiting.apply(store, "c", farm.retired("a"))
    assert waiting.record_steps([receipt("k"), receipt("l")]) == 2
    waiting.set_job("r", "s", "running", {"made": 1})
    waiting.forget_steps(["l"])
    assert waiting.rebuild(store) == 3
    monkeypatch.undo()
    assert commits >= 12
    live = told(waiting)
    waiting.rebuild(store)
    assert told(waiting) == live
    assert [row.after for row in waiting.history(asset("a").asset_id)] == ["pending", "retired"]


def test_who_is_in_the_way_is_waited_for_without_a_word(words: list[str]) -> None:
    tries = iter([PassingError("there", "deadlock detected", away=False)] * 2)

    def once() -> str:
        if (error := next(tries, None)) is not None:
            raise error
        return "done"

    assert persist("there", Patience(5, words.append), once) == "done"
    assert words == []

    def never() -> None:
        raise PassingError("there", "deadlock detected", away=False)

    with pytest.raises(RegistryError, match="too busy"):
        persist("there", Patience(0.2, words.append), never)
