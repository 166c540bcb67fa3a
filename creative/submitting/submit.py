"""`creative submit`: a brief is planned here, put into the store as a parcel, and run by a job of the cluster.

The job's command names the parcel, the store and what part of the matrix is wanted, nothing secret: commands, environments
and metadata of jobs are logged and shown. Registry, passwords and catalogues are the cluster's own (CREATIVE_PROFILE,
CREATIVE_REGISTRY, PGPASSWORD, ... in the head's environment). A submission's id follows from what is submitted, so the same
again, while it runs, follows that run.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from creative import session as sessions
from creative import show
from creative.backends import resolve
from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.brief.media import References
from creative.canonical import checked_key
from creative.catalogue import load_catalogue
from creative.cells import parse_only
from creative.errors import (
    EXIT_OK,
    EXIT_TEMPORARY,
    EXIT_TERMINATED,
    BriefError,
    RegistryError,
    RunnerError,
    UsageError,
)
from creative.limits import estimate
from creative.making import Made, make_in
from creative.notices.telling import of_run, tell
from creative.offering import offer
from creative.places import plain_place
from creative.resources import templates
from creative.scratch import own_folder, scratch
from creative.settings import Settings
from creative.store import open_store
from creative.store.healing import heal
from creative.submitting.jobs import Job, Jobs
from creative.submitting.parcel import Packed, load_parcel, pack, read_parcel, unpack
from creative.version import VERSION

_JOBS = "workers.jobs:Jobs"
_SETTLE_S = 30.0
_LOST_S = 600.0
_AGAIN_S = 5.0
_NOT_FOUND = 127
_KILLED = 137
_RAYS = ("(raylet)", "(autoscaler", "(gcs_server)")  # what Ray says of its own, on indented lines that follow too
_NOISE = ("Running entrypoint for job ", "Runtime env is setting up.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a submission asks for, beside the brief."""

    only: tuple[str, ...] = ()
    retry_failed: bool = False
    verify: bool = False
    sheet: bool = True
    workers: int | None = None

    def arguments(self) -> list[str]:
        """As options of `creative run-parcel`."""
        flags = {"--retry-failed": self.retry_failed, "--verify": self.verify, "--no-sheet": not self.sheet}
        words = [word for part in self.only for word in ("--only", part)]
        words += [flag for flag, wanted in flags.items() if wanted]
        return words + (["--workers", str(self.workers)] if self.workers else [])


@dataclass(slots=True)
class Submission:
    """A job of the cluster's. `attached`: it ran already. `result` is the object that ended its `--json` output."""

    id: str
    parcel: str
    address: str
    attached: bool
    status: str = "PENDING"
    exit_code: int | None = None
    result: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """The object that ends `submit --json`."""
        return {
            "id": self.id, "parcel": self.parcel, "address": self.address, "attached": self.attached,
            "status": self.status, "exit_code": self.exit_code, "result": self.result or None,
        }  # fmt: skip


def submit(path: Path, settings: Settings, wish: Wish, say: Callable[[str], None]) -> tuple[Submission, Jobs]:
    """Plan the brief, upload it and start its job, or find the job that runs it.

    Raises BriefError, LimitError, UsageError before anything is stored; InfrastructureError.
    """
    address = jobs_address(settings)
    _check_places(settings, address)
    packed = _planned(path, settings, wish, say)
    jobs: Jobs = resolve(_JOBS)(address)
    store = open_store(settings.store)
    if plain_place(store.url) != store.url:
        raise UsageError(f"--store {plain_place(store.url)}: leave the secrets out: the job's command is logged")
    packed.upload(
        store,
        lambda files, size: say(f"uploading {files} files, {show.size(size)}" if files else "the store has every file"),
    )
    words = [
        "creative",
        "run-parcel",
        packed.sha256,
        "--store",
        store.url,
        "--runner",
        "ray",
        "--address",
        "auto",
        "--json",
    ]
    entrypoint = shlex.join([*words, *wish.arguments()])
    campaign = packed.parcel.campaign
    base = f"creative-{campaign}-{checked_key([packed.sha256, store.id, wish.arguments()])[:10]}"
    metadata = {"campaign": campaign, "parcel": packed.sha256, "creative-farm": VERSION}
    for _ in range(5):  # somebody may take the number that was free
        running, free = _numbered(jobs, base)
        if running is not None:
            return Submission(running.id, packed.sha256, address, True, running.status), jobs
        if jobs.submit(free, entrypoint, metadata):
            return Submission(free, packed.sha256, address, False), jobs
    raise RunnerError(f"the cluster takes no job named {base}: try again")


