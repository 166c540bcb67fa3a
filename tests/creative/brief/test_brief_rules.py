"""One change to a good brief, one finding: its line, its field, and what to write instead."""

from __future__ import annotations

import pytest

from tests.support.briefs import Desk

_CASES = [
    # scalars
    ("schema: 1", "schema: 2", "schema", "must be 1", ""),
    ("schema: 1", 'schema: "1"', "schema", "must be 1", "without quotes"),
    ("campaign: {id: spade-spring", "campaign: {id: Spade Spring", "campaign.id", "is not an id", "'spade-spring'"),
    ("campaign: {id: spade-spring,", "campaign: {", "campaign", "lacks id", "Add id:"),
    ("status: ready", "status: redy", "campaign.status", "must be draft or ready, not 'redy'", "Did you mean 'ready'?"),
    ("name: Spring digging", "name: {campaign}", "campaign.name", "is a map in YAML", "Put it in quotes"),
    ("name: Spring digging", "name: true", "campaign.name", "is a switch in YAML", "Put it in quotes"),
    ("name: Spring digging", "name: ", "campaign.name", "is empty, but must be text", "Write the text"),
    ("name: Spring digging", "name: [a]", "campaign.name", "not a list", ""),
    ("name: Spring digging", 'name: "a\\u202eb"', "campaign.name", "U+202E, which overrides", "Remove it"),
    ("name: Spring digging", 'name: "a\\ud800"', "campaign.name", "half of a surrogate pair", "Remove it"),
    ("name: Spring digging", 'name: "a\\0b"', "campaign.name", "control character U+0000", "Remove it"),
    ("name: Spring digging", 'name: "a\\nb"', "campaign.name", "must be one line", ""),
    ("name: Spring digging", f"name: {'n' * 2001}", "campaign.name", "has 2001 characters", "Shorten"),
    ("until: 2027-04-15", "until: 2027-13-45", "flight.until", "is not a date: '2027-13-45'", "2026-10-31"),
    ("until: 2027-04-15", "until: 2027-02-15", "flight", "before it begins", "Swap"),
    ("seed: 11", "seed: 11.5", "seed", "must be a whole number", ""),
    ("seed: 11", "seed: -1", "seed", "must be at least 0", ""),
    ("seed: 11", "seed: " + "9" * 5000, "seed", "must be a whole number", ""),
    ("draft: true", "draft: yes", "voices.1.draft", "must be true or false", ""),
    ("per_segment: 2", "per_segment: 101", "variants.per_segment", "must be at most 100", ""),
    ("limits: {ads: 300}", "limits: {ads: }", "limits.ads", "is empty", "Write its value"),
    ("limits: {ads: 300}", "limits:", "limits", "is empty", ""),
    ("missing_translation: refuse", "missing_translation: refuze", "missing_translation", "must be", "'refuse'"),
    # unknown keys
    ("seed: 11", "sede: 11", "sede", "is not a known field", "Did you mean 'seed'?"),
    ("currency: EUR", "currency: EUR, curency: x", "markets.DE.curency", "is not a known", "Did you mean 'currency'?"),
    ("unit_price: per kg", "unit_price: per stone", "offers.spade-spring.unit_price", "must be per kg or", ""),
    ('    short: {de-DE: "Nur', '    medium: {de-DE: "Nur', "copy.hook-price.medium", "is not a known field", "short"),
    ("handle: ash", "wood kind: ash", "products.spade.facts.wood kind", "is not a name for a fact", "wood_kind"),
    ('lexicon: {"1.5 kg"', 'lexicon: {" "', "lexicon. ", "is empty", ""),
    # places
    ("DE: {locales: [de-DE]", "DE: {locales: [de-DE, de_AT]", "markets.DE.locales.1", "not a locale", "Write de-AT"),
    ("locales: [de-DE]", "locales: [de-DE, xx-QQ]", "markets.DE.locales.1", "is not a locale", "de-DE or en-GB"),
    ("locales: [de-DE]", "locales: [de-DE, de-DE]", "markets.DE.locales", "names 'de-DE' twice", "Remove one"),
    ("currency: EUR", "currency: €", "markets.DE.currency", "is not a currency", "Write EUR"),
    ("timezone: Europe/Berlin", "timezone: Europe/Berlim", "markets.DE.timezone", "time zone", "'Europe/Berlin'"),
    ('url: "https://holm.example/de"', "url: holm.example", "markets.DE.url", "is not a web address", "https://"),
    ('"https://holm.example/de"', '"http://[::1"', "markets.DE.url", "is not a web address", ""),
    # prices
    ('was: {DE: "49.90"}', 'was: {DE: "49,90"}', "offers.spade-spring.was.DE", "is not a price", 'Write "49.90"'),
    ('was: {DE: "49.90"}', "was: {DE: 1e3}", "offers.spade-spring.was.DE", "is not a price", ""),
    ('was: {DE: "49.90"}', 'was: {DE: "0.00"}', "offers.spade-spring.was.DE", "price of nothing", ""),
    ('was: {DE: "49.90"}', 'was: {DE: "39.90"}', "offers.spade-spring.was.DE", "not above the price", ""),
    ('was: {DE: "49.90"}', 'was: {DE: "49.905"}', "offers.spade-spring.was.DE", "more digits than EUR", "Round"),
    ('was: {DE: "49.90"}', 'was: {FR: "49.90"}', "offers.spade-spring.was.FR", "names the market 'FR'", "DE, GB"),
    ("net_weight: 1.5 kg", "net_weight: heavy", "offers.spade-spring.unit_price", "in a form that can", "net_weight"),
    ("until: 2027-03-31", "until: 2027-02-28", "offers.spade-spring.valid", "before it begins", "Swap"),
    (
        "valid: {from: 2027-03-01, until: 2027-03-31}",
        "valid: {from: 2027-01-01, until: 2027-01-31}",
        "offers.spade-spring.valid.until",
        "before the flight begins",
        "Mend",
    ),
    # names that must exist
    ("product: spade", "product: spaed", "offers.spade-spring.product", "names the product 'spaed'", "'spade'"),
    ("copy: hook-dig", "copy: hook-dug", "segments.1.copy", "names the headline 'hook-dug'", "'hook-dig'"),
    ("segments: [balcony]", "segments: [balcon]", "include.1.segments.0", "names the segment", "'balcony'"),
    ("offers: [spade-spring]", "offers: [spade]", "include.0.offers.0", "names the offer 'spade'", "spade-spring"),
    ("exclude: [{products: [seeds]", "exclude: [{products: [sand]", "exclude.0.products.0", "names the product", ""),
    ("markets: [DE, GB]", "markets: [DE, FR]", "include.0.markets.1", "names the market 'FR'", "DE, GB"),
    ("placements: [iab-728x90]}", "placements: [iab-728x91]}", "exclude.0.placements.0", "names the placement", "iab"),
    ("placements: [meta-feed-4x5", "placements: [meta-feed-4x6", "placements.0", "is not a placement", "meta-feed-4x5"),
    ("locale: en-GB, use", "locale: en-US, use", "voices.0.locale", "names the locale 'en-US'", "'en-GB'"),
    ("backends: {scene: studio}", "backends: {scenes: studio}", "backends.scenes", "not a kind of step", "'scene'"),
    ("id: klar", "id: calm", "voices.1.id", "is a second 'calm'", "Rename"),
    ("exclude: [{products: [seeds], placements: [iab-728x90]}]", "exclude: [{}]", "exclude.0", "names nothing", ""),
    ("products: [spade], offers", "products: [seeds], offers", "include.0.offers.0", "is an offer for 'spade'", "Add"),
    ("choose: [scene, layout]", "choose: [scene, lay]", "variants.choose.1", "must be headline or scene", "'layout'"),
    # words
    ("{offer.price}", "{offer.prize}", "copy.hook-price.short.de-DE", "{offer.prize}", "Did you mean 'offer.price'?"),
    ("{offer.price}", "{offer.price", "copy.hook-price.short.de-DE", "has a single {", "{{"),
    ("{offer.price}", "{ offer.price }", "copy.hook-price.short.de-DE", "is not a field", "Write {offer.price}"),
    ("{offer.price}", "{offer.price!r}", "copy.hook-price.short.de-DE", "is not a field", ""),
    ("{offer.price}", "{offer.__class__}", "copy.hook-price.short.de-DE", "is not a field", ""),
    ("{product.name} im Beet", "{product.facts.handel}", "copy.alt.de-DE", "not known", "'product.facts.handle'"),
    (
        "de-DE: Jetzt kaufen",
        "de-DE: {product.name}",
        "copy.cta.de-DE",
        "is a map in YAML",
        'in quotes: "{product.name}"',
    ),
    ("en-GB: Buy now", "en-GB: Cheap and good", "copy.cta.en-GB", "uses 'cheap', which the brand has banned", ""),
    ("handle: ash", "handle: the Best  Ever", "products.spade.facts.handle", "uses 'best ever'", ""),
    (
        "{de-DE: Jetzt kaufen, en-GB: Buy now}",
        "{en-GB: Buy now}",
        "copy.cta",
        "has no text for de-DE, which DE",
        "skip",
    ),
    ("{de-DE: Wiesensamen, en-GB: Meadow Seeds}", "{en-GB: Seeds}", "products.seeds.name", "no text for de-DE", ""),
    (
        'short: {de-DE: "Nur {offer.price}", en-GB: "Only {offer.price}"}',
        "short: {en-GB: Only}",
        "copy.hook-price",
        "has no text for de-DE",
        "",
    ),
    ("script: {de-DE: {short: scripts/short.de.txt}, en", "script: {en", "copy.script", "no text for de-DE", ""),
    ("{campaign}_{market}", "{campagne}_{market}", "naming", "uses {campagne}", "'campaign'"),
    ("{campaign}_{market}", "{campaign}/{market}", "naming", "has one of /", ""),
    ("utm_content={name}", "utm_content={id9}", "tracking", "uses {id9}", ""),
    # forms
    (
        "  - {id: calm, locale: en-GB, use: stock}",
        "  - {id: calm, locale: en-GB}",
        "voices.0",
        "must say use:",
        "stock",
    ),
    ("owner: {name", "owner: [{name", "owner", "", ""),
    ("music: {mood: warm}", "music: warm", "music", "must be a mapping of fields", "{mood: ...}"),
    ("include:\n  - {segments: [allotment]", "include:\n    {segments: [allotment]", "include", "", ""),
    ("segments:\n", "segments: 5\nx-segments:\n", "segments", "is not there: 5", ""),
]


