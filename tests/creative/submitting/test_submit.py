"""Following a job: its log, its end, and connections that are lost. The jobs are told beforehand; tests/test_cluster.py has real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from creative.brief import load_brief
from creative.brief.media import References
from creative.errors import BriefError, RunnerError, UsageError
from creative.notices.telling import Message
from creative.resources import templates
from creative.settings import Settings
from creative.store import open_store
from creative.submitting import submit as submitting
from creative.submitting.jobs import Job
from creative.submitting.parcel import pack
from creative.submitting.submit import Submission, follow, jobs_address
from tests.support.nights import ADS, NightFolder

LOG = """\
2026-11-22 16:44:21,607\tINFO job_manager.py:581 -- Runtime env is setting up.
Running entrypoint for job creative-x: creative run-parcel
8 ads to make
(raylet) Raylet is terminated. Termination is unexpected.
    - bytes in use: 0

{"not": "the result"}
{"run": "r", "status": "done", "manifest": "s3://b/m"}
"""


@dataclass
class Told:
    """Jobs whose log comes in `pieces`; None is a connection that is lost."""

    pieces: list[str | None]
    job: Job
    said: list[str] = field(default_factory=list)
    looks: int = 0

    def submit(self, id: str, entrypoint: str, metadata: Mapping[str, str]) -> bool:
        raise AssertionError

    def with_prefix(self, prefix: str) -> list[Job]:
        raise AssertionError

    def look(self, id: str) -> Job:
        self.looks += 1
        return self.job if self.looks > 1 else replace(self.job, status="RUNNING", exit_code=None)

    def log(self, id: str) -> Iterator[str]:
        for number, piece in enumerate(self.pieces):
            if piece is None:
                del self.pieces[number]  # the next time it is not lost here
                raise RunnerError("the connection was lost")
            yield piece


def followed(pieces: list[str | None], job: Job, monkeypatch: pytest.MonkeyPatch) -> tuple[Submission, list[str]]:
    monkeypatch.setattr(submitting.time, "sleep", lambda seconds: None)
    told, submission = Told(pieces, job), Submission("x", "p", "http://head:8265", False)
    follow(submission, told, told.said.append)
    return submission, told.said


def test_people_hear_lines_and_programs_get_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    found, said = followed([LOG], Job("x", "SUCCEEDED", 0), monkeypatch)
    assert said == ["8 ads to make", '{"not": "the result"}']
    assert (found.exit_code, found.result) == (0, {"run": "r", "status": "done", "manifest": "s3://b/m"})
    assert json.loads(json.dumps(found.summary()))["status"] == "SUCCEEDED"


def test_a_lost_connection_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [LOG[start : start + 7] for start in range(0, len(LOG), 7)]
    found, said = followed([*whole[:12], None, *whole[12:20], None, *whole[20:]], Job("x", "SUCCEEDED", 0), monkeypatch)
    lost = [line for line in said if "trying again" in line]
    assert len(lost) == 2
    assert [line for line in said if line not in lost] == ["8 ads to make", '{"not": "the result"}']
    assert found.result["run"] == "r"


@pytest.mark.parametrize(
    ("status", "code", "ours", "says"),
    [
        ("FAILED", 3, 3, ""), ("FAILED", 75, 75, ""), ("FAILED", 2, 2, ""), ("FAILED", 70, 70, ""), ("FAILED", 143, 143, ""),
        ("STOPPED", None, 143, "stopped the job"), ("FAILED", None, 75, "without an exit code (its node died)"),
        ("FAILED", -9, 75, "was killed"), ("FAILED", 137, 75, "was killed"),
    ],
)  # fmt: skip
def test_the_exit_code_is_the_jobs(
    status: str, code: int | None, ours: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, said = followed(["line\n"], Job("x", status, code, "its node died\nmore"), monkeypatch)
    assert found.exit_code == ours
    assert (says in said[-1]) if says else said == ["line"]


def test_a_head_without_the_farm_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="has no `creative`"):
        followed(["sh: 1: creative: not found\n"], Job("x", "FAILED", 127), monkeypatch)


def _settings(address: str) -> Settings:
    return Settings(Path("out"), "s3://b/p", "postgresql://h/d", "ray", None, (), (), address)


def test_where_the_jobs_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_API_SERVER_ADDRESS", raising=False)
    assert jobs_address(_settings("http://head:8265/")) == "http://head:8265"
    for wrong in ("local", "auto", "ray://head:10001", "head:8265"):
        with pytest.raises(UsageError, match=r"http://head:8265"):
            jobs_address(_settings(wrong))
    with pytest.raises(UsageError, match="RAY_AUTH_TOKEN") as caught:
        jobs_address(_settings("https://me:hunter2@head"))
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "https://head")
    assert jobs_address(_settings("auto")) == "https://head"


def test_those_whom_the_brief_names_hear_of_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, heard = NightFolder(tmp_path), list[Message]()
    path = place.brief("autumn", {"limits: {ads: 100}": "notify: {done: ops}"})
    found = place.settings(notify={"ops": "json://127.0.0.1:9"}, store=str(tmp_path / "shared"))
    references = References()
    packed = pack(load_brief(path, media_roots=(templates(),), references=references), path, references, (templates(),))
    packed.upload(open_store(found.store), lambda *_: None)
    monkeypatch.setattr(submitting, "tell", lambda messages, _: heard.extend(messages) or [])
    made = submitting.run_parcel(packed.sha256, found, submitting.Wish(sheet=False))
    assert (made.report.new, [(one.to, one.title) for one in heard]) == (ADS, [("ops", f"autumn: all {ADS} ads made")])
    assert heard[0].body.endswith(f"more: creative status --campaign autumn --store {tmp_path / 'shared'}")
    submitting.run_parcel(packed.sha256, found, submitting.Wish(sheet=False))
    assert len(heard) == 1


def test_what_may_be_a_secret_is_not_put_into_the_store(tmp_path: Path) -> None:
    place = NightFolder(tmp_path)
    path = place.brief("autumn", {"limits: {ads: 100}": "notify: {failed: 'slack://hush/hash'}"})
    found = place.settings(runner="ray", address="http://127.0.0.1:9", shared=True, notify_schemes=("slack",))
    with pytest.raises(BriefError, match=r"notify\.failed: is a URL, which may have a secret in it") as caught:
        submitting.submit(path, found, submitting.Wish(), print)
    assert "hush" not in str(caught.value) and not place.out.exists()
