"""Consents as somebody with the role `rights` enters them: a YAML file, or the same by options; checked, then in the log.

schema: 1
id: mara-2027
kind: voice                        # voice, likeness or music
holder: Mara Lind                  # the speaker; `speaker:` means the same
company: Marlo Coffee GmbH         # who may use it
statement: statement.wav           # the recorded statement, beside this file; of music the licence, PDF or text
statement_sha256: 9af1b9f3...      # if somebody wrote it down: the file must have it
references: [mara-reference.wav]   # what may be cloned, shown (photos, films) or played: these very bytes
scope: {brands: [Marlo], channels: [social, streaming_audio], markets: [GB], languages: [en]}   # or all
from: 2026-11-01
until: 2027-10-31
verifier: Ines Rau                 # who made sure that the speaker is who they say
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from creative.brief.explain import note_empty, validate
from creative.brief.findings import Findings, Place, SourceFile
from creative.brief.media import FileType, Folders, MediaError, sniff
from creative.brief.parts import Part
from creative.brief.places import MediaPath, market_code
from creative.brief.reading import read_root, sound_problem
from creative.brief.types import Date, Id, Line, did_you_mean, one_or_more, refused
from creative.brief.yaml_source import Node
from creative.canonical import file_digest
from creative.errors import BriefError, Finding, UsageError
from creative.records import BlobRef
from creative.rights.ledger import Ledger, RightsLog, Standing, today
from creative.rights.records import ALL, NOUNS, Consent, ConsentEvent, Kind, RevocationEvent, Scope, spelled
from creative.store.port import Store

CHANNELS = (
    "display", "olv", "social", "search", "ctv", "linear_tv", "radio", "streaming_audio", "podcast", "dooh", "ooh", "print",
    "cinema", "email", "gaming", "retail_media", "influencer", "affiliate", "product_placement", "sponsored_intelligence",
)  # fmt: skip
"""AdCP's media channels (adcp 9.2, schemas 3.1, enums/channels.json)."""
ROLE = "rights"
_ROLES = 'roles = {{rights = ["{}"]}}'
_LEAST_STATEMENT_MS = 1_000
_TYPES: Mapping[FileType, str] = {
    "wav": "audio/wav",
    "pdf": "application/pdf",
    "text": "text/plain",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "film": "video/mp4",
}
_STATEMENTS: Mapping[Kind, tuple[FileType, ...]] = {
    "voice": ("wav",),
    "likeness": ("wav",),
    "music": ("pdf", "text", "wav"),
}
_REFERENCES: Mapping[Kind, tuple[FileType, ...]] = {
    "voice": ("wav",),
    "likeness": ("png", "jpeg", "webp", "film"),
    "music": ("wav",),
}


def _sha256(value: Any) -> str:
    if not (isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)):
        raise refused(f"is not a sha256: {str(value)[:70]!r}", "Write its 64 digits as sha256sum says them, in quotes")
    return value


def _channel(value: Any) -> str:
    if value != ALL and value not in CHANNELS:
        raise refused(
            f"is not a channel: {str(value)[:40]!r}", did_you_mean(str(value), CHANNELS) or "Write AdCP's name"
        )
    return str(value)


def _market(value: Any) -> str:
    return ALL if value == ALL else market_code(value)


def _language(value: Any) -> str:
    text = str(value)
    if text != ALL and not (2 <= len(text) <= 3 and text.isascii() and text.isalpha() and text.islower()):
        raise refused(f"is not a language: {text[:40]!r}", "Write its ISO 639 code, such as en, or all")
    return text


class ScopeFile(Part):
    """Where it holds: a list, or all."""

    brands: Annotated[tuple[Line, ...], *one_or_more(200)] = Field(min_length=1, description="Names of brands, or all.")
    channels: Annotated[tuple[Annotated[str, BeforeValidator(_channel)], ...], *one_or_more(50)] = Field(
        min_length=1, description="AdCP's media channels, such as social, or all."
    )
    markets: Annotated[tuple[Annotated[str, BeforeValidator(_market)], ...], *one_or_more(300)] = Field(
        min_length=1, description="Countries, such as GB, or all."
    )
    languages: Annotated[tuple[Annotated[str, BeforeValidator(_language)], ...], *one_or_more(300)] = Field(
        min_length=1, description="Languages that may be spoken, such as en, or all."
    )


