"""A model that is not for commercial use is refused by name, with the rows that would do, unless its use was agreed to."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative import session
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.errors import BriefError, UsageError
from creative.models.licences import why_not
from creative.models.rows import own_models
from creative.planning import Planner
from creative.voices import choose_cloner, choose_voice
from tests.support.demo import demo

TABLE = """
backends:
  - {kind: speech, name: house-clone, target: "x:Y", licence: CPML, named: true, options: {weights: xtts-v2}, facts: {uses: [stock], voices: [{locale: en-GB, speaker: x}]}}
  - {kind: speech, name: phonemes, target: "x:Y", licence: MIT, facts: {phonemiser: espeak-ng, voices: [{locale: xx-XX, speaker: x}]}}
  - {kind: scene, name: noise, target: "x:Y", model: rehearsal/noise 0, named: true}
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "rows.yaml").write_text(TABLE)
    return tmp_path / "rows.yaml"


def test_it_is_refused_by_name_with_what_would_do(table: Path) -> None:
    catalogue = load_catalogue([table])
    with pytest.raises(
        UsageError, match=r"house-clone is not used for ads: its licence, CPML.*its maker is closed"
    ) as refused:
        catalogue.choose("speech", "house-clone")
    assert "These would do: " in str(refused.value)
    assert "hibari" in str(refused.value)
    assert "phonemes" not in str(refused.value)
    assert 'licences = {xtts-v2 = "..."}' in str(refused.value)
    assert "house-clone" not in [row.name for row in catalogue.of_kind("speech")], "nor chosen without its name"


def test_the_operators_statement_lets_it_in_and_changes_no_digest(table: Path) -> None:
    free = load_catalogue([table], licences={"xtts-v2": "agreement of 2026-03-01"})
    assert free.choose("speech", "house-clone").licence == "CPML"
    assert free.digest == load_catalogue([table]).digest, "workers need not be told"
    assert load_catalogue([table], licences={"xtts-v2": "  "}).refused


def test_what_needs_a_gpl_phonemiser_is_off_until_it_is_agreed_to(table: Path) -> None:
    with pytest.raises(UsageError, match="espeak-ng, which is GPL"):
        load_catalogue([table]).choose("speech", "phonemes")
    assert load_catalogue([table], licences={"phonemes": "installed here"}).choose("speech", "phonemes")


def test_a_model_that_no_backend_has_is_told_by_its_licence_too() -> None:
    with pytest.raises(
        UsageError, match=r"mms-tts-deu is not used for ads: not for commercial use; .*There is: hibari"
    ):
        load_catalogue().choose("speech", "mms-tts-deu")


def test_xtts_is_refused_with_voices_that_may_be_cloned() -> None:
    with pytest.raises(UsageError, match=r"xtts-v2 is not used for ads: its licence, CPML.*These would do: openvoice"):
        load_catalogue().choose("speech", "xtts-v2")
    agreed = load_catalogue(licences={"xtts-v2": "agreement of 2026-03-01"})
    assert choose_cloner(agreed.of_kind("speech"), "es-ES", "xtts-v2").name == "xtts-v2"
    assert choose_cloner(agreed.of_kind("speech"), "en-GB").name != "xtts-v2"


def test_a_named_row_is_nobodys_default(table: Path) -> None:
    catalogue = load_catalogue([table], licences={"xtts-v2": "yes"})
    assert catalogue.choose("scene").name == "studio", "a table of the operator's own comes first otherwise"
    rows = catalogue.of_kind("speech")
    assert choose_voice(rows, "en-GB")[0].name != "house-clone"
    assert choose_voice(rows, "en-GB", backend="house-clone")[0].name == "house-clone"


def test_a_brief_that_names_it_is_refused_with_its_line(table: Path, tmp_path: Path) -> None:
    path = demo(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nbackends: {speech: house-clone}\n", "utf-8")
    with pytest.raises(BriefError, match=r"brief.yaml:\d+:\d+: backends.speech: house-clone is not used for ads"):
        session.in_world(load_brief(path), load_catalogue([table]))


def test_a_brief_that_advertises_nothing_may_name_it_and_says_so(table: Path, tmp_path: Path) -> None:
    catalogue = load_catalogue([table]).for_brief(commercial=False)
    assert catalogue.choose("speech", "house-clone").licence == "CPML"
    assert choose_voice(catalogue.of_kind("speech"), "en-GB")[0].name != "house-clone", "only by its name"
    assert catalogue.digest == load_catalogue([table]).digest
    with pytest.raises(UsageError, match="espeak-ng, which is GPL"):
        catalogue.choose("speech", "phonemes")
    path = demo(tmp_path)
    text = path.read_text("utf-8")
    path.write_text(text + "\nbackends: {speech: house-clone}\n", "utf-8")
    with pytest.raises(
        BriefError, match=r"These would do: .*xtts-v2 = .*A brief that advertises nothing says commercial: false"
    ):
        session.in_world(load_brief(path), load_catalogue([table]))
    path.write_text(text + "\nbackends: {speech: house-clone}\ncommercial: false\n", "utf-8")
    brief = load_brief(path)
    world = session.in_world(brief, load_catalogue([table]))
    only = {"placement": frozenset(["spotify-audio-15"]), "market": frozenset(["GB"])}
    assert (
        session.surveyed(brief, world, only)
        .warnings[0]
        .startswith("not commercial: speech by house-clone (CPML) is used, so these ads may advertise nothing")
    )
    [window] = Planner(brief, world, only).windows()
    finishes = [step for step in window.steps.values() if step.kind == "finish"]
    assert finishes and all("not for commercial use" in step.params["ai_note"] for step in finishes)
    assert all(cell.record().carried["commercial"] is False for cell in window.cells)


def test_a_licence_of_its_own_is_not_lifted_by_that(table: Path) -> None:
    table.write_text(
        'backends: [{kind: clip, name: own, target: "x:Y", licence: LTX-Video Open Weights License, named: true}]'
    )
    with pytest.raises(UsageError, match="own is not used for ads") as refused:
        load_catalogue([table]).for_brief(commercial=False).choose("clip", "own")
    assert "commercial: false" not in str(refused.value)


def test_a_plan_says_that_it_is_a_rehearsal(table: Path, tmp_path: Path) -> None:
    path = demo(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nbackends: {scene: noise}\n", "utf-8")
    brief = load_brief(path)
    only = {"placement": frozenset(["iab-728x90"])}
    found = session.surveyed(brief, session.in_world(brief, load_catalogue([table])), only)
    assert found.warnings[0] == "a rehearsal: scene by noise has random weights, and makes noise"


def test_the_packages_rows_say_their_models_licence_and_pin() -> None:
    for spec in load_catalogue().specs.values():
        if "weights" not in spec.options:
            assert not why_not(spec, {}), "whoever has the package may use what comes with it"
            continue
        row = own_models()[spec.options["weights"]]
        others = [
            own_models()[name] for option in ("converter", "lora") if (name := spec.options.get(option)) in own_models()
        ]
        licences = {one.licence.weights for one in (row, *others)}
        assert set(spec.licence.split(" AND ")) == licences, spec.name
        assert bool(why_not(spec, {})) == (not row.licence.commercial or row.phonemiser == "espeak-ng"), spec.name
        assert spec.named or spec.draft or spec.facts.get("uses") == ["clone"], f"{spec.name} would be a default"
        assert spec.model == f"{row.repo} {row.revision}".removesuffix(" None"), spec.name
