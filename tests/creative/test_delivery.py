"""Delivery: what is published is what is approved, whatever happens in between."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from creative.delivery import deliver, follow, is_delivered
from creative.manifest import manifest_schema
from creative.matching import match, request
from creative.registry import open_registry
from creative.resources import templates
from creative.store import Log, open_store
from tests.support.reviewing import Desk, file_of, made
from tests.support.seaweed import S3Server

TOP = "autumn/commuters/iab-728x90"
MANIFEST = "autumn/manifest.jsonl"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def bring(desk: Desk, **more: Any) -> dict[str, Any]:
    return deliver(desk.store, desk.registry, "autumn", **more).summary()


def test_exactly_the_approved_ones_are_published(desk: Desk) -> None:
    assert bring(desk)["manifest"] is None
    assert desk.published() == {}
    desk.say("approved", "a", "b")
    told = bring(desk)
    assert (told["added"], told["ads"]) == ([f"{TOP}/Marlo_a.jpg", f"{TOP}/Marlo_b.jpg"], 2)
    there = desk.published()
    assert {path: there[path] for path in told["added"]} == {
        f"{TOP}/Marlo_a.jpg": file_of("a"),
        f"{TOP}/Marlo_b.jpg": file_of("b"),
    }
    lines = [json.loads(line) for line in there[MANIFEST].splitlines()]
    assert [line["delivered"] for line in lines] == [desk.store.published_uri(path) for path in told["added"]]
    assert [line["uri"] for line in lines] == [desk.store.uri(made(ad).sha256) for ad in "ab"]
    schema = json.loads((templates() / "delivered.schema.json").read_text("utf-8"))
    assert schema == manifest_schema("delivered")
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
    desk.say("rejected", "a")
    desk.say("approved", "d")
    told = bring(desk)
    assert (told["added"], told["removed"]) == ([f"{TOP}/Marlo_d.jpg"], [f"{TOP}/Marlo_a.jpg"])
    assert set(desk.published()) == {MANIFEST, f"{TOP}/Marlo_b.jpg", f"{TOP}/Marlo_d.jpg"}
    desk.say("rejected", "b", "d")
    bring(desk)
    assert desk.published() == {MANIFEST: b""}


def test_the_log_says_it_and_a_second_time_writes_nothing(desk: Desk) -> None:
    desk.say("approved", "a")
    bring(desk, by="Ann")
    entry = list(Log(desk.store, "autumn").entries())[-1]
    copy = {"asset_id": made("a").asset_id, "sha256": made("a").sha256}
    assert (entry.type, dict(entry.data)) == (
        "export",
        {"paths": {f"{TOP}/Marlo_a.jpg": copy}, "removed": [], "by": "Ann"},
    )
    before = desk.entries(), {path: path.stat().st_mtime_ns for path in (desk.folder / "store").rglob("*")}
    told = bring(desk)
    assert (told["added"], told["replaced"], told["removed"]) == ([], [], [])
    assert before == (desk.entries(), {path: path.stat().st_mtime_ns for path in (desk.folder / "store").rglob("*")})
    rows = desk.registry.deliveries("autumn")
    desk.registry.rebuild(desk.store)
    assert desk.registry.deliveries("autumn") == rows
    assert is_delivered(desk.registry, "autumn")


def test_a_name_that_two_ads_have(desk: Desk) -> None:
    """Neither overwrites the other, and nobody's place changes when the other goes."""
    desk.make({ad: {"name": "Same", "asset": {"name": "Same"}} for ad in "abd"})
    desk.say("approved", "b")
    bring(desk)
    desk.say("approved", "a", "d")
    bring(desk)
    there = desk.published()
    paths = {"b": f"{TOP}/Same.jpg", "a": f"{TOP}/Same-ad_a.jpg", "d": f"{TOP}/Same-ad_d.jpg"}
    assert {ad: there[path] for ad, path in paths.items()} == {ad: file_of(ad) for ad in "abd"}
    desk.say("rejected", "b")
    assert bring(desk)["removed"] == [paths["b"]]
    assert set(desk.published()) == {MANIFEST, paths["a"], paths["d"]}


def test_a_new_rendition_takes_its_ads_place(desk: Desk) -> None:
    desk.say("approved", "a")
    bring(desk)
    desk.make({"a": {}}, take="2")
    told = follow(desk.store, desk.registry, "autumn", by="run")
    assert told is not None
    assert told.removed == {f"{TOP}/Marlo_a.jpg"}
    assert follow(desk.store, desk.registry, "autumn", by="run") is None
    desk.say("approved", "a", take="2")
    assert bring(desk)["added"] == [f"{TOP}/Marlo_a.jpg"]
    assert desk.published()[f"{TOP}/Marlo_a.jpg"] == file_of("a", "2")


def test_what_was_never_delivered_is_not_followed(desk: Desk) -> None:
    desk.say("approved", "a")
    assert follow(desk.store, desk.registry, "autumn", by="run") is None
    assert desk.published() == {}


