"""Eight processes at one store at once: `crowd.py URL NAMES`. Prints one JSON object a process: what it saw."""

from __future__ import annotations

import json
import os
import sys

from creative.store import Log, open_store, write_receipt
from tests.support.store_records import receipt

CROWD = 8


def one(number: int, url: str, names: int) -> dict[str, object]:
    store = open_store(url)
    won = [name for name in (f"race/{i}" for i in range(names)) if store.create(name, b"%d" % number)]
    standing = [write_receipt(store, receipt(f"{i:064x}", seconds=float(number))).seconds for i in range(10)]
    blob = store.put_blob(b"the same bytes", "text/plain").sha256
    log = Log(store, "together")
    entries = [log.append("run", {"who": number, "what": i}).n for i in range(names // 4)]
    return {"id": store.id, "won": won, "standing": standing, "blob": blob, "entries": entries, "who": number}


def main() -> None:
    url, names = sys.argv[1], int(sys.argv[2])
    if url.startswith("s3:"):
        import boto3.session  # noqa: F401  once, not in each of them

    gate_read, gate_write = os.pipe()
    children = []
    for number in range(CROWD):
        out_read, out_write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(gate_write)
            os.read(gate_read, 1)  # until the gate is closed: all start together
            os.write(out_write, json.dumps(one(number, url, names)).encode())
            os._exit(0)
        os.close(out_write)
        children.append((child, out_read))
    os.close(gate_write)
    for child, out in children:
        with os.fdopen(out) as pipe:
            print(pipe.read())
        assert os.waitpid(child, 0)[1] == 0


main()
