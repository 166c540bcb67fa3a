"""Workers ask before every step in somebody's voice, reused or new; what was refused for want of a consent can be lifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec
from creative.errors import StoreError
from creative.registry import open_registry
from creative.rights.guard import Guard
from creative.running.port import Batch, Outcome, Worksite
from creative.running.receipts import Receipts
from creative.running.stock import Stock
from creative.steps import Step, step
from creative.store import Store, open_store, read_failure, read_receipt
from creative.world import Media
from tests.support.consents import REFERENCE, blob, consent, enter, revoke
from workers.work import Workshop

CLONES = BackendSpec("parrot", "speech", "tests.support.backends:Echo", facts={"uses": ["clone"]})
FITS = BackendSpec("parrot", "fit", "tests.support.backends:Echo")
SHA = blob(REFERENCE).sha256


def speech(*rights: str, reference: str = SHA, **params: Any) -> Step:
    said = {"phrases": ["Hello."], "locale": "en-GB", "speaker": "clone", **params}
    return step("speech", "parrot", 1, None, said, {"reference": reference}, 7).under(rights)


class Place:
    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store(folder / "store")
        self.store.put_blob(REFERENCE, "audio/wav")
        self.site = Worksite(self.store.url, str(folder / "cache"), "")
        self.workshop = Workshop(self.site, 1)

    def run(self, one: Step, spec: BackendSpec = CLONES) -> Outcome:
        [outcome] = self.workshop.run(Batch(1, spec, (one,)))
        return outcome


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_a_consent_nothing_is_made(place: Place) -> None:
    for rights in ((), ("mara-2027",)):
        outcome = place.run(speech(*rights))
        assert outcome.status == "refused"
        assert read_receipt(place.store, outcome.key) is None
    assert "there is no consent mara-2027" in outcome.reason
    enter(place.store)
    assert place.run(speech("mara-2027")).status == "made"


def test_a_recording_that_nobody_agreed_to(place: Place) -> None:
    enter(place.store)
    other = place.store.put_blob(b"RIFF another", "audio/wav").sha256
    outcome = place.run(speech("mara-2027", reference=other))
    assert (outcome.status, "is of another recording" in outcome.reason) == ("refused", True)


def test_what_is_there_already_is_not_given_out_after_a_revocation(place: Place) -> None:
    enter(place.store)
    one = speech("mara-2027")
    assert (place.run(one).status, place.run(one).status) == ("made", "reused")
    fit = step("fit", "parrot", 1, None, {"ms": 1}, {"audio.0": f"{SHA}"}).under(("mara-2027",))
    assert place.run(fit, FITS).status == "made"
    revoke(place.store)
    for made, spec in ((one, CLONES), (fit, FITS)):
        outcome = place.run(made, spec)
        assert outcome.status == "refused" and "was revoked" in outcome.reason
        failure = read_failure(place.store, made.key)
        assert failure is not None and failure.rights == ("mara-2027",)


def test_one_that_is_revoked_while_it_is_made_leaves_no_receipt(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(place.store)
    make = place.workshop._make

    def meanwhile(*given: Any) -> Any:
        revoke(place.store)
        return make(*given)

    monkeypatch.setattr(place.workshop, "_make", meanwhile)
    one = speech("mara-2027")
    assert place.run(one).status == "refused"
    assert read_receipt(place.store, one.key) is None


def test_another_consent_lifts_the_refusal_and_makes_nothing_again(place: Place, tmp_path: Path) -> None:
    enter(place.store)
    one = speech("mara-2027")
    made = place.run(one)
    revoke(place.store)
    assert place.run(one).status == "refused"
    enter(place.store, consent("mara-2028"))
    again = one.under(()).__class__(
        one.key, one.kind, one.backend, one.revision, one.model, one.params, one.inputs, one.seed, rights=("mara-2028",)
    )
    with open_registry(tmp_path / "registry.db", place.store.id) as registry:
        stock = Stock(registry, Receipts(place.store), Media())
        assert stock.failures([one.key], retry=False) == {}
    assert read_failure(place.store, one.key) is None
    outcome = place.run(again)
    assert (outcome.status, outcome.receipt) == ("reused", made.receipt)


def test_a_refusal_for_another_reason_stays(place: Place, tmp_path: Path) -> None:
    enter(place.store)
    one = speech("mara-2027", behave="refuse")
    assert "cut about 6 words" in place.run(one).reason
    with open_registry(tmp_path / "registry.db", place.store.id) as registry:
        stock = Stock(registry, Receipts(place.store), Media())
        assert list(stock.failures([one.key], retry=False)) == [one.key]


def test_a_store_that_does_not_answer_is_no_reason_to_go_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(place.store)

    def away(*_: Any) -> Any:
        raise StoreError("cannot reach the store")

    monkeypatch.setattr(Guard, "refused", away)
    assert place.run(speech("mara-2027")).status == "unavailable"
    assert place.run(step("fit", "parrot", 1, None, {"ms": 1}, {"audio.0": SHA}), FITS).status == "made"


def test_steps_without_a_voice_ask_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("creative.rights.ledger.RightsLog.read", lambda *given: asked.append(given))
    recording = BackendSpec("parrot", "speech", CLONES.target, facts={"uses": ["recording"]})
    assert place.run(speech(), recording).status == "made"
    assert not asked
