"""Notices: short plain messages about a run or a night, sent by apprise to places that the farm's operator named.

    [profiles.production]
    notify = {ops = "slack://${SLACK_TOKEN}/#creative", reviewers = "mailto://..."}     # any URL that apprise knows
    notify_schemes = ["mailto"]          # what a brief may write as a URL of its own; without it, only the names above

A brief says names (`notify: {failed: ops}`): its author must not make the farm call any host there is. A message is sent by
a process of its own, which is ended after `SECONDS`: what cannot be sent is said, and costs nothing else. URLs have secrets
in them: they are given to that process by its standard input, and are in no message, log or argument.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from creative.brief.brief import Brief
from creative.brief.types import did_you_mean
from creative.errors import BriefError, Finding, UsageError
from creative.settings import Settings

SECONDS = 10.0
_LONGEST = 3_000
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,40}):")
_WHEN = ("done", "failed", "review_ready")


# -- who may be named --------------------------------------------------------------------------------------------------


def check_notify(brief: Brief, settings: Settings) -> None:
    """Raise BriefError for whom the brief names and the operator does not know or allow."""
    findings: list[Finding] = []
    for when in _WHEN:
        name = getattr(brief.notify, when, None)
        if name is None or allowed(name, settings):
            continue
        if scheme := _scheme(name):
            allowed_ones = ", ".join(settings.notify_schemes)
            rule = f"only for {allowed_ones}" if allowed_ones else "none, unless notify_schemes allows some"
            problem = f"is a URL ({scheme}:...), and briefs may not say where this farm sends messages"
            instead = f"Write a name. {_names(settings)}. URLs of a brief's own: {rule}"
        else:
            problem = f"names {name!r}, whom this farm does not know"
            instead = (
                did_you_mean(name, settings.notify) or f"{_names(settings)}. Names are in the table notify of a profile"
            )
        findings.append(brief.finding(f"notify.{when}", problem, instead))
    if findings:
        raise BriefError(findings)


def check_names(names: Iterable[str], settings: Settings) -> None:
    """Raise UsageError for what `--notify` names and the profile does not have."""
    for name in names:
        if name not in settings.notify:
            shown = f"{_scheme(name)}:..." if _scheme(name) else name
            raise UsageError(
                f"--notify {shown}: no such name; {_names(settings)}, in the table notify of creative.toml"
            )


def allowed(name: str, settings: Settings) -> bool:
    """Whether a brief may name this: a name of the operator's, or a URL of a kind that the operator allows."""
    return name in settings.notify or (_scheme(name) or "-") in settings.notify_schemes


def _scheme(name: str) -> str | None:
    match = _SCHEME.match(name)
    return match[1].lower() if match else None


def _names(settings: Settings) -> str:
    return f"There is: {', '.join(settings.notify)}" if settings.notify else "There are no names here yet"


# -- sending -----------------------------------------------------------------------------------------------------------


def send(name: str, title: str, body: str, settings: Settings, seconds: float = SECONDS) -> str | None:
    """Send a message to a name, or to a URL that is allowed. None when it was taken, else why it was not; never raises."""
    url = settings.notify.get(name, name)
    shown = name if name in settings.notify else f"{_scheme(name)}:..."
    if not allowed(name, settings):
        return f"{shown} was not told: there is no such name in the table notify of creative.toml"
    if importlib.util.find_spec("apprise") is None:
        return f"{shown} was not told: messages need apprise: pip install 'creative-farm[notify]'"
    message = json.dumps({"url": url, "title": title, "body": body[:_LONGEST]})
    command = [sys.executable, "-m", "creative.notices.send_notice"]
    root = str(Path(__file__).parent.parent)
    try:
        sender = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, text=True
        )
    except OSError as error:
        return f"{shown} was not told: {error.strerror}"
    try:
        said, _ = sender.communicate(message, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"{shown} was not told: no answer within {seconds:g} s"
    except OSError as error:
        return f"{shown} was not told: {error.strerror}"
    finally:
        sender.kill()
        sender.communicate()
    if sender.returncode == 0:
        return None
    return f"{shown} was not told: {hidden(said.strip(), url) or f'its sender ended with {sender.returncode}'}"


def hidden(text: str, url: str) -> str:
    """The text without any part of the URL that could be a secret."""
    parts = re.split(r"[/:@?&=#,\s%]+", url.partition(":")[2])
    for part in sorted({part for part in (url, *parts) if len(part) > 3}, key=len, reverse=True):
        text = text.replace(part, "***")
    return " ".join(text.split())[:300]
