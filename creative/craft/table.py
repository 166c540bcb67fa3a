"""The table of findings: what only good craft asks for. One row a finding: id, words, limit, source.

A finding is worth a look and never a refusal: somebody may waive it by its id, with a reason. A check is what a publisher
would refuse, a viewer could not read or hear, or what harms: it fails the ad, and nobody waives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creative.records import FindingRecord

# Rules of thumb of the trade, written down in the project's own notes on craft with these as their origins.
STILLS = "craft of stills: siterails.com, socialrails.com on display ads"
ABCD = "Google and Kantar, ABCD of effective video: support.google.com/google-ads/answer/14783551"
AUDIO = "ads.spotify.com, audio best practices; iabireland.ie, radio and audio"
SUBTITLES = "Netflix Timed Text Style Guide: 17 to 20 characters a second"
NAMES = "craft: what a campaign's review asks first"
VISION = "Machado, Oliveira, Fernandes 2009 (dichromats); WCAG 2.2, 1.4.3 and 1.4.11"
JUDGES = "the judges' own figures: see `workers.judge`"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `says` has {name}, {figure} and {limit}; `limit` is what good ads keep to, in words."""

    id: str
    says: str
    limit: str
    source: str

    def found(self, figure: Any = None, name: str = "", *, limit: str | None = None) -> FindingRecord:
        """The finding on one ad. `figure` is said as it is given; `limit` replaces the row's where it depends on the ad."""
        kept = limit or self.limit
        says = self.says.format(name=name, figure=figure, limit=kept)
        return FindingRecord(
            id=self.id, says=says[:1].lower() + says[1:], figure=None if figure is None else str(figure), limit=kept
        )


def _rows(*rows: tuple[str, str, str, str]) -> Mapping[str, Rule]:
    return {row[0]: Rule(*row) for row in rows}


