"""`creative status` and `creative show`: what the registry knows, as data and as tables for people."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from creative.making import the_campaign
from creative.manifest import manifest_line
from creative.rehearsals import SAID
from creative.session import Session
from creative.show import console, duration, size
from creative.store import read_receipt, refused_attempts


def status(opened: Session, campaign: str | None) -> list[dict[str, Any]]:
    """Every campaign (or the named one): ads by state and modality, the last run and its jobs."""
    names = [the_campaign(opened, campaign).id] if campaign else [row.id for row in opened.registry.campaigns()]
    found = []
    for name in names:
        runs = opened.registry.runs(name)
        last = runs[-1] if runs else None
        found.append(
            {
                "campaign": name,
                "ads": {
                    f"{state} {modality}": n for (state, modality), n in sorted(opened.registry.counts(name).items())
                },
                "verdicts": _verdicts(opened, name),
                "delivered": len(opened.registry.deliveries(name)),
                "runs": len(runs),
                "last_run": None
                if last is None
                else {
                    "run": last.id,
                    "status": last.status,
                    "at": last.at.isoformat(timespec="seconds"),
                    "seconds": last.seconds,
                    "counts": dict(last.counts),
                    "jobs": [
                        {"segment": job.segment, "state": job.state, **job.counts}
                        for job in opened.registry.jobs(last.id)
                    ],
                },
            }
        )
    return found


def _verdicts(opened: Session, campaign: str) -> list[dict[str, Any]]:
    """What was said last, newest first."""
    last = opened.registry.verdicts(campaign=campaign, last=_LAST_VERDICTS)
    return [dataclasses.asdict(said) for said in reversed(last)]


_LAST_VERDICTS = 5
_RIGHTS = {"voice": "cloned voice", "likeness": "likeness", "background_music": "music"}
"""What a right is for, by AdCP's use."""
_UNDER = {"speech": "cloned, consent", "scene": "likeness, consent", "bed": "licence"}
"""What a consent allowed, by kind of step."""


def print_status(found: list[dict[str, Any]]) -> None:
    """The same for people."""
    if not found:
        console.print("no campaigns yet: creative run BRIEF")
    for campaign in found:
        console.print(f"[bold]{campaign['campaign']}[/bold]")
        console.print(
            "  " + (", ".join(f"{n} {name}" for name, n in campaign["ads"].items()) or "no ads yet"), markup=False
        )
        for said in campaign["verdicts"]:
            why = f": {_line(said['reason'])}" if said["reason"] else ""
            line = f"  {said['at']:%Y-%m-%d %H:%M} {said['asset_id']} {said['verdict']} by {said['by']}{why}"
            console.print(f"{line} (sha256 {said['sha256'][:12]}...)", markup=False, soft_wrap=True)
        if campaign["delivered"]:
            console.print(f"  {campaign['delivered']} delivered", markup=False)
        run = campaign["last_run"]
        if run is None:
            continue
        console.print(
            f"  last run {run['run']}: {run['status']}, {run['at']}, {duration(run['seconds'])}", markup=False
        )
        table = Table(box=None, pad_edge=False)
        for name in ("  segment", "state", "ads", "done", "failed"):
            table.add_column(name, justify="left" if name in ("  segment", "state") else "right")
        for job in run["jobs"]:
            counts = [str(job.get(name, 0)) for name in ("ads", "done", "failed")]
            table.add_row(f"  {job['segment']}", job["state"], *counts)
        console.print(table)


def asset(opened: Session, id_: str) -> dict[str, Any]:
    """One asset with everything that it came from: manifest line, steps with parameters and seeds, figures, history."""
    row = opened.registry.asset(plain_name(id_))
    steps = []
    for step in row.lineage:
        receipt = read_receipt(opened.store, step["key"])
        refused = refused_attempts(opened.store, step["key"])
        steps.append(
            {
                **step,
                "params": dict(receipt.recipe["params"]) if receipt else None,
                "inputs": dict(receipt.inputs) if receipt else None,
                "outputs": {name: blob.model_dump() for name, blob in receipt.outputs.items()} if receipt else None,
                "refused_attempts": refused,
            }
        )
    return {
        **manifest_line(row, opened.store).model_dump(mode="json"),
        "figures": row.figures,
        "steps": steps,
        "verdicts": [dataclasses.asdict(said) for said in opened.registry.verdicts(asset_id=row.asset_id)],
        "history": [dataclasses.asdict(change) for change in opened.registry.history(row.asset_id)],
    }


