"""Paths and URLs as people may see them: without user names' passwords and without secrets among the options."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SECRET = ("password", "secret", "token", "key")
_OPEN = ("kms_key",)


def plain_place(place: str) -> str:
    """The place with every secret replaced by ***; one that cannot be understood is not repeated.

    A password may have a "/", "?" or "#" that should have been written otherwise: all up to the last "@" is taken for it.
    """
    scheme, sign, rest = place.partition("://")
    if not sign:
        return place
    before, at, after = rest.rpartition("@")
    user, colon, _ = before.partition(":")
    try:
        parts = urlsplit(f"{scheme}://{after}")
        options = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return f"{scheme}://..."
    netloc = f"{user}{':***' if colon else ''}{at}{parts.netloc}"
    hidden = [(name, "***" if _is_secret(name) else value) for name, value in options]
    query = urlencode(hidden, safe="*:/@") if hidden != options else parts.query
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


def _is_secret(name: str) -> bool:
    return name.lower() not in _OPEN and any(word in name.lower() for word in _SECRET)
