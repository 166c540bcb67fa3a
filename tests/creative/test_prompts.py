"""What models are told: words for pictures, the product, the brand's colours, room for text; never who is meant by it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.errors import UsageError
from creative.framings import families as framings
from creative.planning import Planner
from creative.prompts import (
    Framing,
    Told,
    Way,
    colour_name,
    document,
    families,
    name_for_models,
    read_template,
)
from creative.steps import Output, Step
from creative.store import open_store
from creative.world import World, ingest
from tests.support.demo import demo

_WAYS: tuple[Way, ...] = ("with_product", "without_product", "surroundings")
_COLOURS = {"ground": "#ecdcc7", "second": "#2f4a38"}


@pytest.mark.parametrize("family", families())
@pytest.mark.parametrize("way", _WAYS)
def test_every_template_fills_for_every_framing(family: str, way: Way) -> None:
    for name, frame in framings().items():
        product = None if way == "without_product" else frame.product
        said = json.loads(
            document(
                family,
                way,
                Told("shed at noon.", "Garden Spade", _COLOURS),
                Framing(frame.width, frame.height, product),
            )
        )
        assert "Shed at noon" in said["prompt"] and "{" not in said["prompt"], name
        assert "pale" in said["prompt"] or "beige" in said["prompt"] or "cream" in said["prompt"]
        assert ("Garden Spade" in said["prompt"]) == (way == "with_product" and family != "tags")
        assert len(said["prompt"].split()) < (60 if family == "tags" else 140)


def test_room_for_words_is_where_the_product_is_not() -> None:
    def told(name: str) -> str:
        frame = framings()[name]
        return str(json.loads(document("sentences", "with_product", Told("a shed", "Spade", _COLOURS), Framing(
            frame.width, frame.height, frame.product)))["prompt"])  # fmt: skip

    assert "on the right, is one calm" in told("billboard") and "on the left, is one calm" in told("billboard-right")
    assert "Spade stands on the left" in told("landscape-left") and "upper third" in told("portrait")


@pytest.mark.parametrize("way", ["with_product", "without_product", "surroundings"])
def test_long_scene_words_leave_an_encoder_room_for_the_rest(way: Way) -> None:
    """CLIP reads 75 tokens, of which a word or a mark is one at least: what is kept free for the ad's words is always among them."""
    long = (
        "a sunlit workshop with old benches, planes and chisels on the wall, dust in the air and shavings on the floor "
        * 4
    )
    for name, frame in framings().items():
        product = None if way == "without_product" else frame.product
        told = Told(long, "Spade", {"ground": "#8a9aa3", "second": "#b5633f", "accent": "#f0b64c"})
        prompt = str(json.loads(document("tags", way, told, Framing(frame.width, frame.height, product)))["prompt"])
        upto = prompt[: prompt.index("empty background") + len("empty background on the right")]
        assert len(re.findall(r"[A-Za-z]+|[^A-Za-z\s]", upto)) < 70, name
        assert prompt.startswith("A sunlit workshop with old benches, planes and chisels on the wall, dust in the air")


@given(words=st.text(max_size=600))
def test_what_people_write_is_text_and_never_a_template(words: str) -> None:
    said = json.loads(
        document("sentences", "surroundings", Told(words + "{product}{0}", "x", _COLOURS), Framing(1080, 1920, None))
    )
    assert said["prompt"] == " ".join(said["prompt"].split())
    assert len(said["prompt"]) < 1500


@given(st.from_regex(r"\A#[0-9a-f]{6}\Z"))
def test_every_colour_has_a_name(colour: str) -> None:
    assert colour_name(colour).replace(" ", "").isalpha()


def test_names_are_told_in_english_where_there_is_one() -> None:
    assert name_for_models({"de-DE": "Spaten", "en-GB": "Spade"}) == "Spade"
    assert name_for_models({"fr-FR": "Bêche", "de-DE": "Spaten"}) == "Spaten"