def _numbered(jobs: Jobs, base: str) -> tuple[Job | None, str]:
    """The job that runs this already, if there is one; and an id that was not used yet."""
    known = {job.id: job for job in jobs.with_prefix(base)}
    running = next((job for job in known.values() if not job.over), None)
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in known:
        number += 1
    return running, name


def jobs_address(settings: Settings) -> str:
    """Where the jobs API is: the setting if it is http(s), else RAY_API_SERVER_ADDRESS. Raises UsageError."""
    for name, told in (
        ("--address", settings.address),
        ("RAY_API_SERVER_ADDRESS", os.environ.get("RAY_API_SERVER_ADDRESS")),
    ):
        if not told or urlsplit(told).scheme not in ("http", "https"):
            continue
        if not urlsplit(told).hostname or plain_place(told) != told:
            raise UsageError(
                f"{name} {plain_place(told)}: write it as http://head:8265; the token goes into RAY_AUTH_TOKEN"
            )
        return told.rstrip("/")
    said = "" if settings.address == "local" else f" {plain_place(settings.address)} is for creative run:"
    raise UsageError(
        f"--address:{said} name the cluster's dashboard, such as http://head:8265 (or set RAY_API_SERVER_ADDRESS)"
    )


def _check_places(settings: Settings, address: str) -> None:
    if settings.runner != "ray":
        raise UsageError("--runner inline: what is submitted runs on the cluster: leave it out")
    if urlsplit(settings.store).scheme != "s3" and not settings.shared:
        raise UsageError(
            f"the cluster at {address} cannot see the store {plain_place(settings.store)}: name one that all machines reach "
            "(--store s3://bucket/prefix), or say shared = true in the profile if the folder is on a shared disk"
        )


def _planned(path: Path, settings: Settings, wish: Wish, say: Callable[[str], None]) -> Packed:
    """The parcel of a brief that can be planned as it is."""
    media_roots, references, part = (*settings.media_roots, templates()), References(), parse_only(wish.only)
    brief = load_brief(path, media_roots=media_roots, references=references)
    _check_names(brief)
    world = sessions.in_world(brief, load_catalogue(settings.catalogues, settings.judges, settings.licences), settings)
    try:
        with sessions.looking(settings) as opened:
            found = opened.survey(brief, world, part) if opened else sessions.surveyed(brief, world, part)
            cost = estimate(found, brief, settings, opened.registry if opened else None)
    except RegistryError as error:
        say(f"planned as if nothing were there yet, since the registry cannot be asked from here: {error}")
        found = sessions.surveyed(brief, world, part)
        cost = estimate(found, brief, settings, None)
    for line in (*show.survey_lines(found, wish.workers or settings.workers or 1), *cost.lines()):
        say(line)
    return pack(brief, path, references, media_roots)


def _check_names(brief: Brief) -> None:
    """Raise BriefError for a URL whom to tell: what is submitted is kept, and such URLs have secrets in them."""
    urls = [when for when in ("done", "failed", "review_ready") if "://" in (getattr(brief.notify, when, None) or "")]
    if urls:
        problem = "is a URL, which may have a secret in it, and what is submitted is kept in the store"
        instead = "Write a name, which the cluster's profile has in its table notify"
        raise BriefError([brief.finding(f"notify.{when}", problem, instead) for when in urls])


# -- following -----------------------------------------------------------------------------------------------------------


def follow(submission: Submission, jobs: Jobs, say: Callable[[str], None]) -> None:
    """Say what the job says until it has ended; then `status`, `exit_code` and `result` are the job's.

    A connection that is lost is made again, for ten minutes. Raises RunnerError when it stays away.
    """
    log, lost = _Log(say), 0.0
    while True:
        try:
            for chunk in log.rest(jobs.log(submission.id)):
                log.take(chunk)
                lost = 0.0
            job = _settled(jobs, submission.id)
        except RunnerError as error:
            lost = lost or time.monotonic()
            if time.monotonic() - lost > _LOST_S:
                raise RunnerError(
                    f"{error}; the job {submission.id} goes on: the same command follows it again"
                ) from error
            say(f"{error}; trying again")
            time.sleep(_AGAIN_S)
            continue
        if job.over:
            break
    log.end()
    submission.status, submission.result = job.status, log.result
    submission.exit_code = _exit_code(job, say)


