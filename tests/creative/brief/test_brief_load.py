"""A good brief, as the rest of the farm reads it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from creative.brief import load_brief
from creative.brief.support import carried
from creative.canonical import canonical
from creative.errors import BriefError
from tests.support.briefs import BRIEF, Desk


def test_fields_have_one_form(desk: Desk) -> None:
    brief = desk.load()
    assert brief.campaign.id == "spade-spring"
    assert brief.markets["GB"].locales == ("en-GB",)
    assert brief.products["spade"].name["de-DE"] == "Gärtnerspaten"
    assert brief.products["seeds"].photos == (desk.folder / "media/seeds.png",)
    assert brief.offers["spade-spring"].price == {"DE": Decimal("39.90"), "GB": Decimal("34.50")}
    assert brief.offers["spade-spring"].valid and brief.offers["spade-spring"].valid.until == date(2027, 3, 31)
    assert [segment.id for segment in brief.segments] == ["allotment", "balcony"]
    assert brief.segments[0].traits == {"iab": ("28",), "crm": "dig"}
    assert brief.segment("balcony").copy_ == ("hook-dig",)
    assert brief.segment("balcony").scene == ("balcony at dawn", "window box")
    assert brief.segment("balcony").value == 1
    assert brief.variants.per_segment == 2 and brief.variants.choose == ("scene", "layout")
    assert [voice.draft for voice in brief.voices] == [False, True]
    assert brief.brand_kit.colours["accent"] == "#d96f32"
    assert brief.brand_kit.logo["light"] == desk.folder / "brand/logo.png"
    assert brief.brand_kit.version == "2"


def test_texts_are_offered_longest_first(desk: Desk) -> None:
    brief = desk.load()
    assert brief.options("hook-dig", "en-GB") == ("{product.name}: dig in.", "Dig in.")
    assert brief.options("hook-price", "de-DE") == ("Nur {offer.price}",)
    assert brief.options("script", "de-DE") == ("Der Spaten von Holm.\nGrab los.",)
    assert brief.options("script", "en-GB")[0].startswith("This is {brand.name}.")
    assert brief.options("cta", "en-GB") == ("Buy now",)
    with pytest.raises(KeyError):
        brief.options("hook-none", "en-GB")


def test_a_segment_without_copy_uses_every_headline(desk: Desk) -> None:
    brief = desk.change(", copy: hook-dig, scene: [balcony", ", scene: [balcony").change(
        "products: [seeds]}", "products: [spade]}"
    )
    assert brief.load().segment("balcony").copy_ == ("hook-dig", "hook-price")


def test_a_missing_text_is_skipped_or_borrowed(desk: Desk) -> None:
    desk.change("short: {de-DE: Grab los., en-GB: Dig in.}", "short: {en-GB: Dig in.}")
    desk.change('{de-DE: "{product.name}: Grab los.", en-GB:', '{en-US: "{product.name}: here.", en-GB:')
    desk.change("missing_translation: refuse", "missing_translation: skip")
    assert desk.load().options("hook-dig", "de-DE") == ()
    desk.change("missing_translation: skip", "missing_translation: fallback")
    assert desk.load().options("hook-dig", "de-DE") == ("{product.name}: here.",)
    desk.change("locales: [en-GB]", "locales: [en-AU]").change("locale: en-GB", "locale: en-AU")
    assert desk.load().options("hook-dig", "en-AU") == ("{product.name}: here.",)
    assert desk.load().name("spade", "en-AU") == "Garden Spade"


def test_facts_may_differ_by_locale(desk: Desk) -> None:
    desk.change("handle: ash", "handle: {de-DE: Esche, en-GB: ash}")
    assert desk.load().products["spade"].facts["handle"] == {"de-DE": "Esche", "en-GB": "ash"}
    desk.change("{de-DE: Esche, en-GB: ash}", "{de-DE: Esche}")
    (finding,) = desk.findings()
    assert (finding.line, finding.where) == (desk.line_of("handle:"), "products.spade.facts.handle")
    desk.change("missing_translation: refuse", "missing_translation: fallback")
    assert desk.load().products["spade"].facts["handle"] == {"de-DE": "Esche", "en-GB": "Esche"}


def test_every_field_knows_its_line(desk: Desk) -> None:
    brief = desk.load()
    for path, text in {
        "offers.spade-spring.price.DE": "price:",
        "copy.hook-price": "hook-price:",
        "segments.balcony.scene": "id: balcony",
        "segments.1.scene.1": "id: balcony",
        "copy.script.de-DE": "script:",
        "limits.ads": "limits:",
        "limits.ads.no.such.field": "limits:",
        "voices.klar": "id: klar",
    }.items():
        assert brief.line(path) == f"brief.yaml:{desk.line_of(text)}", path
    assert brief.line("never") == "brief.yaml:2"


def test_the_snapshot_is_canonical_and_the_same_anywhere(desk: Desk, tmp_path: Path) -> None:
    brief = desk.load()
    here = canonical(brief.snapshot())
    assert str(tmp_path).encode() not in here
    other = Desk(tmp_path / "elsewhere")
    assert canonical(other.load().snapshot()) == here
    snapshot = brief.snapshot()
    assert snapshot["offers"]["spade-spring"]["price"]["DE"] == "39.90"
    assert snapshot["flight"]["from"] == "2027-03-01"
    assert snapshot["products"]["spade"]["photos"] == ["media/spade.png"]
    assert snapshot["copy"]["script"]["long"]["en-GB"].startswith("This is")
    assert snapshot["extensions"] == {"x-note": {"rev": "1.50", "by": "Ida"}}
    assert {"media/spade.png", "brand/brand.yaml", "scripts/short.de.txt"} <= set(brief.media)


def test_carried_goes_into_the_manifest(desk: Desk) -> None:
    found = carried(desk.load())
    assert found["owner"] == {"name": "Ida Holm", "email": "ida@holm.example", "cost_centre": "G-12"}
    assert found["flight"] == {"from": "2027-03-01", "until": "2027-04-15"}
    canonical(found)


def test_keys_of_ones_own_pass_everywhere(desk: Desk) -> None:
    desk.change("campaign: {", "campaign: {x-code: 7, ")
    desk.change("  hook-dig:\n", "  x-hook: {anything: [1, 2]}\n  hook-dig:\n    x-by: Ida\n")
    desk.change("products:\n", "products:\n  x-shelf: top\n")
    desk.change("  cta: {", "  cta: {x-tone: dry, ")
    desk.change("  script: {", "  script: {x-reader: none, ")
    desk.change("offers:\n", "offers:\n  x-old: {product: none}\n")
    brief = desk.load()
    assert brief.extensions["campaign.x-code"] == 7
    assert brief.extensions["copy.x-hook"] == {"anything": [1, 2]}
    assert "x-hook" not in brief.copy_.headlines and "x-old" not in brief.offers


def test_no_is_a_word_and_numbers_keep_their_spelling(desk: Desk) -> None:
    desk.change("name: Spring digging", "name: no")
    desk.change('DE: "39.90"', "DE: 39.90").change("en-GB: Buy now", "en-GB: 2027").change(
        "handle: ash", "handle: 1.50"
    )
    brief = desk.load()
    assert brief.campaign.name == "no"
    assert str(brief.offers["spade-spring"].price["DE"]) == "39.90"
    assert brief.options("cta", "en-GB") == ("2027",)
    assert brief.products["spade"].facts["handle"] == "1.50"


def test_numbers_are_names_too(desk: Desk) -> None:
    desk.change("id: balcony", "id: 2027").change("segments: [balcony]", "segments: [2027]")
    assert desk.load().segment("2027").scene


def test_line_endings_and_byte_order_mark_do_not_matter(desk: Desk) -> None:
    want = desk.load().snapshot()
    desk.path.write_bytes(b"\xef\xbb\xbf" + BRIEF.replace("\n", "\r\n").encode())
    assert load_brief(desk.path).snapshot() == want


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"schema: 1\nname: \xff\n", "is not UTF-8 in its line 2"),
        (BRIEF.encode("utf-16"), "is UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "is not UTF-8"),
        (b"a: b\0c\n", "control character U+0000"),
        (b"a" * 1_000_001, "is too large"),
        (b"- one\n- two\n", "is not a brief"),
        (b"just words\n", "is not a brief"),
    ],
)
def test_files_that_are_no_brief(desk: Desk, data: bytes, problem: str) -> None:
    desk.path.write_bytes(data)
    with pytest.raises(BriefError) as caught:
        load_brief(desk.path)
    (finding,) = caught.value.findings
    assert problem in finding.problem
    assert finding.file == str(desk.path) and finding.line == (2 if b"\xff\n" in data else 1)


def test_paths_that_are_no_file(desk: Desk) -> None:
    for path, problem in {
        desk.folder: "is a folder",
        desk.folder / "none.yaml": "is not there",
        desk.folder / "brief.yaml\0": "cannot be opened",
        Path("/dev/zero"): "is not an ordinary file",
        desk.folder / ("n" * 300): "cannot be opened",
    }.items():
        with pytest.raises(BriefError, match=problem):
            load_brief(path)


def test_everything_is_told_at_once_in_the_files_order(desk: Desk) -> None:
    desk.change("currency: EUR", "currency: €").change("seed: 11", 'seed: "11"').change(
        "until: 2027-04-15", "until: May"
    )
    desk.change("copy: [hook-dig, hook-price]", "copy: [hook-dgi]").change("handle: ash", "handle: cheap")
    desk.change_brand("on_accent:", "on_acent:")
    findings = desk.findings()
    assert [(finding.line, finding.where) for finding in findings] == [
        (desk.line_of("flight:"), "flight.until"),
        (desk.line_of("  DE: {loc"), "markets.DE.currency"),
        (desk.line_of("id: allotment"), "segments.0.copy.0"),
        (desk.line_of("seed:"), "seed"),
        (3, "colours.on_acent"),
    ]
    assert "Did you mean 'hook-dig'?" in findings[2].instead
    assert findings[4].file.endswith("brand/brand.yaml")
