"""What is told of runs and nights: which messages go to whom, in a few plain lines each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from creative import show
from creative.brief.brief import Brief
from creative.made import Made
from creative.notices import sending as notices
from creative.places import plain_place
from creative.rehearsals import SAID
from creative.settings import Settings


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one name."""

    to: str
    title: str
    body: str


def of_run(brief: Brief, made: Made, settings: Settings) -> list[Message]:
    """What the brief's `notify` wants told of a run of it. A run that changed nothing is told to nobody.

    done: all that was missing is made. failed: something was not. review_ready: new ads wait for somebody to look.
    """
    if brief.notify is None:
        return []
    report, campaign = made.report, brief.campaign
    limited = sum(ad.limit for ad in report.failed)
    failed = len(report.failed) - limited
    counts = [f"{show.ads(report.assets)} there", f"{report.new} new"]
    counts += [f"{failed} failed"] if failed else []
    counts += [f"{limited} not begun"] if limited else []
    lines = [f"{campaign.name} ({campaign.id}): {', '.join(counts)}, in {show.duration(report.seconds)}"]
    if made.rehearsals:
        lines.append(f"{SAID}: {', '.join(made.rehearsals)}")
    if made.cost:
        lines.append(f"cost: about {made.cost}")
    if report.failed:
        first = min(report.failed, key=lambda ad: ad.limit)  # what failed says more than what was not begun
        lines.append(f"first: {first.placement} for {first.segment} in {first.market}/{first.locale}: {first.reason}")
    for name in ("manifest", "sheet"):
        if name in made.places:
            lines.append(f"{'contact sheet' if name == 'sheet' else name}: {made.places[name]}")
    lines.append(f"more: creative status --campaign {campaign.id}{where(settings)}")
    body, messages = "\n".join(lines), []
    if made.exit_code and brief.notify.failed:
        title = f"{campaign.id}: {show.ads(len(report.failed))} not made"
        messages.append(Message(brief.notify.failed, title, body))
    if not made.exit_code and report.new and brief.notify.done:
        messages.append(Message(brief.notify.done, f"{campaign.id}: all {show.ads(report.assets)} made", body))
    if report.new and made.pending and brief.notify.review_ready:
        title = f"{campaign.id}: {show.ads(made.pending)} to look at"
        messages.append(Message(brief.notify.review_ready, title, body))
    return messages


def of_trouble(to: str, name: str, campaign: str | None, why: str, settings: Settings) -> Message:
    """That a brief was refused, or its run broke off."""
    body = f"{name} was not made:\n{why}\nmore: creative validate {name}{where(settings, store=False)}"
    return Message(to, f"{campaign or name}: not made", body)


def where(settings: Settings, *, store: bool = True) -> str:
    """The options with which a person comes to the same place; never a place with a password in it."""
    if settings.profile:
        return f" --profile {settings.profile}"
    if not store:
        return ""
    if settings.store == str(settings.out / "store"):
        return f" --out {settings.out}"
    return f" --store {plain_place(settings.store)}"


def tell(messages: Iterable[Message], settings: Settings) -> list[str]:
    """Send them; returns what could not be sent, and why."""
    told = (notices.send(one.to, one.title, one.body, settings) for one in messages)
    return [problem for problem in told if problem]
