"""Which voice says which locale."""

from __future__ import annotations

import pytest

from creative.backends import BackendSpec
from creative.catalogue import load_catalogue
from creative.errors import UsageError
from creative.voices import accent, characters_per_second, choose_voice, locales


def row(name: str, *voices: str, draft: bool = False, uses: tuple[str, ...] = ("stock",)) -> BackendSpec:
    facts = {
        "uses": list(uses),
        "voices": [{"locale": locale, "speaker": f"{name}-{locale}", "characters_per_second": 15} for locale in voices],
    }
    return BackendSpec(name, "speech", "x:Y", draft=draft, facts=facts)


ROWS = [
    row("good", "en-US"),
    row("british", "en-GB"),
    row("rough", "en-GB", "de-DE", draft=True),
    row("clone", "en-GB", "de-DE", uses=("clone",)),
    BackendSpec("film", "body", "x:Y"),
]


def test_a_locales_own_voice_comes_before_one_of_its_language() -> None:
    assert choose_voice(ROWS, "en-GB")[1] == "british-en-GB"
    assert choose_voice(ROWS, "en-US")[1] == "good-en-US"
    assert choose_voice(ROWS, "en-AU")[1] == "good-en-US"


def test_a_named_backend_is_taken() -> None:
    assert choose_voice(ROWS, "en-GB", backend="good")[1] == "good-en-US"
    with pytest.raises(UsageError, match="no voice backend 'bad'; there is: good, british, rough, clone"):
        choose_voice(ROWS, "en-GB", backend="bad")


def test_a_draft_only_where_it_is_allowed_and_after_others() -> None:
    with pytest.raises(UsageError, match=r"no voice for de-DE: .*draft voice rough.*`draft: true`"):
        choose_voice(ROWS, "de-DE")
    assert choose_voice(ROWS, "de-DE", draft_allowed=True)[1] == "rough-de-DE"
    assert choose_voice(ROWS, "de-AT", draft_allowed=True)[1] == "rough-de-DE"
    assert choose_voice(ROWS, "en-GB", draft_allowed=True)[1] == "british-en-GB"


def test_a_locale_without_a_voice_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="no voice for ja-JP: there are voices for de-DE, en-GB, en-US"):
        choose_voice(ROWS, "ja-JP", draft_allowed=True)


def test_a_use_that_no_row_has() -> None:
    assert choose_voice(ROWS, "de-DE", use="clone")[0].name == "clone"
    with pytest.raises(UsageError, match="no voice backend can sing"):
        choose_voice(ROWS, "de-DE", use="sing")


def test_the_packages_own_rows() -> None:
    rows = load_catalogue().of_kind("speech")
    spec, speaker = choose_voice(rows, "en-GB")
    assert (spec.name, speaker, accent(spec, "en-GB")) == ("hibari", "heart", "en-US")
    assert 10 < characters_per_second(spec, "en-GB") < 25
    assert choose_voice(rows, "fr-FR", draft_allowed=True)[0].name == "pico"
    assert {"de-DE", "en-GB", "en-US", "es-ES", "fr-FR", "it-IT"} <= set(locales(rows))