def test_names_that_are_no_names(desk: Desk) -> None:
    desk.make({"a": {"asset": {"name": "../../Käse & co/.x"}}})
    desk.say("approved", "a")
    assert bring(desk)["added"] == [f"{TOP}/Kase-co-.x.jpg"]


def test_a_file_that_is_gone_costs_its_ad_only(desk: Desk) -> None:
    desk.say("approved", "a", "b")
    desk.store.delete_blob(made("a").sha256)
    told = bring(desk)
    assert [one["path"] for one in told["failed"]] == [f"{TOP}/Marlo_a.jpg"]
    assert (told["added"], told["ads"]) == ([f"{TOP}/Marlo_b.jpg"], 1)
    assert len(desk.published()[MANIFEST].splitlines()) == 1
    assert not is_delivered(desk.registry, "autumn")
    desk.make({"a": {}})
    assert bring(desk)["added"] == [f"{TOP}/Marlo_a.jpg"]


def test_what_others_did_to_the_copies(desk: Desk) -> None:
    desk.say("approved", "a", "b")
    bring(desk)
    top = desk.folder / "store" / "published"
    (top / TOP / "Marlo_a.jpg").unlink()
    (top / TOP / "holiday.jpg").write_bytes(b"not ours")
    told = bring(desk)
    assert (told["added"], told["removed"]) == ([f"{TOP}/Marlo_a.jpg"], [f"{TOP}/holiday.jpg"])
    (top / TOP / "Marlo_b.jpg").write_bytes(b"spoilt")
    bring(desk)
    assert desk.published()[f"{TOP}/Marlo_b.jpg"] == b"spoilt"
    bring(desk, again=True)
    assert desk.published()[f"{TOP}/Marlo_b.jpg"] == file_of("b")


def test_in_a_bucket(s3_server: S3Server, tmp_path: Path) -> None:
    """The same, over HTTP: delivered by the server's own copying, matched, withdrawn when the bytes are others."""
    import boto3

    bucket = s3_server.bucket()
    desk = Desk(tmp_path, url=s3_server.store_url(bucket, "farm"))
    desk.say("approved", "a", "b")
    assert len(bring(desk)["added"]) == 2
    client = boto3.client("s3", endpoint_url=s3_server.endpoint)
    there = client.get_object(Bucket=bucket, Key=f"farm/published/{TOP}/Marlo_a.jpg")
    assert (there["Body"].read(), there["ContentType"]) == (file_of("a"), "image/jpeg")
    [line, _] = client.get_object(Bucket=bucket, Key=f"farm/published/{MANIFEST}")["Body"].read().splitlines()
    assert json.loads(line)["delivered"] == f"s3://{bucket}/farm/published/{TOP}/Marlo_a.jpg"
    asked = request("iab-728x90", "GB", "en-GB", "commuters", at="2026-11-22")
    first = match(desk.store, desk.registry, asked)
    sha256, other = str(first.sha256), {"ad_a": "b", "ad_b": "a"}[str(first.ad_id)]
    [key] = [
        one["Key"]
        for one in client.list_objects_v2(Bucket=bucket, Prefix="farm/blobs/")["Contents"]
        if one["Key"].endswith(sha256)
    ]
    data = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.put_object(Bucket=bucket, Key=key, Body=bytes([data[0] ^ 1]) + data[1:])
    second = match(desk.store, desk.registry, asked)
    assert (second.ad_id, second.withdrawn) == (f"ad_{other}", (("autumn", str(first.asset_id)),))
    assert bring(desk)["removed"] == [f"{TOP}/Marlo_{'ab'.replace(other, '')}.jpg"]
    assert bring(desk)["removed"] == []


class Killed(BaseException):
    """As SIGKILL, but for the process."""


