"""Every row of the table of findings comes up where it should, with its figure and limit, and nowhere on good ads."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from creative.acceptance import accept
from creative.craft import CHECKS, RULES, findings
from creative.craft.sounds import is_ask
from creative.duplicates import Seen, near_duplicates
from creative.placements import placements


def text(role: str = "headline", words: str = "Take it slow.", **change: Any) -> dict[str, Any]:
    return {
        "role": role, "text": words, "x": 100, "y": 400, "w": 600, "h": 90, "box": [90, 380, 700, 200], "size": 100, "least": 60,
        "colour": "#ffffff", "first": 0, "end": 1, "contrast": 9.2, "ink": 0.3, "sight": {"protan": 8.0, "deutan": 8.1, "tritan": 9.0},
        **change,
    }  # fmt: skip


def mark(role: str, **change: Any) -> dict[str, Any]:
    return {"role": role, "x": 100, "y": 80, "w": 200, "h": 60, "first": 0, "end": 1, **change}


EYE = {
    "fill": 0.3, "sharp": [70.0, 14.0], "chroma": [42.0, 22.0],
    "weights": {"product": 0.3, "headline": 0.15, "price": 0.05, "button": 0.06, "logo": 0.02},
    "button": {"colour": "#f2b54c", "differs": 50.0, "elsewhere": 0.0, "sight": {"protan": 44.0, "deutan": 42.0, "tritan": 20.0}},
}  # fmt: skip
STILL = {
    "canvas": [1080, 1350], "product": [300, 600, 560, 660], "texts": [text()], "marks": [mark("logo"), mark("button", y=1200)],
    "eye": EYE,
}  # fmt: skip
SOUND = {"audio_codec": "aac", "audio_seconds": 6.0, "silent": [], "under_db": 15.0}
FILM = {
    **STILL, **SOUND, "frames": 180, "fps": 30, "card": 135, "still": [], "bars": [0, 0, 0, 0], "bright": 0.3,
    "changes": [20, 60, 100], "cuts": [50], "flashing": [],
    "texts": [text(end=130), text("caption", "Roasted slowly.", y=700, x=100, end=90, size=60, product=None),
              text("cta", "Order now", y=1100, first=140, end=180, size=60)],
    "marks": [mark("logo", end=180), mark("button", y=1100, first=135, end=180)], "product": [200, 480, 560, 660],
}  # fmt: skip
SCRIPT = "Marlo roasts slowly, in small drums, for a cup that is round and never bitter. Marlo House Roast, this autumn only £5.49. Order now at marlo.example."
SPOT = {**SOUND, "audio_codec": "mp3", "audio_seconds": 15.0}
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "still": ("meta-feed-4x5", STILL),
    "sky": ("iab-160x600", {**STILL, "canvas": [160, 600], "marks": [mark("logo", x=10, y=10, w=100, h=30), mark("button", x=10, y=540, w=120, h=40)], "product": [20, 240, 120, 200], "texts": [text(x=10, y=60, w=130, h=60, size=26)]}),
    "board": ("iab-728x90", {**STILL, "canvas": [728, 90], "marks": [mark("logo", x=600, y=10, w=100, h=30), mark("button", x=600, y=50, w=100, h=30)], "texts": [text(x=120, y=20, w=300, h=30, size=34)], "product": [10, 10, 60, 75]}),
    "film": ("meta-reel-6", FILM),
    "spot": ("spotify-audio-15", SPOT),
}  # fmt: skip


def found(name: str, script: str = SCRIPT, brand: str = "Marlo", spoken: bool = True, **change: Any) -> list[Any]:
    row, figures = ROWS[name]
    if name == "film" and script is SCRIPT:
        script = "Marlo House Roast. Order now."
    said = {"script": script, "cta": "Order now"}
    figures = {**copy.deepcopy(figures), **change}
    return list(findings(figures, placements()[row], texts=said, brand=brand, spoken=spoken))


@pytest.mark.parametrize("name", ROWS)
def test_good_ads_have_none(name: str) -> None:
    assert [one.says for one in found(name)] == []


def eye(**change: Any) -> dict[str, Any]:
    return {"eye": {**EYE, **change}}


def judged(judge: str, **said: Any) -> dict[str, Any]:
    return {"judges": {judge: said}}


CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("words", "still", {"texts": [text(words="word " * 25)]}, "headline and support have 25 words, about 20 are read"),
    ("headline-size", "still", {"texts": [text(size=61)]}, "capitals of about 43 px, 60 px are read at a glance"),
    ("support-size", "still", {"texts": [text("support", "Small drums", size=36)]}, "capitals of about 25 px, 30 px are read"),
    ("small-type", "still", {"texts": [text("legal", "Terms", size=11)]}, "is set in 11 px"),
    ("type-sizes", "still", {"texts": [text("support", "x", size=size) for size in (50, 60, 75, 90)]}, "there are 4 sizes of type, three look calm"),
    ("typefaces", "still", {"texts": [text(font=name) for name in "abc"]}, "there are 3 typefaces"),
    ("margin", "still", {"texts": [text(x=20)]}, "is nearer to the edge than 54 px: 20 px"),
    ("margin", "still", {"marks": [mark("logo", x=8), mark("button")]}, "the logo is nearer to the edge than 54 px: 8 px"),
    ("over-product", "still", {"texts": [text(y=700)]}, "stands over the product: 67% of it"),
    ("crowded", "still", {"texts": [text(), text(words="b", y=510), text("price", "£5", y=605)]}, "5 px apart, groups stand apart by more than 20 px"),
    ("touching", "film", {"texts": [text(end=130), text("caption", "Slow", y=505, end=90, size=60)]}, "the headline “Take it slow.” touches the caption “Slow”"),
    ("one-line", "board", {"texts": [text(x=120, y=8, w=300, h=30, size=34), text(x=120, y=50, w=300, h=30, size=34)]}, "has 2 lines, one line is read"),
    ("skyscraper-order", "sky", {"product": [20, 20, 120, 200], "texts": [text(x=10, y=300, w=130, h=60, size=26)]}, "the headline stands below the product"),
    ("no-logo", "still", {"marks": [mark("button")]}, "there is no logo"),
    ("no-button", "still", {"marks": [mark("logo")]}, "there is no button"),
    ("product-share", "still", {"product": [400, 600, 200, 300]}, "the product fills 5%, 25 to 60 % of the shorter side's square"),
    ("weight", "still", eye(weights={"headline": 0.1, "logo": 0.2}), "the logo draws more of the eye than the headline"),
    ("busy-ground", "still", eye(sharp=[20.0, 60.0]), "the ground is 3.0 times as sharp as the product"),
    ("loud-ground", "still", eye(chroma=[30.0, 66.0]), "the ground is 2.2 times as saturated"),
    ("flat-ground", "still", eye(fill=0.93), "93% of the picture is one flat fill"),
    ("button-colour", "still", eye(button={**EYE["button"], "elsewhere": 0.2}), "the button's colour #f2b54c is on 20% of the rest"),
    ("button-lost", "still", eye(button={**EYE["button"], "differs": 8.0}), "the button differs from its ground by 8"),
    ("colour-vision", "still", {"texts": [text(sight={"protan": 3.16, "deutan": 5.0, "tritan": 9.0})]}, "has a contrast of 3.1:1 to who sees no red (protanopia)"),
    ("colour-vision", "still", eye(button={**EYE["button"], "sight": {"protan": 9, "deutan": 4, "tritan": 30}}), "the button has a contrast of ΔE 4 to its ground to who sees no green"),
    ("no-end-card", "film", {"card": None}, "there is no end card"),
    ("end-card", "film", {"card": 150}, "the end card stays 1.0 s, 1.5 s are good"),
    ("ask-still", "film", {"texts": [text("cta", "Go", y=1100, first=155, end=180)]}, "the ask stands still for 0.8 s"),
    ("no-sound", "film", {"audio_codec": None}, "the film has no sound"),
    ("no-captions", "film", {"texts": [text(end=130)]}, "somebody speaks, and no caption says it"),
    ("stands-at-first", "film", {"still": [[0, 45]]}, "nothing moves in the first second"),
    ("late-brand", "film", {"product": None, "marks": []}, "neither the product nor the logo is seen in the first 5 s"),
    ("dim", "film", {"bright": 0.02}, "the film's mean brightness is 17%"),
    ("bars", "film", {"bars": [120, 0, 120, 0]}, "stands between black bars"),
    ("slow", "film", {"changes": [], "texts": []}, "nothing changes from 0.0 to 4.5 s"),
    ("one-framing", "film", {"cuts": [], "changes": [60]}, "there is one framing in the first 5 s"),
    ("together", "film", {"texts": [text(first=30, end=130), text("price", "£5", first=30, end=130), text("support", "ab", first=30, end=130)]}, "headline, price, support come in at once, at 1.0 s"),
    ("reading-time", "film", {"texts": [text(end=20)]}, "stands for 0.7 s, it takes 1.1 s to read"),
    ("caption-speed", "film", {"texts": [text("caption", "Hausröstungsgenussmomente, unverwechselbar", end=30, size=60)]}, "has 42 characters a second, 20 a second are read"),
    ("silent-end", "spot", {"silent": [[13000, 15000]]}, "the last 2.0 s are silent"),
    ("talks-fast", "spot", {"script": "Marlo " + "now " * 45}, "3.1 words a second are said"),
    ("says-little", "spot", {"script": "Marlo. Marlo. Order now."}, "0.3 words a second"),
    ("long-sentence", "spot", {"script": "Marlo " + "and so on " * 9 + ". Marlo. Order now."}, "a sentence has 29 words"),
    ("brand-said", "spot", {"script": SCRIPT.replace("Marlo", "We").replace("marlo.", "our.")}, "the brand Marlo is said never"),
    ("brand-late", "spot", {"script": "A cup that is round. " + SCRIPT}, "the brand Marlo is first said in sentence 2"),
    ("ask-last", "spot", {"script": SCRIPT.replace("Order now at marlo.example.", "Marlo is good.")}, "the last sentence does not ask: “Marlo is good.”"),
    ("bed-level", "spot", {"under_db": 4.0}, "the music is about 4 dB under the voice"),
    ("text-read", "still", judged("ocr", wrong=[{"role": "cta", "text": "Order now", "read": "0rdcr"}]), "the cta “Order now” is read as “0rdcr” on the picture"),
    ("text-extra", "still", judged("ocr", extra=["LOREM"]), "the picture says “LOREM”"),
    ("heard-otherwise", "spot", judged("transcript", errors=0.4, letters=0.3), "40% of the script's words are heard otherwise"),
    ("must-heard", "spot", judged("transcript", lost=["£5.49"], absent=[], heard="only 6 pounds"), "“£5.49” has to be heard, and is not: “only 6 pounds”"),
    ("tail-junk", "spot", judged("transcript", tail="thank you for watching"), "after the script is heard: “thank you for watching”"),
    ("speech-quality", "spot", judged("speech", speech=2.4), "the voice is judged 2.4 of 5"),
    ("unsafe", "still", judged("safety", unsafe=0.6), "the picture may be unsafe: 60%"),
    ("not-judged", "still", judged("ocr", why_not="no memory"), "the judge ocr did not judge it: no memory"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "name", "change", "says"), CASES)
def test_each_finding(id: str, name: str, change: dict[str, Any], says: str) -> None:
    if change.get("audio_codec", "") is None:
        row, figures = ROWS[name]
        silent = {key: value for key, value in figures.items() if not key.startswith("audio")}
        told = list(findings(silent, placements()[row], brand="Marlo"))
    else:
        told = found(name, **change)
    mine = [one for one in told if one.id == id]
    assert mine and says in mine[0].says, [one.says for one in told]
    assert mine[0].limit and "{" not in mine[0].says


def test_every_row_has_its_case() -> None:
    twins = [Seen(f"as_{n}", f"ad_{n}", "n", n, (), ("01" * 63 + "80" * 24,), "") for n in (1, 2)]
    [twin] = near_duplicates(twins).values()
    assert {case[0] for case in CASES} | {twin.id} == set(RULES)
    assert not set(RULES) & set(CHECKS)
    assert all(rule.limit and rule.source and rule.says for rule in RULES.values())


@pytest.mark.parametrize("spoken", [True, False])
def test_without_a_voice_nothing_is_asked_of_it(spoken: bool) -> None:
    told = {one.id for one in found("spot", script="Good. Yes.", spoken=spoken, under_db=3.0)}
    assert ({"bed-level", "brand-said"} <= told) == spoken


def test_what_is_heard_otherwise_is_a_finding_and_what_is_left_out_a_check() -> None:
    row = placements()["spotify-audio-15"]
    whole = {**SPOT, "audio_rate": 44100, "lufs": -14.0, "true_peak": -2.0}
    heard = {"lost": ["£5.49"], "heard": "Marlo roasts slowly", "letters": 0.2, "errors": 0.3}

    def reasons(**more: Any) -> str:
        return " | ".join(accept({**whole, "judges": {"transcript": heard | more}}, row).reasons)

    assert "“£5.49” is in the script and is not said" in reasons(absent=["£5.49"], clear=0.03)
    assert "£5.49" not in reasons(absent=["£5.49"], clear=0.4)  # the judge did not understand the rest either
    assert "£5.49" not in reasons(absent=[], clear=1.0)
    assert [one.id for one in found("spot", judges={"transcript": heard | {"absent": ["£5.49"], "clear": 0.03}})] == [
        "heard-otherwise"
    ]


def test_words_without_spaces_are_counted_too() -> None:
    long = "毎日の一杯をゆっくりと味わうための深煎り珈琲豆を小さな焙煎機で丁寧に焼き上げてお届けします"
    assert [one.id for one in found("still", texts=[text(words=long)])] == ["words"]
    assert found("still", texts=[text(words="ゆっくり味わう")]) == []


@pytest.mark.parametrize(
    ("sentence", "button", "asks"),
    [
        ("Order yours today.", "Shop now", True),
        ("Now try it at home.", "", True),
        ("Bestellen Sie noch heute.", "Jetzt entdecken", True),
        ("Heute noch probieren.", "", True),
        ("Découvrez-le ce soir.", "Commander", True),
        ("At marlo.example.", "", True),
        ("Marlo is good.", "Order now", False),
        ("A round cup, now and always.", "Order now", False),
        ("Wir rösten langsam.", "Jetzt bestellen", False),
    ],
)
def test_what_is_an_ask(sentence: str, button: str, asks: bool) -> None:
    assert is_ask(sentence, button) is asks
