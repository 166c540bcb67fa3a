"""Spoilt briefs: refused with a line, or read; never anything else. The long form is in tests/long."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.briefs import BRAND, BRIEF, Desk, mutate, outcome


def test_300_spoilt_briefs(desk: Desk) -> None:
    found = [outcome(desk, mutate(seed)) for seed in range(300)]
    assert sum(1 for findings in found if findings) > 200
    assert sum(1 for findings in found if not findings) > 5  # some changes do no harm


def test_60_spoilt_brand_kits(desk: Desk) -> None:
    for seed in range(60):
        desk.write("brand/brand.yaml", mutate(seed, BRAND))
        outcome(desk, BRIEF.encode())


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_bytes_of_any_kind(desk: Desk, data: bytes) -> None:
    assert outcome(desk, data)


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_as_a_table(desk: Desk, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    desk.write("s.csv", data)
    desk.write("c.csv", b"key,de-DE\n" + data)
    start, end = BRIEF.index("segments:"), BRIEF.index("include:")
    outcome(desk, (BRIEF[:start] + "segments: s.csv\n" + BRIEF[end:]).encode())
    start, end = BRIEF.index("copy:"), BRIEF.index("missing_translation:")
    outcome(desk, (BRIEF[:start] + "copy: c.csv\n" + BRIEF[end:]).encode())