@pytest.mark.parametrize("after", range(1, 8))
def test_a_death_on_the_way_is_mended(desk: Desk, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """It dies after so many copies, removals or entries; the next one makes up for it."""
    desk.say("approved", "a", "b")
    bring(desk)
    desk.say("rejected", "a")
    desk.say("approved", "d")
    left = after
    lock = threading.Lock()

    def counted(work: Any) -> Any:
        def once(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            with lock:
                left -= 1
                if left < 0:
                    raise Killed
            return work(*arguments, **more)

        return once

    with monkeypatch.context() as patched:
        for name in ("publish", "unpublish", "create"):
            patched.setattr(desk.store, name, counted(getattr(desk.store, name)))
        try:
            bring(desk)
        except Killed:
            assert after < 6
    with open_registry(desk.folder / "other.db", desk.store.id) as registry:
        deliver(desk.store, registry, "autumn")
        assert set(registry.deliveries("autumn")) == {f"{TOP}/Marlo_b.jpg", f"{TOP}/Marlo_d.jpg"}
    there = desk.published()
    assert set(there) == {MANIFEST, f"{TOP}/Marlo_b.jpg", f"{TOP}/Marlo_d.jpg"}
    assert len(there[MANIFEST].splitlines()) == 2


def test_many_who_deliver_at_once(desk: Desk) -> None:
    """Each says something and delivers; when all are done, what is published is what is approved."""
    names = [f"x{number}" for number in range(12)]
    desk.make({name: {} for name in names})
    wrong: list[BaseException] = []

    def work(own: Desk, mine: list[str]) -> None:
        try:
            for verdict in ("approved", "rejected", "approved"):
                own.registry.catch_up(own.store)
                own.say(verdict, *(mine if verdict == "approved" else mine[:2]))
                deliver(own.store, own.registry, "autumn")
        except BaseException as error:  # noqa: BLE001 - told by the test
            wrong.append(error)

    threads = []
    for number in range(3):
        own = Desk.__new__(Desk)
        own.store = open_store(desk.folder / "store")
        own.registry = open_registry(desk.folder / f"r{number}.db", desk.store.id)
        threads.append(threading.Thread(target=work, args=(own, names[number::3])))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    desk.registry.catch_up(desk.store)
    assert {row.ad_id for row in desk.registry.approved("autumn")} == {f"ad_{name}" for name in names}
    assert set(desk.published()) == {MANIFEST, *(f"{TOP}/Marlo_{name}.jpg" for name in names)}
    assert len(desk.published()[MANIFEST].splitlines()) == len(names)
    assert is_delivered(desk.registry, "autumn")


def test_published_is_what_is_approved(tmp_path_factory: pytest.TempPathFactory) -> None:
    class Deliveries(RuleBasedStateMachine):
        """Verdicts, new renditions, deliveries, and other people's hands."""

        def __init__(self) -> None:
            super().__init__()
            self.desk = Desk(tmp_path_factory.mktemp("desk"), {ad: {"asset": {"name": "Same"}} for ad in "abd"})
            self.take = dict.fromkeys("abd", "1")

        @rule(ad=st.sampled_from("abd"), verdict=st.sampled_from(["approved", "approved", "rejected", "withdrawn"]))
        def say(self, ad: str, verdict: str) -> None:
            self.desk.say(verdict, ad, take=self.take[ad])

        @rule(ad=st.sampled_from("abd"), take=st.sampled_from("12"))
        def make(self, ad: str, take: str) -> None:
            self.desk.make({ad: {"asset": {"name": "Same"}}}, take=take)
            self.take[ad] = take

        @rule(ad=st.sampled_from("abd"))
        def lose(self, ad: str) -> None:
            top = self.desk.folder / "store" / "published" / TOP
            for path in [*top.glob("*")][: "abd".index(ad)]:
                path.unlink()

        @rule()
        def reindex(self) -> None:
            self.desk.registry.rebuild(self.desk.store)

        @rule()
        def deliver(self) -> None:
            bring(self.desk)
            there = self.desk.published()
            files = {data for path, data in there.items() if path != MANIFEST}
            approved = [row.ad_id.removeprefix("ad_") for row in self.desk.registry.approved("autumn")]
            assert files == {file_of(ad, self.take[ad]) for ad in approved}
            assert len(there) - (MANIFEST in there) == len(approved)
            assert is_delivered(self.desk.registry, "autumn")

        def teardown(self) -> None:
            self.deliver()
            self.desk.registry.close()

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Deliveries,
        settings=settings(
            max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_film_has_its_subtitles_beside_it(desk: Desk) -> None:
    """They come, change and go with it; what does not belong there goes, and a second time nothing is written."""
    words = {"vtt": b"WEBVTT\n", "srt": b"1\n"}
    beside = {name: desk.store.put_blob(data, "text/vtt").sha256 for name, data in words.items()}
    film = {"type": "video/mp4", "figures": {"codec": "h264", "subtitles": beside}}
    desk.make({"a": {"modality": "video", "asset": film}})
    desk.say("approved", "a", "b")
    paths = [f"{TOP}/Marlo_a.mp4", f"{TOP}/Marlo_a.srt", f"{TOP}/Marlo_a.vtt"]
    assert bring(desk)["added"] == [*paths, f"{TOP}/Marlo_b.jpg"]
    assert [desk.published()[path] for path in paths] == [file_of("a"), words["srt"], words["vtt"]]
    assert is_delivered(desk.registry, "autumn")
    (entry,) = [one for one in Log(desk.store, "autumn").entries() if one.type == "export"]
    assert set(entry.data["paths"]) == {paths[0], f"{TOP}/Marlo_b.jpg"}  # the film's entry speaks for them
    told = bring(desk)
    assert (told["added"], told["replaced"], told["removed"]) == ([], [], [])
    desk.store.unpublish(paths[1])
    desk.store.publish(f"{TOP}/old.vtt", b"WEBVTT\n", "text/vtt")
    told = bring(desk)
    assert (told["added"], told["removed"]) == ([paths[1]], [f"{TOP}/old.vtt"])
    desk.say("rejected", "a")
    assert bring(desk)["removed"] == paths
    assert set(desk.published()) == {MANIFEST, f"{TOP}/Marlo_b.jpg"}
