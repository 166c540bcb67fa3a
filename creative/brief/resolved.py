"""A brief that was read and found good, in the one form that the farm works with: `creative.brief.brief.Brief`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creative.brief.brand import Brand
from creative.brief.brief import Brief, Copy, Wording, fallback_locale
from creative.brief.findings import Place
from creative.brief.later import LabelChoice
from creative.brief.loading import Loading
from creative.brief.models import BriefFile, Footage, Offer, Product, Segment
from creative.brief.said import Lengths, ScriptLengths
from creative.brief.sound import CloneVoice, Music, RecordedVoice, StockVoice, Track
from creative.brief.yaml_source import Node


def resolved(path: Path, file: BriefFile, kit: Brand, extensions: Mapping[str, Any], loading: Loading) -> Brief:
    """The brief in its one form. `path`: its own, absolute; `extensions`: its x- keys."""
    copy = _copy(file, loading)
    products: dict[str, Product] = dict(file.products) if isinstance(file.products, Mapping) else {}
    photos: dict[str, list[Path]] = {}
    for steps, found in loading.files.items():
        if steps[0] == "products":
            photos.setdefault(steps[1], []).append(found)
    offers: Mapping[str, Offer] = file.offers
    return Brief(
        path=path,
        campaign=file.campaign,
        owner=file.owner,
        brand_kit=kit,
        flight=file.flight,
        markets=file.markets,
        products={name: _product(product, tuple(photos.get(name, ())), file) for name, product in products.items()},
        offers=offers,
        copy_=copy,
        missing_translation=file.missing_translation,
        scenes=file.scenes,
        segments=tuple(_segment(segment, copy) for segment in file.segments)
        if isinstance(file.segments, tuple)
        else (),
        include=file.include,
        exclude=file.exclude,
        placements=file.placements,
        voices=tuple(_voice(number, voice, loading) for number, voice in enumerate(file.voices)),
        lexicon=file.lexicon,
        music=_music(file.music, loading),
        variants=file.variants,
        seed=file.seed,
        naming=file.naming,
        tracking=file.tracking,
        limits=file.limits,
        backends=file.backends,
        ai_label=file.compliance.label if file.compliance else LabelChoice(),
        commercial=file.commercial,
        notify=file.notify,
        library=tuple(loading.library),
        footage={name: _footage(name, footage, loading) for name, footage in file.footage.items()},
        extensions=extensions,
        media=dict(sorted(loading.media.items())),
        lines=_lines(loading.root),
    )


def _product(product: Product, photos: tuple[Path, ...], file: BriefFile) -> Product:
    """A product with its photos as they lie here, and facts by locale for every locale that they serve."""
    wanted = {locale for market in file.markets.values() for locale in market.locales}
    facts: dict[str, Any] = {}
    for name, fact in product.facts.items():
        if isinstance(fact, str):
            facts[name] = fact
            continue
        served = {locale: fallback_locale(tuple(fact), locale, file.missing_translation) for locale in sorted(wanted)}
        facts[name] = {**fact, **{locale: fact[found] for locale, found in served.items() if found}}
    return product.model_copy(update={"photos": photos, "facts": facts})


def _voice(
    number: int, voice: StockVoice | RecordedVoice | CloneVoice, loading: Loading
) -> StockVoice | RecordedVoice | CloneVoice:
    """A recording or a clone with its files as they lie here."""
    if isinstance(voice, StockVoice):
        return voice
    at = ("voices", str(number))
    found = {
        name: loading.files[*at, name] for name in ("file", "licence", "reference") if (*at, name) in loading.files
    }
    return voice.model_copy(update=found)


def _music(music: Music | Track | None, loading: Loading) -> Music | Track | None:
    """A track with its file as it lies here."""
    found = loading.files.get(("music", "track"))
    return music.model_copy(update={"track": found}) if isinstance(music, Track) and found is not None else music


def _footage(name: str, footage: Footage, loading: Loading) -> Footage:
    """Footage with its films as they lie here, all in one form."""
    found = [path for steps, path in loading.files.items() if steps[:2] == ("footage", name)]
    takes = [take.model_copy(update={"file": path}) for take, path in zip(footage.takes, found, strict=True)]
    return footage.model_copy(update={"files": tuple(takes)})


def _segment(segment: Segment, copy: Copy) -> Segment:
    """A segment that names no headline has every one."""
    return segment if segment.copy_ else segment.model_copy(update={"copy_": tuple(copy.headlines)})


def _copy(file: BriefFile, loading: Loading) -> Copy:
    written = file.copy_
    if isinstance(written, Path):
        return Copy()
    short: dict[str, str] = {}
    long: dict[str, str] = {}
    for locale, script in (written.script or {}).items():
        at = ("copy", "script", locale)
        if isinstance(script, ScriptLengths):
            for name, into in (("short", short), ("long", long)):
                if (*at, name) in loading.scripts:
                    into[locale] = loading.scripts[*at, name].text.strip()
        else:
            long[locale] = loading.scripts[at].text.strip()
    headlines: Mapping[str, Lengths] = written.headlines
    return Copy(
        headlines={name: Wording(text.short or {}, text.long or {}) for name, text in headlines.items()},
        script=Wording(short, long),
        cta=Wording(long=written.cta or {}),
        support=Wording(written.support.short or {}, written.support.long or {}) if written.support else Wording(),
        post_text=Wording(long=written.post_text or {}),
        alt=Wording(long=written.alt or {}),
    )


def _lines(root: Node) -> dict[str, Place]:
    """Places by path; segments and voices by their id too."""
    lines: dict[str, Place] = {}
    named: dict[tuple[str, ...], str] = {}
    for node in root.walk():
        at = lines[node.path] = node.key
        if len(node.steps) == 2 and node.steps[0] in ("segments", "voices"):
            name = node.child("id")
            if name is not None and name.text is not None:
                named[node.steps] = name.text
        if node.steps[:2] in named:
            lines[".".join((node.steps[0], named[node.steps[:2]], *node.steps[2:]))] = at
    return lines