def _settled(jobs: Jobs, id: str) -> Job:
    """The job, once it has ended: its log may end a little before it does."""
    until = time.monotonic() + _SETTLE_S
    while not (job := jobs.look(id)).over and time.monotonic() < until:
        time.sleep(0.3)
    return job


def _exit_code(job: Job, say: Callable[[str], None]) -> int:
    """The job's own, where it has one that this command can have meant."""
    code = job.exit_code
    if job.status == "SUCCEEDED":
        return EXIT_OK
    if job.status == "STOPPED":
        say("somebody stopped the job; the same command goes on from there")
        return EXIT_TERMINATED
    if code is None:
        say(f"the job ended without an exit code ({_reason(job)}); the same command goes on from there")
        return EXIT_TEMPORARY
    if code == _NOT_FOUND:
        raise UsageError("the cluster's head has no `creative`: install creative-farm in its image, in this version")
    if code < 0 or code == _KILLED:
        say("the job was killed, perhaps for want of memory; the same command goes on from there")
        return EXIT_TEMPORARY
    return code


def _reason(job: Job) -> str:
    lines = [line.strip() for line in job.message.splitlines() if line.strip()]
    return lines[0][:200] if lines else job.status.lower()


class _Log:
    """A job's log: whole lines for people, the last object of data for the caller."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.result: dict[str, Any] = {}
        self._seen = 0
        self._line = ""
        self._rays = False

    def rest(self, chunks: Any) -> Any:
        """What has not been seen yet: a log that is followed again comes from its beginning."""
        skip = self._seen
        for chunk in chunks:
            fresh, skip = chunk[skip:], max(0, skip - len(chunk))
            if fresh:
                yield fresh

    def take(self, chunk: str) -> None:
        self._seen += len(chunk)
        *lines, self._line = (self._line + chunk).split("\n")
        for line in lines:
            self._tell(line)

    def end(self) -> None:
        if self._line:
            self._tell(self._line)
        self._line = ""

    def _tell(self, line: str) -> None:
        if line.startswith('{"'):
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if isinstance(found, dict) and ("run" in found or "ok" in found):
                self.result = found
                return
        self._rays = line.startswith(_RAYS) or (self._rays and line[:1].strip() == "")
        if not self._rays and not any(noise in line for noise in _NOISE):
            self.say(line)


# -- on the cluster ------------------------------------------------------------------------------------------------------


def run_parcel(sha256: str, settings: Settings, wish: Wish) -> Made:
    """Unpack a parcel and run its brief, as `creative run` does; manifest and contact sheet are put into the store.

    Those hear of it whom the brief names and the cluster's profile knows. Raises UsageError where the cluster does not say
    where its registry is; otherwise as `creative.making.make`.
    """
    told = settings
    if settings.remote and not settings.shared and "://" not in settings.registry:
        raise UsageError(
            "this cluster does not say where the registry is: set CREATIVE_REGISTRY=postgresql://user@host/database (and "
            "PGPASSWORD), or CREATIVE_CONFIG and CREATIVE_PROFILE, in the environment of its head"
        )
    settings.check_reach()
    store = open_store(settings.store, create=False)
    with scratch(own_folder() / "parcels") as folder:
        parcel = read_parcel(store, sha256)
        unpack(store, parcel, folder)
        brief = load_parcel(parcel, folder)
        if settings.out == Path("out") and not os.environ.get("CREATIVE_OUT"):
            settings = replace(
                settings, out=folder / "out"
            )  # nobody named a place; the present folder may be read-only
        with sessions.session(settings, create=False) as opened:
            if wish.verify:
                _note(folder)(f"{heal(opened.store, opened.registry)} damaged steps will be made again")
            with show.stdout_for_data():
                runner = opened.runner()
                try:
                    made = make_in(
                        opened, brief, runner, parse_only(wish.only),
                        retry_failed=wish.retry_failed, sheet=wish.sheet, say=_note(folder),
                    )  # fmt: skip
                finally:
                    runner.close()
            made.places = offer(opened.store, brief.campaign.id, made.places)
        for problem in tell(of_run(brief, made, told), told):
            _note(folder)(problem)
    return made


def _note(folder: Path) -> Callable[[str], None]:
    """Says lines, but for places in a folder that goes away."""

    def note(line: str) -> None:
        if str(folder) not in line:
            show.console.print(line, markup=False, soft_wrap=True)

    return note
