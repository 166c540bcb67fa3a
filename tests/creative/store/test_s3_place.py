"""The URL of a store in S3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.store import open_store
from creative.store.s3_place import Place, place_of

ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab"


def test_a_url_says_where_and_how() -> None:
    place = place_of(
        f"s3://farm-1/a/b/?endpoint=http://127.0.0.1:8333/&region=eu-central-1&sse=aws:kms&kms_key={ARN}&addressing=path"
    )
    assert place == Place("farm-1", "a/b", "http://127.0.0.1:8333", "eu-central-1", "aws:kms", ARN, "path")
    assert place.uri("blobs/x") == "s3://farm-1/a/b/blobs/x"
    assert str(place) == "s3://farm-1/a/b at http://127.0.0.1:8333"
    assert place_of("s3://farm-1").url == place_of("s3://farm-1/").url == "s3://farm-1"
    assert place_of("s3://farm-1").uri("blobs/x") == "s3://farm-1/blobs/x"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("?sse=AES256", {"ServerSideEncryption": "AES256"}),
        (
            f"?sse=aws:kms&kms_key={ARN}",
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ARN, "BucketKeyEnabled": True},
        ),
        ("?sse=aws:kms:dsse&kms_key=alias/farm", {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "alias/farm"}),
    ],
)
def test_encryption(query: str, headers: dict[str, object]) -> None:
    assert place_of(f"s3://farm-1{query}").encryption() == headers


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://ab", "names no bucket"),
        ("s3://Farm", "names no bucket"),
        ("s3://farm:80/x", "names no bucket"),
        ("s3://farm/x#y", "names no bucket"),
        ("s3://farm/../x", "prefix"),
        ("s3://farm/a//b", "prefix"),
        ("s3://farm/.hidden", "prefix"),
        ("s3://farm/a%20b", "prefix"),
        ("s3://farm/" + "x" * 121, "121 characters"),
        ("s3://farm?colour=red", "'colour'"),
        ("s3://farm?region=a&region=b", "twice"),
        ("s3://farm?region=Frankfurt am Main", "region"),
        ("s3://farm?endpoint=127.0.0.1:8333", "endpoint is no server"),
        ("s3://farm?endpoint=http://host:port", "endpoint is no server"),
        ("s3://farm?endpoint=ftp://host", "endpoint is no server"),
        ("s3://farm?sse=rot13", "AES256, aws:kms"),
        ("s3://farm?kms_key=x", "sse=aws:kms"),
        ("s3://farm?sse=AES256&kms_key=x", "sse=aws:kms"),
        ("s3://farm?addressing=dns", "path, virtual"),
        ("s3://farm?region", "cannot be read"),
        ("s3://[farm", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    [
        "s3://me:hush-hush@farm/x",
        "s3://hush-hush@farm",
        "s3://farm?secret_key=hush-hush",
        "s3://farm?aws_access_key_id=hush-hush",
        "s3://farm?profile=hush-hush",
        "s3://farm?endpoint=http://me:hush-hush@host:80",
    ],
)
def test_secrets_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match=r"AWS_ACCESS_KEY_ID.*AWS_PROFILE.*role") as caught:
        open_store(url)
    assert "hush" not in str(caught.value)


PARTS = st.from_regex(r"[a-z0-9_][a-z0-9._=@+-]{0,9}", fullmatch=True)


@given(
    prefix=st.lists(PARTS, max_size=3).map("/".join),
    endpoint=st.none()
    | st.sampled_from(["http://h:1", "https://s3.example.com", "http://[::1]:8333", "http://h/a&b=c?"]),
    region=st.none() | st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True),
    sse=st.none() | st.sampled_from(["AES256", "aws:kms"]),
    kms_key=st.none() | st.sampled_from([ARN, "alias/a b&c=d+e%20"]),
)
def test_a_url_comes_back(
    prefix: str, endpoint: str | None, region: str | None, sse: str | None, kms_key: str | None
) -> None:
    place = Place("farm-1", prefix, endpoint, region, sse, kms_key if sse == "aws:kms" else None)
    try:
        assert place_of(place.url) == place
    except UsageError:
        assert endpoint and "?" in endpoint


@given(st.text(max_size=40))
def test_any_url_is_a_place_or_a_plain_refusal(text: str) -> None:
    for url in (f"s3://{text}", f"s3://farm-1/{text}", f"s3://farm-1?{text}", f"s3://farm-1?endpoint={text}"):
        try:
            assert place_of(url).bucket
        except UsageError as error:
            assert str(error)
