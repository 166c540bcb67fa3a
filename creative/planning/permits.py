"""Whether those whose voice, likeness or music an ad has in it agreed to that ad; what is said of it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from creative.brief.brief import Brief
from creative.brief.sound import CloneVoice, Track
from creative.planning.problem import PlanningProblem
from creative.rights.records import WITHOUT, Kind
from creative.rights.scope import Refusal, Wanted, constraint, refusal, unusable
from creative.steps import Step
from creative.world import World

_FIELDS: Mapping[Kind, Mapping[str, str]] = {
    "voice": {},  # the voice's own: its id is in the path
    "likeness": {"consent": "scenes.people", "reference": "scenes.library", "locale": "scenes.people"},
    "music": {"consent": "music.licence", "reference": "music.track", "locale": "music.licence"},
}
_SEEN = "a person's likeness with consent"
_SAID: Mapping[str, str] = {"scene": _SEEN, "clip": _SEEN, "bed": "music under the licence"}


class Permits:
    """Asks for consents as the store had them when the world was made; remembers what it asked."""

    def __init__(self, brief: Brief, world: World) -> None:
        self.brief, self.world = brief, world
        self._voices = {voice.id: voice for voice in brief.voices if isinstance(voice, CloneVoice)}
        persons = world.rights.naming("likeness")
        self._persons = persons
        self._pictured = {id for own in world.library for id in persons.get(own.sha256, ())}
        self._asked = functools.lru_cache(4096)(self._ask)

    def check_voice(self, voice: str, market: str, locale: str, placement: str) -> None:
        """Raise PlanningProblem, naming the voice's field, where nobody agreed that a cloned voice says this ad."""
        row = self._voices.get(voice)
        if row is not None:
            reference = self.world.references[voice]
            _raise(self._asked("voice", row.consent, reference, market, locale, placement, True), f"voices.{voice}")

    def check_person(self, market: str, locale: str, placement: str, shown: bool) -> None:
        """Raise PlanningProblem where the brief's `people: likeness:...` rests on no consent for it; and, where the person
        is `shown`, on none for this ad.
        """
        person = self.brief.scenes.likeness
        if person is not None:
            _raise(self._asked("likeness", person, None, market, locale, placement, shown), "scenes")
            if person not in self._pictured:
                problem = f"none of the photos in scenes.library is one that {person} names"
                raise PlanningProblem("scenes.people", problem, "Put what was agreed to there, byte for byte")

    def check_films(self, footage: str, market: str, locale: str, placement: str) -> None:
        """Raise PlanningProblem where somebody whom a consent of the store names is seen in the brand's films, and did not
        agree to this ad; or where the brief names a consent to none of them.
        """
        where, films = f"footage.{footage}.consents", self.world.footage[footage]
        consents = self.brief.footage[footage].consents
        for id in consents:
            about = [film.sha256 for film in films if id in self._persons.get(film.sha256, ())]
            self._check_seen(id, (about or [films[0].sha256])[0], market, locale, placement, where)
        for film in films:
            if named := ", ".join(self.world.rights.unnamed(film.sha256, consents)):
                problem = f"{film.name} shows somebody who has to agree ({named}), and no consent is named"
                instead = f"Write consents: [{', '.join((*consents, named))}], or leave the film out"
                raise PlanningProblem(where, problem, instead)

    def check_drawn(
        self, kind: str, backend: str, ids: Sequence[str], market: str, locale: str, placement: str
    ) -> None:
        """Raise PlanningProblem where a backend draws somebody who did not agree to this ad."""
        for id in ids:
            self._check_seen(id, None, market, locale, placement, f"backends.{kind}", f"{backend} draws a person: ")

    def _check_seen(
        self, id: str, file: str | None, market: str, locale: str, placement: str, where: str, before: str = ""
    ) -> None:
        if found := self._asked("likeness", id, file, market, locale, placement, True):
            instead = found[1].instead.replace(WITHOUT["likeness"], "take another film or backend")
            raise PlanningProblem(where, before + found[1].problem, instead)

    def check_track(self, market: str, locale: str, placement: str) -> None:
        """Raise PlanningProblem where the brief's track may not be played in this ad."""
        music = self.brief.music
        if isinstance(music, Track) and self.world.track is not None:
            found = self._asked("music", music.licence, self.world.track.sha256, market, locale, placement, True)
            _raise(found, "music")

    def _ask(
        self, kind: Kind, consent: str, reference: str | None, market: str, locale: str, placement: str, whole: bool
    ) -> tuple[Kind, Refusal] | None:
        brief, kit, world = self.brief, self.brief.brand_kit, self.world
        wanted = Wanted(
            kind=kind,
            consent=consent,
            reference=reference,
            brand=(kit.name, *([kit.id] if kit.id else [])),
            market=market,
            locale=locale,
            placement=placement,
            channel=world.placements[placement].channel,
            days=(brief.flight.from_, brief.flight.until) if brief.flight else None,
            today=world.today,
            authors=world.authors if brief.owner else (),
        )
        found = refusal(world.rights, wanted) if whole else unusable(world.rights, wanted)
        return (kind, found) if found is not None else None

    def constraints(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """What the manifest carries of what an ad needs: each as a rights constraint."""
        return [constraint(self.world.rights, id) for id in ids]

    def spelled(self, ids: Iterable[str], voice: str | None) -> tuple[str, ...]:
        """What is part of what the brief wants of an ad: each consent, and what it is for."""
        about: dict[str, str] = {}
        if voice in self._voices:
            about[self._voices[voice].consent] = self.world.references[voice or ""]
        music = self.brief.music
        if isinstance(music, Track) and self.world.track is not None:
            about[music.licence] = self.world.track.sha256
        return tuple(f"{id} {about.get(id, '')}".rstrip() for id in ids)

    @staticmethod
    def notes(steps: Sequence[Step]) -> tuple[str, ...]:
        """What a file says of those whose likeness or music is in it: by the consent's id, never by name."""
        said = (f"{_SAID[one.kind]} {' and '.join(one.rights)}" for one in steps if one.rights and one.kind in _SAID)
        return tuple(dict.fromkeys(said))


def _raise(found: tuple[Kind, Refusal] | None, below: str) -> None:
    if found is not None:
        kind, refused = found
        where = _FIELDS[kind].get(refused.about, f"{below}.{refused.about}")
        raise PlanningProblem(where, refused.problem, refused.instead)
