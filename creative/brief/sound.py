"""Who speaks in a campaign's ads, and what plays under the voice."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from creative.brief.parts import Part
from creative.brief.places import Locale, MediaPath
from creative.brief.types import Id, Line, Switch


class StockVoice(Part):
    """A voice that comes with the farm."""

    id: Id = Field(description="Id of the voice.")
    locale: Locale = Field(description="What it speaks.")
    use: Literal["stock"] = Field(description="stock: a voice that comes with the farm.")
    speaker: Line | None = Field(None, description="Which of the stock voices; the locale's first, if left out.")
    draft: Switch = Field(False, description="Whether a voice of draft quality, which sounds like a machine, will do.")


class RecordedVoice(Part):
    """A studio recording."""

    id: Id = Field(description="Id of the voice.")
    locale: Locale = Field(description="What it speaks.")
    use: Literal["recording"] = Field(
        description="recording: a real studio read; the locale's script is its transcript, word for word."
    )
    file: MediaPath = Field(description="The recording: WAV, PCM, mono best, 0.1 s of silence around it.")
    licence: MediaPath = Field(description="The document that allows its use.")


class CloneVoice(Part):
    """A person's voice, with their consent in the store."""

    id: Id = Field(description="Id of the voice.")
    locale: Locale = Field(description="What it speaks.")
    use: Literal["clone"] = Field(description="clone: a person's voice, with their consent.")
    reference: MediaPath = Field(
        description="The recording of the person that is cloned: WAV, PCM, the very bytes that the consent names."
    )
    consent: Id = Field(
        description="Id of the consent: `creative voices add`, by someone with the role rights who is not the brief's owner."
    )


def _voice_form(value: Any) -> str | None:
    use = value.get("use") if isinstance(value, dict) else getattr(value, "use", None)
    return f"<{use}>" if use in ("stock", "clone", "recording") else None


Voice = Annotated[
    Annotated[StockVoice, Tag("<stock>")]
    | Annotated[CloneVoice, Tag("<clone>")]
    | Annotated[RecordedVoice, Tag("<recording>")],
    Discriminator(_voice_form),
]


class Music(Part):
    """What plays under the voice."""

    mood: Id = Field(description="Its mood, such as warm.")


class Track(Part):
    """A piece of music that is licensed, under the voice."""

    track: MediaPath = Field(
        description="The music: WAV, PCM, 16 bits, at least as long as the ads; the licence's very bytes."
    )
    licence: Id = Field(
        description="Id of its licence: `creative voices add`, kind music, by someone with the role rights who is not the "
        "brief's owner."
    )


MusicOrTrack = Annotated[
    Annotated[Music, Tag("<mood>")] | Annotated[Track, Tag("<track>")],
    Discriminator(
        lambda value: (
            "<track>"
            if isinstance(value, Track)
            or (isinstance(value, dict) and "mood" not in value and {"track", "licence"} & set(value))
            else "<mood>"
        )
    ),
]