@pytest.mark.parametrize(("old", "new", "where", "problem", "instead"), _CASES)
def test_a_finding(desk: Desk, old: str, new: str, where: str, problem: str, instead: str) -> None:
    line = desk.line_of(old)
    findings = desk.change(old, new).findings()
    if not problem:  # a slip of YAML itself
        assert line <= findings[0].line <= line + 3 and "is not YAML" in findings[0].problem
        return
    assert len(findings) == 1, "\n".join(map(str, findings))
    (finding,) = findings
    assert finding.file == str(desk.path)
    assert finding.where == where
    assert problem in finding.problem, finding
    assert instead in finding.instead, finding
    if where not in ("offers.spade-spring.unit_price", "copy.hook-price", "segments"):
        assert finding.line == line, finding


def test_the_column_points_at_the_value(desk: Desk) -> None:
    (finding,) = desk.change("currency: EUR", "currency: EURO").findings()
    text = desk.text.split("\n")[finding.line - 1]
    assert text[finding.column - 1 :].startswith("EURO")
    (finding,) = (
        desk.change("currency: EURO", "currency: EUR").change("timezone: Europe/B", "time: Europe/B").findings()
    )
    assert desk.text.split("\n")[finding.line - 1][finding.column - 1 :].startswith("time:")


def test_a_market_is_a_country(desk: Desk) -> None:
    findings = desk.change("  GB: {locales", "  UK: {locales").findings()
    first = findings[0]
    assert (first.line, first.where) == (desk.line_of("  UK:"), "markets.UK")
    assert first.instead == "Write GB"