def test_templates_that_cannot_be_filled_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    base = "version: 1\nwith_product: '{scene}'\nwithout_product: '{scene}'\nsurroundings: "
    for text, says in (
        (base + "'{segment}'", "there is no field {segment}"),
        (base + "'{scene'", "not a prompt template"),
        ("version: 1\nwith_product: x", "without_product"),
        ("[", "not a prompt template"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            read_template(path)
        assert says in str(caught.value)
    with pytest.raises(UsageError, match="no prompt template 'none'"):
        document("none", "surroundings", Told("x", None, _COLOURS), Framing(10, 10, None))


_ONLY = {"segment": frozenset({"commuters", "gift-givers"}), "placement": frozenset({"meta-feed-4x5", "meta-reel-6"})}


def _plan(folder: Path, *changes: tuple[str, str]) -> tuple[World, dict[str, Step]]:
    """The demo, painted by trained models; each change replaces text of its brief."""
    path = demo(folder)
    text = path.read_text() + "backends: {scene: z-image-turbo, clip: wan-2.2-ti2v-5b}\n"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    brief = load_brief(path)
    world = ingest(brief, load_catalogue())
    windows = list(Planner(brief, world, _ONLY).windows())
    return world, {step.key: step for window in windows for step in window.steps.values()}


def _told(world: World, steps: dict[str, Step], store: Path) -> dict[str, list[dict[str, str]]]:
    """The documents that models get, by kind of step, read as a worker reads them."""
    kept = open_store(str(store), create=True)
    found: dict[str, list[dict[str, str]]] = {}
    for step in steps.values():
        if isinstance(digest := step.inputs.get("prompt"), str):
            world.media.upload(digest, kept)
            found.setdefault(step.kind, []).append(json.loads(kept.fetch(digest, store / "cache").read_bytes()))
    return found


def test_plans_hold_what_is_told_and_who_is_meant_never_reaches_it(tmp_path: Path) -> None:
    world, steps = _plan(tmp_path / "one")
    told = _told(world, steps, tmp_path / "store")
    assert {one["way"] for one in told["scene"]} == {"with_product"}
    assert {one["way"] for one in told["clip"]} == {"surroundings"}
    assert all(
        "tation at dawn" in one["prompt"] or "vening, wrapped" in one["prompt"] for kind in told for one in told[kind]
    )
    assert all("House Roast" in one["prompt"] for one in told["scene"])
    everything = json.dumps([step.recipe() for step in steps.values()]) + json.dumps(told)
    for secret in ("Drink on the way to work", "Buy for others", "gifted-2025"):
        assert secret not in everything
    # Descriptions and traits may say what they like: not one step is another by it.
    _, others = _plan(
        tmp_path / "other",
        ("Drink on the way to work", "Rich women over sixty who are ill"),
        ("Buy for others", "Divorced in spring"),
        ("crm: gifted-2025", "crm: debtors"),
    )
    assert set(others) == set(steps)
    # The words for pictures do make another.
    _, changed = _plan(tmp_path / "changed", ("station at dawn, low sun", "tram at noon"))
    kinds = {steps[key].kind for key in set(steps) - set(changed)}
    assert {"scene", "clip", "still"} <= kinds and "cutout" not in kinds


def test_a_painted_film_is_made_from_its_scene_and_said_to_be(tmp_path: Path) -> None:
    _, steps = _plan(tmp_path)
    clips = [step for step in steps.values() if step.kind == "clip"]
    assert clips and all(step.seed is not None and "footage.0" not in step.inputs for step in clips)
    for clip in clips:
        scene = clip.inputs["layer"]
        assert isinstance(scene, Output) and steps[scene.step].kind == "scene"
        body = next(step for step in steps.values() if step.kind == "body" and clip.key in set(step.needs()))
        assert {role for role, source in body.inputs.items() if source == Output(clip.key, "picture")} == {"clip"}
        # The camera and the end card have the scene itself, and its product as a layer.
        card = next(step for step in steps.values() if step.kind == "endcard" and clip.key in set(step.needs()))
        for part in (body, card):
            assert part.inputs["scene"] == Output(scene.step, "image") and part.inputs["layer"] == scene
        assert card.params["moving"] == body.params["frames"] == clip.params["frames"]
    measured = [step for step in steps.values() if step.kind == "measure"]
    for one in measured:  # the product of every generated scene is compared with its photo
        source = one.inputs["layer"]
        assert isinstance(source, Output) and one.inputs["cutout"] == steps[source.step].inputs["cutout"]
    films = [step for step in steps.values() if step.kind == "finish" and step.params["format"] == "mp4"]
    assert films and all("film by wan-2.2-ti2v-5b" in step.params["ai_note"] for step in films)


def test_without_a_row_that_is_told_anything_no_step_has_a_prompt(tmp_path: Path) -> None:
    _, steps = _plan(tmp_path, ("backends: {scene: z-image-turbo, clip: wan-2.2-ti2v-5b}", "backends: {scene: studio}"))
    assert not [step for step in steps.values() if "prompt" in step.inputs or step.kind == "clip"]
    assert not [step for step in steps.values() if step.kind == "measure" and "cutout" in step.inputs]
