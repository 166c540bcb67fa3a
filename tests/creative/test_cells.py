"""The matrix and its draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.cells import Cell, Cells, Suits, draw, parse_only
from creative.errors import UsageError
from creative.placements import placements
from tests.support.demo import demo, edit

LAYOUTS = ("pedestal", "poster", "split")


def _cells(brief: Brief, only: list[str] | None = None, layouts: tuple[str, ...] = LAYOUTS) -> list[Cell]:
    return list(Cells(brief, placements(), layouts, parse_only(only or [])))


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Brief:
    return load_brief(demo(tmp_path_factory.mktemp("cells")))


def test_the_demo_is_everything_but_what_it_excludes(brief: Brief) -> None:
    cells = _cells(brief)
    assert len(cells) == 3 * (8 + 6)
    assert not [cell for cell in cells if cell.market == "DE" and cell.modality == "audio"]
    assert len({cell.ad_id for cell in cells}) == len(cells)
    assert [cell.segment for cell in cells[::14]] == ["commuters", "home-baristas", "gift-givers"]  # by value


def test_choices_are_projected_on_the_modality(brief: Brief) -> None:
    choices = {(cell.modality, cell.market): set(cell.choices) for cell in _cells(brief)}
    assert choices["image", "GB"] == {"headline", "scene", "layout"}
    assert choices["video", "GB"] == {"headline", "scene", "layout", "voice"}
    assert choices["video", "DE"] == {"headline", "scene", "layout"}
    assert choices["audio", "GB"] == {"voice"}


def test_equal_variants_merge_and_the_lowest_stays(tmp_path: Path) -> None:
    path = demo(tmp_path, {"per_segment: 1, choose: [layout]": "per_segment: 12, choose: [layout]"})
    cells = _cells(load_brief(path))
    sound = [cell for cell in cells if cell.modality == "audio"]
    assert {cell.variant for cell in sound} == {1}
    drawn = [
        cell for cell in cells if cell.segment == "commuters" and cell.placement == "iab-728x90" and cell.market == "GB"
    ]
    assert sorted(cell.choices["layout"] for cell in drawn) == sorted(LAYOUTS)


def test_a_set_of_placements_shares_its_draws(tmp_path: Path) -> None:
    brief = load_brief(demo(tmp_path))
    for segment in ("commuters", "home-baristas", "gift-givers"):
        assert (
            len({cell.choices["layout"] for cell in _cells(brief, [f"segment={segment}"]) if "layout" in cell.choices})
            == 1
        )


def test_an_ad_keeps_its_id_when_its_copy_changes(brief: Brief, tmp_path: Path) -> None:
    changed = load_brief(demo(tmp_path, {"Take it slow.": "Slow down.", '"5.49"': '"5.79"'}))
    assert [cell.ad_id for cell in _cells(changed)] == [cell.ad_id for cell in _cells(brief)]


@settings(max_examples=60)
@given(
    st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12, unique=True),
    st.integers(0, 99),
    st.text(max_size=5),
)
def test_a_new_option_moves_only_the_draws_that_it_wins(options: list[str], seed: int, segment: str) -> None:
    before = draw(options, seed, segment, "p", 1, "scene")
    assert draw(list(reversed(options)), seed, segment, "p", 1, "scene") == before
    assert draw([*options, "one more"], seed, segment, "p", 1, "scene") in (before, "one more")


def test_include_and_exclude_trim_the_matrix(tmp_path: Path) -> None:
    include = "include:\n  - {segments: [commuters], markets: [DE]}\n  - {segments: [gift-givers], placements: [iab-728x90]}\n"
    path = edit(demo(tmp_path), {"exclude:": f"{include}exclude:"})
    cells = _cells(load_brief(path))
    assert {(cell.segment, cell.market) for cell in cells} == {
        ("commuters", "DE"),
        ("gift-givers", "GB"),
        ("gift-givers", "DE"),
    }
    assert {cell.placement for cell in cells if cell.segment == "gift-givers"} == {"iab-728x90"}


def test_offers_run_only_where_they_have_a_price(tmp_path: Path) -> None:
    other = 'product: house-roast\n    price: {GB: "4.99"}\n  autumn:\n    '
    cells = _cells(load_brief(demo(tmp_path, {"autumn:\n    ": f"intro:\n    {other}"})))
    assert {(cell.offer, cell.market) for cell in cells} == {("intro", "GB"), ("autumn", "GB"), ("autumn", "DE")}


def test_only_takes_part_of_the_matrix(brief: Brief) -> None:
    assert len(_cells(brief, ["segment=commuters,gift-givers,market=GB,placement=iab-728x90"])) == 2
    assert len(_cells(brief, ["segment=commuters", "market=GB"])) == 8


@pytest.mark.parametrize(
    ("only", "says"),
    [
        ("segment", "write segment|product|"),
        ("colour=red", "write segment|product|"),
        ("segment=commuter", "no such segment; it has commuters"),
        ("variant=2", "no such variant; it has 1"),
        ("segment=", "write segment|product|"),
    ],
)
def test_a_wrong_only_is_explained(brief: Brief, only: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        _cells(brief, [only])
    assert says in str(refusal.value)


def _drawn(brief: Brief, suits: Suits | None = None) -> list[str]:
    """The layouts of one ad's variants, in their order."""
    only = parse_only(["segment=commuters,market=GB,placement=iab-728x90"])
    return [cell.choices["layout"] for cell in Cells(brief, placements(), LAYOUTS, only, suits)]


def test_variants_differ_in_their_layout_as_long_as_there_are_others(tmp_path: Path) -> None:
    brief = load_brief(demo(tmp_path, {"per_segment: 1, choose: [layout]": "per_segment: 3, choose: [layout]"}))
    drawn = _drawn(brief)
    assert sorted(drawn) == sorted(LAYOUTS)
    assert drawn[0] == draw(LAYOUTS, brief.seed, "commuters", "house-roast", 1, "layout")


def test_a_layout_that_does_not_suit_is_no_option(tmp_path: Path) -> None:
    brief = load_brief(demo(tmp_path, {"per_segment: 1, choose: [layout]": "per_segment: 3, choose: [layout]"}))
    first, *others = _drawn(brief)
    asked = []

    def suits(layout: str, *about: object) -> bool:
        asked.append(about)
        return layout != first

    assert _drawn(brief, suits) == others or sorted(_drawn(brief, suits)) == sorted(others)
    assert set(asked) == {("house-roast", "autumn", ("GB", "en-GB", "iab-728x90"), "hook-slow")}
    assert _drawn(brief, lambda *_: False)[0] == first  # planning says what is wrong with it


def test_without_a_draw_the_first_layout_that_suits_is_taken(tmp_path: Path) -> None:
    brief = load_brief(demo(tmp_path, {"choose: [layout]": "choose: [headline]"}))
    assert _drawn(brief) == ["pedestal"]
    assert _drawn(brief, lambda layout, *_: layout != "pedestal") == ["poster"]
