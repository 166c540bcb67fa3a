"""YAML read quickly: the same values as the careful reader's, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from creative.plain_yaml import read_quickly
from creative.resources import templates


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
    "odd", ["a: 010", "a: 0o10", "a: 1_000", "a: 1e3", "a: 2026-01-01", "a: 1\na: 2", "<<: {a: 1}", "a: !x 3", "\ta: 1", "[", "a: 1\n---\nb: 2"],
)  # fmt: skip
def test_what_two_readers_may_read_otherwise_is_left_to_the_careful_one(odd: str) -> None:
    assert read_quickly(odd) is None


SCALARS = st.sampled_from(["no", "on", "y", "true", "TRUE", "null", "~", "", "7", "-3", "+5", "0", "'no'", '"7"', "a b", "x-1"])  # fmt: skip
LISTS = st.lists(SCALARS, min_size=1, max_size=3).map(lambda items: f"[{', '.join(item or '~' for item in items)}]")


@given(
    st.lists(st.tuples(st.sampled_from(["a", "no", "y", "7", "on", "'1'"]), SCALARS | LISTS), min_size=1, max_size=4)
)
def test_values_are_those_of_yaml_1_2(lines: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in lines)
    found = read_quickly(text)
    assert found is None or found == _carefully(text)
    assert found is not None or len({key.strip("'") for key, _ in lines}) < len(lines)
