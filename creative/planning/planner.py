"""The planner: each cell's words, its steps, and its record, in windows."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from creative.brief.brief import Brief
from creative.canonical import checked_key, key
from creative.cells import Cell, Cells
from creative.errors import Finding
from creative.placements import Placement
from creative.planning.judges import judges_of
from creative.planning.permits import Permits
from creative.planning.pictures import Pictures, film_frames
from creative.planning.problem import PlanningProblem
from creative.planning.sound import Sound
from creative.planning.suiting import Suiting
from creative.planning.window import ENDS, SUBTITLES, Part, PlannedCell, PlanWindow, part
from creative.planning.words import Subject, Words
from creative.records import CellRecord
from creative.rehearsals import SAID
from creative.rights.guard import drawn, sources
from creative.steps import Output, Step, step
from creative.world import World

WINDOW = 256
POSTER_SIDE = 640
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SYNTHETIC = f"{_SOURCE}compositeSynthetic"
_TRAINED = f"{_SOURCE}compositeWithTrainedAlgorithmicMedia"
"""IPTC NewsCodes, digital source type: the second where a trained model made any part."""
_COMPARED = {"scene": "image", "meta": "meta", "layer": "layer"}
"""Roles of a measurement that are outputs of a generated scene."""
_NOT_COMMERCIAL = "not for commercial use"
_MAX_FINDINGS = 50
_UNSAFE = re.compile(r"[^\w.+-]+")
_DOUBLE = re.compile(r"([_.-])\1+")
_FIELD = re.compile(r"\{(\w+)\}")


class Planner:
    """Plans a brief in a world. The same brief, world and `only` give the same windows, as often as asked."""

    def __init__(self, brief: Brief, world: World, only: Mapping[str, frozenset[str]] | None = None) -> None:
        self.brief, self.world, self.only = brief, world, dict(only or {})
        self.seed = int(key({"seed": brief.seed, "take": 0})[:8], 16) & 0x7FFFFFFF
        self.words = Words(brief)
        self.permits = Permits(brief, world)
        self.sound = Sound(brief, world, self.words, self.seed)
        self.pictures = Pictures(brief, world, self.words, self.seed)
        self._suiting = Suiting(world, self.pictures)
        self.findings: dict[tuple[str, str], Finding] = {}
        """What makes ads impossible."""
        self._model_used = functools.lru_cache(4096)(self._uses_trained_model)
        self._lines = functools.lru_cache(1024)(self._lines_of)
        self._passed_on = functools.lru_cache(1024)(self._carried)
        self._title = functools.lru_cache(1024)(self._title_of)
        self._segments = {segment.id: segment for segment in brief.segments}

    def windows(self) -> Iterator[PlanWindow]:
        """Windows of cells in the order in which they are made. What cannot be made is in `findings` afterwards."""
        cells = iter(Cells(self.brief, self.world.placements, tuple(self.world.layouts), self.only, self._suiting))
        for number in itertools.count(1):
            chunk = list(itertools.islice(cells, WINDOW))
            if not chunk:
                return
            steps: dict[str, Step] = {}
            planned = [found for cell in chunk if (found := self._plan(cell, steps)) is not None]
            yield PlanWindow(number, tuple(planned), steps)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is made otherwise than one may expect, known when the windows were gone through."""
        every = itertools.chain(self.sound.warnings("placement" not in self.only), self.pictures.warnings())
        noted = itertools.islice(every, _MAX_FINDINGS)
        return tuple(self.brief.finding(where, problem) for where, problem in noted)

    def _plan(self, cell: Cell, steps: dict[str, Step]) -> PlannedCell | None:
        about = Subject(cell.product, cell.offer, cell.market, cell.locale)
        try:
            if self._skipped(cell, about):
                return None
            if cell.modality != "image" and (voice := cell.choices.get("voice")):
                self.permits.check_voice(voice, cell.market, cell.locale, cell.placement)
            texts, made, boxes, beside = self._make(cell, about)
            self._check_permits(cell, made)
        except PlanningProblem as problem:
            self._find(problem)
            return None
        ends = self._ends(cell, texts, made, boxes)
        if beside is not None:
            ends[SUBTITLES] = beside
        if self.world.catalogue.judges:
            ends |= self._judges(cell, about, texts, ends["finish"], boxes)
        for below in (made, *(box[0] for box in boxes), *ends.values()):
            for one in below.steps:
                known = steps.setdefault(one.key, one)
                if known.rights != one.rights:  # two voices from one recording, under two consents
                    steps[one.key] = known.under(one.rights)
        keys = {name: end.step.key for name, end in ends.items()}
        record = functools.partial(self._record, cell, about, texts, keys, ends["finish"].step.rights)
        return PlannedCell(cell.ad_id, cell.modality, cell.segment, keys, record)

    def _check_permits(self, cell: Cell, made: Part) -> None:
        """Raise PlanningProblem where somebody's likeness or music is in the ad, and they did not agree to it."""
        if cell.modality != "audio":
            where = (cell.market, cell.locale, cell.placement)
            shown = any(below.kind == "scene" and sources(below) and below.rights for below in made.steps)
            self.permits.check_person(*where, shown)
            if cell.modality == "video" and (footage := self._segments[cell.segment].footage):
                self.permits.check_films(footage, *where)
            specs = {(below.kind, below.backend) for below in made.steps}
            for kind, backend in sorted(specs):
                self.permits.check_drawn(kind, backend, drawn(self.world.catalogue.specs[kind, backend]), *where)
        if cell.modality != "image":
            self.permits.check_track(cell.market, cell.locale, cell.placement)

    def _skipped(self, cell: Cell, about: Subject) -> bool:
        """`missing_translation: skip`: an ad without its words is no ad."""
        if self.brief.missing_translation != "skip":
            return False
        headline = cell.choices.get("headline")
        names = [headline] if headline else []
        if cell.modality != "image":
            names.append("script")
        return any(not self.words.candidates(name, about) for name in names)

    def _make(
        self, cell: Cell, about: Subject
    ) -> tuple[Mapping[str, str], Part, tuple[tuple[Part, str], ...], Part | None]:
        """The words by role, what `finish` takes, the parts whose boxes `measure` reads, and subtitles of a film."""
        placement = self.world.placements[cell.placement]
        headline, layout = cell.choices.get("headline"), cell.choices.get("layout", "")
        scene = cell.choices.get("scene", "")
        if cell.modality == "image":
            still = self.pictures.still(about, headline, scene, layout, cell.placement)
            return still.step.params["texts"], still, ((still, "boxes"),), None
        assert placement.ms is not None
        voice = cell.choices.get("voice")
        if cell.modality == "audio" and voice is None:
            raise PlanningProblem(
                "voices" if self.brief.voices else "placements",
                f"no voice speaks {cell.locale}, which {cell.placement} needs",
                f"Add a voice for it, or exclude {{placements: [{cell.placement}], markets: [{cell.market}]}}",
            )
        shown_ms = film_frames(placement)[0] * 10 // (placement.fps or 30) * 100
        read = self.sound.read(about, voice, placement.ms, shown_ms)
        footage = self._segments[cell.segment].footage if cell.modality == "video" else None
        clip = self.pictures.clip(footage, cell.placement) if footage else None
        heard = clip if footage and self.brief.footage[footage].sound == "keep" else None
        mix = self.sound.mix(read, cell.placement, heard)
        if cell.modality == "audio":
            assert mix is not None
            return {"script": read.text}, mix, (), None
        fps, (shown, card_shown) = placement.fps or 30, film_frames(placement)
        cues = self.sound.cues(read, fps, shown)
        beside = self.sound.subtitles(read, fps, shown + card_shown if read.fit is not None else shown)
        film, body, card = self.pictures.film(about, headline, scene, layout, cell.placement, cues, mix, clip)
        texts = dict(card.step.params["texts"]) | {"script": read.text}
        return texts, film, ((body, "boxes"), (card, "boxes")), beside

    def _ends(
        self, cell: Cell, texts: Mapping[str, str], made: Part, boxes: tuple[tuple[Part, str], ...]
    ) -> dict[str, Part]:
        row = self.world.placements[cell.placement]
        output = {"image": "image", "video": "film", "audio": "audio"}[cell.modality]
        trained, notes = self._model_used(made), self.permits.notes(made.steps)
        label = f"{cell.placement} for {cell.segment} in {cell.locale}"
        said = texts.get("headline") or texts.get("script", "")
        finish = part(
            self._step(
                "finish",
                {
                    "ad_id": cell.ad_id,
                    "title": self._title(cell.product, cell.locale, said),
                    "format": row.format,
                    "source_type": _TRAINED if trained else _SYNTHETIC,
                    "ai_note": ", ".join((*trained, *notes, *self._limits(made))),
                    **_encoding(row),
                },
                {"media": made.out(output)},
                label,
            ),
            made,
        )
        inputs: dict[str, str | Output] = {"asset": finish.out("asset")}
        for number, (below, name) in enumerate(boxes):
            inputs[f"boxes.{number}"] = below.out(name)
        compared = inputs | self._generated(made) if cell.modality != "audio" else inputs
        measure = self._step("measure", {"modality": cell.modality}, compared, label).under(finish.step.rights)
        shown = {"modality": cell.modality, "side": POSTER_SIDE}
        poster = self._step("poster", shown, inputs, label).under(finish.step.rights)
        return dict(zip(ENDS, (finish, Part(measure, (measure,)), Part(poster, (poster,))), strict=True))

    def _limits(self, made: Part) -> list[str]:
        """For what a file may not be used, in words."""
        noise = bool(self.world.catalogue.rehearsals((below.kind, below.backend) for below in made.steps))
        return [*([SAID] if noise else []), *([] if self.brief.commercial else [_NOT_COMMERCIAL])]

    def _judges(
        self,
        cell: Cell,
        about: Subject,
        texts: Mapping[str, str],
        finish: Part,
        boxes: tuple[tuple[Part, str], ...],
    ) -> dict[str, Part]:
        must = (*self.words.offer_texts(about).values(), *(texts.get(role, "") for role in ("legal", "disclaimer")))
        label = f"{cell.placement} for {cell.segment} in {cell.locale}"
        script = texts.get("script", "")
        return judges_of(self.world, cell.modality, cell.locale, script, must, finish, boxes, label)

    def _step(self, kind: str, params: Mapping[str, Any], inputs: Mapping[str, str | Output], label: str) -> Step:
        row = self.world.catalogue.choose(kind, self.brief.backends.get(kind))
        return step(kind, row.name, row.revision, row.model, params, inputs, label=label)

    def _generated(self, made: Part) -> dict[str, str | Output]:
        """The scene that a trained model painted around a product, and the product itself: measurement compares them."""
        for below in made.steps:
            if below.kind != "scene" or "cutout" not in below.inputs:
                continue
            if self.world.catalogue.specs["scene", below.backend].generative:
                parts = {role: Output(below.key, name) for role, name in _COMPARED.items()}
                return {**parts, "cutout": below.inputs["cutout"]}
        return {}

    def _uses_trained_model(self, made: Part) -> tuple[str, ...]:
        """What trained models made of it, in words: "voice by hibari"."""
        names = {"speech": "voice", "scene": "picture", "clip": "film", "bed": "music"}
        used = {}
        for below in made.steps:
            if below.kind == "speech" and below.rights:
                used[f"voice cloned by {below.backend} with consent {' and '.join(below.rights)}"] = True
            elif self.world.catalogue.specs[below.kind, below.backend].generative:
                used[f"{names.get(below.kind, below.kind)} by {below.backend}"] = True
        return tuple(used)

    def _title_of(self, product: str | None, locale: str, said: str) -> str:
        subject = self.brief.name(product, locale) if product is not None else None
        return f"{self.brief.brand_kit.name} {subject or self.brief.campaign.name}: {said}"[:200]

    def _record(
        self,
        cell: Cell,
        about: Subject,
        texts: Mapping[str, str],
        ends: Mapping[str, str],
        needs: tuple[str, ...],
    ) -> CellRecord:
        brief = self.brief
        headline = cell.choices.get("headline")
        named = self._named(cell, ends["finish"])
        name = file_name(brief.naming, named)
        media = (*(self.world.photos[cell.product] if cell.product else ()), *self.world.logos.values())
        footage = self._segments[cell.segment].footage if cell.modality == "video" else None
        if footage:
            takes = (f"{film.sha256} {film.from_ms} {film.until_ms}" for film in self.world.footage[footage])
            media = (*media, *takes, self.brief.footage[footage].sound)
        voice = cell.choices.get("voice") if cell.modality != "image" else None
        licences = self.sound.licences(voice)
        media = (*media, *licences.values())
        media = (*media, *self.permits.spelled(needs, voice), *([] if brief.commercial else [_NOT_COMMERCIAL]))
        options = (*self._segments[cell.segment].scene, *(self.brief.variants.choose))
        return CellRecord.model_construct(
            ad_id=cell.ad_id,
            campaign=cell.campaign,
            market=cell.market,
            locale=cell.locale,
            product=cell.product,
            offer=cell.offer,
            segment=cell.segment,
            placement=cell.placement,
            arm=cell.arm,
            variant=cell.variant,
            modality=cell.modality,
            name=name,
            choices=dict(cell.choices),
            texts=dict(texts),
            wanted=self.words.wanted(about, cell.segment, cell.modality, headline, media, options),
            binding=self.words.binding(about),
            steps=dict(ends),
            lines=self._lines(cell.segment, cell.market, cell.product, cell.offer, headline, cell.modality),
            carried=self._passed_on(about, cell.segment)
            | self._tracking(named, name)
            | licences
            | ({"rights": self.permits.constraints(needs)} if needs else {}),
        )

    def _lines_of(
        self, segment: str, market: str, product: str | None, offer: str | None, headline: str | None, modality: str
    ) -> dict[str, str]:
        """Where the brief says it."""
        paths = {"segment": f"segments.{segment}", "market": f"markets.{market}"}
        if product:
            paths["product"] = f"products.{product}"
        if offer:
            paths["offer"] = f"offers.{offer}"
        if headline:
            paths["headline"] = f"copy.{headline}"
        if modality != "image":
            paths["script"] = "copy.script"
        return {name: self.brief.line(path) for name, path in paths.items()}

    def _tracking(self, named: Callable[[str], str], name: str) -> dict[str, str]:
        if not self.brief.tracking:
            return {}
        filled = fill(self.brief.tracking, lambda field: quote(name if field == "name" else named(field)))
        return {"tracking": filled}

    def _carried(self, about: Subject, segment: str) -> dict[str, Any]:
        """What the manifest passes on, unused here: where a click leads, texts beside the ad, who answers for it."""
        brief, carried = self.brief, dict[str, Any]()
        for name in ("alt", "post_text"):
            texts = self.words.candidates(name, about)
            if texts:
                carried[name] = texts[0]
        url = brief.markets[about.market].url
        if url:
            carried["url"] = str(url)
        if brief.owner:
            carried["owner"] = brief.owner.model_dump(exclude_none=True)
        if brief.flight:
            carried["flight"] = {"from": brief.flight.from_.isoformat(), "until": brief.flight.until.isoformat()}
        if not brief.commercial:
            carried["commercial"] = False
        valid = brief.offers[about.offer].valid if about.offer is not None else None
        if valid:
            carried["valid"] = {"from": valid.from_.isoformat(), "until": valid.until.isoformat()}
        zone = brief.markets[about.market].timezone
        if zone:
            carried["timezone"] = str(zone)
        carried["value"] = int(self._segments[segment].value)
        traits = self._segments[segment].traits
        if traits:
            carried["traits"] = {
                name: value if isinstance(value, str) else list(value) for name, value in traits.items()
            }
        return carried

    def _named(self, cell: Cell, finish: str) -> Callable[[str], str]:
        """The value of a field that `naming` or `tracking` uses; those that are not used cost nothing."""

        def value(field: str) -> str:
            if field == "id8":
                return asset_id(cell.ad_id, finish).removeprefix("as_")[:8]
            if field == "brand":
                return self.brief.brand_kit.name
            if field == "variant":
                return f"v{cell.variant}"
            return str(getattr(cell, field, None) or "")

        return value

    def _find(self, problem: PlanningProblem) -> None:
        if (problem.where, problem.problem) in self.findings or len(self.findings) >= _MAX_FINDINGS:
            return
        self.findings[problem.where, problem.problem] = self.brief.finding(
            problem.where, problem.problem, problem.instead
        )


