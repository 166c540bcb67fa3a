"""A brief that asks for a cloned voice: refused by field without a consent that covers each of its ads, planned with one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.planning import Planner, PlanWindow
from creative.rights import Rights, Standing
from creative.rights.scope import constraint
from creative.steps import SILENT, Step
from creative.world import ingest
from tests.support.consents import agreed, blob, cloned, consent, table, wav
from tests.support.demo import demo, edit

DAY = date(2026, 11, 22)
ONLY = {"segment": frozenset({"commuters"}), "market": frozenset({"GB"})}


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., tuple[Planner, list[PlanWindow]]]:
    brief = cloned(demo(tmp_path))
    catalogue = load_catalogue([table(tmp_path)])

    def planned(
        rights: Rights | None = None, by: str | None = None, **changes: str
    ) -> tuple[Planner, list[PlanWindow]]:
        if changes:
            edit(brief, changes)
        planner = Planner(load_brief(brief), ingest(load_brief(brief), catalogue, rights, by, DAY), ONLY)
        return planner, list(planner.windows())

    return planned


def steps_of(windows: list[PlanWindow]) -> list[Step]:
    return [step for window in windows for step in window.steps.values()]


def test_without_a_consent_it_is_refused_and_its_stills_are_not(plan: Callable[..., Any]) -> None:
    planner, windows = plan()
    [finding] = planner.findings.values()
    assert finding.where == "voices.mara.consent"
    assert "there is no consent 'mara-2027'" in finding.problem and "creative voices add" in finding.instead
    assert {cell.modality for window in windows for cell in window.cells} == {"image"}


@pytest.mark.parametrize(
    ("more", "field", "problem"),
    [
        ({"valid_until": "2026-11-21"}, "consent", "ended with 2026-11-21"),
        ({"valid_from": "2026-11-23"}, "consent", "begins on 2026-11-23"),
        ({"valid_until": "2026-12-01"}, "consent", "the flight is from 2026-10-01 until 2026-12-31"),
        ({"references": (blob(wav(seed=9)),)}, "reference", "is not the one that mara-2027 is about"),
        ({"kind": "likeness"}, "consent", "there is no consent 'mara-2027' for a voice"),
        ({"scope": {"brands": ("Holm",)}}, "consent", "does not cover the brand Marlo: it covers Holm"),
        ({"scope": {"languages": ("de", "fr")}}, "locale", "does not cover the language of en-GB: it covers de, fr"),
        ({"scope": {"markets": ("DE",)}}, "consent", "does not cover the market GB: it covers DE"),
        (
            {"scope": {"channels": ("social",)}},
            "consent",
            "does not cover spotify-audio-15, whose channel is streaming_audio",
        ),
    ],
)
def test_out_of_scope_it_is_refused_by_its_field(
    plan: Callable[..., Any], more: dict[str, Any], field: str, problem: str
) -> None:
    planner, _ = plan(agreed(consent(**more)))
    [finding] = planner.findings.values()
    assert finding.where == f"voices.mara.{field}"
    assert problem in finding.problem and finding.instead


def test_a_revoked_one_says_that_it_is_final(plan: Callable[..., Any]) -> None:
    one = Standing(consent(), "Ines Rau", "2026-10-01", "2026-11-20T08:00:00+00:00", "Ines Rau", "so")
    [finding] = plan(Rights({"mara-2027": one}))[0].findings.values()
    assert "was revoked on 2026-11-20" in finding.problem and "final" in finding.instead


def test_who_asks_for_the_ads_has_not_entered_the_consent(plan: Callable[..., Any]) -> None:
    for who in ("mara  lind", "Mara@Marlo.example"):
        [finding] = plan(agreed(consent(), by=who))[0].findings.values()
        assert "who asks for this brief's ads as well" in finding.problem
    [finding] = plan(agreed(consent()), by="Ines Rau")[0].findings.values()
    assert "was entered by Ines Rau" in finding.problem
    owner = "owner: {name: Mara Lind, email: mara@marlo.example, cost_centre: MK-411}\n"
    [finding] = plan(agreed(consent()), **{owner: ""})[0].findings.values()
    assert "the brief has no owner" in finding.problem


def test_with_it_every_step_of_its_sound_says_so_outside_its_key(plan: Callable[..., Any]) -> None:
    planner, windows = plan(agreed(consent(scope={"brands": ("marlo",), "channels": ("social", "streaming_audio")})))
    assert not planner.findings
    steps = steps_of(windows)
    speech = [step for step in steps if step.kind == "speech"]
    assert speech and {step.backend for step in speech} == {"parrot"}
    assert {step.inputs["reference"] for step in speech} == {planner.world.references["mara"]}
    needing = {step.kind for step in steps if step.rights}
    assert needing == {"speech", "fit", "mix", "film", "finish", "measure", "poster"}
    assert all(step.rights == ("mara-2027",) for step in steps if step.rights)
    assert not [step for step in steps if step.kind in SILENT and step.rights]
    assert not [step for step in speech if "mara-2027" in str(step.recipe())]
    for window in windows:
        for cell in window.cells:
            record, finish = cell.record(), window.steps[cell.steps["finish"]]
            spoken = cell.modality != "image"
            assert ("voice cloned by parrot with consent mara-2027" in finish.params["ai_note"]) == spoken
            assert bool(finish.rights) == spoken == bool(record.carried.get("rights"))
            if spoken:
                assert record.carried["rights"] == [constraint(planner.world.rights, "mara-2027")]
                assert finish.params["source_type"].endswith("compositeWithTrainedAlgorithmicMedia")


def test_another_consent_to_the_same_recording_makes_no_sound_again(plan: Callable[..., Any]) -> None:
    both = agreed(consent(), consent("mara-2028"))
    before = steps_of(plan(both)[1])
    after = steps_of(plan(both, **{"consent: mara-2027": "consent: mara-2028"})[1])
    for kind in ("speech", "fit", "mix", "film"):
        keys = [{step.key for step in steps if step.kind == kind} for steps in (before, after)]
        assert keys[0] == keys[1], kind
    assert {step.rights for step in after if step.kind == "mix" and step.rights} == {("mara-2028",)}
    finishes = [{step.key for step in steps if step.kind == "finish" and step.rights} for steps in (before, after)]
    assert not finishes[0] & finishes[1]


def test_two_voices_from_one_recording_under_two_consents(plan: Callable[..., Any]) -> None:
    voice = "{id: mara, locale: en-GB, use: clone, reference: media/mara.wav, consent: mara-2027}"
    changes = {
        voice: f"{voice}\n  - {voice.replace('id: mara,', 'id: mara-too,').replace('2027', '2028')}",
        "per_segment: 1, choose: [layout]": "per_segment: 6, choose: [layout, voice]",
    }
    planner, windows = plan(agreed(consent(), consent("mara-2028")), **changes)
    assert not planner.findings
    speech = [step for step in steps_of(windows) if step.kind == "speech"]
    assert {step.rights for step in speech} == {("mara-2027", "mara-2028")}, "the sound is one, and needs both"
    spoken = [cell.record() for window in windows for cell in window.cells if cell.modality == "audio"]
    needs = {tuple(right["rights_id"] for right in record.carried["rights"]) for record in spoken}
    assert needs == {("mara-2027",), ("mara-2028",)}, "each ad needs its own voice's"


def test_another_recording_makes_other_sound(tmp_path: Path, plan: Callable[..., Any]) -> None:
    one, other = blob(wav(5.0, seed=1)), blob(wav(5.0, seed=3))
    rights = agreed(consent(references=(one, other)))
    before = steps_of(plan(rights)[1])
    (tmp_path / "campaign" / "media" / "mara.wav").write_bytes(wav(5.0, seed=3))
    after = steps_of(plan(rights)[1])
    assert not {step.key for step in before if step.kind == "speech"} & {
        step.key for step in after if step.kind == "speech"
    }


def test_what_the_manifest_says_is_in_adcps_words() -> None:
    rights = agreed(consent(scope={"markets": ("GB", "IE"), "channels": ("social",), "languages": ("en",)}))
    assert constraint(rights, "mara-2027") == {
        "rights_id": "mara-2027",
        "right_type": "talent",
        "uses": ["voice"],
        "cloned": True,
        "valid_from": "2026-01-01",
        "valid_until": "2099-12-31",
        "countries": ["GB", "IE"],
        "channels": ["social"],
        "languages": ["en"],
    }
