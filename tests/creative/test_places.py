"""Places as people may see them: no secret is ever in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.places import plain_place
from creative.session import session
from creative.settings import settings


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
        ("postgresql://farm:hu/sh@db/farm", "postgresql://farm:***@db/farm"),
        (
            "postgresql://farm:12#hush?x@db:5432/farm?sslmode=require",
            "postgresql://farm:***@db:5432/farm?sslmode=require",
        ),
        ("https://key:hush@host/bucket", "https://key:***@host/bucket"),
    ],
)
def test_secrets_are_not_shown(place: str, shown: str) -> None:
    assert plain_place(place) == shown


@given(st.from_regex(r"[a-z0-9:@/?&=%]{0,20}", fullmatch=True))
def test_a_password_is_never_shown_whatever_surrounds_it(rest: str) -> None:
    assert "hush-hush" not in plain_place(f"postgresql://farm:hush-hush@db/{rest}")


@given(st.text("a1:@/?&=%#[]", max_size=10), st.text("a1:@/?&=%#[]", max_size=10))
def test_nor_whatever_is_in_it(before: str, behind: str) -> None:
    assert "hush" not in plain_place(f"postgresql://farm:{before}hush{behind}@db/farm")


@pytest.mark.parametrize("flag", ["store", "registry"])
@pytest.mark.parametrize("place", ["https://key:hush@host/x", "postgresql://farm:hush@[db/x", "file://u:hush@host/x"])
def test_no_message_repeats_a_secret(flag: str, place: str, tmp_path: Path) -> None:
    named: dict[str, Any] = {flag: place}
    with pytest.raises(UsageError) as caught, session(settings(out=tmp_path, **named)):
        pass
    assert "hush" not in str(caught.value)


def test_settings_keep_it_to_themselves() -> None:
    found = settings(registry="postgresql://farm:hush@db/farm")
    assert "hush" not in repr(found) and "hush" not in str(found)
