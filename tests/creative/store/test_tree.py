"""The tree of readable names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import StoreError
from creative.store import Store, link_tree, open_store
from creative.store.tree import safe
from tests.support.store_records import Link


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Only a directory's blobs can be linked to."""
    return str(tmp_path / "store")


@pytest.fixture
def blobs(store: Store) -> list[str]:
    return [store.put_blob(f"picture {i}".encode(), "image/jpeg").sha256 for i in range(3)]


def shown(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_symlink()}


def test_names_lead_to_blobs(store: Store, blobs: list[str], tmp_path: Path) -> None:
    rows = [
        Link(ad_id="1", name="one", sha256=blobs[0]),
        Link(ad_id="2", name="film", segment="gift-givers", type="video/mp4", sha256=blobs[1]),
    ]
    tree = link_tree(store, rows, tmp_path / "ads")
    assert (tree.made, tree.kept, tree.removed, tree.left) == (2, 0, 0, ())
    assert shown(tmp_path / "ads") == {
        "c/commuters/meta-feed-4x5/one.jpg": b"picture 0",
        "c/gift-givers/meta-feed-4x5/film.mp4": b"picture 1",
    }
    again = link_tree(store, rows, tmp_path / "ads")
    assert (again.made, again.kept, again.removed) == (0, 2, 0)


def test_subtitles_lie_beside_their_film(store: Store, blobs: list[str], tmp_path: Path) -> None:
    beside = {"subtitles": {"vtt": blobs[1], "srt": blobs[2]}}
    films = [Link(ad_id=ad, name="film", type="video/mp4", sha256=blobs[0], figures=beside) for ad in ("1", "2")]
    assert link_tree(store, films, tmp_path / "ads").made == 6
    names = {path.split("/")[-1] for path in shown(tmp_path / "ads")}
    assert names == {f"{stem}.{ending}" for stem in ("film", "film-2") for ending in ("mp4", "vtt", "srt")}
    assert link_tree(store, [Link(name="film", type="video/mp4", sha256=blobs[0])], tmp_path / "ads").removed == 5


def test_both_can_be_moved_together(tmp_path: Path) -> None:
    store = open_store(tmp_path / "out" / "store")
    row = Link(sha256=store.put_blob(b"x", "image/jpeg").sha256)
    link_tree(store, [row], tmp_path / "out" / "ads")
    link_tree(store, [row], tmp_path / "elsewhere" / "deep" / "ads")
    (tmp_path / "out").rename(tmp_path / "moved")
    assert list(shown(tmp_path / "moved" / "ads").values()) == [b"x"]
    far = next(path for path in (tmp_path / "elsewhere").rglob("*.jpg"))
    assert far.readlink().is_absolute()


def test_what_is_wanted_no_more_goes(store: Store, blobs: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "ads"
    link_tree(
        store, [Link(ad_id="1", name="a", sha256=blobs[0]), Link(ad_id="2", segment="s2", sha256=blobs[1])], folder
    )
    link_tree(store, [Link(campaign="other", sha256=blobs[2])], folder)
    tree = link_tree(store, [Link(ad_id="1", name="a", sha256=blobs[2])], folder)
    assert (tree.made, tree.kept, tree.removed) == (1, 0, 1)
    assert shown(folder) == {
        "c/commuters/meta-feed-4x5/a.jpg": b"picture 2",
        "other/commuters/meta-feed-4x5/marlo_commuters.jpg": b"picture 2",
    }
    assert not (folder / "c" / "s2").exists()
    assert link_tree(store, [], folder, campaigns=["c"]).removed == 1
    assert list(shown(folder)) == ["other/commuters/meta-feed-4x5/marlo_commuters.jpg"]
    assert link_tree(store, [], tmp_path / "nothing", campaigns=["c"]).made == 0
    assert not (tmp_path / "nothing").exists()


def test_other_peoples_files_stay(store: Store, blobs: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "ads"
    theirs = folder / "c" / "commuters" / "meta-feed-4x5" / "a.jpg"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    note = theirs.with_name("note.txt")
    note.write_bytes(b"looks good")
    rows = [Link(name="a", sha256=blobs[0]), Link(ad_id="2", name="b", sha256=blobs[1])]
    tree = link_tree(store, rows, folder)
    assert (tree.made, tree.left) == (1, (theirs,))
    link_tree(store, [], folder, campaigns=["c"])
    assert theirs.read_bytes() == b"mine"
    assert note.read_bytes() == b"looks good"
    assert shown(folder) == {}


def test_what_somebody_put_in_a_links_place_stays(store: Store, blobs: list[str], tmp_path: Path) -> None:
    link_tree(store, [Link(sha256=blobs[0])], tmp_path / "ads")
    link = next((tmp_path / "ads").rglob("*.jpg"))
    link.unlink()
    link.write_bytes(b"retouched")
    assert link_tree(store, [Link(sha256=blobs[0])], tmp_path / "ads").left == (link,)
    assert link_tree(store, [], tmp_path / "ads", campaigns=["c"]).removed == 0
    assert link.read_bytes() == b"retouched"
    link_tree(store, [Link(name="b", sha256=blobs[0])], tmp_path / "ads")
    other = link.with_name("b.jpg")
    other.unlink()
    other.symlink_to(link)
    assert link_tree(store, [], tmp_path / "ads", campaigns=["c"]).removed == 0
    assert other.readlink() == link


def test_a_forged_index_leads_nowhere(store: Store, blobs: list[str], tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.symlink_to(store.fetch(blobs[0], tmp_path))
    link_tree(store, [Link(sha256=blobs[0])], tmp_path / "ads")
    index = tmp_path / "ads" / "c" / ".links.json"
    index.write_text(json.dumps({"links": ["../../outside.jpg", "/etc/passwd"]}))
    link_tree(store, [], tmp_path / "ads", campaigns=["c"])
    assert outside.is_symlink()
    index.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        link_tree(store, [], tmp_path / "ads", campaigns=["c"])


def test_equal_names_are_told_apart(store: Store, blobs: list[str], tmp_path: Path) -> None:
    rows = [Link(ad_id="ad1", name="Café", sha256=blobs[0]), Link(ad_id="ad2", name="Cafe", sha256=blobs[1])]
    link_tree(store, rows, tmp_path / "ads")
    assert {Path(path).name for path in shown(tmp_path / "ads")} == {"Cafe.jpg", "Cafe-ad2.jpg"}


def test_a_missing_blob_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="0" * 64):
        link_tree(store, [Link()], tmp_path / "ads")


def test_a_store_elsewhere_has_no_tree(s3_url: str, tmp_path: Path) -> None:
    store = open_store(s3_url)
    tree = link_tree(store, [Link(sha256=store.put_blob(b"x", "image/jpeg").sha256)], tmp_path / "ads")
    assert (tree.made, tree.kept, tree.removed, tree.left) == (0, 0, 0, ())
    assert not list(tmp_path.iterdir())


@given(st.text())
def test_safe_names_are_safe(text: str) -> None:
    name = safe(text)
    assert 0 < len(name) <= 150
    assert name.isascii()
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not name.startswith((".", "-"))
    assert safe(name) == name
