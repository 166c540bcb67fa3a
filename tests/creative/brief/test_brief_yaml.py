"""YAML with places, and what of YAML a brief may not use."""

from __future__ import annotations

import pytest

from creative.brief.findings import Findings, SourceFile
from creative.brief.yaml_source import MAX_DEPTH, Node, parse_yaml
from creative.errors import BriefError, Finding

_FILE = SourceFile("b.yaml", "b.yaml")


def read(text: str) -> tuple[Node | None, tuple[Finding, ...]]:
    findings = Findings()
    root = parse_yaml(text, _FILE, findings)
    try:
        findings.check()
    except BriefError as error:
        return root, error.findings
    return root, ()


def test_scalars_are_yaml_1_2() -> None:
    root, findings = read("a: no\nb: 5.90\nc: 2027-01-01\nd: 0o17\ne: ~\nf: TRUE\n7: g\nh: '1'\ni: 1_000\nj: 12:30\n")
    assert not findings and root is not None
    plain = root.plain()
    assert plain == {
        "a": "no", "b": 5.9, "c": "2027-01-01", "d": "0o17", "e": None, "f": True, "7": "g", "h": "1", "i": "1_000",
        "j": "12:30",
    }  # fmt: skip
    assert plain["b"].written == "5.90"


def test_places_count_from_one() -> None:
    root, _ = read("a:\n  - x\n  - {b: c}\n")
    assert root is not None
    (node,) = root.select("a.*.b")
    assert (node.at.line, node.at.column, node.key.column, node.path) == (3, 9, 6, "a.1.b")


@pytest.mark.parametrize(
    ("text", "line", "problem", "instead"),
    [
        ("a: &x 1\n", 1, "anchor, &x", "Remove it"),
        ("b: 1\na: *x\n", 2, "alias", "Write the value out"),
        ("a: !!int '3'\n", 1, "tag", "Remove it"),
        ("a: !thing {}\n", 1, "tag", "Remove it"),
        ("a: 1\n<<: {b: 2}\n", 2, "merge key", "Write the fields out"),
        ("a: 1\n---\nb: 2\n", 2, "second document", "one brief in a file"),
        ("%YAML 1.1\n---\na: no\n", 2, "directive", "begins with %"),
        ("a: 1\nb: 2\na: 3\n", 3, "written twice; first in line 1", "Remove one"),
        ("a: 1\n{b}: 2\n", 2, "map or list as a key", "quotes"),
        ("a:\n\tb: 1\n", 2, "is not YAML", "spaces, not with tabs"),
        ("a: b: c\n", 1, "is not YAML", "colon and a space needs quotes"),
        ("a: @home\n", 1, "is not YAML", "begins with @"),
        ("a: 'open\n\n\n", 1, "never closed", "Close it"),
        ("a: {b: Only {offer.price}}\n", 1, "is not YAML", "Text with {offer.price} must be in quotes"),
        ("a: {product.name} is here\n", 1, "is not YAML", "Text with {product.name} must be in quotes"),
        ("a: [1, 2\nb: 3\n", 2, "is not YAML", "brackets"),
        ('a: "\\UFFFFFFFF"\n', 1, "is not YAML", ""),
        ("a: x\x0by\n", 1, "control character U+000B", "Remove it"),
        ('"a\\u202e": x\n', 1, "overrides the reading direction", "Remove it"),
        ("[" * 5_000, 1, f"deeper than {MAX_DEPTH}", "brackets"),
        ("- " * 5_000, 1, f"deeper than {MAX_DEPTH}", "brackets"),
        ("{a: " * 3_000, 1, f"deeper than {MAX_DEPTH}", "brackets"),
    ],
)
def test_what_may_not_be(text: str, line: int, problem: str, instead: str) -> None:
    _, findings = read(text)
    assert len(findings) == 1, findings
    (finding,) = findings
    assert finding.line == line
    assert problem in finding.problem and instead in finding.instead, finding


def test_the_first_of_two_equal_keys_stands() -> None:
    root, findings = read("a: {b: 1}\na: {c: [2]}\nd: 4\n")
    assert root is not None and root.plain() == {"a": {"b": 1}, "d": 4}
    assert len(findings) == 1


def test_too_many_values() -> None:
    _, findings = read("a: [" + "1," * 100_001 + "]")
    assert "more than 100000 values" in findings[0].problem