def test_a_product_needs_a_price_where_it_is_advertised(desk: Desk) -> None:
    desk.change('price: {DE: "39.90", GB: "34.50"}', 'price: {DE: "39.90"}')
    findings = desk.findings()
    assert [(finding.where, finding.line) for finding in findings] == [
        ("offers.spade-spring.price", desk.line_of("price: {DE")),
        ("include.0.offers.0", desk.line_of("offers: [spade-spring]")),
    ]
    assert "no price for GB, where 'spade' is advertised" in findings[0].problem
    desk.change("offers: [spade-spring], markets: [DE, GB]", "markets: [DE]").load()
    desk.change("markets: [DE]}", "markets: [DE, GB]}")
    assert len(desk.findings()) == 1
    desk.change("exclude: [{", "exclude: [{products: [spade], markets: [GB]}, {").load()


def test_only_what_is_reached_must_be_translated(desk: Desk) -> None:
    desk.change(', en-GB: "Only {offer.price}"}', "}")
    (finding,) = desk.findings()
    assert "has no text for en-GB, which GB needs" in finding.problem
    desk.change("markets: [DE, GB]}", "markets: [DE]}").load()
    desk.change("markets: [DE]}", "markets: [DE, GB]}")
    desk.change("exclude: [{", "exclude: [{segments: [allotment], locales: [en-GB]}, {").load()


