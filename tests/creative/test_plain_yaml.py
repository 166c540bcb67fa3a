"""YAML read quickly: the same values as the careful reader's, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from creative.plain_yaml import read_plain, read_quickly
from creative.resources import templates

ROOT = Path(__file__).parents[2]


def _carefully(text: str) -> object:
    try:
        return YAML(typ="rt", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError, IndexError):
        return "not YAML"


def test_the_farms_own_layouts_are_read_quickly() -> None:
    for path in (templates() / "layouts").glob("*.yaml"):
        text = path.read_text("utf-8")
        assert read_quickly(text) == _carefully(text) is not None, path


@pytest.mark.parametrize(
    "table",
    [
        *("catalogue.yaml", "models/rows.yaml", "placements.yaml"),
        *("../templates/scenes/families.yaml", "../templates/fonts/fonts.yaml", "../templates/prompts/sentences.yaml"),
    ],
)
def test_the_farms_own_tables_are_read_quickly(table: str) -> None:
    text = (ROOT / "creative" / table).read_text("utf-8")
    assert repr(read_quickly(text)) == repr(YAML(typ="safe", pure=True).load(text)) != "None"


def test_what_is_read_quickly_by_neither_is_read_carefully(tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    table.write_text("a: 1e3\nb: 0o10\nc: &x {d: 1}\ne: {<<: *x}\n")
    assert read_plain(table) == {"a": 1000.0, "b": 8, "c": {"d": 1}, "e": {"d": 1}}
    table.write_text("a: 1\na: 2\n")
    with pytest.raises(YAMLError) as caught:
        read_plain(table)
    assert caught.value.problem_mark.line == 1  # type: ignore[attr-defined]  # its base class has none
    table.write_bytes(b"a: \xff\n")
    with pytest.raises(ValueError):
        read_plain(table)


@pytest.mark.parametrize(
    "odd", ["a: 010", "a: 0o10", "a: 1_000", "a: 1e3", "a: 1.", "a: .5", "a: 01.5", "a: 2026-13-45", "a: 2026-01-01 10:00", "a: 1:30", "a: " + "1e" + "0" * 38, "a: 1\na: 2", "<<: {a: 1}", "a: !x 3", "\ta: 1", "[", "a: 1\n---\nb: 2"],
)  # fmt: skip
def test_what_two_readers_may_read_otherwise_is_left_to_the_careful_one(odd: str) -> None:
    assert read_quickly(odd) is None


SCALARS = st.sampled_from(["no", "on", "y", "true", "TRUE", "null", "~", "", "7", "-3", "+5", "0", "'no'", '"7"', "a b", "x-1", "0.25", "-1.50", "2026-11-22", "0.2.1", "1.2.3.post4", "5f70741d4e900f4e85d0037498736cc1b3e1b9a6"])  # fmt: skip
LISTS = st.lists(SCALARS, min_size=1, max_size=3).map(lambda items: f"[{', '.join(item or '~' for item in items)}]")


@given(
    st.lists(st.tuples(st.sampled_from(["a", "no", "y", "7", "on", "'1'"]), SCALARS | LISTS), min_size=1, max_size=4)
)
def test_values_are_those_of_yaml_1_2(lines: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in lines)
    found = read_quickly(text)
    assert found is None or found == _carefully(text)
    assert found is not None or len({key.strip("'") for key, _ in lines}) < len(lines)
