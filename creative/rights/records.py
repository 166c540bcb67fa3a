"""What the store's rights log says: who agreed to what, and that they do not any more.

A consent is one person's recorded statement about one kind of use; a revocation ends it for good. Names are AdCP's where it
has them (rights-constraint, right-use, right-type, media channels; `adcp` 9.2 on PyPI, schemas 3.1 and 3.2).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal

from creative.records import BlobRef, Record

Kind = Literal["voice", "likeness", "music"]
KINDS: tuple[Kind, ...] = ("voice", "likeness", "music")
RIGHT_TYPES: Mapping[Kind, str] = {"voice": "talent", "likeness": "talent", "music": "music"}
USES: Mapping[Kind, tuple[str, ...]] = {
    "voice": ("voice",),
    "likeness": ("likeness",),
    "music": ("background_music", "sync"),
}
"""By kind, AdCP's right uses that an entry of it covers."""
NOUNS: Mapping[Kind, str] = {"voice": "consent", "likeness": "consent", "music": "licence"}
"""What people call an entry of each kind."""
WITHOUT: Mapping[Kind, str] = {
    "voice": "take another voice",
    "likeness": "write people: none",
    "music": "take music by its mood",
}
"""What a brief does that goes without one."""
ALL = "all"


def spelled(name: str) -> str:
    """A person's name as it is compared: however it is spaced, in whichever case, its accents typed in whichever way."""
    return unicodedata.normalize("NFKC", " ".join(unicodedata.normalize("NFKC", name).casefold().split()))


class Scope(Record):
    """Where it holds. Each dimension lists what is covered, or is ("all",); nothing is covered by being left out.

    `brands` are names or ids of brand kits, `channels` AdCP's media channels, `markets` ISO 3166-1 codes, `languages` ISO 639.
    """

    brands: tuple[str, ...]
    channels: tuple[str, ...]
    markets: tuple[str, ...]
    languages: tuple[str, ...] = (ALL,)


class Consent(Record):
    """One consent (of a voice or a likeness), or one licence (of music). Never changed: another one is another entry.

    `holder` is the speaker, the person seen, or who licenses the music; `company` may use it. `statement` is the recorded
    statement (for music the document), `references` are what may be cloned or played, by their bytes. Days are ISO 8601,
    both included. `verifier` is who made sure that the holder is who they say.
    """

    id: str
    kind: Kind
    holder: str
    company: str
    statement: BlobRef
    references: tuple[BlobRef, ...]
    scope: Scope
    valid_from: str
    valid_until: str
    verifier: str
    note: str = ""


class ConsentEvent(Record):
    """`consent`: somebody with the role `rights` entered it. Of two entries with one id the first stands."""

    consent: Consent
    by: str


class RevocationEvent(Record):
    """`revocation`: the consent `id`, and with it its `statement` (sha256), holds no more, for ever."""

    id: str
    statement: str
    reason: str
    by: str


EVENTS: Mapping[str, type[ConsentEvent] | type[RevocationEvent]] = {
    "consent": ConsentEvent,
    "revocation": RevocationEvent,
}
