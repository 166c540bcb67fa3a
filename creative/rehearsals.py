"""Rehearsals: ads that a model of random weights had a part in. They are noise, and made to try the farm, not to be published.

An ad says it by its lineage, and three places ask. The log's rules let it be approved only by an approval of the stage
`rehearsal` (`creative approve --rehearsal`); a match offers it only to who asks for rehearsals; its delivered copies lie apart,
in a folder beside the campaigns', with a manifest of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from creative.models.licences import REHEARSAL

STAGE = "rehearsal"
"""The stage of an approval that means a rehearsal, and of no other."""
FOLDER = "_rehearsal"
"""Where their copies lie, below `published/`: no campaign's id begins with an underscore."""
SAID = "a rehearsal, not for publication"
"""What is said of them, wherever people look, and in the file."""


def noise_in(lineage: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What models of random weights made of an asset, by its lineage: ("scene by rehearse-sdxl",); empty for an ad."""
    found = (
        f"{step['kind']} by {step['backend']}" for step in lineage if str(step.get("model") or "").startswith(REHEARSAL)
    )
    return tuple(dict.fromkeys(found))


def why_not(rehearsal: str, stage: str) -> str:
    """Why an approval of that stage is none for an asset; empty if it is one. `rehearsal`: what noise made of it."""
    if rehearsal and stage != STAGE:
        return (
            f"is {SAID}: {rehearsal}, whose weights are random, so what it shows or says is noise. Run the brief with a real "
            "model; who tries the farm itself says --rehearsal"
        )
    if stage == STAGE and not rehearsal:
        return "is no rehearsal, but an ad that may be published: approve it without --rehearsal"
    return ""
