"""Folders of a machine's own: where they are, and that nothing stays in them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.scratch import own_folder, scratch, scratch_name


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CREATIVE_CACHE", "CREATIVE_OUT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def test_it_is_where_the_machine_says(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_folder() == temporary / f"creative-{os.getuid()}"
    assert own_folder().stat().st_mode & 0o077 == 0
    monkeypatch.setenv("CREATIVE_OUT", str(tmp_path / "out"))
    assert own_folder() == tmp_path / "out" / "cache"
    monkeypatch.setenv("CREATIVE_CACHE", str(tmp_path / "fast"))
    assert own_folder() == tmp_path / "fast"


def test_a_place_that_cannot_be_written_to(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CREATIVE_OUT", str(tmp_path / "file"))
    assert own_folder().is_relative_to(temporary)
    monkeypatch.setenv("CREATIVE_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(UsageError, match="CREATIVE_CACHE="):
        own_folder()
    monkeypatch.delenv("CREATIVE_CACHE")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="no folder that can be written to"):
        own_folder()


def test_a_link_that_somebody_put_there_is_not_followed(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (temporary / f"creative-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    folder = own_folder()
    assert folder.parent == temporary and not folder.is_symlink()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_that_others_may_write_to_is_not_believed(temporary: Path) -> None:
    (temporary / f"creative-{os.getuid()}").mkdir()
    (temporary / f"creative-{os.getuid()}").chmod(0o777)
    folder = own_folder()
    assert folder.parent == temporary and folder.name != f"creative-{os.getuid()}"
    assert folder.stat().st_mode & 0o077 == 0


def test_what_a_killed_process_left_goes(temporary: Path) -> None:
    dead = temporary / f"{scratch_name(2**22 + 1)}abc"
    dead.mkdir()
    (dead / "file").touch()
    with scratch(temporary) as folder:
        (folder / "file").touch()
        assert list(temporary.iterdir()) == [folder]
    assert not list(temporary.iterdir())
