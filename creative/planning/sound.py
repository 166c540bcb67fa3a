"""Sound: which sentences are said, by whom, fitted to which seconds, over which music."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from creative.backends import BackendSpec
from creative.brief.brief import Brief
from creative.brief.sound import CloneVoice, StockVoice, Track
from creative.brief.types import did_you_mean
from creative.errors import UsageError
from creative.planning.problem import PlanningProblem
from creative.planning.window import Part, part
from creative.planning.words import Subject, Words
from creative.spoken import Sentence, phrases, script, seconds_needed, words_to_cut
from creative.steps import Output, step
from creative.unspaced import display_width
from creative.voices import CLONE, characters_per_second, choose_cloner, choose_voice, speakers
from creative.world import World

LEAD_MS, TAIL_MS, GAP_MS = 150, 350, 260
TEMPO_PERMILLE = (920, 1080)
LITTLE = 0.5
"""A read that fills less of its seconds than this share is worth a warning."""
READING_CHARACTERS_PER_S = 20
"""What a viewer reads beside a picture; subtitling guides allow 17 to 20 (Netflix Timed Text: 20 for adults). Full-width
characters count twice: 8 to 9 of Chinese or Japanese."""
READING_RATE = 15.0
"""Characters that a reader says in a second, to tell a long script from a short one."""
RECORDED_SLACK_MS = 1500
"""Silence around a recording, and pauses that may shrink."""
DEFAULT_LUFS_TENTHS, DEFAULT_TRUE_PEAK_TENTHS = -140, -10
"""For films of publishers that name none: what phones and the strictest audio publisher of the table ask for."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A script as one ad says and shows it. `fit` is None where there is no voice: captions only."""

    sentences: tuple[Sentence, ...]
    captions: tuple[str, ...]
    fit: Part | None
    voice: BackendSpec | None

    @property
    def text(self) -> str:
        """The script as written."""
        return " ".join(sentence.written for sentence in self.sentences) or " ".join(self.captions)


