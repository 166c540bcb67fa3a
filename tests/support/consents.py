"""Consents for tests: recordings made by code, entries of the rights log, and a brief whose voice is cloned."""

from __future__ import annotations

import hashlib
import io
import json
import wave
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from creative.records import BlobRef, Entry
from creative.rights import Consent, ConsentEvent, RevocationEvent, Rights, RightsLog, Scope, Standing
from creative.store import Store
from tests.support.demo import edit


class Clock(datetime):
    """The rights ledger's clock: it stands at noon (UTC) until somebody turns it."""

    day = date(2026, 11, 22)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime(cls.day.year, cls.day.month, cls.day.day, 12, tzinfo=tz)


def wav(seconds: float = 5.0, rate: int = 24_000, seed: int = 0) -> bytes:
    """A quiet noise, another one for each `seed`."""
    noise = np.random.default_rng(seed).integers(-900, 900, round(seconds * rate)).astype("<i2")
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(noise.tobytes())
    return data.getvalue()


def blob(data: bytes) -> BlobRef:
    return BlobRef(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), type="audio/wav")


REFERENCE, STATEMENT = wav(5.0, seed=1), wav(3.0, seed=2)


CONSENT = """\
schema: 1
id: mara-2027
speaker: Mara Svensson
company: Marlo Coffee GmbH
statement: statement.wav
references: [reference.wav]
scope: {brands: [Marlo], channels: [social, streaming_audio], markets: [GB], languages: [en]}
from: 2026-09-01
until: 2099-10-31
verifier: Ines Rau
"""


def written(folder: Path) -> Path:
    """`CONSENT` as somebody writes it, in a folder with its recordings."""
    (folder / "statement.wav").write_bytes(STATEMENT)
    (folder / "reference.wav").write_bytes(REFERENCE)
    path = folder / "consent.yaml"
    path.write_text(CONSENT)
    return path


def consent(id: str = "mara-2027", **more: Any) -> Consent:
    """A consent of everything, for a long time. `scope` in `more` says what of it is narrower."""
    scope = {"brands": ("all",), "channels": ("all",), "markets": ("all",), "languages": ("all",)} | more.pop(
        "scope", {}
    )
    row = {
        "id": id,
        "kind": "voice",
        "holder": "Mara Lind",
        "company": "Marlo Coffee GmbH",
        "statement": blob(STATEMENT + id.encode()),
        "references": (blob(REFERENCE),),
        "scope": Scope(**scope),
        "valid_from": "2026-01-01",
        "valid_until": "2099-12-31",
        "verifier": "Ines Rau",
    }
    return Consent(**row | more)


def agreed(*consents: Consent, by: str = "Ines Rau") -> Rights:
    """What a store says in whose log these stand."""
    return Rights({one.id: Standing(one, by, "2026-10-01T10:00:00+00:00") for one in consents})


def photo(colour: str = "#8a6a4a") -> bytes:
    """A JPEG, large enough for a library."""
    data = io.BytesIO()
    Image.new("RGB", (2000, 1400), colour).save(data, "JPEG")
    return data.getvalue()


def enter(store: Store, one: Consent | None = None, by: str = "Ines Rau", at: str | None = None) -> Entry:
    """Put it into the store's rights log."""
    event = ConsentEvent(consent=one or consent(), by=by)
    return RightsLog(store).append("consent", event.model_dump(mode="json"), at)


def revoke(store: Store, id: str = "mara-2027", by: str = "Ines Rau", statement: str | None = None) -> Entry:
    event = RevocationEvent(
        id=id, statement=statement or blob(STATEMENT + id.encode()).sha256, reason="she asked for it", by=by
    )
    return RightsLog(store).append("revocation", event.model_dump(mode="json"))


def cloner(**facts: Any) -> dict[str, Any]:
    """A row that clones, for a test's table of backends."""
    return {
        "kind": "speech", "name": "parrot", "target": "tests.support.null:Null", "generative": True,
        "facts": {"uses": ["clone"], "languages": ["en", "de"], **facts},
    }  # fmt: skip


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    """A table of backends: JSON is YAML too."""
    path = folder / "clones.yaml"
    path.write_text(json.dumps({"backends": list(rows or [cloner()])}))
    return path


def cloned(brief: Path, consent: str = "mara-2027", reference: bytes = REFERENCE) -> Path:
    """The demo brief with a cloned English voice."""
    (brief.parent / "media" / "mara.wav").write_bytes(reference)
    voice = f"{{id: mara, locale: en-GB, use: clone, reference: media/mara.wav, consent: {consent}}}"
    return edit(brief, {"{id: warm, locale: en-GB, use: stock}": voice})
