"""Where a store in S3 is: its URL is the only carrier of its options, since it travels to every worker.

    s3://bucket/prefix?endpoint=http://127.0.0.1:8333&region=eu-central-1&sse=aws:kms&kms_key=arn:...&addressing=path

Credentials are never part of it: they come from boto3's usual chain (environment, profile, role) on each machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from creative.errors import UsageError
from creative.store.port import check_path

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_OPTIONS = ("endpoint", "region", "sse", "kms_key", "addressing")
_SSE = ("AES256", "aws:kms", "aws:kms:dsse")
_ADDRESSING = ("path", "virtual")
_LONGEST_PREFIX = 120  # a name takes up to 900 of the 1,024 bytes of a key
_CHAIN = (
    "give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, by AWS_PROFILE, or by the machine's role, on every "
    "machine that works for the farm; never in a URL, which is printed and passed on"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, the prefix of the store's keys in it ("" is the whole bucket), and how to talk to it.

    `endpoint` is None for AWS itself, or for what AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL say. `sse` is what S3 calls
    server-side encryption: AES256, aws:kms or aws:kms:dsse; `kms_key` the key's id, ARN or alias, else the account's own.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    sse: str | None = None
    kms_key: str | None = None
    addressing: str | None = None

    @property
    def url(self) -> str:
        """What `place_of` takes to come back to this."""
        said = [(name, getattr(self, name)) for name in _OPTIONS]
        query = "&".join(f"{name}={quote(value, safe=':/')}" for name, value in said if value)
        return self.uri("").rstrip("/") + (f"?{query}" if query else "")

    def __str__(self) -> str:
        return self.uri("").rstrip("/") + (f" at {self.endpoint}" if self.endpoint else "")

    def key(self, name: str) -> str:
        """The object's key in the bucket."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def uri(self, name: str) -> str:
        """Where others find the object."""
        return f"s3://{self.bucket}/{self.key(name)}"

    def encryption(self) -> dict[str, Any]:
        """What every write says about encryption."""
        if self.sse is None:
            return {}
        said: dict[str, Any] = {"ServerSideEncryption": self.sse}
        if self.kms_key:
            said["SSEKMSKeyId"] = self.kms_key
        if self.sse == "aws:kms":
            said["BucketKeyEnabled"] = True  # one call to KMS for many objects
        return said


def place_of(url: str) -> Place:
    """The place that an `s3://` URL names. Raises UsageError, which repeats no value that might be a secret."""
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise UsageError(f"the S3 URL cannot be read: write {_FORM}") from error
    if "@" in parts.netloc:
        raise UsageError(f"the S3 URL has a user or a password in it: {_CHAIN}")
    if parts.fragment or not _BUCKET.fullmatch(parts.netloc) or ".." in parts.netloc:
        raise UsageError(
            f"s3://{parts.netloc[:80]} names no bucket (3 to 63 lower-case letters, digits, '-' and '.'): write {_FORM}"
        )
    options: dict[str, str] = {}
    for name, value in given:
        if name not in _OPTIONS:
            hint = f": {_CHAIN}" if re.search("key|secret|token|pass|profile|cred", name, re.I) else ""
            raise UsageError(
                f"the S3 URL has an option {name[:40]!r}; there {'is' if hint else 'are'} only {', '.join(_OPTIONS)}{hint}"
            )
        if name in options:
            raise UsageError(f"the S3 URL has the option {name!r} twice")
        if value:
            options[name] = value
    prefix = _prefix(parts.path)
    _check(options)
    return Place(parts.netloc, prefix, **options)


_FORM = "s3://bucket/prefix?endpoint=https://host&region=eu-central-1"


def _prefix(path: str) -> str:
    prefix = path.strip("/")
    if len(prefix) > _LONGEST_PREFIX:
        raise UsageError(
            f"the S3 URL's prefix is {len(prefix)} characters long; at most {_LONGEST_PREFIX} fit before names"
        )
    if prefix:
        try:
            check_path(prefix)
        except UsageError as error:
            raise UsageError(
                f"the S3 URL's prefix {prefix!r}: use letters, digits and ._=@+- in parts joined by '/', none beginning with a dot"
            ) from error
    return prefix


def _check(options: dict[str, str]) -> None:
    if (endpoint := options.get("endpoint")) is not None:
        options["endpoint"] = check_endpoint(endpoint, "the S3 URL's endpoint")
    if not _REGION.fullmatch(options.get("region", "x")):
        raise UsageError(f"the S3 URL's region {options['region'][:40]!r} is none: write one like eu-central-1")
    for name, known in (("sse", _SSE), ("addressing", _ADDRESSING)):
        if options.get(name, known[0]) not in known:
            raise UsageError(f"the S3 URL's option {name} is {options[name][:40]!r}; there is {', '.join(known)}")
    if "kms_key" in options and not options.get("sse", "").startswith("aws:kms"):
        raise UsageError("the S3 URL's option kms_key goes with sse=aws:kms or sse=aws:kms:dsse")


def check_endpoint(endpoint: str, what: str) -> str:
    """`endpoint` without a slash at its end, if it is http(s)://host[:port][/path]; else UsageError, naming `what`."""
    try:
        parts = urlsplit(endpoint)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment:
        raise UsageError(f"{what} is no server: write http://host:port or https://host")
    if "@" in parts.netloc:
        raise UsageError(f"{what} has a user or a password in it: {_CHAIN}")
    return endpoint.rstrip("/")
