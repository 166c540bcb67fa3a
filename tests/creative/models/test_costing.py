"""What ads cost is said before anything runs, by the same seconds that the plan and its limits reckon with."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from creative.catalogue import load_catalogue
from creative.cli import app
from creative.models.costing import SENTENCE_S, bill, costs
from creative.models.rows import own_models
from creative.planning.survey import Survey, Takes
from tests.support.demo import demo

PRICES = 'default = "x"\n[profiles.x]\nprices = {gpu_hour = "2.60", cpu_hour = "0.05", currency = "EUR"}\n'


def said(*arguments: str, **environment: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--json"], env=environment)
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    path = demo(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nbackends: {scene: z-image-turbo, clip: wan-2.2-ti2v-5b}\n", "utf-8")
    (tmp_path / "creative.toml").write_text(PRICES)
    return path


def test_the_bill_of_a_briefs_own_ads_is_what_its_plan_says(brief: Path, tmp_path: Path) -> None:
    there = {"CREATIVE_CONFIG": str(tmp_path / "creative.toml"), "CREATIVE_OUT": str(tmp_path / "out")}
    planned = said("plan", str(brief), **there)
    ads = sum(planned["ads"].values())
    made = said("models", "cost", str(brief), "--ads", str(ads), **there)
    assert (made["plan_gpu_minutes"], made["plan_cost"]) == (planned["gpu_minutes"], planned["money"])
    assert made["cost"] == planned["money"], "as many ads as are planned cost what the plan costs"
    assert {(row["kind"], row["backend"]): row["steps"] for row in made["backends"]} == {
        ("scene", "z-image-turbo"): planned["steps"]["scene"], ("clip", "wan-2.2-ti2v-5b"): planned["steps"]["clip"],
    }  # fmt: skip
    assert not any(row["measured"] for row in made["backends"])
    thousand = said("models", "cost", str(brief), "--gpu-hour", "5.20", **there)
    assert thousand["ads"] == 1000
    assert thousand["gpu_hours"] == pytest.approx(made["gpu_hours"] * 1000 / ads, rel=1e-3)
    table = CliRunner().invoke(app, ["models", "cost", str(brief)], env=there).stderr
    assert "cost EUR" in table and "150 (a guess)" in table and f"of these {ads}: " in table


def test_a_brief_without_models_says_that_nothing_of_it_is_made_on_a_card(tmp_path: Path) -> None:
    there = {"CREATIVE_CONFIG": str(tmp_path / "creative.toml"), "CREATIVE_OUT": str(tmp_path / "out")}
    (tmp_path / "creative.toml").write_text(PRICES)
    done = CliRunner().invoke(app, ["models", "cost", str(demo(tmp_path))], env=there)
    first, second, _ = done.stderr.splitlines()
    assert first.startswith("nothing of this brief is made on a card") and "0.00 h of a card" in second


def test_what_was_measured_is_used_and_parts_of_a_card_are_parts() -> None:
    found = Survey(ads=Counter(image=10), gpu_seconds=50, cpu_seconds=7200)
    found.takes[("scene", "a")] = Takes(4, 1, 36.0, 1.0, False)
    found.takes[("speech", "b")] = Takes(8, 0, 9.0, 0.25, True)
    found.takes[("still", "c")] = Takes(10, 10, 3.6, 0.0, True)
    made = bill(found, 1000, Decimal("2"), Decimal("0.5"))
    assert [(row["backend"], row["steps"], row["measured"], row["hours"], row["cost"]) for row in made.rows] == [
        ("a", 400.0, True, 4.0, "8.00"), ("b", 800.0, False, 0.5, "1.00"),
    ]  # fmt: skip
    assert (made.gpu_hours, made.cpu_hours, made.cost) == (pytest.approx(4.5), pytest.approx(1.0), "9.50")
    assert made.plan_cost == "1.03", "of what is missing: 50 s of a card, two hours without"
    assert bill(Survey(), 1000, Decimal(1), Decimal(1)).cost == "0.00"


def test_each_model_has_its_own_figure_and_its_backends() -> None:
    backends = list(load_catalogue().specs.values())
    each = {"image": 1.0, "second of film": 1.0, "second of speech": SENTENCE_S}
    rows = {row["model"]: row for row in costs(3600, each, 1.0, Decimal(1), backends)}
    sdxl, spec = rows["sdxl"], load_catalogue().choose("scene", "sdxl")
    assert sdxl["hours"] == pytest.approx(0.088) and sdxl["farm_hours"] == pytest.approx(spec.seconds)
    wan = own_models()["wan2.2-ti2v-5b"]
    assert wan.frames is not None
    clip = load_catalogue().choose("clip", "wan-2.2-ti2v-5b")
    assert rows["wan2.2-ti2v-5b"]["farm_hours"] == pytest.approx(
        clip.seconds / (wan.frames.most / wan.frames.fps), rel=1e-3
    )
    assert rows["sdxl-inpaint"]["backend"] is None


def test_a_backend_is_never_reckoned_cheaper_than_half_of_its_models_own_work() -> None:
    """Seconds of the catalogue are what limits hold runs to: they may not promise what no card does."""
    backends = list(load_catalogue().specs.values())
    each = {"image": 1.0, "second of film": 1.0, "second of speech": SENTENCE_S}
    for row in costs(1000, each, 1.0, Decimal(1), backends):
        if row["backend"]:
            assert row["farm_hours"] > row["hours"] / 2, row["model"]