def _encoding(row: Placement) -> dict[str, int]:
    """What finish has to know to encode sound; pictures and films come to it as they stay."""
    if row.modality != "audio":
        return {}
    figures = {"min_kbps": row.min_kbps, "max_bytes": row.max_bytes, "true_peak_tenths": row.true_peak_tenths}
    return {name: figure for name, figure in figures.items() if figure is not None}


def asset_id(ad: str, finish: str) -> str:
    """The name of one rendition: "as_" and 20 hexadecimal digits of the digest of its ad and its finish key."""
    return f"as_{checked_key([ad, finish])[:20]}"


def fill(pattern: str, named: Callable[[str], str]) -> str:
    """`pattern` with each {field} replaced by its value."""
    return "".join(named(part) if is_field else part for part, is_field in _parts(pattern))


@functools.cache
def _parts(pattern: str) -> tuple[tuple[str, bool], ...]:
    """A pattern's texts and fields in turn."""
    return tuple((part, bool(number % 2)) for number, part in enumerate(_FIELD.split(pattern)) if part)


@functools.lru_cache(4096)
def _safe(value: str) -> str:
    return _UNSAFE.sub("-", value)


def file_name(pattern: str, named: Callable[[str], str]) -> str:
    """A file's name without ending, by the brief's `naming`; empty parts leave no double separator."""
    name = fill(pattern, lambda field: _safe(named(field)))
    return _DOUBLE.sub(r"\1", name).strip("_.-")[:180] or "ad"