def test_a_script_is_needed_for_film_and_sound_only(desk: Desk) -> None:
    desk.change("script: {de-DE: {short: scripts/short.de.txt}, en", "script: {en")
    (finding,) = desk.findings()
    assert "for film and sound" in finding.problem
    desk.change("tiktok-infeed, iab-728x90, spotify-audio-30", "iab-728x90").load()


def test_a_price_of_a_currency_without_cents(desk: Desk) -> None:
    desk.change("currency: EUR", "currency: JPY")
    assert {finding.where for finding in desk.findings()} == {
        "offers.spade-spring.price.DE",
        "offers.spade-spring.was.DE",
    }


def test_a_field_that_nothing_fills_in(desk: Desk) -> None:
    for old, new, problem in [
        ('    was: {DE: "49.90"}\n', "", "no offer has a price before"),
        ("    unit_price: per kg\n", "", "no offer has one"),
    ]:
        text = desk.text
        desk.change('"{product.name} im Beet"', '"{offer.was} {offer.unit_price}"').change(old, new)
        (finding,) = desk.findings()
        assert problem in finding.problem and finding.where == "copy.alt.de-DE"
        desk.text = text


def test_many_findings_are_counted(desk: Desk) -> None:
    rows = "".join(f"  - {{segments: [nobody-{number}]}}\n" for number in range(150))
    findings = desk.change("include:\n", f"include:\n{rows}").findings()
    assert len(findings) == 101
    assert "50 more findings" in findings[-1].problem


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('price: {DE: "39.90"', 'price: {DE: "39,9O"', "offers.spade-spring.price.DE"),
        ("DE: {locales: [de-DE]", "DE: {locales: [de_DE]", "markets.DE.locales.0"),
    ],
)
def test_what_follows_from_one_mistake_is_no_second_one(desk: Desk, old: str, new: str, where: str) -> None:
    assert [finding.where for finding in desk.change(old, new).findings()] == [where]


def test_a_misspelt_field_of_the_copy_is_known_from_a_headline(desk: Desk) -> None:
    finding = desk.change("  alt: {de", "  allt: {de").findings()[0]
    assert finding.where == "copy.allt.de-DE"
    assert finding.instead.startswith("Did you mean 'copy.alt'? For a headline: write short: {de-DE: ...}")
