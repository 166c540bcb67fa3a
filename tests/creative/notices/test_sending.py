"""Notices: who may be named, what is said, and that a message that cannot be sent costs nothing."""

from __future__ import annotations

import http.server
import importlib.util
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creative import session
from creative.errors import BriefError, UsageError
from creative.nights import nightly
from creative.notices.sending import hidden, send
from creative.settings import Settings, settings
from tests.support.demo import edit
from tests.support.nights import NightFolder


class Heard(http.server.ThreadingHTTPServer):
    """A server that keeps what it is sent; at /slow it never answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Heard

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/slow":
            self.server.ended.wait()
            return
        self.server.messages.append((self.path, body))
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def heard() -> Iterator[Heard]:
    with Heard() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ended.set()
        server.shutdown()


@pytest.fixture
def place(tmp_path: Path) -> NightFolder:
    return NightFolder(tmp_path)


def _settings(place: NightFolder, notify: dict[str, str], schemes: tuple[str, ...] = ()) -> Settings:
    return place.settings(notify=notify, notify_schemes=schemes)


# -- sending -----------------------------------------------------------------------------------------------------------


def test_a_message_arrives_as_plain_text(place: NightFolder, heard: Heard) -> None:
    settings = _settings(place, {"ops": f"{heard.url}/room"})
    assert send("ops", "marlo: 3 ads not made", "first: <b>this</b> & *that*\nmore: creative status", settings) is None
    [(path, message)] = heard.messages
    assert (path, message["title"]) == ("/room", "marlo: 3 ads not made")
    assert message["message"] == "first: <b>this</b> & *that*\nmore: creative status"


def test_what_cannot_be_sent_is_said_without_its_secrets(place: NightFolder, heard: Heard) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"json://user:hunter22@127.0.0.1:{free.getsockname()[1]}/s3cretroom"
        places = {
            "dead": dead,
            "broken": f"{heard.url}/broken",
            "bad": "nosuchthing://tok3n",
            "worse": "json://",
            "text": "ops",
        }
        settings = _settings(place, places)
        said = {name: send(name, "title", "body", settings) for name in places}
    assert all(text is not None and text.startswith(f"{name} was not told: ") for name, text in said.items())
    assert "Connection" in str(said["dead"]) and "500" in str(said["broken"])
    assert "does not understand its URL" in str(said["bad"])
    assert not any(secret in str(said) for secret in ("hunter22", "s3cretroom", "tok3n"))


def test_a_place_that_never_answers_is_left(place: NightFolder, heard: Heard) -> None:
    settings = _settings(place, {"slow": f"{heard.url}/slow"})
    assert send("slow", "title", "body", settings, seconds=0.5) == "slow was not told: no answer within 0.5 s"


def test_without_apprise_it_says_what_to_install(place: NightFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    said = send("ops", "title", "body", _settings(place, {"ops": "json://127.0.0.1"}))
    assert said == "ops was not told: messages need apprise: pip install 'creative-farm[notify]'"


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("no token abcd1234 at example.org", "slack://abcd1234/x@example.org", "no token *** at ***"),
        ("line\nof text", "json://127.0.0.1", "line of text"),
        ("nothing", "", "nothing"),
    ],
)
def test_parts_of_the_url_are_hidden(text: str, url: str, shown: str) -> None:
    assert hidden(text, url) == shown


# -- who may be named --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("opps", "names 'opps', whom this farm does not know. Did you mean 'ops'?"),
        (
            '"slack://tok3n/room"',
            "is a URL (slack:...), and briefs may not say where this farm sends messages. Write a name. There is: ops. "
            "URLs of a brief's own: only for mailto",
        ),
        ("json://10.0.0.1/x", "is a URL (json:...)"),
    ],
)
def test_a_brief_names_only_whom_the_operator_knows(place: NightFolder, written: str, says: str) -> None:
    path = place.brief("autumn", {"limits: {ads: 100}": f"limits: {{ads: 100}}\nnotify:\n  failed: {written}"})
    settings = _settings(place, {"ops": "json://127.0.0.1/s3cret"}, ("mailto",))
    with pytest.raises(BriefError) as caught:
        session.read_brief(path, settings)
    [finding] = caught.value.findings
    assert (finding.where, finding.line) == ("notify.failed", 60)
    assert says in str(finding) and "tok3n" not in str(finding) and "s3cret" not in str(finding)
    edit(path, {f"failed: {written}": 'failed: ops\n  done: "mailto:me@marlo.example"'})
    brief = session.read_brief(path, settings)
    assert brief.notify is not None and brief.notify.failed == "ops"
    assert "notify" not in brief.snapshot()


def test_the_operator_says_which_urls_briefs_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "creative.toml"
    monkeypatch.setenv("CREATIVE_CONFIG", str(file))
    file.write_text('default = "a"\n[profiles.a]\nnotify_schemes = ["mailto", "Slack"]\n')
    assert settings().notify_schemes == ("mailto", "slack")
    for wrong in ('"mailto"', '["slack://"]', "[3]"):
        file.write_text(f'default = "a"\n[profiles.a]\nnotify_schemes = {wrong}\n')
        with pytest.raises(UsageError, match="notify_schemes: write a list of the beginnings of URLs"):
            settings()


def test_the_night_names_only_whom_the_profile_has(place: NightFolder) -> None:
    place.brief("autumn")
    with pytest.raises(UsageError, match=r"--notify nobody: no such name; There is: ops"):
        nightly.night(place.folder, _settings(place, {"ops": "json://127.0.0.1"}), notify=["nobody"])
    with pytest.raises(UsageError, match=r"--notify json:\.\.\.: no such name; There are no names here yet"):
        nightly.night(place.folder, place.settings(), notify=["json://secret"])
    assert not place.out.exists()


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_night_tells_those_who_are_named(
    place: NightFolder, heard: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "notify: {done: done, failed: failed, review_ready: reviewers}"
    place.brief("autumn", {"limits: {ads: 100}": names})
    place.brief("bad", {"limits: {ads: 100}": names, "segments:\n": "segment:\n"})
    place.brief("winter", {"limits: {ads: 100}": f"limits: {{money: 0.01 EUR}}\n{names}"})
    urls = {name: f"{heard.url}/{name}" for name in ("done", "failed", "ops")} | {"reviewers": "nosuchthing://x"}
    settings = place.settings(notify=urls, prices={"gpu_hour": "1", "cpu_hour": "36000", "currency": "EUR"})
    found = nightly.night(place.folder, settings, notify=["ops"], sheet=False)
    told = {(path, message["title"]): message["message"] for path, message in heard.messages}
    limited = next(title for _, title in told if title.startswith("winter: ") and title.endswith(" not made"))
    assert list(told) == [
        ("/failed", "bad: not made"),
        ("/done", "autumn: all 6 ads made"),
        ("/failed", limited),
        ("/ops", "creative nightly briefs: partly"),
    ]
    assert "Did you mean 'segments'?" in told["/failed", "bad: not made"]
    done = told["/done", "autumn: all 6 ads made"].splitlines()
    assert done[0].startswith("Autumn roast (autumn): 6 ads there, 6 new, in ") and done[1].startswith("cost: about ")
    assert done[2] == f"manifest: {place.out / 'autumn' / 'manifest.jsonl'}"
    assert done[3] == f"more: creative status --campaign autumn --out {place.out}"
    assert " not begun, in " in told["/failed", limited]
    assert "limits.money of winter is reached: 0.01 EUR" in told["/failed", limited]
    assert (
        told["/ops", "creative nightly briefs: partly"]
        .splitlines()[0]
        .startswith("3 briefs: 1 refused, 1 done, 1 limited")
    )
    assert set(found.notices) == {
        "reviewers was not told: apprise does not understand its URL: https://appriseit.com says how they are written"
    }
    assert found.notices[0] in capsys.readouterr().err
