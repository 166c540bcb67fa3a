"""Which backends an operator may use for ads: those whose weights are free for commercial use, and those that he has an
agreement for. An ad is commercial, unless its brief says that it is not (`commercial: false`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from creative.backends import BackendSpec
from creative.models.rows import own_models

_NOT_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial|CPML", re.IGNORECASE)
_OWN_TERMS = re.compile(r"research|LTX-Video Open Weights", re.IGNORECASE)
"""Licences that ask for more than that nothing is advertised."""
_GPL = "espeak-ng"
REHEARSAL = "rehearsal/"
"""What the `model` of a backend of random weights begins with."""


def is_rehearsal(spec: BackendSpec) -> bool:
    """Whether its weights are random: what it makes is noise."""
    return (spec.model or "").startswith(REHEARSAL)


def for_others_only(spec: BackendSpec) -> bool:
    """Whether its licence allows what is not commercial, and nothing else."""
    return bool(_NOT_COMMERCIAL.search(spec.licence)) and not _OWN_TERMS.search(spec.licence)


def why_not(spec: BackendSpec, agreed: Mapping[str, str], commercial: bool = True) -> str:
    """Why the backend may not be used for an ad; "" if it may. `commercial`: whether the ad is.

    `agreed`: the operator's statements, by the name of the backend or of its model (`licences` in creative.toml).
    """
    names = [spec.name, *_weights(spec)]
    if any(agreed.get(name, "").strip() for name in names):
        return ""
    if _OWN_TERMS.search(spec.licence) or (commercial and _NOT_COMMERCIAL.search(spec.licence)):
        terms = next((row.licence.terms for name in names if (row := own_models().get(name)) is not None), "")
        return f"its licence, {spec.licence}, does not allow commercial use{f' ({terms})' if terms else ''}"
    if spec.facts.get("phonemiser") == _GPL:
        return "it needs espeak-ng, which is GPL and is not installed with this package"
    return ""


def remedy(spec: BackendSpec, rows: Iterable[BackendSpec], agreed: Mapping[str, str]) -> str:
    """What to do about a backend that may not be used: the rows that would do, and what would let it in."""
    name = [spec.name, *_weights(spec)][-1]
    found = f"These would do: {', '.join(instead(spec, rows, agreed)) or 'none'}"
    found += f'. Whoever has an agreement states it in creative.toml: licences = {{{name} = "..."}}'
    return f"{found}. A brief that advertises nothing says commercial: false" if for_others_only(spec) else found


def instead(spec: BackendSpec, rows: Iterable[BackendSpec], agreed: Mapping[str, str]) -> list[str]:
    """The rows of its kind that would do: those that do for a voice what it does, and may be used."""
    uses = set(spec.facts.get("uses", ("stock",)))
    return [
        row.name
        for row in rows
        if row.kind == spec.kind
        and row.name != spec.name
        and not why_not(row, agreed)
        and not is_rehearsal(row)
        and (spec.kind != "speech" or uses & set(row.facts.get("uses", ("stock",))))
    ]


def _weights(spec: BackendSpec) -> list[str]:
    """The models that it loads."""
    return [name for option in ("converter", "codec", "weights") if isinstance(name := spec.options.get(option), str)]
