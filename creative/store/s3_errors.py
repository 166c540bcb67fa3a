"""What S3 and boto3 say when something is wrong: whether it passes, and in plain words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from creative.errors import StoreError, WrongStoreError
from creative.store.s3_place import Place

_PASSING_STATUS = (408, 409, 425, 429)
_PASSING_CODES = {
    "BadDigest",  # torn on its way: the checksum was of the right bytes
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
}
_RIGHTS = (
    "s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucketMultipartUploads "
    "(and kms:GenerateDataKey, kms:Decrypt for a key of KMS)"
)
_TORN = (ConnectionError, TimeoutError, ValueError)  # ValueError: a header's value that was cut short
_BAD_HEADER = "Invalid header value"
_SET = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role"


class Refused(Exception):
    """S3 answered with an HTTP status that the caller expects: `status`, and S3's own `code`."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


def refusal(error: Exception, expect: Collection[int | str]) -> Refused | None:
    """The answer that the caller expects, if it is one. A missing bucket never is."""
    status, code = _status(error), _code(error)
    return Refused(status, code) if (status in expect or code in expect) and code != "NoSuchBucket" else None


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later."""
    status, code = _status(error), _code(error)
    if status:
        return (status >= 500 and status != 501) or status in _PASSING_STATUS or code in _PASSING_CODES
    kind, text = type(error).__name__, str(error)
    if kind == "SSLError":
        return "EOF" in text  # a connection that broke; all else is a wrong certificate, or no TLS at all
    if kind == "HTTPClientError":
        return _BAD_HEADER not in text
    return kind in _PASSING_KINDS or isinstance(error, _TORN)


_UNREACHABLE_KINDS = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}
_PASSING_KINDS = {
    *_UNREACHABLE_KINDS,
    "ConnectionClosedError",
    "ConnectionError",
    "CredentialRetrievalError",
    "HTTPClientError",
    "IncompleteReadError",
    "MetadataRetrievalError",
    "ReadTimeoutError",
    "ResponseParserError",
    "ResponseStreamingError",
    "Torn",
}


def is_unreachable(error: Exception) -> bool:
    """Whether nobody answered at all."""
    return type(error).__name__ in _UNREACHABLE_KINDS


def told(error: Exception, what: str, place: Place, source: str) -> StoreError:
    """The error for a person who tried to `what` ("read receipts/..."). `source`: where the credentials come from."""
    status, code = _status(error), _code(error)
    if status:
        return _answered(error, what, place, source, status, code)
    kind, text = type(error).__name__, " ".join(str(error).split())
    server = place.endpoint or "S3"
    if kind == "NoCredentialsError":
        return WrongStoreError(f"there are no credentials for {place}: {_SET}")
    if kind == "PartialCredentialsError":
        return WrongStoreError(f"the credentials for {place} lack a part: {_SET}")
    if kind in ("ProfileNotFound", "ConfigParseError", "ConfigNotFound", "InvalidConfigError"):
        return WrongStoreError(f"the configuration of AWS cannot be used ({text}): correct AWS_PROFILE or its file")
    if kind == "SSLError":
        return WrongStoreError(f"{server} does not speak TLS as it should ({text[-100:]}): is the endpoint http://?")
    if kind == "HTTPClientError" and _BAD_HEADER in text:
        return WrongStoreError(f"{source} cannot be sent: there is a line break or the like in it; correct it")
    if isinstance(error, _TORN):
        return StoreError(f"cannot {what} in {place}: the connection to {server} broke, again and again ({kind})")
    if kind == "Unusable" or isinstance(error, OSError):
        return WrongStoreError(
            f"{place}: a setting of AWS on this machine cannot be used ({text}): see its AWS_ variables"
        )
    if kind in ("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "CredentialRetrievalError"):
        return StoreError(f"cannot get credentials for {place}: {source}: sign in again, or {_SET}")
    if kind == "SSLError" and "certificate" in text.lower():
        return WrongStoreError(f"the certificate of {server} cannot be trusted ({text[-160:]}): see AWS_CA_BUNDLE")
    if kind in _UNREACHABLE_KINDS:
        return StoreError(f"cannot {what} in {place}: {server} cannot be reached: is it up, is the endpoint right?")
    if kind == "Torn":
        return StoreError(f"cannot {what} in {place}: {text}, again and again")
    if kind in _PASSING_KINDS:
        return StoreError(f"cannot {what} in {place}: the connection to {server} broke, again and again ({kind})")
    return StoreError(f"cannot {what} in {place}: {text or kind}")


def _answered(error: Exception, what: str, place: Place, source: str, status: int, code: str) -> StoreError:
    message = str(_response(error).get("Error", {}).get("Message", ""))[:200]
    if code in ("NoSuchBucket", "InvalidBucketName"):
        return WrongStoreError(
            f"there is no bucket {place.bucket} at {place.endpoint or 'S3'}: make it, or correct the URL"
        )
    if code == "InvalidAccessKeyId":
        return WrongStoreError(f"{place} does not know the access key of {source}: correct it")
    if code == "SignatureDoesNotMatch":
        return WrongStoreError(f"{place} refuses the secret key of {source}: it is not that access key's; correct it")
    if code in ("ExpiredToken", "InvalidToken", "TokenRefreshRequired", "ExpiredTokenException"):
        return WrongStoreError(f"{place}: the session of {source} has ended: sign in again")
    if code == "RequestTimeTooSkewed":
        return StoreError(f"{place} refuses requests from this machine: its clock is wrong; correct it")
    region = _response(error).get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    if status in (301, 307) or code in ("PermanentRedirect", "AuthorizationHeaderMalformed"):
        return WrongStoreError(f"{place} is in {region or 'another region'}: say region={region or '...'} in the URL")
    if code.startswith("KMS"):
        return WrongStoreError(f"cannot {what} in {place}: the key of KMS cannot be used ({code}: {message})")
    if code == "InvalidObjectState":
        return WrongStoreError(
            f"cannot {what} in {place}: a lifecycle rule of the bucket archived it; restore it there"
        )
    if status in (401, 403):
        return WrongStoreError(
            f"{place} refuses to {what} ({code}): {source or 'the credentials'} must be right, and have the rights {_RIGHTS}"
        )
    if status == 501:
        return WrongStoreError(f"{place} cannot do what a store needs ({what}: {code} {message}): use another server")
    return StoreError(f"cannot {what} in {place}: it answered {status} {code}{': ' + message if message else ''}")


def _response(error: Exception) -> dict[str, Any]:
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}


def _status(error: Exception) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Code", ""))
