"""The steps of those who judge finished ads: see `creative.judging`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creative.backends import BackendSpec
from creative.planning.window import Part
from creative.steps import Output, Step, step
from creative.world import World

JUDGE = "judge."
"""`CellRecord.steps` names them so: "judge.ocr"."""


def judges_of(
    world: World,
    modality: str,
    locale: str,
    script: str,
    must: Sequence[str],
    finish: Part,
    boxes: Sequence[tuple[Part, str]],
    label: str,
) -> dict[str, Part]:
    """The judges' steps of one ad by their names in its record, each of which is all that its part holds.

    `script`: as written, empty without a voice. `must`: what of it has to be heard (its price, its legal words).
    """
    fit = next((below for below in finish.steps if below.kind == "fit"), None)
    made: dict[str, Part] = {}
    for name in world.catalogue.judges:
        row = world.catalogue.specs["judge", name]
        reads = row.facts.get("reads", ())
        if modality not in row.facts.get("of", ()) or (fit is None and {"voice", "script"} & set(reads)):
            continue
        inputs: dict[str, str | Output] = {}
        if "asset" in reads:
            inputs["asset"] = finish.out("asset")
        if "boxes" in reads:
            inputs |= {f"boxes.{number}": below.out(output) for number, (below, output) in enumerate(boxes)}
        if "voice" in reads and fit is not None:
            inputs["voice"] = Output(fit.key, "audio")
        params: dict[str, object] = {}
        if "script" in reads:
            params = {"locale": locale, "script": script, "must": [part for part in must if part and part in script]}
        one = _step(row, params, inputs, f"{name} of {label}")
        one = one.under(finish.step.rights)
        made[JUDGE + name] = Part(one, (one,))
    return made


def _step(row: BackendSpec, params: Mapping[str, object], inputs: Mapping[str, str | Output], label: str) -> Step:
    return step("judge", row.name, row.revision, row.model, params, inputs, label=label)
