"""A brief packed here and unpacked elsewhere is the same brief; a parcel that is not as it should be is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.brief import Brief, load_brief
from creative.brief.media import References
from creative.errors import DamagedStoreError, StoreError, UsageError
from creative.resources import templates
from creative.store import Store, open_store
from creative.submitting.parcel import MAX_DOCUMENT_BYTES, Packed, Parcel, load_parcel, pack, read_parcel, unpack
from tests.support.briefs import BRAND, Desk


def packed(path: Path, *media_roots: Path) -> tuple[Brief, Packed]:
    """A brief, loaded as `creative submit` does, and its parcel."""
    references, roots = References(), (*media_roots, templates())
    brief = load_brief(path, media_roots=roots, references=references)
    return brief, pack(brief, path, references, roots)


def unpacked(parcel: Packed, store: Store, folder: Path) -> Brief:
    """The brief as the cluster has it."""
    parcel.upload(store, lambda files, size: None)
    found = read_parcel(store, parcel.sha256)
    unpack(store, found, folder)
    return load_parcel(found, folder)


def told(brief: Brief) -> dict[str, Any]:
    """All that keys and manifest follow from."""
    return {
        "snapshot": brief.snapshot(),
        "lines": {where: brief.line(where) for where in brief.lines},
        "media": {name: path.read_bytes() for name, path in brief.media.items()},
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def scattered(folder: Path) -> tuple[Path, Path]:
    """A brief whose brand kit, photos and script lie elsewhere: absolute, by a link, by ../ and in a second media root."""
    desk = Desk(folder / "campaigns" / "spring")
    library = folder / "library"
    (library / "brands").mkdir(parents=True)
    shutil.move(desk.folder / "brand", library / "brands" / "holm")
    shutil.move(desk.folder / "media" / "spade.png", library / "Spaten größer.png")
    (desk.folder / "media" / "spade.png").symlink_to(library / "Spaten größer.png")
    desk.change("brand: brand", f"brand: {library}/brands/holm")
    desk.change("photos: media/seeds.png", "photos: ../../library/seeds.png")
    shutil.move(desk.folder / "media" / "seeds.png", library / "seeds.png")
    (library / "brands" / "holm" / "brand.yaml").write_text(BRAND.replace("logo.png", "../logo.png"))
    shutil.move(library / "brands" / "holm" / "logo.png", library / "brands" / "logo.png")
    desk.change("include:", "include:  # a comment, so that lines differ")
    desk.path.write_text(desk.text)
    return desk.path, library


def test_the_same_brief_comes_out_where_files_lie_beside_it(tmp_path: Path, store: Store) -> None:
    desk = Desk(tmp_path / "desk")
    desk.path.write_text(desk.text)
    brief, parcel = packed(desk.path)
    assert {file.path for file in parcel.parcel.files} == {
        "brief/brief.yaml", "brief/brand/brand.yaml", "brief/brand/logo.png", "brief/media/spade.png",
        "brief/media/seeds.png", "brief/scripts/short.de.txt", "brief/scripts/long.en.txt",
    }  # fmt: skip
    assert not parcel.parcel.references
    assert told(unpacked(parcel, store, tmp_path / "there")) == told(brief)


def test_the_same_brief_comes_out_where_files_lie_all_over(tmp_path: Path, store: Store) -> None:
    path, library = scattered(tmp_path / "here")
    brief, parcel = packed(path, library)
    assert b"here" not in parcel.document.replace(
        f"{library}/brands".encode(), b""
    )  # but as the brief itself spells it
    there = told(unpacked(parcel, store, tmp_path / "there"))
    assert there == told(brief)
    shutil.rmtree(tmp_path / "here")  # nothing was read from where it came from
    assert told(load_parcel(parcel.parcel, tmp_path / "there")) == there


def test_the_same_brief_is_the_same_parcel_and_only_what_is_lacking_is_uploaded(tmp_path: Path, store: Store) -> None:
    seen: list[int] = []
    parcels = []
    for name in ("one", "two"):
        desk = Desk(tmp_path / name)
        desk.path.write_text(desk.text)
        parcels.append(packed(desk.path)[1])
        parcels[-1].upload(store, lambda files, size: seen.append(files))
    assert parcels[0].sha256 == parcels[1].sha256
    assert seen == [5, 0]  # three of the seven have the same bytes


def test_a_file_that_changed_after_planning_is_noticed(tmp_path: Path, store: Store) -> None:
    desk = Desk(tmp_path / "desk")
    desk.path.write_text(desk.text)
    _, parcel = packed(desk.path)
    desk.write("brand/brand.yaml", BRAND + "# later\n")
    with pytest.raises(UsageError, match="changed"):
        parcel.upload(store, lambda files, size: None)


_ESCAPES = [
    "/etc/passwd",
    "../x",
    "brief/../../x",
    "brief//x",
    "brief/./x",
    "other/x",
    "brief/a\\..\\x",
    "media-2/x",
    "brief/a\0b",
    ".",
]


def document(**changes: Any) -> bytes:
    file = {"path": "brief/brief.yaml", "sha256": "a" * 64, "bytes": 1}
    return json.dumps(
        {"parcel": 1, "campaign": "c", "brief": "brief/brief.yaml", "roots": 1, "files": [file], **changes}
    ).encode()


@pytest.mark.parametrize("path", _ESCAPES)
@pytest.mark.parametrize("where", ["file", "brief", "reference"])
def test_names_that_lead_out_of_the_folder_are_refused(path: str, where: str, store: Store) -> None:
    file = {"path": "brief/brief.yaml", "sha256": "a" * 64, "bytes": 1}
    changes: dict[str, Any] = {
        "file": {"files": [file, {**file, "path": path}]},
        "brief": {"brief": path},
        "reference": {"references": [{"folder": "brief", "text": "x", "path": path}]},
    }[where]
    with pytest.raises(UsageError, match="leads out"):
        read_parcel(store, store.put_blob(document(**changes), "application/json").sha256)


@given(st.text(max_size=40))
def test_no_path_is_let_in_that_could_be_written_elsewhere(path: str) -> None:
    class Held:
        url = "memory"

        def size_of(self, sha256: str) -> int:
            return 1

        def get_blob(self, sha256: str) -> bytes:
            file = {"path": "brief/brief.yaml", "sha256": "a" * 64, "bytes": 1}
            return document(files=[file, {**file, "path": f"brief/{path}"}])

    try:
        parcel = read_parcel(Held(), "a" * 64)  # type: ignore[arg-type]  # as much of a store as is asked
    except UsageError:
        return
    folder = Path("/folder")
    for one in parcel.files:
        assert (folder / one.path).resolve().is_relative_to(folder / "brief")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no parcel"), (b"\xff", "no parcel"), (b"[]", "no parcel"), (document(parcel=2), "no parcel"),
        (document(more=1), "no parcel"), (document(files=[]), "no parcel"), (document(brief="brief/other.yaml"), "not whole"),
        (b"x" * (MAX_DOCUMENT_BYTES + 1), "no parcel"),
        (document(files=[{"path": "brief/brief.yaml", "sha256": "a" * 64, "bytes": 10**12}]), "no parcel"),
    ],
)  # fmt: skip
def test_what_is_no_parcel_is_refused(data: bytes, says: str, store: Store) -> None:
    with pytest.raises(UsageError, match=says):
        read_parcel(store, store.put_blob(data, "application/json").sha256)


def test_a_parcel_that_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(UsageError, match="another store"):
        read_parcel(store, "0" * 64)


def test_other_bytes_than_the_parcel_says_are_refused_and_make_room_for_the_right_ones(
    tmp_path: Path, store: Store
) -> None:
    desk = Desk(tmp_path / "desk")
    desk.path.write_text(desk.text)
    _, parcel = packed(desk.path)
    parcel.upload(store, lambda files, size: None)
    file = next(file for file in parcel.parcel.files if file.path.endswith("seeds.png"))
    blob = store.fetch(file.sha256, tmp_path / "cache")
    for number, data in enumerate((b"y" * file.bytes, b"more" * file.bytes, b"", None)):
        if data is None:
            blob.unlink()
        else:
            blob.chmod(0o644)
            blob.write_bytes(data)
        if number != 1:  # what has another size is put there anew before anybody stumbles over it
            with pytest.raises(DamagedStoreError, match="submit the brief again"):
                unpack(store, parcel.parcel, tmp_path / f"there{number}")
        unpacked(packed(desk.path)[1], store, tmp_path / f"again{number}")


def test_two_files_of_which_one_is_the_others_folder_are_an_error_in_plain_words(tmp_path: Path, store: Store) -> None:
    blob = store.put_blob(b"x", "text/plain")
    file = {"sha256": blob.sha256, "bytes": 1}
    files = [{**file, "path": path} for path in ("brief/a", "brief/a/b")]
    parcel = Parcel.model_validate({"campaign": "c", "brief": "brief/a", "roots": 0, "files": files})
    with pytest.raises(StoreError, match="cannot unpack"):
        unpack(store, parcel, tmp_path / "there")
