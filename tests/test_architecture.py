"""Who may import whom, and every string that stands for code."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from creative.backends import Backend, resolve
from creative.catalogue import load_catalogue
from creative.running.port import Runner
from creative.steps import KINDS

ROOT = Path(__file__).parent.parent
HEAVY = {"ray", "torch", "numpy", "PIL", "av", "mitsuba", "pyoidn", "moviepy", "scipy", "onnxruntime", "imageio_ffmpeg"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("creative", "workers", include_external_packages=True, cache_dir=None)


def test_creative_never_imports_workers(graph: grimp.ImportGraph) -> None:
    wrong = [
        (module, imported)
        for module in graph.modules
        if module.split(".")[0] == "creative"
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.split(".")[0] == "workers"
    ]
    assert not wrong


def test_the_domain_imports_no_engine_codec_or_imaging(graph: grimp.ImportGraph) -> None:
    wrong = [
        (module, imported)
        for module in graph.modules
        if module.split(".")[0] == "creative"
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.split(".")[0] in HEAVY
    ]
    assert not wrong


def test_no_two_packages_need_each_other(graph: grimp.ImportGraph) -> None:
    """A cycle between rooms means that they are one room."""
    rooms = sorted(graph.find_children("creative") | graph.find_children("workers"))
    arrows = {
        (one, other)
        for one in rooms
        for other in rooms
        if one != other and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
    }
    assert not [(one, other) for one, other in arrows if (other, one) in arrows and one < other]


def test_every_backend_of_the_catalogue_is_one() -> None:
    catalogue = load_catalogue()
    for spec in catalogue.specs.values():
        made = resolve(spec.target)
        for name in ("__init__", "make"):
            ours = list(inspect.signature(getattr(made, name)).parameters)
            assert ours == list(inspect.signature(getattr(Backend, name)).parameters), (spec.target, name)
    assert {spec.kind for spec in catalogue.specs.values()} <= set(KINDS)


@pytest.mark.parametrize("target", ["creative.running.inline:InlineRunner", "workers.ray_runner:RayRunner"])
def test_every_runner_is_one(target: str) -> None:
    runner = resolve(target)
    for name in ("free", "submit", "wait", "kill", "close"):
        ours = list(inspect.signature(getattr(runner, name)).parameters)
        assert ours == list(inspect.signature(getattr(Runner, name)).parameters), name


def test_every_string_that_names_code_resolves() -> None:
    found = set()
    for file in [*ROOT.glob("creative/**/*.py"), *ROOT.glob("workers/**/*.py")]:
        found |= set(
            re.findall(
                r'"((?:creative|workers)(?:\.\w+)+:[A-Z]\w*|(?:creative|workers)(?:\.\w+)+:[a-z]\w*(?<!migrations))"',
                file.read_text("utf-8"),
            )
        )
    assert "workers.work:Workshop" in found
    for target in found:
        assert resolve(target) is not None


def test_importing_the_command_line_is_light() -> None:
    code = f"import sys, creative.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
