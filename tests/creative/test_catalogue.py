"""The catalogue: rows chosen by kind and name, tables of the operator's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.catalogue import load_catalogue
from creative.errors import UsageError


def _table(folder: Path, *rows: str) -> Path:
    path = folder / "rows.yaml"
    path.write_text("backends:\n" + "".join(f"  - {row}\n" for row in rows))
    return path


def test_the_default_is_the_first_that_is_no_draft() -> None:
    catalogue = load_catalogue()
    assert catalogue.choose("scene").name == "studio"
    assert catalogue.choose("scene", "studio-draft").draft


def test_an_operators_row_comes_first_and_replaces_its_namesake(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        '{kind: scene, name: house, target: "mycompany.scenes:House", seconds: 4}',
        '{kind: bed, name: synth, target: "mycompany.music:Bed", revision: 9}',
    )
    catalogue, own = load_catalogue([path]), load_catalogue()
    assert catalogue.choose("scene").name == "house"
    assert catalogue.choose("bed").revision == 9
    assert catalogue.digest != own.digest
    assert load_catalogue().digest == own.digest


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{kind: scene, name: x, target: "no colon"}', "target"),
        ('{kind: opera, name: x, target: "a:B"}', "no kind of step 'opera'"),
        (
            '{kind: scene, name: x, target: "a:B", sedonds: 4}',
            "row 1 (x): sedonds: is not a field of a row. Did you mean 'seconds'?",
        ),
        ('{kind: scene, name: x, target: "a:B", seconds: fast}', "row 1 (x): seconds: input should be a valid number"),
        ('{kind: scene, target: "a:B"}', "row 1 (without a name): name: must be lower-case"),
        ("{kind: scene, name: x}", "target: must be where the class is"),
        ("just words", "not a table of backends: row 1 must be"),
        ("{kind: [", "rows.yaml:3: not a table of backends: it is not YAML"),
    ],
)
def test_a_wrong_row_is_explained(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        load_catalogue([_table(tmp_path, row)])
    assert says in str(refusal.value)


def test_a_table_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "list.yaml").write_text("- scene")
    for name, says in (
        ("nothing.yaml", "is not there"),
        ("", "is a folder: name a file"),
        ("picture.yaml", "it is not YAML"),
        ("list.yaml", "begin with `backends:`"),
    ):
        with pytest.raises(UsageError) as refusal:
            load_catalogue([tmp_path / name])
        assert says in str(refusal.value) and "Errno" not in str(refusal.value)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no scene backend 'studios'; there is: studio, studio-draft"):
        load_catalogue().choose("scene", "studios")