class Sound:
    """Plans reads, cues, beds and mixes; remembers what it planned."""

    def __init__(self, brief: Brief, world: World, words: Words, seed: int) -> None:
        self.brief, self.world, self.words, self.seed = brief, world, words, seed
        self._chosen: dict[tuple[str, int], tuple[int, str, str]] = {}
        """By locale and milliseconds: words that the long script has too many, how little is filled, said or shown."""
        self.read = functools.lru_cache(4096)(self._read)
        self.cues = functools.lru_cache(4096)(self._cues)
        self.mix = functools.lru_cache(4096)(self._mix)
        self._speech = functools.lru_cache(4096)(self._say)
        self._rows = {voice.id: voice for voice in brief.voices}
        self._lexicon = functools.lru_cache(64)(self._lexicon_of)

    def voiced(self, locale: str) -> bool:
        """Whether the brief gives this locale a voice."""
        return any(voice.locale == locale for voice in self.brief.voices)

    def _read(self, about: Subject, voice: str | None, ms: int, shown_ms: int) -> Read:
        """The longest script that its seconds hold. Raises PlanningProblem when none does, or there is none.

        `ms`: of the sound; `shown_ms`: while captions are shown, which is all the time that a silent script has.
        """
        texts = self.words.candidates("script", about)
        if not texts:
            raise PlanningProblem("copy.script", f"there is no script for {about.locale}", "Write one")
        if voice is None:
            return self._silent(texts, about.locale, shown_ms)
        if voice in self.world.recordings:
            return self._recorded(texts, about.locale, voice, ms)
        spec, speaker = self._voice(voice, about.locale)
        clone = self._clone(voice)
        rate = characters_per_second(spec, about.locale, speaker)
        room = ms - LEAD_MS - TAIL_MS
        cut, cuts = 0, list[int]()
        for text in texts:
            sentences = script(text, about.locale, self._lexicon(about.locale))
            # What tempo can still mend is left to `fit`, which measures the real read.
            cut = words_to_cut(sentences, rate * TEMPO_PERMILLE[1] / 1000, room, GAP_MS)
            if not cut:
                self._note(about.locale, ms, cuts, seconds_needed(sentences, rate, GAP_MS) * 1000 / room)
                return self._fitted(sentences, about.locale, spec, speaker, ms, clone)
            cuts.append(cut)
        problem = f"the shortest script for {about.locale} is too long to be said in {ms / 1000:g} s"
        raise PlanningProblem(f"copy.script.{about.locale}", problem, f"Cut about {_count(cut)}")

    def _note(self, locale: str, ms: int, cuts: Sequence[int], filled: float | None) -> None:
        """Keep what may be worth a warning: the long script gave way to the short one, or there is much silence.

        `cuts`: words too many of each longer script. `filled`: share of the seconds that the voice takes, if there is one.
        """
        little = f"fills {filled:.0%} of {ms / 1000:g} s" if filled is not None and filled < LITTLE else ""
        self._chosen[locale, ms] = (cuts[0] if cuts else 0, little, "said" if filled is not None else "shown")

    def warnings(self, fallbacks: bool = True) -> Iterator[tuple[str, str]]:
        """What was planned otherwise than one may expect: the field that it is about, and what is to be said.

        A long script that some ad holds may be too long for the shorter ones: that is what the short one is for. Without
        `fallbacks` (not all placements are planned) nobody knows.
        """
        for (locale, ms), (cut, little, done) in self._chosen.items():
            others = [(other, chosen[0]) for (of, other), chosen in self._chosen.items() if of == locale]
            unused = fallbacks and all(more for _, more in others) and ms == max(other for other, _ in others)
            if cut and (unused or little):
                problem = (
                    f"the long script does not fit {ms / 1000:g} s (cut about {_count(cut)}): the short one is {done}"
                )
                yield f"copy.script.{locale}", f"{problem}, and {little}" if little else problem
            elif little:
                yield f"copy.script.{locale}", f"the script {little}: the rest has no voice"

    def _silent(self, texts: tuple[str, ...], locale: str, ms: int) -> Read:
        room = READING_CHARACTERS_PER_S * ms // 1000
        cut, cuts = 0, list[int]()
        for text in texts:
            length = display_width(text)
            if length <= room:
                self._note(locale, ms, cuts, None)
                return Read((), tuple(phrases(text, locale)), None, None)
            cut = max(1, round((length - room) / (length / len(text.split()))))
            cuts.append(cut)
        problem = f"the shortest script for {locale} cannot be read in {ms / 1000:g} s"
        raise PlanningProblem(f"copy.script.{locale}", problem, f"Cut about {_count(cut)}")

    def _voice(self, voice: str, locale: str) -> tuple[BackendSpec, str]:
        row = self._rows[voice]
        rows = self.world.catalogue.of_kind("speech")
        if isinstance(row, CloneVoice):
            try:
                return choose_cloner(rows, locale, self.brief.backends.get("speech")), CLONE
            except UsageError as error:
                raise PlanningProblem(f"voices.{voice}", str(error)) from error
        assert isinstance(row, StockVoice)  # recordings were dealt with before
        try:
            spec, speaker = choose_voice(
                rows, locale, row.use, row.draft, self.brief.backends.get("speech"), row.speaker
            )
        except UsageError as error:
            raise PlanningProblem(f"voices.{voice}", str(error)) from error
        if row.speaker not in (None, speaker):
            known = {one for other in rows for one in speakers(other, locale)}
            problem = f"no voice has a speaker {row.speaker!r} for {locale}"
            raise PlanningProblem(f"voices.{voice}", problem, f"There is: {', '.join(sorted(known))}")
        return spec, speaker

    def _recorded(self, texts: tuple[str, ...], locale: str, voice: str, ms: int) -> Read:
        """What a recording says: of the locale's scripts the one whose length is nearest to its own.

        Prices and names that differ between ads cannot be heard in one recording: its script has no placeholder.
        """
        where, recording = f"voices.{voice}", self.world.recordings[voice]
        if any("{" in template for template in self.brief.options("script", locale)):
            problem = f"the script for {locale} has placeholders, and a recording says the same in every ad"
            raise PlanningProblem(where, problem, "Write out what the recording says")
        read = [script(text, locale, self._lexicon(locale)) for text in texts]
        off = {
            text: abs(math.log(seconds_needed(said, READING_RATE, GAP_MS) * 1000 / max(1, recording.ms)))
            for text, said in zip(texts, read, strict=True)
        }
        sentences = min(zip(texts, read, strict=True), key=lambda found: off[found[0]])[1]
        over = recording.ms * 1000 / TEMPO_PERMILLE[1] - (ms - LEAD_MS - TAIL_MS) - RECORDED_SLACK_MS
        if over > 0:
            problem = f"the recording lasts {recording.ms / 1000:.1f} s, too long for {ms / 1000:g} s"
            raise PlanningProblem(where, problem, "Record a shorter script, or give this placement another voice")
        spec = next(row for row in self.world.catalogue.of_kind("speech") if "recording" in row.facts.get("uses", ()))
        everything = [list(sentence.spoken) for sentence in sentences]
        said = [
            self._spoken(spec, {"number": number, "sentences": everything, "phrases": list(sentence.spoken), "locale": locale, "speaker": "recording"}, {"reference": recording.sha256}, 0)
            for number, sentence in enumerate(sentences)
        ]  # fmt: skip
        return self._placed(sentences, said, locale, spec, ms)

    def _clone(self, voice: str) -> tuple[str, str] | None:
        """Of a cloned voice the sha256 of the recording and the consent; None of any other."""
        row = self._rows[voice]
        return (self.world.references[voice], row.consent) if isinstance(row, CloneVoice) else None

    def licences(self, voice: str | None) -> dict[str, str]:
        """What the manifest carries of a recorded voice: the digests of the recording and of the document that allows it."""
        recording = self.world.recordings.get(voice or "")
        return {} if recording is None else {"recording": recording.sha256, "recording_licence": recording.licence}

    def _fitted(
        self,
        sentences: tuple[Sentence, ...],
        locale: str,
        spec: BackendSpec,
        speaker: str,
        ms: int,
        clone: tuple[str, str] | None,
    ) -> Read:
        said = [self._speech(sentence.spoken, locale, spec.name, speaker, clone) for sentence in sentences]
        return self._placed(sentences, said, locale, spec, ms)

    def _placed(
        self, sentences: tuple[Sentence, ...], said: Sequence[Part], locale: str, spec: BackendSpec, ms: int
    ) -> Read:
        inputs: dict[str, str | Output] = {}
        for number, speech in enumerate(said):
            inputs |= {f"audio.{number}": speech.out("audio"), f"times.{number}": speech.out("times")}
        row = self.world.catalogue.choose("fit", self.brief.backends.get("fit"))
        params = {
            "ms": ms,
            "lead_ms": LEAD_MS,
            "tail_ms": TAIL_MS,
            "gap_ms": GAP_MS,
            "tempo_permille": list(TEMPO_PERMILLE),
        }
        label = f"read of {ms / 1000:g} s in {locale}"
        fit = part(step("fit", row.name, row.revision, row.model, params, inputs, label=label), *said)
        captions = tuple(phrase for sentence in sentences for phrase in sentence.phrases)
        return Read(sentences, captions, fit, spec)

    def _say(
        self, spoken: tuple[str, ...], locale: str, backend: str, speaker: str, clone: tuple[str, str] | None
    ) -> Part:
        row = self.world.catalogue.choose("speech", backend)
        params = {"phrases": list(spoken), "locale": locale, "speaker": speaker}
        if clone is None:
            return self._spoken(row, params, {}, self.seed)
        reference, consent = clone
        return self._spoken(row, params, {"reference": reference}, self.seed, (consent,))

    def _spoken(
        self,
        row: BackendSpec,
        params: dict[str, Any],
        inputs: dict[str, str | Output],
        seed: int,
        rights: tuple[str, ...] = (),
    ) -> Part:
        label = f"sentence {' '.join(params['phrases'])[:40]!r} in {params['locale']}"
        return part(step("speech", row.name, row.revision, row.model, params, inputs, seed, label).under(rights))

    def _lexicon_of(self, locale: str) -> dict[str, str]:
        merged = {**self.brief.brand_kit.lexicon, **self.brief.lexicon}
        return {word: said[locale] for word, said in merged.items() if locale in said}

    def subtitles(self, read: Read, fps: int, frames: int) -> Part:
        """Files beside a film of so many frames: what is said in it, or, where nobody speaks, its captions."""
        row = self.world.catalogue.choose("subtitles", self.brief.backends.get("subtitles"))
        params = {"fps": fps, "frames": frames, "captions": list(read.captions)}
        inputs = {} if read.fit is None else {"times": read.fit.out("times")}
        made = step("subtitles", row.name, row.revision, row.model, params, inputs, label="captions beside the film")
        return part(made, *([read.fit] if read.fit is not None else []))

    def _cues(self, read: Read, fps: int, frames: int) -> Part:
        row = self.world.catalogue.choose("cues", self.brief.backends.get("cues"))
        params = {"fps": fps, "frames": frames, "captions": list(read.captions)}
        if read.fit is None:
            return part(step("cues", row.name, row.revision, row.model, params, {}, label="captions"))
        inputs = {"times": read.fit.out("times")}
        return part(step("cues", row.name, row.revision, row.model, params, inputs, label="captions"), read.fit)

    def _mix(self, read: Read, placement_id: str, clip: Part | None = None) -> Part | None:
        """Voice and music of one placement, and the own sound of a `clip`; None when there is none of them."""
        placement = self.world.placements[placement_id]
        below: list[Part] = []
        inputs: dict[str, str | Output] = {}
        if read.fit is not None:
            below.append(read.fit)
            inputs["voice"] = read.fit.out("audio")
        if self.brief.music is not None:
            bed = self._bed(placement_id, placement.ms or 0)
            below.append(bed)
            inputs["bed"] = bed.out("audio")
        if clip is not None:
            below.append(clip)
            inputs["clip"] = clip.out("audio")
        if not inputs:
            return None
        row = self.world.catalogue.choose("mix", self.brief.backends.get("mix"))
        lufs, peak = placement.lufs_tenths, placement.true_peak_tenths
        params = {
            "ms": placement.ms,
            "lufs_tenths": DEFAULT_LUFS_TENTHS if lufs is None else lufs,
            "true_peak_tenths": DEFAULT_TRUE_PEAK_TENTHS if peak is None else peak,
        }
        return part(step("mix", row.name, row.revision, row.model, params, inputs, label="mix"), *below)

    def _bed(self, placement: str, ms: int) -> Part:
        """Music for so long: composed in the brief's mood, or its own track, which ends with the spot."""
        music = self.brief.music
        if isinstance(music, Track):
            track = self.world.track
            assert track is not None  # ingested with its brief
            if track.ms < ms:
                problem = f"the track lasts {track.ms / 1000:.1f} s, and {placement} {ms / 1000:g} s"
                raise PlanningProblem("music.track", problem, "Name a longer one, or leave the placement out")
            row = self.world.catalogue.choose("bed", "track")
            made = step("bed", row.name, row.revision, row.model, {"ms": ms}, {"track": track.sha256}, 0, "music")
            return part(made.under([music.licence]))
        assert music is not None
        row = self.world.catalogue.choose("bed", self.brief.backends.get("bed"))
        moods = row.facts.get("moods")
        if moods and music.mood not in moods:
            problem = f"{row.name} has no mood {music.mood!r}"
            raise PlanningProblem(
                "music.mood", problem, did_you_mean(music.mood, moods) or f"There is: {', '.join(moods)}"
            )
        params = {"mood": music.mood, "ms": ms}
        return part(step("bed", row.name, row.revision, row.model, params, {}, self.seed, f"{music.mood} music"))


def _count(count: int) -> str:
    """ "1 word", "6 words"."""
    return f"{count} word{'' if count == 1 else 's'}"
