"""The Dockerfile, read as Docker would: stages resolve, sources are there and are sent, nobody is root."""

from __future__ import annotations

import fnmatch
import io
import json
import os
import re
import signal
import subprocess
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from creative.version import VERSION
from tests.infra.reading import INFRA, ROOT

DOCKERFILE = INFRA / "docker" / "Dockerfile"
TARGETS = {"control", "worker", "launcher", "gpu"}
TRY_AGAIN = INFRA / "docker" / "try-again"


@dataclass
class Stage:
    """A stage: what it is made from, and its instructions with those of the stages below it first."""

    base: str
    own: list[tuple[str, str]] = field(default_factory=list)
    all: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        return [value for name, value in self.all if name == instruction][-1]

    def runs(self) -> str:
        return "\n".join(value for name, value in self.all if name == "RUN")


def read() -> tuple[dict[str, str], dict[str, Stage]]:
    """The arguments before the first FROM, and the stages by name; a base that is neither an image nor a stage fails."""
    with io.BytesIO(DOCKERFILE.read_bytes()) as file:
        structure = DockerfileParser(fileobj=file).structure
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for one in structure:
        instruction, value = one["instruction"], one["value"]
        if instruction == "COMMENT":
            continue
        if instruction == "FROM":
            match = re.fullmatch(r"(\S+) AS ([a-z-]+)", value)
            assert match, f"name every stage: {value}"
            base, name = match.groups()
            below = stages.get(base)
            base = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], base)
            assert below or ":" in base, f"{name}: {base} is no stage and has no tag"
            stage = stages[name] = Stage(base, all=list(below.all) if below else [])
        elif stage is None:
            assert instruction == "ARG"
            name, _, default = value.partition("=")
            arguments[name] = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], default)
        else:
            stage.own.append((instruction, value))
            stage.all.append((instruction, value))
    return arguments, stages


ARGUMENTS, STAGES = read()


def copies() -> list[str]:
    """Every source that is copied or mounted from the repository."""
    found = []
    for stage in STAGES.values():
        for instruction, value in stage.own:
            if instruction == "COPY" and "--from=" not in value:
                *sources, _ = [word for word in value.split() if not word.startswith("--")]
                found += sources
            found += re.findall(r"--mount=type=bind,source=(\S+?),", value)
    return found


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps the path from the builder: the last line that matches it, or a folder above it."""
    kept = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        plain = pattern.removeprefix("!").removeprefix("**/")
        parts = Path(path).parts
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        tried = [*above, *parts] if "**/" in pattern else above
        if any(fnmatch.fnmatchcase(one, plain) for one in tried):
            kept = not pattern.startswith("!")
    return kept


def test_every_target_is_there_and_everything_is_used() -> None:
    assert STAGES.keys() >= TARGETS
    used = {stage.base for stage in STAGES.values()}
    used |= set(re.findall(r"--from=([a-z-]+)", DOCKERFILE.read_text("utf-8")))
    assert STAGES.keys() - TARGETS <= used
    for stage in STAGES.values():
        for _, value in stage.own:
            assert set(re.findall(r"--from=(\S+)", value)) <= STAGES.keys()


def test_bases_are_pinned_to_a_patch_version() -> None:
    for name, base in ARGUMENTS.items():
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+-[a-z-]+(@sha256:[0-9a-f]{64})?", base), f"{name}={base}"
    assert ARGUMENTS["PYTHON_IMAGE"].startswith("python:3.11."), "the python that constraints.txt was tested with"


def test_every_source_is_there_and_is_sent_to_the_builder() -> None:
    sources = copies()
    assert {"creative", "workers", "templates", "constraints.txt"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source), f".dockerignore keeps {source} back"
    for secret in (
        ".git/config",
        ".venv/bin/python",
        "out/registry.db",
        "creative/__pycache__/cli.pyc",
        ".env",
        "creative.toml",
    ):
        assert ignored(secret), secret


def test_the_wheel_has_all_that_its_build_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    built = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    named = {project["project"]["readme"], *built["packages"], *built["force-include"]}
    named |= {str(Path(name).parts[0]) for name in project["project"]["license-files"]}
    assert named <= set(copies())


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_an_image_runs_the_farm_as_nobody_special(target: str) -> None:
    stage = STAGES[target]
    assert stage.own[-1] == ("USER", "1000:1000"), "the last word: nothing runs as root after it"
    assert json.loads(stage.last("ENTRYPOINT")) == ["tini", "--", "creative"]
    environment = stage.last("ENV")
    for wanted in (
        "PYTHONUNBUFFERED=1",
        "RAY_AUTH_MODE=token",
        "CREATIVE_OUT=/var/lib/creative",
        "HOME=/var/lib/creative",
    ):
        assert wanted in environment, wanted
    assert stage.last("VOLUME") == "/var/lib/creative"
    assert "/opt/creative/bin" in environment
    labels = stage.last("LABEL")
    for label in ("title", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in labels
    assert ("ARG", f"VERSION={VERSION}") in stage.all
    names = {name for name, _ in stage.all}
    assert "HEALTHCHECK" not in names, "a batch command's health is its exit code"


def test_images_have_no_build_tools_and_what_they_need_of_the_system() -> None:
    needed = {
        "control": {"tini", "wget"},
        "worker": {"tini", "wget", "libatomic1"},
        "launcher": {"tini", "wget", "libatomic1", "openssh-client", "rsync"},
        "gpu": {"tini", "wget", "libatomic1", "ffmpeg", "g++"},
    }
    for target, wanted in needed.items():
        runs = STAGES[target].runs()
        packages = {word for line in re.findall(r"/system/install (.+)", runs) for word in line.split()}
        assert packages == wanted, target
        assert not re.search(r"\bpip\b.*install|apt-get|gcc|build-essential|git\b", runs), target
    install = (INFRA / "docker" / "system" / "install").read_text("utf-8")
    assert "--no-install-recommends" in install and "rm -rf /var/lib/apt/lists" in install
    assert "useradd --uid 1000" in install


def test_pip_is_given_the_constraints_and_extras_that_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    installs = [
        value for stage in STAGES.values() for name, value in stage.own if name == "RUN" and re.search(r"\bpip .*(install|wheel) ", value)
    ]  # fmt: skip
    assert len(installs) == 4
    for run in installs:
        assert re.search(r"-c \S*constraints\.txt", run), run
    for run in installs[1:]:
        [named] = re.findall(r"\$\{wheel\}\[([a-z,]+)\]", run)
        assert set(named.split(",")) <= extras.keys()
    named = dict(zip(("control-env", "worker-env", "gpu-env"), installs[1:], strict=True))
    assert (
        "studio" not in named["control-env"]
        and "[studio," in named["worker-env"]
        and "diffusion,voice" in named["gpu-env"]
    )
    assert ("COPY", "--from=control-env /opt/creative /opt/creative") in STAGES["control"].own


def test_both_systems_are_set_up_alike() -> None:
    """The GPU's has its own base, so that it repeats what the others have."""
    for instruction in ("LABEL", "ENTRYPOINT", "CMD", "WORKDIR", "VOLUME", "COPY"):
        ours, theirs = (
            [value for name, value in STAGES[stage].own if name == instruction]
            for stage in ("control-system", "gpu-system")
        )
        assert ours == theirs, instruction
    common, gpu = STAGES["control-system"].last("ENV"), STAGES["gpu-system"].last("ENV")
    assert gpu.startswith(common) and "NVIDIA_VISIBLE_DEVICES" in gpu.removeprefix(common)