def _line(text: str) -> str:
    return " ".join(text.split())


def plain_name(given: str) -> str:
    """An id or a name; of a path, the file's name without its ending."""
    name = given.rstrip("/").rpartition("/")[2]
    return name[: -len(suffix)] if (suffix := Path(name).suffix).lower() in _ENDINGS else name


_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".mp4", ".mp3", ".wav", ".m4a"})


def print_asset(found: dict[str, Any]) -> None:
    """The same for people."""
    rows: list[tuple[str, str]] = []

    def add(name: str, value: object) -> None:
        if value not in (None, "", [], {}, ()):
            rows.append((name, str(value)))

    add("asset", f"{found['asset_id']}  (ad {found['ad_id']})")
    add("name", found["name"])
    add("state", found["state"])
    if found["rehearsal"]:
        add("rehearsal", f"{SAID}: {', '.join(found['rehearsal'])}")
    for text in found["reasons"]:
        add("reason", text)
    for one in found["findings"]:
        waived = one.get("waived")
        add(
            "finding",
            f"{one['id'] + ': ' if one['id'] else ''}{one['says']}"
            + (f"  (waived by {waived['by']}: {waived['reason']})" if waived else ""),
        )
    add("where", " / ".join(str(found[name]) for name in ("segment", "market", "locale", "placement")))
    add("product", f"{found['product'] or '-'}, offer {found['offer'] or '-'}, variant {found['variant']}")
    add("file", f"{found['uri']}  ({size(found['bytes'])}, sha256 {found['sha256'][:16]}...)")
    for role, text in found["texts"].items():
        add(f"text {role}", text)
    for role, value in found["choices"].items():
        add(f"choice {role}", value)
    for right in found["rights"] or ():
        said = f"{right['rights_id']}, {right['valid_from']} to {right['valid_until']}"
        what = next((name for use, name in _RIGHTS.items() if use in right["uses"]), "right")
        add(what, f"{'licence' if right['right_type'] == 'music' else 'consent'} {said}")
    for role, line in found["lineage"]["brief"].items():
        add(f"brief {role}", line)
    for step in found["steps"]:
        params = step["params"] or {}
        facts = [f"{step['backend']} r{step['revision']}", step["model"] or "", f"{step['seconds']:.2f} s"]
        if step["seed"] is not None:
            facts.append(f"seed {step['seed']}")
        if "prompt" in params:
            facts.append(f"prompt {params['prompt']!r}")
        if "phrases" in params:
            facts.append(" ".join(params["phrases"]))
        if step.get("consent"):
            facts.append(f"{_UNDER.get(step['kind'], 'consent')} {step['consent']}")
        add(f"step {step['kind']}", f"{step['key'][:12]}  {', '.join(fact for fact in facts if fact)}")
        for number, reason in step["refused_attempts"].items():
            add("", f"attempt {number} refused: {reason}")
    for name, value in found["checks"].items():
        add(f"figure {name}", value)
    for said in found["verdicts"]:
        stage = f" ({said['stage']})" if said["stage"] else ""
        why = f": {_line(said['reason'])}" if said["reason"] else ""
        add(
            "verdict",
            f"{said['at']:%Y-%m-%d %H:%M:%S}  {said['verdict']}{stage} by {said['by']}, sha256 {said['sha256'][:16]}...{why}",
        )
    for change in found["history"]:
        add(
            "history",
            f"{change['at']:%Y-%m-%d %H:%M:%S}  {change['before'] or 'new'} -> {change['after']}  {_line(change['why'])}",
        )
    width = max(len(name) for name, _ in rows)
    if not console.is_terminal:  # in a pipe a line is a line
        for name, value in rows:
            console.print(f"{name:{width}}  {value}", markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(table)
