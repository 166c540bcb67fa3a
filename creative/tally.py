"""How often each finding is on a sheet's ads, and how often somebody waived it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from creative.cards import Card
from creative.craft import RULES


@dataclass(frozen=True, slots=True)
class FindingCount:
    """One row. `ads`: how many have it, `waived`: of them, those where it may stay. `limit`, `source`: of its rule."""

    id: str
    title: str
    limit: str
    source: str
    ads: int
    waived: int


def tally(cards: Iterable[Card]) -> list[FindingCount]:
    """The findings that occur, the commonest first; what the table of findings does not know (any more) comes without limit."""
    ads, waived = Counter[str](), Counter[str]()
    for card in cards:
        ads.update({one.id for one in card.findings if one.id})
        waived.update({one.id for one in card.findings if one.id and one.waived})
    rows = []
    for id, count in sorted(ads.items(), key=lambda item: (waived[item[0]] - item[1], item[0])):
        rule = RULES.get(id)
        title = id.replace("-", " ").capitalize()
        rows.append(FindingCount(id, title, rule.limit if rule else "", rule.source if rule else "", count, waived[id]))
    return rows
