"""Which voice says a locale: a row of the catalogue (kind speech) and one of its speakers.

A speech row's facts: `uses` (stock, clone), `voices`: [{locale, speaker, accent, characters_per_second}], the preferred
first. A voice of the same language serves a locale that has none of its own. A row that clones names its `languages`
(ISO 639) instead, and may say `characters_per_second` of all of them; its speaker is CLONE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from creative.backends import BackendSpec
from creative.errors import UsageError

CLONE = "clone"
"""The speaker that a step names whose voice is that of its reference."""
_RATE = 14.0  # characters of spoken text a second, where a row does not say


def choose_voice(
    rows: Iterable[BackendSpec],
    locale: str,
    use: str = "stock",
    draft_allowed: bool = False,
    backend: str | None = None,
    speaker: str | None = None,
) -> tuple[BackendSpec, str]:
    """The row and the speaker for a locale: the best match of the first row that may be used.

    A locale's own voice comes before one of the same language, and a row that is no draft before a draft. `backend` names a
    row of the brief's choice (a `named` row is taken only then), `speaker` one of a row's speakers: rows that do not
    have it are left out, unless none has.
    Raises UsageError when no row will do; it names those that would, and what to write.
    """
    speech = [row for row in rows if row.kind == "speech"]
    if backend is not None:
        named = [row for row in speech if row.name == backend]
        if not named:
            raise UsageError(f"there is no voice backend {backend!r}; there is: {_names(speech) or 'none'}")
        speech = named
    if speaker is not None:
        speech = [row for row in speech if speaker in speakers(row, locale)] or speech
    useful = [row for row in speech if use in row.facts.get("uses", ("stock",))]
    if backend is None:
        useful = [row for row in useful if not row.named]
    if not useful and backend is not None:
        raise UsageError(f"{backend} has no voice for use: {use}; write use: {_uses(speech)}, or name another backend")
    if not useful:
        raise UsageError(f"no voice backend can {use} a voice: use one of {_uses(speech)}")
    able = [(row, voice) for row in useful if (voice := _voice(row, locale)) is not None]
    usable = [(row, voice) for row, voice in able if draft_allowed or not row.draft]
    if usable:
        row, voice = min(usable, key=lambda found: (found[0].draft, found[1]["locale"] != locale))
        return row, speaker if speaker in speakers(row, locale) else str(voice["speaker"])
    if able:
        names = " and ".join(sorted({row.name for row, _ in able}))
        raise UsageError(
            f"no voice for {locale}: it has only the draft voice {names}, which sounds like a machine; "
            "set `draft: true` on the voice to use it all the same, or make this locale without a voice"
        )
    drafts = "" if draft_allowed else " (some only as draft voices: `draft: true`)"
    raise UsageError(f"no voice for {locale}: there are voices for {', '.join(locales(useful))}{drafts}")


def choose_cloner(rows: Iterable[BackendSpec], locale: str, backend: str | None = None) -> BackendSpec:
    """The first row that can clone a voice in this language, one that is no draft before others; a `named` one only by name.

    `backend`: the brief's row for voices, which is taken if it is one that clones; it may be for its stock voices only.
    Raises UsageError when none will do; it names the languages that there are.
    """
    able = [row for row in rows if row.kind == "speech" and CLONE in row.facts.get("uses", ())]
    able = [row for row in able if row.name == backend] or [row for row in able if not row.named]
    if not able:
        raise UsageError(
            "no voice backend here can clone a voice: name a table that has one in CREATIVE_CATALOGUES, or take another voice"
        )
    language = locale.partition("-")[0]
    usable = [row for row in able if language in row.facts.get("languages", ()) or _voice(row, locale) is not None]
    if not usable:
        there = sorted({str(one) for row in able for one in row.facts.get("languages", ())})
        names = ", ".join(row.name for row in able)
        raise UsageError(f"no cloned voice speaks {locale}: {names} can say {', '.join(there) or 'nothing'}")
    return min(usable, key=lambda row: row.draft)


def speakers(spec: BackendSpec, locale: str) -> list[str]:
    """The row's speakers for a locale: those of its own dialect first, then all of its language."""
    language = locale.partition("-")[0]
    voices = [voice for voice in spec.facts.get("voices", ()) if voice["locale"].partition("-")[0] == language]
    return list(
        dict.fromkeys(str(voice["speaker"]) for voice in sorted(voices, key=lambda one: one["locale"] != locale))
    )


def characters_per_second(spec: BackendSpec, locale: str, speaker: str | None = None) -> float:
    """How many characters of spoken text the row says in a second, pauses inside sentences included."""
    voice = _voice(spec, locale, speaker) or {}
    return float(voice.get("characters_per_second", spec.facts.get("characters_per_second", _RATE)))


def accent(spec: BackendSpec, locale: str, speaker: str | None = None) -> str:
    """The locale that the voice sounds like: not always the one it is asked for ("en-US" for en-GB)."""
    voice = _voice(spec, locale, speaker) or {}
    return str(voice.get("accent", voice.get("locale", locale)))


def locales(rows: Iterable[BackendSpec]) -> list[str]:
    """The locales with a voice of their own, sorted."""
    return sorted(
        {str(voice["locale"]) for row in rows if row.kind == "speech" for voice in row.facts.get("voices", ())}
    )


def _voice(row: BackendSpec, locale: str, speaker: str | None = None) -> Mapping[str, Any] | None:
    voices: Sequence[Mapping[str, Any]] = row.facts.get("voices", ())
    if speaker is not None:
        voices = [voice for voice in voices if voice["speaker"] == speaker]
    own = next((voice for voice in voices if voice["locale"] == locale), None)
    language = locale.partition("-")[0]
    return own or next((voice for voice in voices if voice["locale"].partition("-")[0] == language), None)


def _names(rows: Iterable[BackendSpec]) -> str:
    return ", ".join(row.name for row in rows)


def _uses(rows: Iterable[BackendSpec]) -> str:
    return ", ".join(sorted({str(use) for row in rows for use in row.facts.get("uses", ("stock",))})) or "none"
