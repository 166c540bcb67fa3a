"""A consent as it is entered: by a file or by options, by somebody with the role, once, and never changed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from creative.errors import BriefError, UsageError
from creative.rights import Ledger, RightsLog, entering
from creative.rights.ledger import read_rights
from creative.store import Store
from tests.support.consents import CONSENT, REFERENCE, STATEMENT, blob


def test_a_file_is_a_consent_and_its_recordings_are_kept(store: Store, file: Path) -> None:
    consent, files = entering.read_consent(file)
    assert (consent.id, consent.kind, consent.holder) == ("mara-2027", "voice", "Mara Svensson")
    assert (consent.statement, consent.references) == (blob(STATEMENT), (blob(REFERENCE),))
    assert (consent.valid_from, consent.valid_until) == ("2026-09-01", "2099-10-31")
    standing = entering.add(store, consent, files, "Bo")
    assert standing.consent == consent and standing.entered_by == "Bo"
    assert store.get_blob(consent.statement.sha256) == STATEMENT
    assert store.get_blob(consent.references[0].sha256) == REFERENCE
    assert entering.add(store, consent, files, "Bo") == standing  # again: nothing happens
    assert RightsLog(store).last() == 1


def test_a_statement_may_be_named_by_its_bytes_too(file: Path) -> None:
    plain = entering.read_consent(file)
    file.write_text(f"{CONSENT}statement_sha256: {blob(STATEMENT).sha256}\n")
    assert entering.read_consent(file) == plain


def test_options_say_the_same(file: Path) -> None:
    folder = file.parent
    told: dict[str, Any] = {
        "id": "mara-2027", "speaker": "Mara Svensson", "company": "Marlo Coffee GmbH",
        "statement": str(folder / "statement.wav"), "references": [str(folder / "reference.wav")],
        "scope": {"brands": ["Marlo"], "channels": ["social", "streaming_audio"], "markets": ["GB"], "languages": ["en"]},
        "from": "2026-09-01", "until": "2099-10-31", "verifier": "Ines Rau",
    }  # fmt: skip
    assert entering.consent_of(told) == entering.read_consent(file)
    with pytest.raises(UsageError) as refused:
        entering.consent_of(
            {**told, "company": "", "scope": {"brands": ["all"], "channels": ["socal"], "languages": ["all"]}}
        )
    said = str(refused.value).splitlines()
    assert sorted(line.partition(" ")[0] for line in said) == ["--channel", "--company", "--market"]
    assert "--market is missing. Countries, such as GB, or all" in said
    with pytest.raises(UsageError, match=r"^--statement-sha256 is not .*statement\.wav's, which is "):
        entering.consent_of({**told, "statement_sha256": "0" * 64})
    with pytest.raises(UsageError, match=r"^--market is not a country code: 'UK'\. Write GB$"):
        entering.consent_of({**told, "scope": {**told["scope"], "markets": ["UK"]}})


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("company: Marlo Coffee GmbH\n", "", "lacks company"),
        ("[reference.wav]", "[statement.wav]", "statement: is the reference as well"),
        ("[reference.wav]", "[consent.yaml]", "must be a WAV"),
        ("statement.wav", "other.wav", "is not there"),
        ("[GB]", "[Britain]", r"scope\.markets"),
        ("[social, ", "[sozial, ", "is not a channel: 'sozial'. Did you mean 'social'"),
        ("languages: [en]", "languages: [english]", "is not a language: 'english'"),
        ("2099-10-31", "2026-01-31", "until: is 2026-01-31, before it begins on 2026-09-01"),
        ("verifier: Ines Rau", "verifier: mara svensson", "verifier: is Mara Svensson, whom it is about"),
        ("schema: 1", "schema: 2", "schema"),
        ("schema: 1", "schema: 1\nstatement_sha256: ninety", "statement_sha256: is not a sha256: 'ninety'"),
        (
            "schema: 1",
            f"schema: 1\nstatement_sha256: '{'0' * 64}'",
            "statement_sha256: is not statement.wav's, which is ",
        ),
        ("note", "note", ""),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(file: Path, old: str, new: str, problem: str) -> None:
    if not problem:
        file.write_text("- no consent\n")
        problem = "is not a consent"
    else:
        file.write_text(CONSENT.replace(old, new))
    with pytest.raises(BriefError, match=problem) as caught:
        entering.read_consent(file)
    assert str(caught.value).startswith(str(file))


def test_no_file_makes_a_traceback(file: Path) -> None:
    dice = random.Random(4)
    for _ in range(150):
        data = bytearray(CONSENT.encode())
        for _ in range(dice.choice([1, 2, 9])):
            at = dice.randrange(len(data))
            data[at : at + dice.choice([0, 1, 12])] = dice.choice(
                [b"", b"\n", b": ", b"[", b"}", b"\xff", b"x", b"- ", b"1"]
            )
        file.write_bytes(bytes(data))
        try:
            entering.read_consent(file)
        except BriefError as error:
            assert error.findings


def test_a_short_statement_is_none(file: Path) -> None:
    from tests.support.consents import wav

    (file.parent / "statement.wav").write_bytes(wav(0.4))
    with pytest.raises(BriefError, match=r"statement: lasts 0\.4 s, and has to last 1 s at least"):
        entering.read_consent(file)


def test_only_the_role_enters() -> None:
    entering.check_role("ines  RAU", ("Ines Rau",), "studio")
    entering.check_role("Ine\u0301s Rau", ("In\u00e9s Rau",), "studio")  # one keyboard's accents, and another's
    with pytest.raises(UsageError, match=r"Bo does not have the role rights: in the profile studio it is Ines Rau's"):
        entering.check_role("Bo", ("Ines Rau",), "studio")
    with pytest.raises(UsageError, match=r"nobody has it in the profile studio.*into it, in creative\.toml"):
        entering.check_role("Bo", (), "studio")
    with pytest.raises(UsageError, match=r"no profile of creative\.toml is used here.*--profile NAME"):
        entering.check_role("Bo", ())


def test_what_cannot_be_entered(store: Store, file: Path) -> None:
    consent, files = entering.read_consent(file)
    with pytest.raises(UsageError, match="is the holder"):
        entering.add(store, consent, files, "mara svensson")
    with pytest.raises(UsageError, match="ended with 2026-10-01 already"):
        entering.add(store, consent.model_copy(update={"valid_until": "2026-10-01"}), files, "Bo")
    entering.add(store, consent, files, "Bo")
    with pytest.raises(UsageError, match="never changed: take another id"):
        entering.add(store, consent.model_copy(update={"company": "Holm"}), files, "Bo")


def test_a_revocation_is_final_for_its_statement(store: Store, file: Path) -> None:
    consent, files = entering.read_consent(file)
    entering.add(store, consent, files, "Bo")
    entering.add(store, consent.model_copy(update={"id": "mara-again"}), files, "Bo")
    with pytest.raises(UsageError, match="Did you mean 'mara-2027'"):
        entering.revoke(store, "mara-2072", "Bo", "so")
    ended = entering.revoke(store, "mara-2027", "Bo", "she ended the contract")
    assert (ended.revoked_by, ended.revoked_reason) == ("Bo", "she ended the contract")
    rights = read_rights(store)
    assert rights.standing["mara-again"].revoked_at  # it rests on the same statement
    assert entering.revoke(store, "mara-2027", "Ann", "again") == ended
    for id in ("mara-2027", "mara-third"):
        with pytest.raises(UsageError, match="revo"):
            entering.add(store, consent.model_copy(update={"id": id}), files, "Bo")
    fresh = consent.model_copy(update={"id": "mara-2028", "statement": blob(REFERENCE + STATEMENT)})
    assert not entering.add(store, fresh, {}, "Bo").revoked_at


def test_a_ledger_follows(store: Store, file: Path) -> None:
    consent, files = entering.read_consent(file)
    ledger = Ledger(store)
    assert ledger.refresh().last == 0
    entering.add(store, consent, files, "Bo")
    assert ledger.refresh().last == 1
    entering.revoke(store, "mara-2027", "Bo", "so")
    assert ledger.refresh() == read_rights(store)


def test_a_licence_of_music_and_a_likeness_are_entered_as_well(store: Store, file: Path) -> None:
    folder = file.parent
    (folder / "licence.txt").write_text("Two years, all media.")
    (folder / "face.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(600))
    file.write_text(CONSENT.replace("speaker:", "kind: music\nholder:").replace("statement.wav", "licence.txt"))
    music = entering.read_consent(file)
    file.write_text(CONSENT.replace("speaker:", "kind: likeness\nspeaker:").replace("[reference.wav]", "face.png"))
    likeness = entering.read_consent(file)
    assert (music[0].kind, music[0].statement.type) == ("music", "text/plain")
    assert (likeness[0].kind, likeness[0].references[0].type) == ("likeness", "image/png")
    entering.add(store, music[0].model_copy(update={"id": "song"}), music[1], "Bo")
    entering.add(store, likeness[0], likeness[1], "Bo")
    assert {id: one.consent.kind for id, one in read_rights(store).standing.items()} == {
        "song": "music",
        "mara-2027": "likeness",
    }
