"""Pictures: scenes, stills, the body and the end card of a film."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from creative.backends import BackendSpec
from creative.brief.brief import Brief
from creative.copyfit import direction, items_of
from creative.framings import Family
from creative.labels import label_words
from creative.own_media import OwnPhoto, fitting
from creative.placements import Placement
from creative.planning.lines import OFFER_ROLES, Lines, other_font
from creative.planning.problem import PlanningProblem
from creative.planning.window import Part, part
from creative.planning.words import Subject, Words
from creative.prompts import Framing, Told, Way, document, name_for_models
from creative.rights.guard import drawn
from creative.steps import Output, Step, step
from creative.world import Document, World

_PALETTE = ("ground", "second", "accent", "text", "on_accent")
SOFT = 1.3
"""How far a product's photo may be enlarged before it is told that it will look soft."""
MOTIONS = ("push", "rack", "pan")
"""How films move: see parameter `motion` of kind `body`."""
CARD_ENTERS_MS, CARD_LEAVES_MS = 600, 133
"""What an end card takes to come to rest, and, where the film starts over, to clear for it."""
LOOPS_MS = 6000


class Pictures:
    """Plans what is seen; remembers what it planned."""

    def __init__(self, brief: Brief, world: World, words: Words, seed: int) -> None:
        self.brief, self.world, self.words, self.seed = brief, world, words, seed
        colours = {str(role): colour for role, colour in brief.brand_kit.colours.items()}
        self.palette = {role: colours[role] for role in _PALETTE}
        self.scene = functools.lru_cache(1024)(self._scene)
        self._persons = world.rights.naming("likeness")
        self._library = tuple(own for own in world.library if self._may_show(own))
        self._shown = False
        self.lines = Lines(world, words)
        self.texts = self.lines.texts
        self.still = functools.lru_cache(4096)(self._still)
        self.film = functools.lru_cache(4096)(self._film)
        self._noted: dict[tuple[str, str], None] = {}
        self.clip = functools.lru_cache(1024)(self._clip)
        self._cut = functools.lru_cache(256)(self._cutout)

    def _step(
        self,
        kind: str,
        params: Mapping[str, object],
        inputs: Mapping[str, str | Output],
        seed: int | None = None,
        label: str = "",
        backend: str | None = None,
    ) -> Step:
        """`backend`: the row that is taken when the brief names none."""
        row = self.world.catalogue.choose(kind, self.brief.backends.get(kind, backend))
        return step(kind, row.name, row.revision, row.model, params, inputs, seed, label)

    def _cutout(self, product: str) -> Part | None:
        photos = self.world.photos[product]
        if not photos:
            return None
        header = self.world.headers.get(photos[0])
        freed = "u2netp" if header is not None and not header.has_alpha else None
        return part(self._step("cutout", {}, {"photo": photos[0]}, label=f"cut-out of {product}", backend=freed))

    def _scene(self, product: str | None, words: str, family: str) -> Part:
        cutout = self._cut(product) if product is not None else None
        frame = self.world.families[family]
        size = (frame.width, frame.height)
        own = fitting(self._library, words, product, size, self.seed, cutout is not None)
        self._note(product, words, family, own)
        if own is not None:
            return self._own_scene(own, cutout, words, family)
        params = {
            "prompt": words,
            "width": frame.width,
            "height": frame.height,
            "palette": {role: self.palette[role] for role in ("ground", "second", "accent")},
            "product": dict(frame.product) if cutout else None,
            "take": 0,
        }
        inputs: dict[str, str | Output] = {"cutout": cutout.out("image")} if cutout else {}
        row = self.world.catalogue.choose("scene", self.brief.backends.get("scene"))
        if "prompts" in row.facts:
            inputs["prompt"] = self._prompt(row, product if cutout else None, words, frame)
        label = f"{family} scene {words[:40]!r}"
        made = self._step("scene", params, inputs, self.seed, label).under(drawn(row))
        return part(made, *([cutout] if cutout else []))

    def _prompt(self, row: BackendSpec, product: str | None, words: str, frame: Family) -> str:
        """What a trained model is told, as an ingested document; its sha256."""
        way: Way = "without_product" if product is None else row.facts.get("product", "surroundings")
        named = name_for_models(self.brief.products[product].name) if product is not None else None
        framing = Framing(frame.width, frame.height, frame.product if product is not None else None)
        told = document(str(row.facts["prompts"]), way, Told(words, named, self.palette), framing)
        return self.world.media.add_bytes(told, "application/json")

    def _note(self, product: str | None, words: str, family: str, own: OwnPhoto | None) -> None:
        """Keep what is made otherwise than one may expect: a photo of the library, or of the product, is too small."""
        frame = self.world.families[family]
        if own is None and self._library:
            small = fitting(self._library, words, product, (1, 1), self.seed)
            if small is not None:
                problem = (
                    f"{small.photo.name} fits {words[:40]!r}, and with {small.photo.width} x {small.photo.height} px it is "
                    f"too small for {frame.width} x {frame.height}: a scene is made there"
                )
                self._noted["scenes.library", problem] = None
        header = (
            self.world.headers.get(self.world.photos[product][0]) if product and self.world.photos[product] else None
        )
        if header is None:
            return
        across, down = frame.product["width"] * frame.width / 1000, frame.product["height"] * frame.height / 1000
        scale = min(across / header.width, down / header.height)
        if scale > SOFT:
            problem = (
                f"the photo has {header.width} x {header.height} px and is enlarged {scale:.1f} times in {family} scenes: "
                f"supply at least {round(header.width * scale)} px of width"
            )
            self._noted[f"products.{product}.photos", problem] = None

    def warnings(self) -> Iterator[tuple[str, str]]:
        """The field that each is about, and what is to be said."""
        yield from self._noted
        person = self.brief.scenes.likeness
        if person is not None and not self._shown:
            yield "scenes.people", f"nobody is seen: no scene's words fit a photo of scenes.library that {person} names"
        for own in self.world.library:
            if own not in self._library:
                named = ", ".join(self._persons[own.sha256])
                yield "scenes.library", f"{own.photo.name} shows somebody who has to agree ({named}): it is not used"

    def _shows(self, own: OwnPhoto) -> bool:
        """Whether it shows the person whom the brief names."""
        return self.brief.scenes.likeness in self._persons.get(own.sha256, ())

    def _may_show(self, own: OwnPhoto) -> bool:
        """A photo that a consent of the store names is used by those only who name that consent."""
        person = self.brief.scenes.likeness
        return not self.world.rights.unnamed(own.sha256, () if person is None else (person,))

    def _own_scene(self, own: OwnPhoto, cutout: Part | None, words: str, family: str) -> Part:
        """A scene from a photo of the brand's library; with the product's cut-out, unless the photo shows it."""
        photo, frame = own.photo, self.world.families[family]
        shows = photo.product is not None
        person = self.brief.scenes.likeness if self._shows(own) else None
        self._shown = self._shown or person is not None
        params = {
            "width": frame.width,
            "height": frame.height,
            "palette": {role: self.palette[role] for role in ("ground", "second", "accent")},
            "product": dict(frame.product),
            "take": 0,
            "photo": {
                "name": photo.name,
                "shows": shows,
                "released": photo.release is not None,
                # Which consent it is is no part of the picture; of nobody else may a face be seen.
                "people": "none" if self.brief.scenes.likeness is not None and person is None else self._people,
                "focus": list(photo.focus) if photo.focus else None,
            },
        }
        view = part(self._step("view", {}, {"photo": own.sha256}, label=f"what is in {photo.name}"))
        inputs: dict[str, str | Output] = {"photo": own.sha256, "view": view.out("view")}
        below = [view]
        if cutout is not None and not shows:
            inputs["cutout"] = cutout.out("image")
            below.append(cutout)
        row = self.world.catalogue.choose("scene", "library")
        label = f"{family} scene {words[:40]!r} from {photo.name}"
        made = step("scene", row.name, row.revision, row.model, params, inputs, self.seed, label)
        return part(made.under([person] if person is not None else []), *below)

    @property
    def _people(self) -> str:
        return "likeness" if self.brief.scenes.likeness is not None else self.brief.scenes.people

    def _clip(self, footage: str, placement: str) -> Part:
        """The body's picture from the brand's own films. Raises PlanningProblem when they are known to be too short."""
        row, taken = self.world.placements[placement], self.world.footage[footage]
        frames, _ = film_frames(row)
        fps = row.fps or 30
        for film in taken:
            if not film.fills(row.width or 0, row.height or 0):
                assert film.size is not None
                problem = (
                    f"{film.name} has {film.size[0]} x {film.size[1]} px, too few to fill {placement} "
                    f"({row.width} x {row.height} px)"
                )
                raise PlanningProblem(f"footage.{footage}.files", problem, "Export it larger, or exclude the placement")
        there = [film.used_ms for film in taken]
        needed = frames * 1000 // fps
        if None not in there and (found := sum(ms or 0 for ms in there)) < needed - 50:
            problem = (
                f"has {found / 1000:.2f} s of film, and {placement} shows {needed / 1000:.2f} s before its end card: "
                f"{(needed - found) / 1000:.2f} s are missing"
            )
            raise PlanningProblem(f"footage.{footage}.files", problem, "Add a film, or exclude the placement")
        params = {
            "width": row.width,
            "height": row.height,
            "fps": fps,
            "frames": frames,
            "trims": [[film.from_ms, film.until_ms] for film in taken],
            "sound": self.brief.footage[footage].sound,
            "ms": row.ms,
        }
        inputs: dict[str, str | Output] = {f"footage.{n}": film.sha256 for n, film in enumerate(taken)}
        names = ", ".join(film.name for film in taken)
        label = f"footage {footage} ({names[:60]}) for {placement}"
        named = self.world.catalogue.choose("clip", self.brief.backends.get("clip"))
        if "prompts" in named.facts:  # that one paints: the brand's own films are cut as they always are
            named = self.world.catalogue.choose("clip")
        made = step("clip", named.name, named.revision, named.model, params, inputs, label=label)
        return part(made.under(self.brief.footage[footage].consents))

    def _painted(self, scene: Part, product: str | None, words: str, family: str, placement: Placement) -> Part | None:
        """A film's set from a trained model, where the brief names one: it moves behind the product, whatever the layout."""
        row = self.world.catalogue.choose("clip", self.brief.backends.get("clip"))
        if "prompts" not in row.facts:
            return None
        there = self._cut(product) if product is not None else None
        params = {
            "fps": placement.fps or 30,
            "frames": film_frames(placement)[0],
            "ms": placement.ms,
            "take": 0,
        }
        inputs: dict[str, str | Output] = {name: scene.out(name) for name in ("image", "meta", "plate", "layer")}
        inputs["prompt"] = self._prompt(row, product if there else None, words, self.world.families[family])
        label = f"moving {family} scene {words[:40]!r} for {placement.id}"
        return part(self._step("clip", params, inputs, self.seed, label).under(drawn(row)), scene)

    def label(self, locale: str, seen: Part | None, cloned: bool = False) -> tuple[str, ...]:
        """What an ad says of having been made by a model, the longest first; empty where it says nothing.

        `seen`: its scene or clip, None for one that is not known yet: then what the brief's backend makes counts. `cloned`:
        whether a cloned voice is heard. Raises PlanningProblem where a label is due and nobody knows the words.
        """
        choice = self.brief.ai_label
        if choice.use == "never":
            return ()
        row = self.world.catalogue.choose("scene", self.brief.backends.get("scene"))
        drawn = row.generative if seen is None else any(self._draws(below) for below in seen.steps)
        if choice.use == "auto" and not drawn and not cloned:
            return ()
        known, own = label_words(locale), choice.text.get(locale)
        if known is None and own is None:
            problem = f"the label has no words for {locale}: the farm knows none"
            instead = f"Write compliance: {{ai_label: {{use: {choice.use}, text: {{{locale}: ...}}}}}}"
            raise PlanningProblem("compliance.ai_label", problem, instead)
        if known is None:
            return (own or "",)
        heard = cloned and not drawn and choice.use == "auto"
        return tuple(dict.fromkeys((own or (known.voice if heard else known.picture), known.letters)))

    def _draws(self, step: Step) -> bool:
        """Whether a trained model makes what is seen of a step."""
        return step.kind in ("scene", "clip") and self.world.catalogue.specs[step.kind, step.backend].generative

    def _motion(self, layout: str) -> str:
        """The manner of films in this layout: neighbouring families differ, and the brief's seed turns the wheel."""
        names = sorted(self.world.layouts)
        return MOTIONS[(names.index(layout) + self.seed) % len(MOTIONS)]

    def _check_captions(self, captions: Sequence[str], locale: str) -> None:
        for text in captions:
            missing = self.world.fitter.missing(text, "text", locale)
            if missing:
                problem = f"no font can set {missing[0]!r} (U+{ord(missing[0]):04X}) of the caption {text[:60]!r}"
                raise PlanningProblem("copy.script", problem, other_font("text"))

    def _layout_inputs(
        self, scene: Part, document: Document, texts: Iterable[str], locale: str
    ) -> dict[str, str | Output]:
        return {
            "scene": scene.out("image"),
            "meta": scene.out("meta"),
            "layout": document.sha256,
            **{f"font.{name}": sha256 for name, sha256 in self.world.fonts_for(texts, locale).items()},
            **{f"logo.{tone}": sha256 for tone, sha256 in self.world.logos.items()},
        }

    def _frame(self, placement: Placement, texts: Mapping[str, str], locale: str) -> dict[str, object]:
        return {
            "width": placement.width,
            "height": placement.height,
            "texts": dict(texts),
            "palette": self.palette,
            "locale": locale,
            "direction": direction(locale),
        }

    def _still(self, about: Subject, headline: str | None, words: str, layout: str, placement: str) -> Part:
        row = self.world.placements[placement]
        framing = self.world.document(layout, placement, direction(about.locale)).family
        scene = self.scene(about.product, words, framing)
        label = self.label(about.locale, scene)
        document = self.world.document(layout, placement, direction(about.locale), bool(label))
        texts = self.texts(about, headline, layout, placement, label)
        params = self._frame(row, texts, about.locale) | {"max_bytes": row.max_bytes}
        inputs = self._layout_inputs(scene, document, texts.values(), about.locale)
        return part(self._step("still", params, inputs, label=f"still {placement}"), scene)

    def _film(
        self,
        about: Subject,
        headline: str | None,
        words: str,
        layout: str,
        placement: str,
        cues: Part,
        mix: Part | None,
        clip: Part | None = None,
    ) -> tuple[Part, Part, Part]:
        """Film, body and end card; with a `clip` of footage, that is seen, and the end card goes on from its last frame."""
        row = self.world.placements[placement]
        framing = self.world.document(layout, placement, direction(about.locale)).family
        scene = clip or self.scene(about.product, words, framing)
        painted = self._painted(scene, about.product, words, framing, row) if clip is None else None
        label = self.label(about.locale, painted or scene, mix is not None and any(map(_is_cloned, mix.steps)))
        document = self.world.document(layout, placement, direction(about.locale), bool(label))
        texts = self.texts(about, headline, layout, placement, label)
        body_frames, card_frames = film_frames(row)
        shared = self._frame(row, texts, about.locale) | {
            "fps": row.fps,
            "motion": self._motion(layout),
            "loop": loops(row),
            "least_kbps": row.min_kbps,
        }
        captions: Sequence[str] = cues.step.params["captions"]
        self._check_captions(captions, about.locale)
        inputs = self._layout_inputs(scene, document, [*texts.values(), *captions], about.locale)
        if clip is None:
            inputs |= {"plate": scene.out("plate"), "layer": scene.out("layer")}
        moving = clip or painted
        shown: dict[str, str | Output] = {"clip": moving.out("picture")} if moving is not None else {}
        said = {role: text for role, text in texts.items() if role in _body_roles(document)}
        body = part(
            self._step(
                "body",
                # Only what it shows: another price or call to action makes another end card, and no other body.
                shared | {"frames": body_frames, "texts": said},
                inputs | {"cues": cues.out("cues")} | shown,
                label=f"film {placement}",
            ),
            painted or scene,
            cues,
        )
        rest = shared | {"frames": card_frames}
        if painted is not None:
            rest["moving"], inputs = body_frames, inputs | shown
        card = part(self._step("endcard", rest, inputs, label=f"end card {placement}"), painted or scene)
        joined: dict[str, str | Output] = {"body": body.out("picture"), "endcard": card.out("picture")}
        below = [body, card]
        if mix is not None:
            joined["mix"] = mix.out("audio")
            below.append(mix)
        params = {"fps": row.fps, "frames": body_frames + card_frames}
        return part(self._step("film", params, joined, label=f"film {placement}"), *below), body, card


def _is_cloned(step: Step) -> bool:
    return step.kind == "speech" and bool(step.rights)


def film_frames(placement: Placement) -> tuple[int, int]:
    """Frames of the body and of the end card, which has to stand for its time after it came in, and before it goes."""
    fps, ms = placement.fps or 30, placement.ms or 0
    moves = CARD_ENTERS_MS + (CARD_LEAVES_MS if loops(placement) else 0)
    card = -(-(placement.end_card_ms + moves) * fps // 1000) if placement.end_card_ms else 0
    return ms * fps // 1000 - card, card


def loops(placement: Placement) -> bool:
    """Whether a film is so short that it is seen several times in a row: then its end leads into its beginning."""
    return placement.ms is not None and placement.ms <= LOOPS_MS


def _body_roles(document: Document) -> set[str]:
    """The roles that a film's body shows; without a place for captions these stand where the offer would."""
    roles = set(items_of(document.content, "body")) | set(items_of(document.content, "body", plain=True))
    return roles if "caption" in roles else roles - {*OFFER_ROLES, "cta"}
