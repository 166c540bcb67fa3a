"""Calls to S3: one client a process, retried while that may help, and told in plain words when it does not.

boto3 tries each request five times (standard mode). At a fifth of requests failing that still loses one in 3,000, it does
not cover the bodies of answers, and it gives up early when many fail at once: so there are rounds of five, until one
succeeds, the patience ends, or the answer is one that no repetition changes.
"""

from __future__ import annotations

import functools
import os
import random
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

from creative.store.s3_errors import is_passing, is_unreachable, refusal, told
from creative.store.s3_place import Place, check_endpoint
from creative.version import VERSION

T = TypeVar("T")

ATTEMPTS = 5
"""boto3's, in each round."""

_ROUNDS = 12
_PATIENCE_S = 60.0  # after this no further round begins; a server that is started again is back by then
_CONNECT_S, _READ_S = 5, 60
_POOL = 32  # connections: more than a process has threads
_BACKOFF_S, _LONGEST_S = 0.1, 5.0
_jitter = random.SystemRandom()


class Calls:
    """S3's operations at one place. May be used by many threads, pickled, and kept across a fork."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._forget_client()

    def _forget_client(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None
        self._source = ""
        self._pid = os.getpid()

    def __reduce__(self) -> tuple[type[Calls], tuple[Place]]:
        return Calls, (self.place,)

    def resolved(self) -> Calls:
        """Calls to the same place, with the endpoint and the region that this machine's environment or profile say.

        So that a URL which is passed on leads to the same server, whatever is set over there.
        """
        client = self.attempt("open", lambda: self.client)
        endpoint, region = str(client.meta.endpoint_url), client.meta.region_name
        own = endpoint if self.place.endpoint or not _is_aws(endpoint) else None
        region = self.place.region or (None if region == "aws-global" else region)
        place = replace(self.place, endpoint=own, region=region)
        return self if place == self.place else Calls(place)

    @property
    def client(self) -> Any:
        """This process's client. Its making is not safe among threads, its use is."""
        if self._pid != os.getpid():  # forked: connections and lock are the parent's
            self._forget_client()
        if self._client is None:
            with self._lock:
                if self._client is None:
                    try:
                        self._client, self._source = _make(self.place)
                    except ValueError as error:  # of a setting in the environment or a profile
                        raise Unusable(str(error)) from error
        return self._client

    def call(
        self,
        what: str,
        operation: str,
        *,
        whole: str = "",
        expect: Collection[int | str] = (),
        patient: bool = True,
        **arguments: Any,
    ) -> dict[str, Any]:
        """One operation on the bucket: the answer's fields. `what` is said of a failure: "write receipts/ab/...".

        `whole` is a field that every whole answer has: http.client takes headers that end with the connection for all of
        them, so that half an answer looks like an empty one, and half an ETag like another one. Raises Refused for the HTTP
        statuses and codes of S3 in `expect` (never for a missing bucket), else StoreError or WrongStoreError.
        """

        def once() -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self.client, operation)(Bucket=self.place.bucket, **arguments)
            if whole and not _is_entire(answer.get(whole)):
                raise Torn(f"the answer to {operation} is cut short")
            return answer

        return self.attempt(what, once, expect=expect, patient=patient)

    def attempt(
        self, what: str, once: Callable[[], T], *, expect: Collection[int | str] = (), patient: bool = True
    ) -> T:
        """`once()`, again and again while that may help. Without patience, a server that cannot be reached is told at once."""
        began = time.monotonic()
        for number in range(1, _ROUNDS + 1):
            try:
                return once()
            except _failures() as error:
                if (answer := refusal(error, expect)) is not None:
                    raise answer from error
                late = time.monotonic() - began > _PATIENCE_S or (not patient and is_unreachable(error))
                if not is_passing(error) or late or number == _ROUNDS:
                    raise told(error, what, self.place, self._source) from error
            time.sleep(_jitter.uniform(0, min(_LONGEST_S, _BACKOFF_S * 2**number)))
        raise AssertionError("the last round returns or raises")


class Torn(Exception):
    """An answer that is not what was stored: too short, or other bytes. The next one may be whole."""


class Unusable(Exception):
    """A setting of AWS on this machine that is none."""


def _is_entire(value: Any) -> bool:
    """Whether a field is there, and not cut short as far as that can be seen: an ETag ends with the quote it begins with."""
    if isinstance(value, str) and value.startswith('"'):
        return len(value) > 1 and value.endswith('"')
    return value is not None


@functools.cache
def _failures() -> tuple[type[Exception], ...]:
    """All that a request may raise. ValueError is boto3's for a header whose value was cut short, OSError a token's."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError, OSError, ValueError, Torn, Unusable


def _make(place: Place) -> tuple[Any, str]:
    """A client, and where its credentials come from, in words."""
    from boto3.session import Session
    from botocore.config import Config
    from botocore.session import get_session

    core = get_session()
    core.register_component("data_loader", _descriptions())
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    session = Session(botocore_session=core)
    style = place.addressing

    def client(addressing: str) -> Any:
        return session.client(
            "s3",
            endpoint_url=place.endpoint,
            region_name=place.region,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                connect_timeout=_CONNECT_S,
                read_timeout=_READ_S,
                max_pool_connections=_POOL,
                tcp_keepalive=True,
                s3={"addressing_style": addressing},
                # Each write carries its SHA-256, each read is compared here: nothing is left to defaults.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                user_agent_extra=f"creative-farm/{VERSION}",
            ),
        )

    made = client(style or ("path" if place.endpoint else "auto"))
    if not _is_aws(endpoint := str(made.meta.endpoint_url)) and not place.endpoint:
        check_endpoint(endpoint, "AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL)")
        if style is None:  # other servers seldom have a host name for each bucket
            made = client("path")
    credentials = session.get_credentials()
    return made, _words(credentials.method if credentials else "", session.profile_name)


def _moment(text: Any) -> Any:
    """A time in an answer. Raises ValueError for the date of a header that was cut short, at which botocore only warns."""
    from botocore.utils import parse_timestamp

    if isinstance(text, str) and "," in text and not text.endswith(" GMT"):
        raise ValueError(f"{text!r} is not a whole date")
    return parse_timestamp(text)


@functools.cache
def _descriptions() -> Any:
    """botocore's descriptions of S3: read once, since that is most of the time that a client takes."""
    from botocore.loaders import create_loader

    return create_loader()


def _is_aws(endpoint: str) -> bool:
    host = endpoint.partition("://")[2].partition("/")[0].partition(":")[0]
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _words(method: str, profile: str) -> str:
    if method == "env":
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if method in ("shared-credentials-file", "config-file", "custom-process", "sso", "login"):
        return f"the profile {profile!r}"
    if method in ("iam-role", "container-role"):
        return "this machine's role"
    if method.startswith("assume-role"):
        return "the assumed role" if method == "assume-role" else "the role of AWS_ROLE_ARN"
    return f"the credentials ({method})" if method else "the credentials"
