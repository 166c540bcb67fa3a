"""Which judges are asked: rows of kind `judge` in the catalogue, models that look at finished ads and listen to them.

A judge's step is beside `measure`: it has a key of its own and changes no other, so that what an ad *is* never depends on
who judges it. Its figures join those of `measure` where they are there; without them the ad is accepted all the same.

The facts of a row say what it judges and reads:

    of: [image, video]        modalities
    reads: [asset, boxes]     asset: the final file; boxes: of every part; voice: the read alone, before music;
                              script: parameters `script` (as written), `locale`, and `must`: what has to be heard
    needs: [rapidocr]         Python packages
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from creative.backends import BackendSpec
from creative.brief.types import did_you_mean
from creative.errors import UsageError

AUTO, NONE = "auto", "none"
READS = ("asset", "boxes", "voice", "script")


def chosen(wish: str, rows: Iterable[BackendSpec]) -> tuple[str, ...]:
    """The names of the judges that are asked: `auto` is those whose packages are installed here, `none` is nobody, else
    names, separated by commas, which workers have to have.

    Raises UsageError for a name that no row has.
    """
    judges = {row.name: row for row in rows}
    if wish in ("", NONE):
        return ()
    if wish == AUTO:
        return tuple(name for name, row in judges.items() if all(map(_is_here, row.facts.get("needs", ()))))
    names = tuple(dict.fromkeys(name.strip() for name in wish.split(",") if name.strip()))
    for name in names:
        if name not in judges:
            hint = did_you_mean(name, judges) or f"There is: {', '.join((AUTO, NONE, *judges))}"
            raise UsageError(f"there is no judge {name!r}. {hint}")
    return names


def _is_here(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
