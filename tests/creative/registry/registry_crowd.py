"""Eight processes at one registry at once: `registry_crowd.py STORE REGISTRY`."""

from __future__ import annotations

import os
import sys

from creative.registry import open_registry
from creative.store import open_store
from tests.support.registry_records import Farm, receipt, sha


def one(number: int, store_url: str, place: str) -> None:
    store = open_store(store_url)
    farm = Farm(store)
    with open_registry(place, store.id) as registry:
        for i in range(3):
            registry.apply(store, "c", farm.made("a", f"own{number}", take=str(i)))
            registry.record_steps([receipt(sha(str(i))), receipt(sha(f"{number} {i}"))])
            registry.set_job("r", f"segment{number}", "running", {"made": i})


def main() -> None:
    gate_read, gate_write = os.pipe()
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            os.close(gate_write)
            os.read(gate_read, 1)  # until the gate is closed: all start together
            one(number, sys.argv[1], sys.argv[2])
            os._exit(0)
        children.append(child)
    os.close(gate_write)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0


main()
