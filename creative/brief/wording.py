"""What a brief's texts must hold to: fields that exist, no banned words, every locale that its markets need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from creative.brief.copy_rules import FIELDS, NAMING_FIELDS, TRACKING_FIELDS, BannedWords, FieldError, used_fields
from creative.brief.findings import Place
from creative.brief.rules import Facts, Script, placement_table
from creative.brief.types import did_you_mean
from creative.brief.yaml_source import Node

_LENGTHS = ("short", "long")


def _texts(facts: Facts) -> Iterator[Script]:
    """Every text of the copy, scripts too."""
    for node in facts.root.select("copy.*"):
        name = node.steps[-1]
        if name == "script":
            continue
        pattern = "*" if name in ("cta", "post_text", "alt") else "*.*"
        for text in node.select(pattern):
            if text.text is not None:
                yield Script(text.text, text, text.at)
    yield from facts.scripts.values()


def check_fields(facts: Facts) -> None:
    """Fields in braces that exist, and that something fills in."""
    known = _known_fields(facts)
    for text in _texts(facts):
        try:
            used = tuple(used_fields(text.text))
        except FieldError as error:
            place = text.at(error.offset) if text.place.file is not text.node.at.file else text.place
            facts.findings.add(place, text.node.path, error.problem, error.instead)
            continue
        for name, offset in used:
            if "product" in facts.unread and name.startswith("product.facts."):
                continue
            if problem := known.get(name, "which is not known"):
                place = text.at(offset) if text.place.file is not text.node.at.file else text.place
                hint = "" if name in known else did_you_mean(name, known)
                instead = hint or ("" if name in known else f"There is: {', '.join(known)}")
                facts.findings.add(place, text.node.path, f"uses {{{name}}}, {problem}", instead)
    for field, names in (("naming", NAMING_FIELDS), ("tracking", TRACKING_FIELDS)):
        _check_names(facts, field, names)


def _known_fields(facts: Facts) -> dict[str, str]:
    """Each field of copy, and why nothing fills it in ("" if something does)."""
    file = facts.file
    no_product = "" if facts.known["product"] else "but the brief has no products"
    offers = "" if facts.known["offer"] else "but the brief has no offers"
    dated = file.flight is not None or any(offer.valid for offer in file.offers.values())
    found = dict.fromkeys(FIELDS, "")
    found["product.name"] = no_product
    found["offer.price"] = offers
    found["offer.was"] = offers or ("" if _written(facts, "offers.*.was") else "but no offer has a price before (was)")
    found["offer.unit_price"] = offers or ("" if _written(facts, "offers.*.unit_price") else "but no offer has one")
    found["offer.from"] = found["offer.until"] = offers or (
        "" if dated or _written(facts, "offers.*.valid") else "but neither the offers nor the flight have dates"
    )
    found["market.url"] = "" if _written(facts, "markets.*.url") else "but no market has a url"
    for node in facts.root.select("products.*.facts"):
        found |= {f"product.facts.{name}": "" for name in node.names()}
    return found


def _written(facts: Facts, pattern: str) -> bool:
    return next(facts.root.select(pattern), None) is not None


def _check_names(facts: Facts, field: str, names: tuple[str, ...]) -> None:
    text: str | None = getattr(facts.file, field)
    node = facts.root.child(field)
    if text is None or node is None:
        return
    try:
        for name, _ in used_fields(text):
            if name not in names:
                hint = did_you_mean(name, names)
                instead = hint if hint.startswith("Did") else f"There is: {', '.join(names)}"
                facts.findings.add(node.at, field, f"uses {{{name}}}, which is not known here", instead)
    except FieldError as error:
        facts.findings.add(node.at, field, error.problem.replace("{product.name}", "{campaign}"), error.instead)
    if field == "naming" and set(text) & set('/\\:*?"<>|'):
        facts.findings.add(
            node.at, field, 'has one of / \\ : * ? " < > |', "Names of files cannot have it; write - or _"
        )


def check_banned(facts: Facts) -> None:
    """Words that the brand has banned."""
    if facts.kit is None or not facts.kit.banned:
        return
    banned = BannedWords(facts.kit.banned)

    def look(text: str, place: Callable[[int], Place], where: str) -> None:
        found = banned.find(text)
        if found is not None:
            offset = max(0, text.casefold().find(found.casefold().split()[0]))
            facts.findings.add(place(offset), where, f"uses {found!r}, which the brand has banned", "Say it otherwise")

    for text in _texts(facts):
        in_file = text.place.file is not text.node.at.file
        look(text.text, text.at if in_file else lambda _, at=text.place: at, text.node.path)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    for pattern in ("products.*.name.*", "products.*.facts.*", "products.*.facts.*.*"):
        for node in facts.root.select(pattern):
            if node.text is not None:
                look(node.text, lambda _, at=node.at: at, node.path)  # type: ignore[misc]  # mypy cannot infer a lambda's default


# --------------------------------------------------------------------------------------------------------- translations


def check_translations(facts: Facts) -> None:
    """Every locale that a market needs, where `missing_translation` is refuse."""
    if facts.file.missing_translation != "refuse":
        return
    _check_headlines(facts)
    everywhere = dict.fromkeys(place for row in facts.rows() for place in facts.places(row))
    for name in ("cta", "post_text", "alt"):
        _lacks(facts, ("copy", name), everywhere)
    _check_scripts(facts)
    _check_products(facts)


def _check_products(facts: Facts) -> None:
    general: dict[tuple[str, str], None] = {}
    named: dict[str, dict[tuple[str, str], None]] = {}
    for row in facts.rows():
        places = dict.fromkeys(facts.places(row))
        if row is None or not row.products:
            general |= places
            continue
        for product in row.products:
            named.setdefault(product, {}).update(places)
    for product in facts.products:
        reached = [
            place
            for place in general | named.get(product, {})
            if not facts.excluded(products=product, markets=place[0], locales=place[1])
        ]
        _lacks(facts, ("products", product, "name"), reached)
        for node in facts.at("products", product).select("facts.*"):
            if isinstance(node.value, dict):
                _lacks(facts, node.steps, reached)


def _lacks(facts: Facts, steps: tuple[str, ...], needed: Iterable[tuple[str, str]], why: str = "") -> None:
    """Note each locale that a text by locale (or by length and locale) does not have."""
    node = facts.at(*steps)
    if node.steps != steps or not isinstance(node.value, dict) or facts.findings.under(node.path):
        return
    lengths = [node.value[name] for name in _LENGTHS if name in node.value]
    written = {locale for part in lengths or [node] for locale in part.names()}
    told: set[str] = set()
    for market, locale in needed:
        if locale not in written | told:
            told.add(locale)
            facts.findings.add(
                node.key, node.path, f"has no text for {locale}, which {market} needs{why}",
                "Write it, or set missing_translation to skip or fallback",
            )  # fmt: skip


def _check_headlines(facts: Facts) -> None:
    """Headlines, in the locales of the segments that use them."""
    headlines = frozenset(facts.known["headline"])
    uses = {segment.id: segment.copy_ or tuple(headlines) for segment in facts.segments}
    users: dict[str, set[str]] = {}
    for segment, names in uses.items():
        for name in names:
            users.setdefault(name, set()).add(segment)
    needed: dict[str, dict[tuple[str, str], str]] = {}
    for row in facts.rows():
        places = tuple(facts.places(row))
        if row is not None and row.segments:
            by_name: Mapping[str, set[str]] = _users_among(row.segments, uses)
        else:
            by_name = users
        for name, segments in by_name.items():
            for place in places:
                if place in needed.setdefault(name, {}):
                    continue
                for segment in segments if facts.file.exclude else list(segments)[:1]:
                    if not facts.excluded(segments=segment, markets=place[0], locales=place[1]):
                        needed[name][place] = segment
                        break
    for name, reached in needed.items():
        _lacks(facts, ("copy", name), reached)


def _users_among(segments: Iterable[str], uses: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for segment in segments:
        for name in uses.get(segment, ()):
            found.setdefault(name, set()).add(segment)
    return found


def _check_scripts(facts: Facts) -> None:
    """A script, where it is written at all, in the locales that have film or sound."""
    node: Node = facts.at("copy", "script")
    if node.steps != ("copy", "script") or not isinstance(node.value, dict) or facts.findings.under(node.path):
        return
    table = placement_table()
    heard: dict[tuple[str, str], None] = {}
    for row in facts.rows():
        wanted = row.placements if row is not None and row.placements else facts.file.placements
        if any(name in table and table[name].modality != "image" for name in wanted):
            heard |= dict.fromkeys(facts.places(row))
    _lacks(facts, ("copy", "script"), heard, " for film and sound")


CHECKS: Iterable[Callable[[Facts], None]] = (check_fields, check_banned, check_translations)
