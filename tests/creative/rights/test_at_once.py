"""Several people at the same moment, over a folder and over a real S3 server: one log, and everybody reads the same in it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creative.cli import app
from creative.errors import UsageError
from creative.rights import RightsLog, entering
from creative.rights.guard import Guard
from creative.rights.ledger import read_rights
from creative.steps import step
from creative.store import open_store
from tests.support.consents import REFERENCE, STATEMENT, blob, cloned, cloner, consent, written
from tests.support.demo import demo
from tests.support.null import null_table
from tests.support.seaweed import S3Server


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "store")
    server: S3Server = request.getfixturevalue("s3_server")
    return server.store_url()


def test_of_two_consents_with_one_id_one_stands(url: str) -> None:
    store = open_store(url)

    def enter(number: int) -> bool:
        try:
            entering.add(open_store(url), consent(company=f"Company {number}"), {}, "Bo")
        except UsageError as error:
            assert "mara-2027" in str(error) and "take another id" in str(error)
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter, range(6))) == 1
    assert read_rights(store).standing["mara-2027"].consent.company.startswith("Company ")


def test_entered_again_while_its_statement_is_revoked_it_is_revoked(url: str) -> None:
    store = open_store(url)
    statement = store.put_blob(STATEMENT, "audio/wav")
    entering.add(store, consent("a", statement=statement), {}, "Bo")
    guard = Guard(open_store(url))

    def speak(id: str) -> dict[str, str]:
        said = step("speech", "x", 1, None, {}, {"reference": blob(REFERENCE).sha256}, 1).under([id])
        return guard.refused([said])

    assert not speak("a")

    def again(number: int) -> None:
        if number == 2:
            entering.revoke(open_store(url), "a", "Bo", "she asked for it")
            return
        try:
            entering.add(open_store(url), consent(f"a{number}", statement=statement), {}, "Bo")
        except UsageError as error:
            assert "a revocation is final" in str(error)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(again, range(5)))
    rights = read_rights(store)
    assert rights.standing and all(one.revoked_at for one in rights.standing.values())
    assert all(map(speak, rights.standing))
    assert [entry.n for entry in RightsLog(store).entries()] == list(range(1, rights.last + 1))


def test_from_consent_to_revocation_in_a_bucket(
    tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CREATIVE_BY", "CREATIVE_CATALOGUES", "CREATIVE_JUDGES"):
        monkeypatch.delenv(name, raising=False)
    url, brief = s3_server.store_url(), cloned(demo(tmp_path))
    (tmp_path / "null.yaml").write_text(json.dumps({"backends": [*json.loads(null_table())["backends"], cloner()]}))
    (tmp_path / "creative.toml").write_text(
        f'default = "test"\n[profiles.test]\nstore = "{url}"\nrunner = "inline"\nworkers = 1\ncatalogues = ["null.yaml"]\n'
        'judges = "none"\nroles = {rights = ["Ines Rau"]}\n'
    )

    def say(*arguments: str, code: int = 0) -> dict[str, object]:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == code, (done.output, done.exception)
        found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    say("voices", "add", str(written(tmp_path)), "--by", "Ines Rau")
    made = say("run", str(brief), "--only", "segment=commuters,market=GB,placement=spotify-audio-15")
    [line] = map(json.loads, Path(str(made["manifest"])).read_text().splitlines())
    say("approve", line["asset_id"], "--by", "Bo")
    asked = (
        "match",
        "--placement",
        "spotify-audio-15",
        "--segment",
        "commuters",
        "--market",
        "GB",
        "--locale",
        "en-GB",
    )
    assert say(*asked)["asset_id"] == line["asset_id"]
    ended = say("voices", "revoke", "mara-2027", "--by", "Ines Rau", "--reason", "she asked for it")
    assert ended["withdrawn"] and say(*asked, code=1)["asset_id"] is None
    store = open_store(url)
    assert store.get_blob(blob(STATEMENT).sha256) == STATEMENT and RightsLog(store).last() == 2
