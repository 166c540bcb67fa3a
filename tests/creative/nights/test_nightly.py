"""Nights: which briefs, in which order, what one bad brief costs, when a night ends early, what its limits leave out."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from creative import session
from creative.backends import BackendSpec
from creative.brief import load_brief
from creative.catalogue import load_catalogue
from creative.errors import BriefError, RegistryError, StoreError, UsageError
from creative.limits import estimate, of_tonight
from creative.making import make_in
from creative.nights import nightly
from creative.nights.folder import Found, briefs
from creative.nights.nightly import dry, night
from creative.nights.outcome import Night
from creative.records import Receipt
from creative.registry import open_registry
from creative.registry.leases import Holder, Lease, leased
from creative.running.budget import Meter
from creative.running.inline import InlineRunner
from creative.running.port import Batch
from creative.settings import Settings
from creative.store import Log, open_store, read_receipt
from tests.support.demo import edit
from tests.support.far_store import FarStore
from tests.support.nights import ADS, NightFolder

NOW = datetime.datetime(2027, 3, 1, 1, 0, tzinfo=datetime.UTC)
PRICES = {"gpu_hour": "2", "cpu_hour": "36000", "currency": "EUR"}


@pytest.fixture
def place(tmp_path: Path) -> NightFolder:
    return NightFolder(tmp_path)


def _found(place: NightFolder, now: datetime.datetime = NOW) -> dict[str, Found]:
    return {one.name: one for one in briefs(place.folder, load_brief, now)}


def _statuses(found: Night) -> dict[str, str]:
    return {row.found.name: row.status for row in found.rows}


def _spent(place: NightFolder, campaign: str) -> list[int]:
    log = Log(open_store(str(place.out / "store")), campaign)
    return [
        entry.data["counts"]["cpu_ms"] for entry in log.entries() if entry.data.get("status") in ("done", "limited")
    ]


# -- which briefs ------------------------------------------------------------------------------------------------------


def test_what_is_a_brief_and_what_is_passed_by(place: NightFolder, tmp_path: Path) -> None:
    place.brief("autumn")
    place.brief("half-done", {"status: ready": "status: draft", "segments:\n": "segment:\n"})
    place.brief("bad", {"segments:\n": "segment:\n"})
    single = place.folder / "single.yaml"
    single.write_text((place.folder / "half-done" / "brief.yaml").read_text("utf-8"), "utf-8")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "brief.yaml").write_text(single.read_text("utf-8"), "utf-8")
    (place.folder / "away").symlink_to(outside)
    (place.folder / "again").symlink_to(place.folder / "autumn")
    (place.folder / "nowhere.yaml").symlink_to(place.folder / "gone.yaml")
    for name in (
        ".hidden.yaml",
        "old.yaml~",
        "old.yaml.bak",
        ".#lock.yaml",
        "rows.yaml",
        "deep/er/brief.yaml",
        "notes.txt",
    ):
        (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / name).write_text("name: rows\n", "utf-8")
    (place.folder / "torn.yaml").write_text("campaign: {id: [", "utf-8")
    found = _found(place)
    assert {name: (one.state, one.why.partition("\n")[0]) for name, one in found.items() if one.state == "passed"} == {
        ".#lock.yaml": ("passed", "hidden"),
        ".hidden.yaml": ("passed", "hidden"),
        "autumn/brief.yaml": ("passed", "the same file as again/brief.yaml"),
        "away/brief.yaml": ("passed", "a symbolic link out of the folder"),
        "nowhere.yaml": ("passed", "a symbolic link that leads nowhere"),
        "old.yaml.bak": ("passed", "an editor's backup"),
        "old.yaml~": ("passed", "an editor's backup"),
        "rows.yaml": ("passed", "no brief: it has no `campaign`"),
    }
    others = {name: one.state for name, one in found.items() if one.state != "passed"}
    assert others == {
        "again/brief.yaml": "ready",
        "bad/brief.yaml": "refused",
        "half-done/brief.yaml": "draft",
        "single.yaml": "draft",
        "torn.yaml": "refused",
    }
    assert "bad/brief.yaml:" in found["bad/brief.yaml"].why


def test_the_flight_that_begins_first_then_the_most_valuable_then_by_name(place: NightFolder) -> None:
    place.brief("a-later", {"flight: {from: 2026-10-01": "flight: {from: 2026-11-01"})
    place.brief("c-same")
    place.brief("b-same")
    place.brief("d-precious", {"value: 2}": "value: 9}"})
    place.brief("e-always", {"flight: {from: 2026-10-01, until: 2099-12-31}\n": ""})
    assert [one.name.partition("/")[0] for one in briefs(place.folder, load_brief, NOW)] == [
        "d-precious", "b-same", "c-same", "a-later", "e-always",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hour", "state"), [("2027-02-28T22:30", "ready"), ("2027-02-28T23:30", "ready"), ("2027-03-01T00:30", "over")]
)
def test_a_flight_is_over_when_its_last_day_is_over_in_every_market(place: NightFolder, hour: str, state: str) -> None:
    place.brief("winter", {"until: 2099-12-31}\n\nmarkets": "until: 2027-02-28}\n\nmarkets"})
    now = datetime.datetime.fromisoformat(hour).replace(tzinfo=datetime.UTC)  # 23:30 is the next day in Berlin
    assert _found(place, now)["winter/brief.yaml"].state == state


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="campin{}[]: stuready\n-&*!'\"", max_size=80).map(str.encode))
)
@settings(max_examples=60)
def test_whatever_a_file_holds_it_is_put_down(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "briefs"
        (folder / "odd").mkdir(parents=True)
        for name in ("odd/brief.yaml", "odd.yaml"):
            (folder / name).write_bytes(data)
        found = {one.name: one.state for one in briefs(folder, load_brief, NOW)}
    assert found.keys() == {"odd/brief.yaml", "odd.yaml"}
    assert found["odd/brief.yaml"] in ("refused", "draft", "over")


def test_two_ready_briefs_of_one_campaign_are_both_refused(place: NightFolder) -> None:
    place.brief("one")
    place.brief("two", {"id: two": "id: one"})
    found = _found(place)
    assert {one.state for one in found.values()} == {"refused"}
    assert found["two/brief.yaml"].why.startswith("two/brief.yaml: campaign.id: is 'one', as in one/brief.yaml")
    edit(place.folder / "two" / "brief.yaml", {"status: ready": "status: draft"})
    assert _found(place)["one/brief.yaml"].state == "ready"


def test_a_wrong_folder_is_explained(place: NightFolder, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder, says in (
        (tmp_path / "nothing", "is not there"), (file, "is no folder"), (place.folder, "has no briefs"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=says):
            night(folder, place.settings())
    assert not place.out.exists()


# -- a night -----------------------------------------------------------------------------------------------------------


def test_a_night_and_the_next_one(place: NightFolder, capsys: pytest.CaptureFixture[str]) -> None:
    place.brief("autumn")
    place.brief("bad", {"segments:\n": "segment:\n"})
    place.brief("draft", {"status: ready": "status: draft"})
    place.brief("winter", {"limits: {ads: 100}": "limits: {ads: 2}"})
    first = night(place.folder, place.settings(), sheet=False)
    assert _statuses(first) == {
        "autumn/brief.yaml": "done", "bad/brief.yaml": "refused", "draft/brief.yaml": "draft", "winter/brief.yaml": "refused",
    }  # fmt: skip
    data = first.summary()
    made = next(row for row in data["briefs"] if row["brief"] == "autumn/brief.yaml")
    assert (data["status"], data["exit"]) == ("partly", 3)
    assert (made["new"], made["assets"], made["failed"], made["exit"]) == (ADS, ADS, 0, 0)
    assert Path(made["manifest"]).read_text("utf-8").count("\n") == ADS
    said = capsys.readouterr().err
    assert "draft/brief.yaml: campaign.status is draft" in said
    assert "Did you mean 'segments'?" in said and "the plan has 6 ads, limits.ads allows 2" in said
    for name in ("bad", "winter"):
        edit(place.folder / name / "brief.yaml", {"status: ready": "status: draft"})
    again = night(place.folder, place.settings(), sheet=False)
    assert (again.status, again.exit_code) == ("nothing", 0)
    assert "nothing to do: " in capsys.readouterr().err
    assert len(_spent(place, "autumn")) == 1


def test_where_nothing_can_be_read_it_is_a_usage_error(place: NightFolder) -> None:
    place.brief("bad", {"segments:\n": "segment:\n"})
    assert night(place.folder, place.settings()).exit_code == 2


def test_what_breaks_in_one_brief_costs_no_other(
    place: NightFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        place.brief(name)
    _broken(monkeypatch, {"a": ZeroDivisionError("a fault of ours"), "b": StoreError("one damaged blob")})
    found = night(place.folder, place.settings(), sheet=False)
    assert _statuses(found) == {"a/brief.yaml": "crashed", "b/brief.yaml": "unavailable", "c/brief.yaml": "done"}
    assert [row.exit for row in found.rows] == [70, 75, 0]
    assert found.exit_code == 75  # the same command again may make b
    said = capsys.readouterr().err
    assert "ZeroDivisionError: a fault of ours; please report it with: " in said and "Traceback" not in said


def test_what_is_no_single_briefs_trouble_ends_the_night(place: NightFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        place.brief(name)
    _broken(monkeypatch, {"a": StoreError("no answer"), "b": StoreError("no answer")})
    found = night(place.folder, place.settings(), sheet=False)
    assert _statuses(found) == {"a/brief.yaml": "unavailable", "b/brief.yaml": "unavailable", "c/brief.yaml": "waiting"}
    assert found.exit_code == 75 and "two briefs in a row" in found.stopped

    _broken(monkeypatch, {"a": RegistryError("gone")}, (place.out / "store" / "store.json").unlink)
    found = night(place.folder, place.settings(), sheet=False)
    assert _statuses(found) == {"a/brief.yaml": "unavailable", "b/brief.yaml": "waiting", "c/brief.yaml": "waiting"}
    assert found.summary()["status"] == "unavailable"


def _broken(
    monkeypatch: pytest.MonkeyPatch, errors: dict[str, Exception], before: Callable[[], object] = lambda: None
) -> None:
    """Runs of these campaigns raise; others are what they are."""

    def broken(opened: Any, brief: Any, *more: Any, **named: Any) -> Any:
        if brief.campaign.id in errors:
            before()
            raise errors[brief.campaign.id]
        return make_in(opened, brief, *more, **named)

    monkeypatch.setattr(nightly, "make_in", broken)


def test_what_one_brief_left_in_flight_does_not_meet_the_next(
    place: NightFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.brief("a")
    place.brief("b")
    waited, wait = [], InlineRunner.wait

    def broken(self: InlineRunner, timeout: float) -> Any:
        waited.append(timeout)
        if len(waited) == 1:
            raise UsageError("a photo changed while the run began")
        return wait(self, timeout)

    monkeypatch.setattr(InlineRunner, "wait", broken)
    found = night(place.folder, place.settings(), sheet=False)
    assert _statuses(found) == {"a/brief.yaml": "refused", "b/brief.yaml": "done"}
    assert _statuses(night(place.folder, place.settings(), sheet=False))["a/brief.yaml"] == "done"


def test_nothing_is_begun_before_what_it_is_made_from_is_there(
    place: NightFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):  # b has all media of a, c has a photo of its own
        photo = place.brief(name).parent / "media" / "house-roast.png"
    note = PngInfo()
    note.add_text("Title", "another file")
    with Image.open(photo) as picture:
        picture.save(photo, pnginfo=note)
    asked, submit = Counter[str](), InlineRunner.submit
    store = open_store(str(place.out / "store"))

    def watched(self: InlineRunner, batch: Batch) -> None:
        for source in (one for step in batch.steps for one in step.inputs.values()):
            if isinstance(source, str):
                assert store.has_blob(source), batch.spec
            else:
                made = read_receipt(store, source.step)
                assert made is not None and store.has_blob(made.outputs[source.name].sha256)
            asked[type(source).__name__] += 1
        submit(self, batch)

    monkeypatch.setattr(InlineRunner, "submit", watched)
    monkeypatch.setattr(session, "open_store", lambda url, **more: FarStore(open_store(url, **more), 0.005))
    found = night(place.folder, place.settings(), sheet=False)
    assert set(_statuses(found).values()) == {"done"}
    assert asked["str"] > 50 and asked["Output"] > 50
    made = [row.made for row in found.rows if row.made is not None]
    assert [set(one.places) for one in made] == [{"manifest", "manifest_uri"}] * 3  # links lead into no far store
    manifest = Path(made[0].places["manifest"])
    before = manifest.stat().st_ino, manifest.stat().st_mtime_ns
    assert night(place.folder, place.settings(), sheet=False).status == "nothing"
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == before


def test_a_lease_that_is_lost_ends_the_night(place: NightFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    place.brief("a")
    place.brief("b")

    @contextlib.contextmanager
    def robbed(url: str, name: str) -> Iterator[Lease | Holder]:
        with leased(url, name, ttl=0) as got, leased(url, name):
            yield got

    monkeypatch.setattr(nightly, "leased", robbed)
    found = night(place.folder, place.settings(), sheet=False)
    assert _statuses(found) == {"a/brief.yaml": "unavailable", "b/brief.yaml": "waiting"}
    assert found.exit_code == 75 and "the lease 'nightly' is lost" in found.stopped


def test_another_has_the_lease(place: NightFolder, capsys: pytest.CaptureFixture[str]) -> None:
    place.brief("autumn")
    settings = place.settings()
    with session.session(settings), leased(settings.registry, "nightly"):
        found = night(place.folder, settings)
        assert (found.exit_code, found.summary()["status"], found.rows) == (0, "held", [])
        assert "another nightly holds the lease 'nightly' since " in capsys.readouterr().err
        assert night(place.folder, settings, lease="other", sheet=False).status == "done"


def test_a_dry_run_makes_nothing(place: NightFolder, capsys: pytest.CaptureFixture[str]) -> None:
    place.brief("autumn", {"limits: {ads: 100}": "limits: {money: 1 EUR}"})
    place.brief("bad", {"segments:\n": "segment:\n"})
    found = dry(place.folder, place.settings(prices=PRICES))
    assert not place.out.exists()
    assert found.exit_code == 3
    planned = next(row.data() for row in found.rows if row.status == "ready")
    assert (planned["ads_to_make"], planned["currency"], planned["left_out"]) == (ADS, "EUR", [])
    assert 0 < float(planned["money"]) < 1
    assert "autumn/brief.yaml: 6 of 6 ads to make, about 0 s, about 0." in capsys.readouterr().err


# -- limits ------------------------------------------------------------------------------------------------------------


def _money(place: NightFolder, limits: str) -> Settings:
    place.brief("autumn", {"limits: {ads: 100}": f"limits: {limits}"})
    return place.settings(prices=PRICES)


def test_the_campaigns_money_is_for_all_its_runs(place: NightFolder) -> None:
    settings = _money(place, "{money: 0.01 EUR}")  # a thousandth of a second
    first = night(place.folder, settings, sheet=False)
    [row] = first.summary()["briefs"]
    assert (row["status"], first.exit_code, first.status) == ("limited", 3, "limited")
    assert row["limited"] > 0 and row["failed"] == 0
    assert first.summary()["limits"] == ["limits.money of autumn is reached: 0.01 EUR"]
    [spent] = _spent(place, "autumn")
    again = night(place.folder, settings, sheet=False)
    assert again.rows[0].made is not None and again.rows[0].made.report.progress.total("made") == 0
    assert len(_spent(place, "autumn")) == 1 and spent > 0  # a run that may not begin anything writes nothing
    edit(place.folder / "autumn" / "brief.yaml", {"money: 0.01 EUR": "money: 10000 EUR"})
    assert night(place.folder, settings, sheet=False).status == "done"


def test_a_night_that_is_tried_again_has_not_twice_the_money(place: NightFolder) -> None:
    settings = _money(place, "{per_night: 0.01 EUR}")
    first = night(place.folder, settings, sheet=False)
    again = night(place.folder, settings, sheet=False)
    assert first.rows[0].limit == again.rows[0].limit == "limits.per_night of autumn is reached: 0.01 EUR"
    with open_registry(settings.registry, open_store(settings.store).id) as registry:
        [run] = registry.runs("autumn")
        assert run.counts["nightly"] == 1 and run.counts["gpu_ms"] == 0
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=13)
        assert of_tonight([run], later) == []


class _After(Meter):
    """A budget of so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        self.left -= 1

    def why_stop(self, spec: BackendSpec) -> str | None:
        return "enough for today" if self.left <= 0 else None