RULES: Mapping[str, Rule] = _rows(
    # -- what is said in a picture
    ("words", "headline and support have {figure} words, {limit} are read", "about 20 (10 on small banners)", STILLS),
    ("headline-size", "{name} has capitals of about {figure}, {limit} are read at a glance", "1/18 of the shorter side (1/5 of a leaderboard's height)", STILLS),
    ("support-size", "{name} has capitals of about {figure}, {limit} are read beside the headline", "half of the headline's least", STILLS),
    ("small-type", "{name} is set in {figure}, less than {limit} are hard to read", "12 px", STILLS),
    ("type-sizes", "there are {figure} sizes of type, {limit} look calm", "three (four with a price)", STILLS),
    ("typefaces", "there are {figure} typefaces, {limit} look calm", "two typefaces at most", STILLS),
    ("margin", "{name} is nearer to the edge than {limit}: {figure}", "5 % of the shorter side", STILLS),
    ("over-product", "{name} stands over the product: {figure} of it", "nothing", STILLS),
    ("crowded", "{name}: {figure} apart, groups stand apart by {limit}", "more than their own lines do", STILLS),
    ("touching", "{name} touches {figure}: {limit}", "words have room around them", STILLS),
    ("one-line", "the leaderboard's headline has {figure} lines, {limit} is read in passing", "one line", STILLS),
    ("skyscraper-order", "the headline stands below the product: on a skyscraper {limit}", "the headline is high, the product low", STILLS),
    ("no-logo", "there is no logo", "in every picture", STILLS),
    ("no-button", "there is no button: nothing says what to do", "one call to action", STILLS),
    # -- how it is weighed
    ("product-share", "the product fills {figure}, {limit} look best", "25 to 60 % of the shorter side's square", STILLS),
    ("weight", "{name} draws more of the eye than {figure}: {limit}", "product, headline or price, button, logo", STILLS),
    ("busy-ground", "the ground is {figure} times as sharp as the product: {limit}", "nothing is as sharp as the product", STILLS),
    ("loud-ground", "the ground is {figure} times as saturated as the product: {limit}", "nothing is as saturated as the product, but for the button", STILLS),
    ("flat-ground", "{figure} of the picture is one flat fill, {limit}", "the ground is a surface: at most 80 %", STILLS),
    ("button-colour", "the button's colour {name} is on {figure} of the rest of the picture, {limit}", "at most 3 %, and the price", STILLS),
    ("button-lost", "the button differs from its ground by {figure} (CIE ΔE), {limit} is told at a glance", "20", STILLS),
    ("colour-vision", "{name} has a contrast of {figure} to who sees {limit}", "text 4.5:1, a button ΔE 10", VISION),
    # -- films
    ("no-end-card", "there is no end card", "one, with the ask", ABCD),
    ("end-card", "the end card stays {figure}, {limit} are good", "1.5 s, or 3 s in 15 s and more", ABCD),
    ("ask-still", "the ask stands still for {figure}, {limit} are good", "1 s at least", ABCD),
    ("no-sound", "the film has no sound", "sound, though it is understood without", ABCD),
    ("no-captions", "somebody speaks, and no caption says it", "understood without sound", ABCD),
    ("stands-at-first", "nothing moves in the first second", "something moves", ABCD),
    ("late-brand", "neither the product nor the logo is seen in the first {figure}", "1 s for either, 5 s for the brand", ABCD),
    ("dim", "the film's mean brightness is {figure}, {limit} look bright on a phone", "20 % or more", ABCD),
    ("bars", "the picture stands between black bars: it should fill its frame", "none", ABCD),
    ("slow", "nothing changes from {figure}, {limit}", "a cut or a visible change every 3 s", ABCD),
    ("one-framing", "there is one framing in the first 5 s, {limit} hold attention", "two", ABCD),
    ("together", "{name} come in at once, at {figure}", "one after the other", ABCD),
    ("reading-time", "{name} stands for {figure}, it takes {limit} to read", "4 words a second and a moment", SUBTITLES),
    ("caption-speed", "{name} has {figure} characters a second, {limit} are read", "20 a second", SUBTITLES),
    # -- sound
    ("silent-end", "the last {figure} are silent", "music that ends with the spot", AUDIO),
    ("talks-fast", "{figure} words a second are said, {limit}", "never above 2.7 (80 in 30 s)", AUDIO),
    ("says-little", "{figure} words a second are said, {limit} fill a spot", "1.2 or more", AUDIO),
    ("long-sentence", "a sentence has {figure} words, {limit} are followed by ear", "20 at most", AUDIO),
    ("brand-said", "the brand {name} is said {figure}, {limit}", "once in 6 s, twice in 15 s, three times in 30 s", AUDIO),
    ("brand-late", "the brand {name} is first said {figure}, {limit}", "in the first sentence", AUDIO),
    ("ask-last", "the last sentence does not ask: {figure}", "what to do, and where, is said last", AUDIO),
    ("bed-level", "the music is about {figure} under the voice, {limit} are good", "12 to 18 dB", AUDIO),
    # -- a segment's ads together
    ("near-duplicate", "looks like {name}, which keeps its place: {figure}", "variants that a viewer tells apart", NAMES),
    # -- judges
    ("text-read", "{name} is read as {figure} on the picture", "what the brief says", JUDGES),
    ("text-extra", "the picture says {figure}, which the brief does not", "what the brief says", JUDGES),
    ("must-heard", "{name} has to be heard, and is not: {figure}", "prices and legal words, as written", JUDGES),
    ("heard-otherwise", "{figure} of the script's words are heard otherwise: {limit}", "at most 15 %", JUDGES),
    ("tail-junk", "after the script is heard: {figure}", "nothing", JUDGES),
    ("speech-quality", "the voice is judged {figure} of 5, {limit}", "3.0 or more (DNSMOS)", JUDGES),
    ("unsafe", "the picture may be unsafe: {figure}, {limit}", "at most 20 %", JUDGES),
    ("not-judged", "{name} did not judge it: {figure}", "every judge that is asked", JUDGES),
)  # fmt: skip

CHECKS: Mapping[str, str] = {
    "file": "the format, size and rate that the publisher takes",
    "label": "what the file says of itself",
    "picture": "pixels and coding",
    "contrast": "text of at least 4.5:1",
    "safe-zone": "nothing under the publisher's interface",
    "box": "text within its box and above its least size",
    "frames": "frames, seconds and even time",
    "black": "no black stretch",
    "still": "no still stretch",
    "flashing": "at most three flashes a second (WCAG 2.2, 2.3.1; ITU-R BT.1702)",
    "sync": "sound within one frame of the picture",
    "loudness": "loudness, true peak, clipping",
    "silence": "no dead air",
    "price-said": "the price and the legal words of the script are heard",
}
"""Checks by name, with what each asks for: they are never waived."""
