"""A process that writes entries and applies them, killed again and again: `registry_killed.py STORE REGISTRY ROUNDS`.

Prints a line a round: entries acknowledged so far, the registry's cursor, the log's end, as found after the kill.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from creative.registry import open_registry
from creative.store import Log, open_store
from tests.support.registry_records import Farm


def write_for_ever(store_url: str, place: str, said: int) -> None:
    store = open_store(store_url)
    farm = Farm(store)
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
        os.write(said, b"ready\n")
        while True:
            number = farm.log.last()
            entry = farm.retired("a", "c") if number % 4 == 3 else farm.made("a", "b", "c", take=str(number % 3))
            registry.apply(store, "c", entry)
            os.write(said, b"%d\n" % entry.n)


def main() -> None:
    store_url, place, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    chance = random.Random(7)
    acknowledged = 0
    for _ in range(rounds):
        heard, said = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            write_for_ever(store_url, place, said)
        os.close(said)
        with os.fdopen(heard) as pipe:
            assert pipe.readline() == "ready\n"
            for _ in range(chance.randint(1, 4)):
                acknowledged = int(pipe.readline())
            time.sleep(chance.uniform(0, 0.02))  # into the middle of the next one
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for line in pipe:
                acknowledged = int(line)
        store = open_store(store_url)
        with open_registry(place, store.id) as registry:
            cursor = registry.campaigns()[0].cursor if registry.campaigns() else 0
        print(acknowledged, cursor, Log(store, "c").last())


main()
