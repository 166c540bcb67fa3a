"""Places as people may see them: no secret is ever in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.places import plain_place


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("out/store", "out/store"),
        ("postgresql://farm:hush@db:5432/farm?sslmode=require", "postgresql://farm:***@db:5432/farm?sslmode=require"),
        ("postgresql://farm@db/farm", "postgresql://farm@db/farm"),
        ("postgresql://db/farm?password=hush&x=1", "postgresql://db/farm?password=***&x=1"),
        ("s3://ads/farm?sse=aws:kms&kms_key=alias/farm", "s3://ads/farm?sse=aws:kms&kms_key=alias/farm"),
        ("s3://ads/farm?secret_access_key=hush", "s3://ads/farm?secret_access_key=***"),
        ("http://[hush", "http://..."),
    ],
)
def test_secrets_are_not_shown(place: str, shown: str) -> None:
    assert plain_place(place) == shown


@given(st.from_regex(r"[a-z0-9:@/?&=%]{0,20}", fullmatch=True))
def test_a_password_is_never_shown_whatever_surrounds_it(rest: str) -> None:
    assert "hush-hush" not in plain_place(f"postgresql://farm:hush-hush@db/{rest}")