@pytest.mark.parametrize(
    ("code", "times", "runs"), [(0, "3", 1), (2, "3", 1), (3, "3", 1), (70, "3", 1), (75, "2", 3), (75, "0", 1)]
)
def test_try_again_repeats_75_alone(tmp_path: Path, code: int, times: str, runs: int) -> None:
    log = tmp_path / "log"
    done = subprocess.run(
        [TRY_AGAIN, "sh", "-c", f"echo run >> {log}; exit {code}"],
        env={**os.environ, "TRY_AGAIN_PAUSE": "0", "TRY_AGAIN_TIMES": times}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == code
    assert len(log.read_text().splitlines()) == runs


def test_try_again_ends_well_once_the_command_does(tmp_path: Path) -> None:
    mark = tmp_path / "tried"
    command = f"test -e {mark} || {{ touch {mark}; exit 75; }}"
    environment = {**os.environ, "TRY_AGAIN_PAUSE": "0"}
    assert (
        subprocess.run([TRY_AGAIN, "sh", "-c", command], env=environment, check=False, capture_output=True).returncode
        == 0
    )


@pytest.mark.parametrize(
    "command",
    ["trap 'exit 143' TERM; echo ready; while :; do sleep 0.05; done", "echo ready; exit 75"],
    ids=["command", "pause"],
)
def test_try_again_passes_sigterm_on(command: str) -> None:
    environment = {**os.environ, "TRY_AGAIN_PAUSE": "600"}
    with subprocess.Popen(
        [TRY_AGAIN, "sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == (75 if "75" in command else 143)


def test_try_again_refuses_what_it_cannot_mean() -> None:
    assert subprocess.run([TRY_AGAIN], check=False, capture_output=True).returncode == 2
    environment = {**os.environ, "TRY_AGAIN_TIMES": "often"}
    assert subprocess.run([TRY_AGAIN, "true"], check=False, capture_output=True, env=environment).returncode == 2
