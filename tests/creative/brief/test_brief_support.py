"""The table of what is built, carried and refused; and the published schemas."""

from __future__ import annotations

import json

import jsonschema
import pytest

from creative.brief.brand import Brand
from creative.brief.fields import field_at, fields
from creative.brief.findings import Findings, SourceFile
from creative.brief.models import BriefFile
from creative.brief.schema import SCHEMAS, text
from creative.brief.support import TABLE, row_for
from creative.brief.yaml_source import parse_yaml
from creative.resources import templates
from tests.support.briefs import BRAND, BRIEF, Desk
from tests.support.consents import wav

# Every field and form of `schema: 1` that this version does not do, in a brief that has them all.
_ALL = {
    "    facts: {net_weight: 1.5 kg, handle: ash}\n": (
        "    facts: {net_weight: 1.5 kg, handle: ash}\n"
        "    claims: [{id: tested, evidence: legal/test.pdf, until: 2028-01-31, markets: [DE]}]\n"
    ),
    "    facts: {net_weight: 200 g}\n": (
        "    facts: {net_weight: 200 g}\n    regulated: {category: plants, min_age: 18}\n"
    ),
    "missing_translation: refuse\n": (
        "missing_translation: refuse\n"
        "compliance:\n"
        "  required_disclosures:\n"
        "    - {text: Mind your feet., products: [spade], jurisdictions: [GB], position: end_card, min_duration_ms: 900}\n"
        "  prohibited_claims: [unbreakable]\n"
        "  ai_label: auto\n"
    ),
    "scenes: {people: none, never: [children]}": "scenes: {people: adults, never: [children], library: media}",
    "  - {id: calm, locale: en-GB, use: stock}\n": (
        "  - {id: calm, locale: en-GB, use: clone, reference: media/calm.wav, consent: calm-2027}\n"
    ),
    "variants: ": (
        "experiments: [{id: hook, segments: [allotment], arms: {A: hook-dig, B: hook-price}, hold: [scene, voice]}]\n"
        "variants: "
    ),
    "limits: {ads: 300}\n": (
        "match: {frequency_cap: 3/day, avoid: [war], fallback: evergreen}\n"
        "limits: {ads: 300, gpu_minutes: 20, money: 90 EUR, per_night: 30 EUR, when_reached: finish-by-value}\n"
        "review: {due: \"2027-02-20T17:00\", four_eyes: true, stages: [{id: law, who: [law-de], by: market, only: [copy]}]}\n"
        "notify: {done: \"slack://runs\", failed: \"mailto:ops@holm.example\", review_ready: reviewers}\n"
        "archive: {keep_years: 3}\n"
    ),
}  # fmt: skip
_REFUSED = [
    "products.spade.claims", "products.seeds.regulated", "compliance.required_disclosures",
    "compliance.prohibited_claims", "scenes.people",
    "experiments", "match", "review", "archive",
]  # fmt: skip


@pytest.fixture
def whole(desk: Desk) -> Desk:
    """A brief with every field of schema 1."""
    for old, new in _ALL.items():
        desk.change(old, new)
    (desk.path.parent / "media" / "calm.wav").write_bytes(wav(5.0))
    return desk


def test_the_whole_of_schema_1_is_modelled(whole: Desk) -> None:
    findings = whole.findings()
    assert [finding.where for finding in findings] == _REFUSED
    assert all("not supported yet" in finding.problem for finding in findings)
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)


def test_feeds_are_not_supported_yet(desk: Desk) -> None:
    start, end = BRIEF.index("products:"), BRIEF.index("offers:")
    desk.text = BRIEF[:start] + 'products: {feed: feed.csv, where: "availability = in_stock"}\n' + BRIEF[end:]
    desk.change("{product.name} im Beet", "{product.facts.colour}")
    findings = desk.findings()
    assert [finding.where for finding in findings] == ["products.feed", "products.where"]
    assert all("not supported yet" in finding.problem for finding in findings)


def test_every_path_of_the_model_has_a_row() -> None:
    for path in fields(BriefFile):
        if path:
            row = row_for(tuple(path.split(".")))
            assert row.path, f"{path} is in no row of the table"
            assert path.split(".")[0] == row.path.split(".")[0]


def test_every_row_is_of_a_path() -> None:
    for row in TABLE:
        assert row.path in fields(BriefFile), row
        assert row.state != "refused" or row.instead or row.quiet, row
    assert len({row.path for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("path", ["products.*.claims", "products.*.regulated", "compliance.prohibited_claims.*"])
def test_what_the_law_asks_for_is_never_carried(path: str) -> None:
    assert row_for(tuple(path.split("."))).state == "refused"


@pytest.mark.parametrize("model", [BriefFile, Brand])
def test_every_field_is_described(model: type[BriefFile] | type[Brand]) -> None:
    for path, field in fields(model).items():
        if path and not path.endswith("*"):
            assert field.description, path
    assert field_at(BriefFile, ("offers", "anything", "price", "DE")) is not None
    assert field_at(BriefFile, ("offers", "anything", "cost")) is None


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schemas_are_up_to_date(name: str) -> None:
    published = (templates() / name).read_text(encoding="utf-8")
    assert published == text(name), "run: python -m creative.brief.schema"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def _errors(name: str, written: str) -> list[str]:
    root = parse_yaml(written, SourceFile(name, name), Findings())
    assert root is not None
    validator = jsonschema.Draft202012Validator(json.loads(text(name)))
    return [error.json_path for error in validator.iter_errors(root.plain())]


def test_schemas_take_what_is_right(whole: Desk) -> None:
    assert _errors("brief.schema.json", BRIEF) == []
    assert _errors("brief.schema.json", whole.text) == []
    assert _errors("brand.schema.json", BRAND) == []
    tables = BRIEF[: BRIEF.index("segments:")] + "segments: s.csv\n" + BRIEF[BRIEF.index("include:") :]
    assert _errors("brief.schema.json", tables) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 11", "sede: 11"),
        ("campaign: {id: spade-spring, ", "campaign: {"),
        ("currency: EUR", "currency: 5"),
        ("copy: hook-dig", "copy: Hook Dig"),
        ("  spade:\n    name", "  Spade:\n    name"),
        ("limits: {ads: 300}", "limits: {ads: }"),
    ],
)
def test_schemas_refuse_what_is_wrong(old: str, new: str) -> None:
    assert old in BRIEF
    assert _errors("brief.schema.json", BRIEF.replace(old, new))