def test_the_most_valuable_segments_are_made_first(place: NightFolder) -> None:
    brief = load_brief(place.brief("autumn"))
    with session.session(place.settings()) as opened, contextlib.closing(opened.runner()) as runner:
        made = make_in(opened, brief, runner, budget=_After(14), sheet=False)
    assert (made.report.status, made.exit_code) == ("limited", 3)
    assert {ad.segment for ad in made.report.failed} <= {"home-baristas", "gift-givers"}
    assert all(ad.limit and ad.reason == "enough for today" for ad in made.report.failed)
    assert made.report.new + len(made.report.failed) == ADS and made.report.new >= 2


def test_no_minutes_no_ads(place: NightFolder) -> None:
    place.brief("autumn")
    found = night(place.folder, place.settings(), minutes=0, sheet=False)
    assert found.summary()["limits"] == ["--minutes is reached: 0 minutes"]
    assert not list(Log(open_store(str(place.out / "store")), "autumn").entries())


@pytest.mark.parametrize(
    ("limits", "prices", "says"),
    [
        ("money: 5 EUR", {}, 'limits.money: is 5 EUR, and this farm does not know what its hours cost. Write prices = {gpu_'),
        ("per_night: 5 GBP", PRICES, "limits.per_night: is in GBP, and the prices of a profile of creative.toml are in EUR."),
    ],
)  # fmt: skip
def test_money_that_means_nothing_here_is_refused(place: NightFolder, limits: str, prices: Any, says: str) -> None:
    path = place.brief("autumn", {"limits: {ads: 100}": f"limits: {{{limits}}}"})
    with pytest.raises(BriefError) as caught:
        session.read_brief(path, place.settings(prices=prices))
    [finding] = caught.value.findings
    assert (finding.line, finding.column) == (58, 10) and says in str(finding)
    with pytest.raises(UsageError, match="prices lack cpu_hour"):
        session.read_brief(path, place.settings(prices={"gpu_hour": "2", "currency": "EUR"}))


def test_a_plan_says_what_would_be_left_out(place: NightFolder) -> None:
    settings = _money(place, "{money: 0.20 EUR, gpu_minutes: 0}")
    brief = session.read_brief(place.folder / "autumn" / "brief.yaml", settings)
    found = session.surveyed(brief, session.in_world(brief, load_catalogue(settings.catalogues)))
    assert found.gpu_seconds == 0 and found.cpu_seconds == pytest.approx(found.seconds)
    assert list(found.shares) == ["commuters", "home-baristas", "gift-givers"]
    assert sum(cpu for cpu, _ in found.shares.values()) == pytest.approx(found.seconds)
    cost = estimate(found, brief, settings, None)
    [note] = cost.over
    assert note.startswith("brief.yaml:58: limits.money: about 0.") and "it allows 0.2 EUR" in note
    assert cost.left_out and cost.left_out[-1] == "gift-givers" and "commuters" not in cost.left_out