class ConsentFile(Part):
    """A consent."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format: 1.")
    id: Id = Field(description="Id of the consent, by which briefs name it.")
    kind: Literal["voice", "likeness", "music"] = Field("voice", description="What it is about.")
    holder: Line = Field(description="The speaker, the person seen, or who licenses the music.")
    company: Line = Field(description="Who may use it.")
    statement: MediaPath = Field(description="The recorded statement: WAV; of music the licence, PDF or text.")
    statement_sha256: Annotated[str, BeforeValidator(_sha256)] | None = Field(
        None, description="The statement's sha256, where it was written down: the file must have it."
    )
    references: Annotated[tuple[MediaPath, ...], *one_or_more(20)] = Field(
        min_length=1, description="What may be cloned, shown or played."
    )
    scope: ScopeFile = Field(description="Where it holds.")
    from_: Date = Field(alias="from", description="First day.")
    until: Date = Field(description="Last day, included.")
    verifier: Line = Field(description="Who made sure that the holder is who they say.")
    note: Line | None = Field(None, description="For people.")

    @model_validator(mode="before")
    @classmethod
    def _speaker(cls, value: Any) -> Any:
        if isinstance(value, dict) and "speaker" in value and "holder" not in value:
            return {"holder" if name == "speaker" else name: item for name, item in value.items()}
        return value


def read_consent(path: Path) -> tuple[Consent, dict[str, Path]]:
    """A consent from its file, and its recordings by sha256. Raises BriefError with every finding."""
    findings = Findings()
    root = read_root(path, "a consent", findings)
    file = validate(ConsentFile, root, findings)
    note_empty(root, findings)
    if file is None:
        findings.check()
        raise AssertionError
    return _resolved(file, root, Folders.of([path.absolute().parent]), findings)


def consent_of(told: Mapping[str, Any]) -> tuple[Consent, dict[str, Path]]:
    """A consent from options, by the names of its file; paths are seen from the present folder. Raises UsageError, which
    names the options.
    """
    place = Place(SourceFile("the options", "options", 0, Path()))
    findings = Findings()
    root = _node({"schema": 1, **told}, place, ())
    try:
        file = validate(ConsentFile, root, findings)
        if file is None:
            findings.check()
            raise AssertionError
        return _resolved(file, root, Folders.of([Path("/")]), findings)
    except BriefError as error:
        raise UsageError("\n".join(map(_by_option, error.findings))) from error


_OPTIONS = {
    "holder": "--speaker", "statement_sha256": "--statement-sha256", "references": "--reference", "scope.brands": "--brand", "scope.channels": "--channel",
    "scope.markets": "--market", "scope.languages": "--language",
}  # fmt: skip
_LACKS = "lacks "


def _by_option(found: Finding) -> str:
    """A finding in the words of the options."""
    where, problem, instead = found.where, found.problem, found.instead
    if problem.startswith(_LACKS):
        name = problem.removeprefix(_LACKS)
        where = name if where == "file" else f"{where}.{name}"
        problem, instead = "is missing", instead.partition(": ")[2]
    field = re.sub(r"\.\d+$", "", where)
    return f"{_OPTIONS.get(field, f'--{field}')} {problem}. {instead}".rstrip(". ")


def _node(value: Any, place: Place, steps: tuple[str, ...]) -> Node:
    if isinstance(value, dict):
        value = {name: _node(item, place, (*steps, name)) for name, item in value.items()}
    elif isinstance(value, list | tuple):
        value = [_node(item, place, (*steps, str(number))) for number, item in enumerate(value)]
    return Node(value, place, place, steps)


def _resolved(file: ConsentFile, root: Node, folders: Folders, findings: Findings) -> tuple[Consent, dict[str, Path]]:
    files: dict[str, Path] = {}

    def blob(node: Node | None, path: Path, types: Sequence[FileType], least_ms: int) -> BlobRef | None:
        node = node or root
        try:
            real = folders.file(node.at.file.folder.absolute(), path, types)
        except MediaError as error:
            findings.add(node.at, node.path, str(error), error.instead)
            return None
        kind = types[0] if len(types) == 1 else _type(real)
        if kind == "wav" and (found := sound_problem(real, least_ms)) is not None:
            findings.add(node.at, node.path, *found)
            return None
        sha256 = file_digest(real)
        files[sha256] = real
        return BlobRef(sha256=sha256, bytes=real.stat().st_size, type=_TYPES.get(kind, "application/octet-stream"))

    said = root.child("references")
    items = said.value if said is not None and isinstance(said.value, list) else [said]
    statement = blob(root.child("statement"), file.statement, _STATEMENTS[file.kind], _LEAST_STATEMENT_MS)
    references = [
        blob(node, path, _REFERENCES[file.kind], 0) for node, path in zip(items, file.references, strict=False)
    ]
    at = {name: root.child(name) or root for name in ("until", "verifier", "statement_sha256")}
    if file.until < file.from_:
        problem = f"is {file.until}, before it begins on {file.from_}"
        findings.add(at["until"].at, "until", problem, "Swap the dates")
    if spelled(file.verifier) == spelled(file.holder):
        problem = f"is {file.holder}, whom it is about"
        findings.add(at["verifier"].at, "verifier", problem, "Name who made sure that they are who they say")
    if statement is not None and file.statement_sha256 not in (None, statement.sha256):
        problem = f"is not {file.statement}'s, which is {statement.sha256}"
        instead = "This is another recording than the one that was written down: find that one"
        findings.add(at["statement_sha256"].at, "statement_sha256", problem, instead)
    findings.check()
    assert statement is not None
    found = tuple(one for one in references if one is not None)
    if statement.sha256 in {one.sha256 for one in found}:
        node = root.child("statement") or root
        findings.add(
            node.at, node.path, "is the reference as well", "Record the statement by itself: what is agreed to"
        )
        findings.check()
    scope = Scope(
        brands=file.scope.brands,
        channels=file.scope.channels,
        markets=file.scope.markets,
        languages=file.scope.languages,
    )
    consent = Consent(
        id=file.id,
        kind=file.kind,
        holder=file.holder,
        company=file.company,
        statement=statement,
        references=found,
        scope=scope,
        valid_from=file.from_.isoformat(),
        valid_until=file.until.isoformat(),
        verifier=file.verifier,
        note=file.note or "",
    )
    return consent, files


def _type(path: Path) -> FileType:
    with path.open("rb") as file:
        return sniff(file.read(4096))


def check_role(by: str, names: Sequence[str], profile: str | None = None) -> None:
    """Raise UsageError unless `by` has the role; `names` has everybody who has it in the profile that is used, None for
    no profile.
    """
    if spelled(by) in map(spelled, names):
        return
    if profile is None:
        problem = "no profile of creative.toml is used here, and a profile says who has it"
        instead = f"name one (--profile NAME, CREATIVE_PROFILE) in which the operator wrote {_ROLES.format(by)}"
    else:
        problem = (
            f"in the profile {profile} it is {', '.join(names)}'s"
            if names
            else f"nobody has it in the profile {profile}"
        )
        instead = f"the operator writes {_ROLES.format(by)} into it, in creative.toml"
    raise UsageError(f"{by} does not have the role {ROLE}: {problem}; {instead}")


def add(store: Store, consent: Consent, files: Mapping[str, Path], by: str) -> Standing:
    """Enter a consent: its recordings first, then the log's entry. Entered again as it is, nothing happens.

    Raises UsageError for an id that is taken, a statement that was revoked, one that ended already, or one that its own holder
    enters; StoreError.
    """
    ledger = Ledger(store)
    rights = ledger.refresh()
    there = rights.standing.get(consent.id)
    if there is not None and there.consent == consent and not there.revoked_at:
        return there
    noun = NOUNS[consent.kind]
    if there is not None:
        state = "was revoked" if there.revoked_at else "says something else"
        raise UsageError(
            f"there is a {NOUNS[there.consent.kind]} {consent.id} already, and it {state}: what was agreed to is never "
            "changed: take another id"
        )
    if (ended := rights.revoked.get(consent.statement.sha256)) is not None:
        fresh = "get a new document from" if consent.kind == "music" else "record a new statement with"
        raise UsageError(
            f"this statement was revoked ({noun} {ended.id}): a revocation is final; {fresh} {consent.holder}"
        )
    if consent.valid_until < today().isoformat():
        raise UsageError(
            f"the {noun} ended with {consent.valid_until} already, in UTC: get another {noun} from {consent.holder}"
        )
    if spelled(by) == spelled(consent.holder):
        raise UsageError(f"{by} is the holder: somebody else enters the {noun}")
    for sha256, path in files.items():
        kept = store.put_blob(path, _TYPES.get(_type(path), "application/octet-stream"))
        if kept.sha256 != sha256:
            raise UsageError(f"{path} changed while it was read: try again")
    event = ConsentEvent(consent=consent, by=by)
    RightsLog(store, seen=rights.last).append("consent", event.model_dump(mode="json"))
    now = ledger.refresh().standing[consent.id]
    if now.consent != consent:
        raise UsageError(f"somebody entered another {noun} {consent.id} at the same moment: take another id")
    return now


def revoke(store: Store, id: str, by: str, reason: str) -> Standing:
    """End a consent, and its statement, for ever. Revoked again, nothing happens. Raises UsageError, StoreError."""
    ledger = Ledger(store)
    rights = ledger.refresh()
    there = rights.standing.get(id)
    if there is None:
        hint = did_you_mean(id, rights.standing) or "creative voices list names them"
        raise UsageError(f"there is no consent {id!r} in this store. {hint}")
    if there.revoked_at:
        return there
    event = RevocationEvent(id=id, statement=there.consent.statement.sha256, reason=reason, by=by)
    RightsLog(store, seen=rights.last).append("revocation", event.model_dump(mode="json"))
    return ledger.refresh().standing[id]
