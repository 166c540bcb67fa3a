"""Processes forked from one that uses its store, and from one of its threads: `forked.py URL`. Prints who won what."""

from __future__ import annotations

import json
import os
import pickle
import sys

from creative.store import open_store


def main() -> None:
    store = open_store(sys.argv[1])
    assert store.create("parent", b"1")
    copied = pickle.loads(pickle.dumps(store))
    assert (copied.id, copied.url, copied.read("parent")) == (store.id, store.url, b"1")
    children = []
    for number in range(4):
        out_read, out_write = os.pipe()
        child = os.fork()
        if child == 0:
            won = [i for i in range(8) if store.create(f"child/{i}", b"the same")]
            os.write(out_write, json.dumps({"who": number, "won": won}).encode())
            os._exit(0)
        os.close(out_write)
        children.append((child, out_read))
    assert store.create("meanwhile", b"2")
    for child, out in children:
        with os.fdopen(out) as pipe:
            print(pipe.read())
        assert os.waitpid(child, 0)[1] == 0


main()
