"""What the deployment's files name exists: variables, commands, options, versions, files; and there is no secret in them."""

from __future__ import annotations

import re
import shlex
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer.main

from creative.version import VERSION
from tests.infra.reading import INFRA, ROOT, TEXTS, documents, words

NOT_YET: set[str] = set()
"""Commands that these files name and the command line does not have yet."""

FOREIGN = {"CREATIVE_FARM"}
"""Looks like a setting of ours, and is something else."""

LABELS = [str(path.relative_to(ROOT)) for path in TEXTS]


@cache
def commands() -> dict[str, set[str]]:
    from creative.cli import app

    group = typer.main.get_command(app)
    found = {
        name: {option for one in command.params for option in one.opts} for name, command in group.commands.items()
    }  # type: ignore[attr-defined]
    return {name: options | {"--help"} for name, options in found.items()}


@cache
def variables() -> set[str]:
    code = "".join(
        path.read_text("utf-8") for folder in ("creative", "workers") for path in (ROOT / folder).rglob("*.py")
    )
    return words(code, r"\bCREATIVE_[A-Z_]+\b")


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_variables_of_ours_exist(path: Path) -> None:
    named = words(path.read_text("utf-8"), r"\bCREATIVE_[A-Z_]+\b") - FOREIGN
    assert named <= variables()
    script = (INFRA / "docker" / "try-again").read_text("utf-8")
    assert words(path.read_text("utf-8"), r"\bTRY_AGAIN_[A-Z]+\b") <= words(script, r"\bTRY_AGAIN_[A-Z]+\b")


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_variables_of_ray_exist(path: Path) -> None:
    known = {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_USAGE_STATS_ENABLED", "RAY_HEAD_IP"}
    assert words(path.read_text("utf-8"), r"\bRAY_[A-Z_]+\b") <= known


def calls(text: str) -> list[list[str]]:
    """Every `creative COMMAND ...` in a text, as words: to the end of the line, the code span or the shell's command."""
    found = []
    for rest in re.findall(r"(?:(?<![\w./-])|(?<=bin/))creative ([a-z][a-z-]*\b[^\n`\"]*)", text):
        if rest.startswith("creative"):  # COPY creative creative
            continue
        command = re.split(r"\s#|[;|>&),:]|\s{2,}", rest)[0].strip().rstrip(".,:")
        found.append(shlex.split(command.replace("'", "")))
    return found


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_commands_and_their_options_exist(path: Path) -> None:
    for command, *arguments in calls(path.read_text("utf-8")):
        if command in NOT_YET:
            continue
        assert command in commands(), f"creative {command}"
        options = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        assert options <= commands()[command], f"creative {command} {arguments}"


def test_the_night_is_called_with_options_that_exist() -> None:
    [cron] = documents(INFRA / "kubernetes" / "base" / "nightly.yaml")
    [container] = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    command, *arguments = container["args"]
    assert {argument for argument in arguments if argument.startswith("--")} <= commands()[command]


def test_what_is_not_there_yet_is_not_there_yet() -> None:
    """When this fails, take the command off the list: it is checked like all others from then on."""
    assert not NOT_YET & commands().keys()


def test_calls_are_found() -> None:
    assert calls("run `creative run a.yaml --json`, then creative status") == [["run", "a.yaml", "--json"], ["status"]]


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_image_tags_are_the_packages_version(path: Path) -> None:
    text = path.read_text("utf-8")
    tags = (
        words(text, r"creative-farm:(\d[\w.]*)")
        | words(text, r"newTag: (\d[\w.]*)-")
        | words(text, r"ARG VERSION=(\S+)")
    )
    assert tags <= {VERSION}


def test_some_image_tags_are_there() -> None:
    everything = "".join(path.read_text("utf-8") for path in TEXTS)
    assert len(re.findall(rf"creative-farm:{re.escape(VERSION)}-", everything)) >= 6
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_there_is_no_secret_and_nobodys_account(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\b\d{12}\b", text.replace("[0-9]{12}", "")), "an account number"
    assert not re.search(r"\b(AKIA|ASIA)[A-Z0-9]{12,}|-----BEGIN|ghp_\w+|xox[bp]-", text), "a key"
    assert not re.search(r"://[^/\s:@]+:(?!\$)[^/\s@]+@", text), "a password in a URL"
    assert not re.search(
        r"(?i)(password|auth_token|secret)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/]{12,}[\"']?\s*$", text, re.MULTILINE
    )
    assert not re.search(r"kind: Secret\b", text), "secrets are referred to, never written"
    hosts = words(text, r"\b((?:[a-z0-9-]+\.)+(?:io|com|net|org|dev))/[a-z]")
    assert hosts <= {"ray.io", "pod-security.kubernetes.io", "app.kubernetes.io", "nvidia.com", "karpenter.sh",
                     "kubernetes.io", "cluster-autoscaler.kubernetes.io", "eks.amazonaws.com", "kustomize.config.k8s.io",
                     "batch.kubernetes.io", "networking.k8s.io"}, hosts  # fmt: skip


@pytest.mark.parametrize(
    "path", [path for path in TEXTS if path.suffix in (".yaml", ".yml")], ids=lambda path: path.name
)
def test_yaml_has_no_tabs_and_no_key_twice(path: Path) -> None:
    assert "\t" not in path.read_text("utf-8")
    assert documents(path)


@pytest.mark.parametrize("path", TEXTS, ids=LABELS)
def test_files_that_are_named_are_there(path: Path) -> None:
    text = path.read_text("utf-8")
    named = words(text, r"(?<![\w/.])((?:infra|creative|tests|templates)/[\w./-]*[\w])")
    named |= words(text, r"(?<![\w/.-])(ray-cluster\.yaml|constraints\.txt|pyproject\.toml)\b")
    missing = {name for name in named if not (ROOT / name).exists() and not list(ROOT.glob(name + "*"))}
    assert not missing
    if path.suffix == ".md":
        for link in words(text, r"\]\(([^)#:]+)\)"):
            assert (path.parent / link).exists(), link


def test_every_file_is_in_the_readme() -> None:
    readme = (INFRA / "README.md").read_text("utf-8")
    for path in TEXTS:
        name = path.relative_to(ROOT)
        assert (
            path.name in readme or str(name.parent.relative_to("infra") if name.parts[0] == "infra" else name) in readme
        ), name


def test_every_text_ends_with_a_line_and_is_readable() -> None:
    for path in TEXTS:
        text = path.read_text("utf-8")
        assert text.endswith("\n") and not re.search(r"[ \t]$", text, re.MULTILINE), path
        if path.suffix != ".md":
            assert max(map(len, text.splitlines())) <= 160, path
