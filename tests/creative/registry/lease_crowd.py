"""Twenty processes that want one lease at once: `lease_crowd.py REGISTRY`. Prints how many got it, how many were told who has it."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter

from creative.registry.leases import Lease, leased

CROWD = 20


def want(place: str, start: int, end: int) -> int:
    """1 if this process got the lease; then it holds it until the other end of `end` is closed."""
    os.read(start, 1)
    with leased(place, "nightly") as got:
        if isinstance(got, Lease):
            os.read(end, 1)
            return 1
    return 0


def main() -> None:
    (start_read, start_write), (end_read, end_write) = os.pipe(), os.pipe()
    left = set()
    for _ in range(CROWD):
        child = os.fork()
        if child == 0:
            code = 2
            try:
                os.close(start_write)
                os.close(end_write)
                code = want(sys.argv[1], start_read, end_read)
            finally:
                os._exit(code)
        left.add(child)
    os.close(start_write)
    codes: Counter[int] = Counter()
    until = time.monotonic() + 300
    while left and time.monotonic() < until:
        if len(left) == 1 and end_write >= 0:  # all others have been told
            os.close(end_write)
            end_write = -1
        for child in list(left):
            if (found := os.waitpid(child, os.WNOHANG))[0]:
                codes[os.waitstatus_to_exitcode(found[1])] += 1
                left.remove(child)
        time.sleep(0.01)
    print(f"got {codes[1]}, told {codes[0]}, left {len(left)}")


main()
