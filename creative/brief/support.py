"""What this version does with each field of a brief: one table.

built    it changes the ads
carried  it goes into the manifest, and changes nothing else
refused  "not supported yet": a brief that has it is refused, never half understood

A row speaks for its path and all below it; the longest path that fits wins. `never` are beginnings of values that are
refused; a `quiet` row's refusal is told by its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from creative.brief.findings import Findings
from creative.brief.snapshot import plain
from creative.brief.yaml_source import Node

if TYPE_CHECKING:
    from creative.brief.brief import Brief

State = Literal["built", "carried", "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `instead` says what to do about a refusal."""

    path: str
    state: State
    never: tuple[str, ...] = ()
    instead: str = ""
    quiet: bool = False


_LATER = "Remove it, or write x- before its name to keep it as a note"

TABLE: tuple[Row, ...] = (
    Row("", "built"),
    Row("schema", "built"),
    Row("campaign", "built"),
    Row("campaign.objective", "carried"),
    Row("owner", "carried"),
    Row("commercial", "built"),
    Row("brand", "built"),
    Row("flight", "carried"),
    Row("markets", "built"),
    Row("markets.*.url", "carried"),
    Row("products", "built"),
    Row("products.feed", "refused", instead="Write the products into the brief"),
    Row("products.where", "refused", instead="Write the products into the brief"),
    Row("products.*.claims", "refused", instead=f"No ad may claim what is not checked. {_LATER}"),
    Row("products.*.regulated", "refused", instead="Leave the product out: the rules for it are not kept yet"),
    Row("offers", "built"),
    Row("copy", "built"),
    Row("copy.post_text", "carried"),
    Row("copy.alt", "carried"),
    Row("missing_translation", "built"),
    Row("compliance", "built"),
    Row("compliance.required_disclosures", "refused", instead="Leave out what needs it: no disclosure is shown yet"),
    Row("compliance.prohibited_claims", "refused", instead="Ban the words in the brand kit: `banned`"),
    Row("scenes", "built"),
    Row(
        "scenes.people",
        "built",
        never=("adults",),
        instead="Write people: none, or likeness: and the consent of the person who is seen",
    ),
    Row("scenes.never", "carried"),
    Row("scenes.library", "built"),
    Row("footage", "built"),
    Row("segments", "built"),
    Row("segments.*.description", "carried"),
    Row("segments.*.traits", "carried"),
    Row("include", "built"),
    Row("exclude", "built"),
    Row("placements", "built"),
    Row("voices", "built"),
    Row("voices.*.use", "built"),
    Row("voices.*.reference", "built"),
    Row("voices.*.consent", "built"),
    Row("lexicon", "built"),
    Row("music", "built"),
    Row("experiments", "refused", instead=_LATER),
    Row("variants", "built"),
    Row("seed", "built"),
    Row("naming", "built"),
    Row("tracking", "carried"),
    Row("match", "refused", instead=_LATER),
    Row("limits", "built"),
    Row("backends", "built"),
    Row("review", "refused", instead=_LATER),
    Row("notify", "built"),
    Row("archive", "refused", instead=_LATER),
)


@cache
def _rows() -> dict[tuple[str, ...], Row]:
    return {tuple(row.path.split(".")) if row.path else (): row for row in TABLE}


def row_for(path: tuple[str, ...]) -> Row:
    """The row that speaks for a path, as written ("offers", "house", "price") or as a pattern ("offers", "*")."""
    found: list[tuple[str, ...]] = [()]
    best: tuple[str, ...] = ()
    for name in path:
        found = [(*row, step) for row in found for step in dict.fromkeys((name, "*"))]
        found = [row for row in found if any(other[: len(row)] == row for other in _rows())]
        best = next((row for row in found if row in _rows()), best)
    return _rows()[best]


def refuse_unsupported(root: Node, findings: Findings) -> None:
    """Note everything in the brief that this version does not do yet."""
    stack: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while stack:
        node, path = stack.pop()
        row = row_for(path)
        if row.state == "refused" and (row.path.count(".") + 1 < len(path) or not _has_built_rows_below(row)):
            if not row.quiet:
                findings.add(node.key, node.path, "is not supported yet", row.instead)
            continue
        if row.never and node.text is not None and node.text.startswith(row.never):
            findings.add(node.key, node.path, f"{node.value!r} is not supported yet", row.instead)
        if isinstance(node.value, dict) and len(path) < 3:
            stack.extend((node.value[name], (*path, name)) for name in node.names())
        elif isinstance(node.value, list) and len(path) < 3:
            stack.extend((item, (*path, "*")) for item in node.value)


@cache
def _has_built_rows_below(row: Row) -> bool:
    return any(other.path.startswith(f"{row.path}.") and other.state != "refused" for other in TABLE)


def carried(brief: Brief) -> dict[str, Any]:
    """What the manifest passes on for the whole campaign, as JSON values: owner, flight, objective, tracking.

    What belongs to one ad is carried by its cell: the market's url, the segment's traits, alt and post_text.
    """
    values = {
        "owner": brief.owner,
        "flight": brief.flight,
        "objective": brief.campaign.objective,
        "tracking": brief.tracking,
        "never": list(brief.scenes.never),
    }
    return {name: plain(value, {}) for name, value in values.items() if value}
