"""Verdicts, and the files that reviewers fill in."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.manifest import manifest_schema
from creative.registry import open_registry
from creative.resources import templates
from creative.review import Wish, judge, read_ballots, write_sheet
from creative.review.tables import defuse, undo
from creative.store import Log, open_store
from tests.support.reviewing import Desk, made


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# Verdicts


def test_yes_no_and_a_change_of_mind(desk: Desk) -> None:
    assert str(desk.say("approved", "a", "b")) == "2 approved, 0 rejected, 0 unchanged, 0 refused"
    assert desk.entries() == ["window", "verdict"]
    desk.say("rejected", "a", by="Bo", reason="too dark")
    assert (desk.state("a"), desk.state("b"), desk.state("d")) == ("rejected", "approved", "pending")
    desk.say("approved", "a", by="Ann", reason="")
    said = desk.registry.verdicts(asset_id=made("a").asset_id)
    assert [(one.verdict, one.by, one.reason) for one in said] == [
        ("approved", "Ann", "so"),
        ("rejected", "Bo", "too dark"),
        ("approved", "Ann", ""),
    ]
    assert {one.sha256 for one in said} == {made("a").sha256}


def test_the_same_again_writes_nothing(desk: Desk) -> None:
    desk.say("approved", "a")
    before = desk.entries()
    again = desk.say("approved", "a", by="Bo")
    assert "is approved already, by Ann at " in again.unchanged[made("a").asset_id]
    assert (again.approved, desk.entries()) == ([], before)


def test_what_failed_its_checks_may_only_be_rejected(desk: Desk) -> None:
    desk.make({"a": {"asset": {"state": "failed-check"}}})
    [refusal] = desk.say("approved", "a").refused
    assert "failed its checks, so it cannot be approved: contrast 4.2" in str(refusal)
    assert desk.say("rejected", "a").rejected == [made("a").asset_id]
    assert len(desk.say("approved", "a").refused) == 1


def test_other_bytes_and_other_renditions_are_refused(desk: Desk) -> None:
    wish = Wish(made("a").asset_id, "0" * 64, "approved", "Ann", where="line 7")
    [refusal] = judge(desk.store, desk.registry, [wish]).refused
    assert str(refusal).startswith(f"line 7: {made('a').asset_id}: is stale: it is about other bytes (sha256 0000")
    desk.make({"a": {}}, take="2")
    [refusal] = desk.say("approved", "a").refused
    assert refusal.why == f"is superseded: the ad's present rendition is {made('a', '2').asset_id}"
    [refusal] = judge(desk.store, desk.registry, [Wish("as_nobody", "0" * 64, "approved", "Ann")]).refused
    assert refusal.why == "there is no such asset here"
    assert desk.entries() == ["window", "window"]


def test_withdrawn_comes_back_only_with_its_bytes(desk: Desk) -> None:
    desk.say("approved", "a")
    desk.spoil("a")
    desk.say("withdrawn", "a", by="match")
    [refusal] = desk.say("approved", "a").refused
    assert "its file is still not right" in refusal.why
    desk.store.delete_blob(made("a").sha256)
    assert desk.say("approved", "a").refused
    desk.make({"a": {}})
    assert desk.state("a") == "withdrawn"
    assert desk.say("approved", "a").approved == [made("a").asset_id]


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    wish = Wish(made("a").asset_id, made("a").sha256, "approved", "Ann")
    assert judge(desk.store, desk.registry, [wish], dry_run=True).approved == [wish.asset_id]
    assert (desk.state("a"), desk.entries()) == ("pending", ["window"])


def _review(folder: Path, verdict: str, by: str, barrier: Callable[[], object]) -> None:
    store = open_store(folder / "store")
    with open_registry(folder / "registry.db", store.id) as registry:
        wishes = [Wish(made(ad).asset_id, made(ad).sha256, verdict, by, "so") for ad in "abd"]  # type: ignore[arg-type]
        barrier()
        for _ in range(4):
            judge(store, registry, wishes)


def test_two_reviewers_at_once_are_both_kept(desk: Desk) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    both = [
        spawn.Process(target=_review, args=(desk.folder, verdict, by, barrier.wait))
        for verdict, by in (("approved", "Ann"), ("rejected", "Bo"))
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    desk.registry.catch_up(desk.store)
    said = [entry.data["by"] for entry in Log(desk.store, "autumn").entries() if entry.type == "verdict"]
    rows = desk.registry.verdicts(campaign="autumn")
    assert {"Ann", "Bo"} == set(said) == {row.by for row in rows}
    for ad in "abd":  # the log orders them: what was said last stands
        last = max((row for row in rows if row.asset_id == made(ad).asset_id), key=lambda row: row.entry)
        assert desk.state(ad) == last.verdict
    before = {ad: desk.state(ad) for ad in "abd"}
    desk.registry.rebuild(desk.store)
    assert {ad: desk.state(ad) for ad in "abd"} == before
    assert desk.registry.verdicts(campaign="autumn") == rows


# Files


def sheet(desk: Desk, form: str, **more: str) -> Path:
    path = desk.folder / f"sheet.{form}"
    assert write_sheet(desk.registry, desk.store, path, form, "autumn", **more) == 3
    return path


def fill(path: Path, **said: tuple[str, str, str]) -> None:
    """Fill in verdict, by and reason of ads, as a person would."""
    names = ("verdict", "verdict_by", "verdict_reason")
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for line in lines:
            line |= dict(zip(names, said.get(line["ad_id"].removeprefix("ad_"), ("", "", "")), strict=True))
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return
    table = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for line in table:
        line |= dict(zip(names, said.get(line["ad_id"].removeprefix("ad_"), ("", "", "")), strict=True))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_there_and_back(desk: Desk, form: str) -> None:
    path = sheet(desk, form)
    assert read_ballots(path).ballots == ()
    fill(path, a=("Approve", "", ""), b=(" REJECTED ", "Bo", 'grün, zu hell;\n"so"'))
    found = read_ballots(path, "Ann")
    assert [(one.asset_id, one.sha256, one.verdict, one.by, one.reason) for one in found.ballots] == [
        (made("a").asset_id, made("a").sha256, "approved", "Ann", ""),
        (made("b").asset_id, made("b").sha256, "rejected", "Bo", 'grün, zu hell;\n"so"'),
    ]
    assert found.silent == 1


def test_lines_have_the_manifests_names_and_a_schema(desk: Desk) -> None:
    published = json.loads((templates() / "review.schema.json").read_text("utf-8"))
    assert published == manifest_schema("review"), (
        "run: python -m creative.manifest review > templates/review.schema.json"
    )
    for line in sheet(desk, "jsonl").read_text("utf-8").splitlines():
        jsonschema.Draft202012Validator(published).validate(json.loads(line))
        assert list(json.loads(line))[-3:] == ["verdict", "verdict_by", "verdict_reason"]


def test_the_table_is_for_spreadsheets(desk: Desk) -> None:
    data = sheet(desk, "csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfverdict,verdict_by,verdict_reason,state,rehearsal,name,")
    assert b"\r\n" in data
    [first, *_] = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert (first["text_cta"], first["text_headline"]) == ("'=Order now", "Take it slow.")
    assert (first["asset_id"], first["sha256"]) == (made("a").asset_id, made("a").sha256)


@pytest.mark.parametrize(
    "saved", ["semicolon", "tab in utf-16", "windows-1252", "sep=", "cr lf", "bom", "moved columns"]
)
def test_what_spreadsheets_make_of_it(desk: Desk, saved: str) -> None:
    path = sheet(desk, "csv", delimiter=";" if saved == "semicolon" else ",")
    if saved == "semicolon":
        assert b"verdict;verdict_by" in path.read_bytes()
    table = list(
        csv.reader(
            io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""),
            delimiter=";" if saved == "semicolon" else ",",
        )
    )
    table[1][:3] = ["approved", "Zoë", "schön"]
    if saved == "moved columns":
        table = [list(reversed(row)) for row in table]
    buffer = io.StringIO(newline="")
    delimiter = {"semicolon": ";", "tab in utf-16": "\t", "sep=": ";"}.get(saved, ",")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n" if saved == "cr lf" else "\n").writerows(table)
    text = ("sep=;\r\n" if saved == "sep=" else "") + buffer.getvalue() + delimiter * 3 + "\n"
    encoding = {"tab in utf-16": "utf-16", "windows-1252": "cp1252", "bom": "utf-8-sig"}.get(saved, "utf-8")
    path.write_bytes(text.encode(encoding))
    found = read_ballots(path)
    [one] = found.ballots
    assert (one.asset_id, one.by, one.reason, one.where) == (
        made("a").asset_id,
        "Zoë",
        "schön",
        "row 3" if saved == "sep=" else "row 2",
    )
    assert bool(found.notes) == (saved == "windows-1252")


MALFORMED = [
    ({"verdict": "maybe"}, "verdict is 'maybe'"),
    ({"verdict": "approved"}, "nobody is named"),
    ({"verdict": "rejected", "verdict_by": "Ann"}, "rejected without a reason"),
    ({"verdict": "approved", "verdict_by": "Ann", "sha256": "12E+7"}, "sha256 is not what was exported"),
    ({"verdict": "approved", "verdict_by": "Ann", "asset_id": ""}, "has no asset_id"),
    ({"verdict": "approved", "verdict_by": "A\x07nn"}, "control character"),
    ({"verdict": "rejected", "verdict_by": "Ann", "verdict_reason": "x" * 2001}, "longer than 2000"),
]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(("change", "says"), MALFORMED)
def test_malformed_lines_are_named(desk: Desk, form: str, change: dict[str, str], says: str) -> None:
    path = desk.folder / f"sheet.{form}"
    good = {"asset_id": made("b").asset_id, "sha256": made("b").sha256}
    good |= {"verdict": "approved", "verdict_by": "Ann", "verdict_reason": ""}
    bad = good | {"verdict_by": "", "asset_id": made("a").asset_id} | change
    if form == "jsonl":
        path.write_text("".join(json.dumps(line) + "\n" for line in (good, bad)), "utf-8")
        place = "line 2"
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, good)
            writer.writeheader()
            writer.writerows([good, bad])
        place = "row 3"
    with pytest.raises(UsageError) as refusal:
        read_ballots(path)
    assert f"{path}: {place}: " in str(refusal.value)
    assert says in str(refusal.value)
    assert str(refusal.value).endswith("nothing was applied")


A, H = "as_1", "0" * 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column asset_id and no column sha256 and no column verdict"),
        ("asset_id,verdict\n", "no column sha256"),
        ("asset_id,sha256,verdict,verdict\n", "the column verdict twice"),
        (f"asset_id,sha256,verdict,verdict_by\n{A},{H},approved,Ann,more\n", "row 2 has more cells"),
        (f'asset_id,sha256,verdict,verdict_by\n{A},{H},approved,"Ann\n', "is not CSV"),
        (f"asset_id,sha256,verdict,verdict_by\n{A},{H},approved,{'x' * 140_000}\n", "is not CSV"),
        ('{"asset_id": "a", \n', "line 1: is not JSON"),
        ("[1]\n", "line 1: is not an object"),
        ('{"asset_id": "a", "sha256": "b"}\n', "line 1: has no verdict"),
        ('{"asset_id": 1, "sha256": "b", "verdict": ""}\n', "line 1: asset_id is not a text"),
        ('{"asset_id": "a", "sha256": "b", "verdict": "", "verdict": "approved"}', "line 1: has 'verdict' twice"),
        ('{"a":' * 100_000, "line 1: is not JSON"),
        ('{"a": ' + "9" * 5_000 + "}", "line 1: is not JSON"),
        ('{"asset_id": "\\ud800", "sha256": "b", "verdict": "approved", "verdict_by": "x"}', "line 1: "),
        (
            f'{{"asset_id": "{A}", "sha256": "{H}", "verdict": "approved", "verdict_by": "x"}}\n\n'
            f'{{"asset_id": "{A}", "sha256": "{H}", "verdict": "rejected", "verdict_by": "x", "verdict_reason": "y"}}\n',
            "line 3 contradicts line 1: both are about as_1",
        ),
        ("PK\x03\x04", "save it as CSV"),
    ],
)
def test_malformed_files_are_refused_as_a_whole(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "sheet"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as refusal:
        read_ballots(path)
    assert says in str(refusal.value)


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="cannot read"):
            read_ballots(path)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("=+-@\t\r\n '\";,", max_size=8)


@given(TEXT)
def test_formulas_are_defused_and_come_back(text: str) -> None:
    safe = defuse(text)
    assert undo(safe) == text
    assert safe.lstrip(" \n'\"")[:1] not in ("=", "+", "-", "@", "\t", "\r") or safe.startswith("'")
    assert undo(text) == text or defuse(undo(text)) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reason=TEXT, by=TEXT)
def test_a_table_gives_back_what_was_written(tmp_path: Path, reason: str, by: str) -> None:
    """Any text, through a writer that defuses as ours does."""
    path = tmp_path / "t.csv"
    row = {"verdict": "approved", "verdict_by": by, "verdict_reason": reason, "asset_id": A, "sha256": H}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(row)
        writer.writerow([defuse(cell) for cell in row.values()])
    try:
        [one] = read_ballots(path, "Ann").ballots
    except UsageError as error:
        assert "control character" in str(error)
    else:
        assert (one.by, one.reason) == (by.strip() or "Ann", reason.strip())


SPOIL = st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=6), st.integers(0, 8)), min_size=1, max_size=4)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_spoilt_file_is_refused_or_read_and_nothing_else(
    desk: Desk, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = sheet(desk, form)
    fill(path, a=("approved", "Ann", ""), b=("rejected", "Bo", "dark"))
    good, spoilt = path.read_bytes(), tmp_path_factory.mktemp("spoilt") / "sheet"
    there = {made(ad).asset_id: made(ad).sha256 for ad in "abd"}

    @given(SPOIL)
    def check(changes: list[tuple[int, bytes, int]]) -> None:
        data = good
        for at, new, gone in changes:
            data = data[: at % len(data)] + new + data[at % len(data) + gone :]
            data = data or b"x"
        spoilt.write_bytes(data)
        try:
            found = read_ballots(spoilt)
        except UsageError:
            return
        outcome = judge(
            desk.store,
            desk.registry,
            [Wish(one.asset_id, one.sha256, one.verdict, one.by, one.reason) for one in found.ballots],
            dry_run=True,
        )
        assert {*outcome.approved, *outcome.rejected} <= there.keys()

    check()
