"""What is wrong with a store in S3 is told in plain words, with what to do, and the right exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from creative.errors import CreativeError, MissingStoreError, StoreError, WrongStoreError
from creative.store import open_store
from tests.creative.store.behind import Behind
from tests.support.faults import Fault, FaultyProxy
from tests.support.seaweed import S3Server


def test_a_place_with_other_things_is_refused(s3_url: str, behind: Behind) -> None:
    for create in (False, True):
        behind.put("holiday.jpg", b"")
        with pytest.raises(WrongStoreError, match=r"not a store.*holiday\.jpg"):
            open_store(s3_url, create=create)
    assert behind.keys() == ["holiday.jpg"]


def test_a_store_is_not_made_by_looking(s3_url: str, behind: Behind) -> None:
    with pytest.raises(MissingStoreError, match="no store"):
        open_store(s3_url, create=False)
    assert behind.keys() == []


def test_a_newer_or_damaged_mark_is_refused(s3_url: str, behind: Behind) -> None:
    for text, words in ((b'{"id": "x", "schema": 2}', "newer version"), (b"{", "damaged"), (b"", "damaged")):
        behind.put("store.json", text)
        with pytest.raises(StoreError, match=words):
            open_store(s3_url)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "hush-hush"}, "secret key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "access key of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "hush-hush\n"}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.*line break"),
        ({"AWS_PROFILE": "nobody"}, "AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no credentials.*AWS_ACCESS_KEY_ID.*AWS_PROFILE"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "lack a part.*AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_wrong_credentials(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    with pytest.raises(WrongStoreError, match=words) as caught:
        open_store(s3_url)
    assert caught.value.exit_code == 2
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_ENDPOINT_URL_S3": "localhost:8333"}, "localhost:8333.*AWS_ variables"),
        ({"AWS_ENDPOINT_URL": "http://me:hush-hush@localhost"}, "AWS_ENDPOINT_URL.*password"),
        ({"AWS_DEFAULT_REGION": "not a region"}, "not a region.*AWS_ variables"),
        ({"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/not/there"}, "/not/there"),
    ],
)
def test_wrong_settings_of_aws(
    bucket: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CreativeError, match=words) as caught:
        open_store(f"s3://{bucket}/x")
    assert caught.value.exit_code == 2
    assert "hush" not in str(caught.value)


def test_a_server_without_tls(s3_url: str) -> None:
    with pytest.raises(WrongStoreError, match=r"TLS.*is the endpoint http://"):
        open_store(s3_url.replace("endpoint=http:", "endpoint=https:"))


def test_a_profile_is_named(s3_url: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = tmp_path / "credentials"
    keys.write_text(
        f"[farm]\naws_access_key_id = {s3_server.access_key}\naws_secret_access_key = hush-hush\n"
        f"[right]\naws_access_key_id = {s3_server.access_key}\naws_secret_access_key = {s3_server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "farm")
    with pytest.raises(WrongStoreError, match="profile 'farm'"):
        open_store(s3_url)
    monkeypatch.setenv("AWS_PROFILE", "right")
    assert open_store(s3_url).create("a", b"")


def test_a_bucket_that_is_not_there(s3_server: S3Server) -> None:
    for create in (False, True):
        with pytest.raises(WrongStoreError, match=r"no bucket not-there-at-all.*make it") as caught:
            open_store(s3_server.store_url("not-there-at-all"), create=create)
        assert caught.value.exit_code == 2
        assert not isinstance(caught.value, MissingStoreError)


def test_a_server_that_is_down(s3_server: S3Server, bucket: str, short_waits: None) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        url = s3_server.store_url(bucket, "down", proxy.endpoint)
        store = open_store(url)
    for call in (lambda: open_store(url), lambda: store.read("a"), lambda: store.create("a", b"")):
        with pytest.raises(StoreError, match=rf"{proxy.endpoint} cannot be reached") as caught:
            call()
        assert (type(caught.value), caught.value.exit_code) == (StoreError, 75)


def test_a_server_that_only_fails(s3_server: S3Server, bucket: str, short_waits: None) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        store = open_store(s3_server.store_url(bucket, "fails", proxy.endpoint))
        tried: list[tuple[Fault, str, Callable[[], object]]] = [
            ("503", "503 SlowDown", lambda: store.read("a")),
            ("dropped-after", "broke", lambda: store.create("a", b"")),
            ("torn-answer", "broke|cut short|500", lambda: list(store.names("a/"))),
        ]
        for fault, words, call in tried:
            proxy.fault_of = lambda method, path, fault=fault: fault  # type: ignore[misc]
            with pytest.raises(StoreError, match=words) as caught:
                call()
            assert (type(caught.value), caught.value.exit_code) == (StoreError, 75)
