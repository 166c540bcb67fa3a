"""What a worker keeps between steps."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from creative.backends import Task
from creative.canonical import digest
from workers.compose.kept import Kept, digest_of, weight_of


def test_what_was_made_is_made_once() -> None:
    kept, made = Kept(), []

    def make() -> str:
        made.append(1)
        return "thing"

    assert [kept.get("key", make), kept.get("key", make), kept.get("other", make)] == ["thing"] * 3
    assert len(made) == 2


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = Kept(most=25)
    for name in ("a", "b"):
        kept.get(name, lambda: "x", lambda _: 10)
    kept.get("a", lambda: "not made again", lambda _: 10)
    kept.get("c", lambda: "x", lambda _: 10)
    assert kept.get("a", lambda: "anew", lambda _: 10) == "x"
    assert kept.get("b", lambda: "anew", lambda _: 10) == "anew"


def test_one_thing_larger_than_the_bound_is_kept_until_the_next() -> None:
    kept = Kept(most=5)
    assert kept.get("large", lambda: 1, lambda _: 100) == kept.get("large", lambda: 2, lambda _: 100) == 1
    kept.get("next", lambda: 3, lambda _: 100)
    assert kept.get("large", lambda: 4, lambda _: 100) == 4


def test_an_input_is_known_by_its_bytes_not_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "scene.png"
    file.write_bytes(b"one")
    task = Task("k", "still", {}, {"scene": file}, None, tmp_path)
    assert digest_of(task, "scene") == digest(b"one")
    file.write_bytes(b"two")
    assert digest_of(task, "scene") == digest(b"two")
    told = Task("k", "still", {}, {"scene": file}, None, tmp_path, digests={"scene": "0" * 64})
    assert digest_of(told, "scene") == "0" * 64


def test_pictures_weigh_what_they_take_in_memory() -> None:
    assert weight_of(Image.new("RGB", (10, 10))) == weight_of(Image.new("RGBA", (10, 10))) == 400
    assert weight_of(Image.new("L", (10, 10))) == 100
