"""The contact sheet as a page: read as a browser reads it, and in one where the machine has it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creative.cards import Missing
from creative.registry.rows import AssetRow
from creative.sheet import POSTERS_ONLY, SheetSummary, write_sheet
from creative.store import DirectoryStore
from tests.support.browser import CHROMIUM, Browser
from tests.support.sheet import campaign, new_store, row

Tag = tuple[str, dict[str, str | None]]
HOSTILE = "\"'></style></script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{ 7*7 }}\ud800"


class Reader(HTMLParser):
    """Tags with their attributes, and the text in each kind of tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.open: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.words.append((self.open[-1], data))

    def all(self, *tags: str) -> Iterator[dict[str, str | None]]:
        """Attributes of the tags of these names."""
        return (attributes for tag, attributes in self.tags if tag in tags)

    def text(self, tag: str) -> str:
        """All text right inside tags of this name."""
        return "".join(words for name, words in self.words if name == tag)

    @property
    def everything(self) -> str:
        """All text that is shown."""
        return " ".join(words for name, words in self.words if name not in ("script", "style"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    return new_store(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def rows(store: DirectoryStore) -> list[AssetRow]:
    return campaign(store)


def read(path: Path) -> Reader:
    return Reader(path.read_text(encoding="utf-8"))


def check(path: Path) -> Reader:
    """What holds for every page: nothing from elsewhere, its own script and style only, pictures with words."""
    page = read(path)
    policy = next(str(meta["content"]) for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy and "http" not in policy
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.text(kind).encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
        assert len(list(page.all(kind))) == 1
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) or HOSTILE[:-1] in ids  # its three ads have one id
    for tag, attributes in page.tags:
        if tag == "a" and str(attributes["href"]).startswith("#"):
            assert unquote(str(attributes["href"])[1:]) in ids
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "poster"):
            value = attributes.get(name)
            if value is not None and not value.startswith(("#", "data:")):
                assert "file:" in policy and not re.match(r"[a-z][a-z0-9+.-]*:|//", value), value
                assert (path.parent / unquote(value)).exists(), value
        if tag == "img" and "src" in attributes:
            assert attributes["alt"] and attributes["width"] and attributes["height"]
        if tag in ("video", "audio"):
            assert "controls" in attributes and attributes["aria-label"] and attributes["preload"] == "none"
    return page


def sheet(rows: list[AssetRow], store: DirectoryStore, path: Path, **more: object) -> SheetSummary:
    return write_sheet(iter(rows), store, path, title="Autumn roast", facts={"Owner": "Mara Lind"}, **more)  # type: ignore[arg-type]


def test_everything_is_inside(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sheet.html"
    summary = sheet(rows, store, path)
    assert summary == SheetSummary(path, len(rows), 3, path.stat().st_size, len(rows), 0, 0)
    page = check(path)
    inside = [
        base64.b64decode(str(tag["src"]).partition(",")[2]) for tag in page.all("img", "source") if tag.get("src")
    ]
    assert {hashlib.sha256(data).hexdigest() for data in inside} >= {row.sha256 for row in rows}
    assert [tag["id"] for tag in page.all("article")] != sorted(row.asset_id for row in rows)  # grouped, not as given
    assert {tag["id"] for tag in page.all("article")} == {row.asset_id for row in rows}
    assert "Mara Lind" in page.text("dd")
    for words in ("Langsam gut.", "Leaderboard", "728 × 90", "−14.0 LUFS", "contrast 5.2", "headline: contrast 3.1 is"):
        assert words in page.everything
    assert not list(tmp_path.glob("deep/.*"))


def test_segments_and_markets_stand_in_order(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    sheet(rows, store, tmp_path / "sheet.html")
    cards = [
        (str(tag["data-segment"]), str(tag["data-placement"]), str(tag["data-market"]))
        for tag in read(tmp_path / "sheet.html").all("article")
    ]
    segments = [segment for segment, _, _ in cards]
    assert segments == sorted(segments)
    for number, (segment, placement, market) in enumerate(cards):
        if market == "DE":
            assert cards[number + 1] == (segment, placement, "GB")


def test_the_same_rows_give_the_same_bytes(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    sheet(rows, store, tmp_path / "one.html")
    sheet(random.Random(4).sample(rows, len(rows)), store, tmp_path / "other.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()


def test_a_rehearsal_is_called_one(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    sheet(rows, store, tmp_path / "plain.html")
    assert "rehearsal" not in read(tmp_path / "plain.html").everything
    noise = [{"kind": "scene", "backend": "rehearse-sdxl", "model": "rehearsal/rehearse-sdxl 0a1b"}]
    mixed = [dataclasses.replace(rows[0], lineage=noise), *rows[1:]]
    sheet(mixed, store, tmp_path / "mixed.html")
    said = " ".join(check(tmp_path / "mixed.html").everything.split())
    assert f"1 of these {len(rows)} ads is made with models of random weights: noise by nature" in said
    assert said.count("a rehearsal, not for publication") == 1  # beside that ad
    chips = (tmp_path / "mixed.html").read_text("utf-8").count('<span class="chip failed-check">rehearsal</span>')
    assert chips == 2  # at its state, and above


def test_nothing_yet(store: DirectoryStore, tmp_path: Path) -> None:
    summary = sheet([], store, tmp_path / "sheet.html")
    assert (summary.ads, summary.segments) == (0, 0)
    assert "No ads yet." in check(tmp_path / "sheet.html").everything


def test_beyond_the_limit_originals_are_opened_from_the_store(
    rows: list[AssetRow], store: DirectoryStore, tmp_path: Path
) -> None:
    path = store.root.parent / "linked.html"
    summary = sheet(rows, store, path, limit=600_000)
    assert 0 < summary.embedded < len(rows) and summary.linked == len(rows) - summary.embedded
    page = check(path)
    assert f"{summary.linked} of the originals are not inside this page" in page.everything
    links = [str(tag.get("src") or tag.get("href")) for tag in page.all("source", "a")]
    assert [link for link in links if link.startswith("store/blobs/")]


def test_many_ads_show_their_posters(store: DirectoryStore, tmp_path: Path) -> None:
    one = row(store, "commuters", "GB", "iab-728x90")
    many = [dataclasses.replace(one, asset_id=f"as_{number}", variant=number) for number in range(POSTERS_ONLY + 1)]
    summary = sheet(many, store, tmp_path / "sheet.html")
    assert (summary.embedded, summary.linked) == (0, POSTERS_ONLY + 1)
    page = check(tmp_path / "sheet.html")
    assert len(list(page.all("rect"))) == 1  # a bar stands for so many marks


def test_what_is_missing_is_drawn(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    gaps = [
        Missing("gift-givers", "DE", "de-DE", "spotify-audio-15", "no voice speaks de-DE"),
        Missing("night-owls", "DE", "de-DE", "meta-feed-1x1"),
    ]
    sheet(rows, store, tmp_path / "sheet.html", missing=gaps)
    page = check(tmp_path / "sheet.html")
    assert "no voice speaks de-DE" in page.everything and "night-owls" in page.everything
    marks = [str(tag["class"]) for tag in page.all("i")]
    assert marks.count("lost") == 2 + 1  # the legend has one of each
    assert marks.count("failed") == 1 + 1
    assert marks.count("made") == len(rows) - 1 + 1


def test_what_was_replaced_comes_last_and_does_not_count(store: DirectoryStore, tmp_path: Path) -> None:
    old = row(store, "commuters", "DE", "meta-feed-1x1", state="superseded", asset_id="as_0")
    now = row(store, "commuters", "GB", "meta-feed-1x1")
    sheet([old, now], store, tmp_path / "sheet.html")
    page = check(tmp_path / "sheet.html")
    assert [tag["data-state"] for tag in page.all("article")] == ["pending", "superseded"]
    assert [str(tag["class"]) for tag in page.all("i")].count("made") == 1 + 1


def test_only_bytes_that_are_what_they_say(store: DirectoryStore, tmp_path: Path) -> None:
    page_blob = store.put_blob(b"<html><script>alert(1)</script>", "image/jpeg")
    rows = [
        row(store, "a", "GB", "meta-feed-1x1", sha256=page_blob.sha256, bytes=page_blob.bytes, poster=page_blob.sha256),
        row(store, "b", "GB", "meta-feed-1x1", type="image/svg+xml"),
        row(store, "c", "GB", "meta-feed-1x1", sha256="f" * 64, poster="e" * 64),
        row(store, "d", "GB", "meta-reel-6", sha256="no digest", poster=None),
        row(store, "e", "GB", "spotify-audio-15", modality="smell", texts={}, carried={"alt": 3}, figures={"texts": 1}),
    ]
    summary = sheet(rows, store, tmp_path / "sheet.html")
    assert summary.unreadable == 3
    text = (tmp_path / "sheet.html").read_text()
    assert base64.b64encode(b"<html><script>").decode()[:16] not in text
    assert "data:image/svg" not in text
    assert text.count("is not in the store") == 3


def test_a_file_without_a_type_has_that_of_its_placement(store: DirectoryStore, tmp_path: Path) -> None:
    vague = row(store, "commuters", "GB", "meta-reel-6", type="application/octet-stream")
    assert sheet([vague], store, tmp_path / "sheet.html").embedded == 1
    assert [tag["type"] for tag in check(tmp_path / "sheet.html").all("source")] == ["video/mp4"]


def test_findings_are_folded_and_reasons_are_not(store: DirectoryStore, tmp_path: Path) -> None:
    rows = [
        row(store, "a", "GB", "iab-728x90", findings=["only this"]),
        row(store, "b", "GB", "iab-728x90", findings=["first", "second"], reasons=["too dark", "too large"]),
    ]
    sheet(rows, store, tmp_path / "sheet.html")
    page = check(tmp_path / "sheet.html")
    assert page.text("summary") == "2 things worth a look"
    assert "only this" in page.text("p") and "too darktoo large" in page.text("li")


def hostile(store: DirectoryStore) -> list[AssetRow]:
    """Every word is an attack."""
    return [
        row(
            store, HOSTILE, HOSTILE, placement, locale=HOSTILE, arm=HOSTILE, name=HOSTILE, asset_id=HOSTILE[:-1], ad_id=HOSTILE,
            reasons=[HOSTILE], findings=[HOSTILE], choices={HOSTILE: HOSTILE}, carried={"alt": HOSTILE},
            texts={"headline": HOSTILE, "script": HOSTILE, HOSTILE: HOSTILE},
        )
        for placement in ("meta-feed-1x1", "meta-reel-6", "spotify-audio-15")
    ]  # fmt: skip


def test_words_stay_words(store: DirectoryStore, tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    write_sheet(hostile(store), store, path, title=HOSTILE, facts={HOSTILE: HOSTILE})
    page = check(path)
    seen = HOSTILE.replace("\ud800", "?")
    assert page.text("h1") == page.text("dt") == page.text("dd") == page.text("title") == seen
    assert {tag["data-segment"] for tag in page.all("article")} == {seen}
    assert "alert(1)" not in page.text("script") + page.text("style")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=60))
def test_any_words_can_be_shown(store: DirectoryStore, tmp_path: Path, words: str) -> None:
    one = row(store, words, "GB", "iab-728x90", texts={"headline": words}, reasons=[words], name=words)
    write_sheet([one], store, tmp_path / "sheet.html", title=words, facts={words: words})
    check(tmp_path / "sheet.html")


def test_in_a_browser(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    """Where the machine has one; elsewhere both pages are read once more as text."""
    good, bad = store.root.parent / "good.html", tmp_path / "bad.html"
    sheet(rows, store, good, limit=600_000)
    write_sheet(hostile(store), store, bad, title=HOSTILE, facts={})
    check(good)
    check(bad)
    if CHROMIUM is None:
        return
    with Browser(tmp_path / "profile") as browser:
        browser.open(bad)
        assert browser.run("document.querySelectorAll('article').length") == 3
        assert not browser.complaints()
        assert browser.asked() == [bad.as_uri()]
        browser.open(good)
        played = browser.run(
            """(async () => { const played = [];
              for (const media of document.querySelectorAll('video, audio')) {
                media.muted = true; await media.play(); played.push(media.duration > 0); media.pause(); }
              for (const image of document.querySelectorAll('.frame img')) {
                image.loading = 'eager'; await image.decode(); played.push(image.naturalWidth > 0); }
              return played; })()"""
        )
        assert len(played) == len(rows) + 9 and all(played)  # films and sounds have a picture too
        shown = browser.run(
            """(async () => { const form = document.querySelector('.filters'), seen = [];
              const look = () => seen.push(form.querySelector('output').textContent);
              look();
              form.elements.segment.value = 'gift-givers';
              form.elements.state.value = 'failed-check';
              form.dispatchEvent(new Event('change', {bubbles: true}));
              look(); form.reset(); await new Promise(done => setTimeout(done, 50)); look(); return seen; })()"""
        )
        assert shown == [f"All {len(rows)} ads", f"1 of {len(rows)} ads", f"All {len(rows)} ads"]
        browser.run("document.querySelector('a.open[data-name]').click()")
        browser.press("ArrowRight")
        assert browser.run("document.querySelector('#large span').textContent").startswith("2 of ")
        browser.press("Escape")
        assert browser.run("document.getElementById('large').open") is False
        assert not browser.complaints()
        assert all(url.startswith(store.root.parent.as_uri()) for url in browser.asked())


def test_findings_are_counted_and_chosen_and_what_is_waived_is_quiet(store: DirectoryStore, tmp_path: Path) -> None:
    margin = {"id": "margin", "says": "the headline is nearer to the edge", "figure": "12 px", "limit": "54 px"}
    waived = {**margin, "waived": {"by": "Mara", "reason": "the grid is wider here"}}
    rows = [
        row(store, "a", "GB", "iab-728x90", findings=[margin, {"id": "words", "says": "25 words"}]),
        row(store, "b", "GB", "iab-728x90", findings=[waived]),
        row(store, "c", "GB", "iab-728x90"),
    ]
    sheet(rows, store, tmp_path / "sheet.html")
    page = check(tmp_path / "sheet.html")
    assert [tag["data-findings"] for tag in page.all("article")] == ["margin words", "", ""]
    assert [tag["value"] for tag in page.all("option") if tag["value"] in ("margin", "words")] == ["margin", "words"]
    assert "Margin (1)" in page.text("option") and "5 % of the shorter side" in page.text("td")
    assert "waived by Mara: the grid is wider here" in page.text("small")
    assert "findings waived" in [tag.get("class") for tag in page.all("p")]


def test_what_judges_said_is_beside_the_figures(store: DirectoryStore, tmp_path: Path) -> None:
    judges = {"ocr": {"read": 12, "of": 14}, "transcript": {"letters": 0.02}, "speech": {"speech": 3.53}, "safety": 7}
    one = row(store, "a", "GB", "meta-reel-6", figures={"frames": 180, "cuts": [51, 120], "judges": judges})
    sheet(
        [one, row(store, "b", "GB", "meta-reel-6", figures={"judges": [1], "cuts": 3})], store, tmp_path / "sheet.html"
    )
    shown = check(tmp_path / "sheet.html").everything
    for words in ("2 cuts", "12 of 14 words read", "98% heard as written", "voice 3.5 of 5"):
        assert words in shown
