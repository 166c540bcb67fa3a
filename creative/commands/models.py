"""models: which there are, fetching and checking their weights, the team's mirror, and rehearsals with random weights."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from creative.commands.options import Json, located, say
from creative.errors import UsageError
from creative.settings import Settings

models = typer.Typer(
    name="models", no_args_is_help=True, help="Models with weights of their own: list, fetch, check, mirror, rehearse."
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="A model of `creative models list`.")]


def _note(line: str) -> None:
    typer.echo(line, err=True)


@models.command()
@located(quiet=True)
def list(settings: Settings, as_json: Json = False) -> None:
    """Say every model: task, library, licence, whether ads may use it, least memory of a card, whether it is here."""
    from creative.models.files import ModelError, models_folder, read_manifest
    from creative.models.rows import load_models

    folder, found = models_folder(settings.models), dict[str, Any]()
    for row in load_models().values():
        try:
            here: str | None = read_manifest(folder / row.name).revision
        except ModelError:
            here = None
        agreed = bool(settings.licences.get(row.name))
        said = row.model_dump(mode="json", by_alias=True)
        found[row.name] = said | {"usable": (row.licence.commercial and row.enabled) or agreed, "pulled": here}
    if as_json:
        say(builtins.list(found.values()))
        return
    lines = [("model", "task", "library", "weights' licence", "for ads", "GB of card", "here")]
    for row in load_models().values():
        one = found[row.name]
        usable = "yes" if row.licence.commercial else "no"
        if not row.enabled:
            usable = f"off: {row.phonemiser}"
        if settings.licences.get(row.name):
            usable = "by agreement"
        place = str(one["pulled"])[:12] if one["pulled"] else ("" if row.revision or row.archive else "not pinned")
        memory = f"{row.least_vram_gb:g}"
        lines.append((row.name, row.task[0], row.library, row.licence.weights, usable, memory, place))
    _columns(lines)


def _columns(lines: Sequence[Sequence[str]]) -> None:
    """For people, on stderr: one line a row, whatever the terminal's width."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        _note("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


@models.command()
@located(quiet=True)
def pull(
    settings: Settings,
    name: Name,
    revision: Annotated[
        str | None, typer.Option(help="The hub's commit; the row's own, if left out, else the hub's newest.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER|hub", help="A folder with the model's files, instead of the hub."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring a model's weights to this machine: safetensors, JSON, text. The same command again goes on where it stopped."""
    from creative.models.bringing import pull as bring
    from creative.models.files import models_folder
    from creative.models.rows import choose_model, load_models

    row = choose_model(load_models(), name)
    if revision is not None and not (len(revision) == 40 and set(revision) <= set("0123456789abcdef")):
        raise UsageError(f"--revision {revision[:60]}: write the commit in full, 40 hexadecimal digits: branches move")
    if source is not None and str(source) == "hub" and not source.exists():
        source = None
    if not row.licence.commercial:
        _note(f"note: {name} is not for ads: {row.licence.terms or row.licence.weights}")
    manifest = bring(row, models_folder(settings.models), revision=revision, source=source, say=_note)
    if as_json:
        say({"name": name, "revision": manifest.revision, "bytes": manifest.bytes, "files": len(manifest.files)})
        return
    _note(f"{name} at {manifest.revision}: {len(manifest.files)} files, {manifest.bytes / 1e9:.2f} GB")
    if row.revision is None and not row.archive:
        _note(f'the package pins no revision of it: give its backend\'s row `model: "{row.repo} {manifest.revision}"`')


@models.command()
@located(quiet=True)
def verify(
    settings: Settings,
    names: Annotated[builtins.list[str] | None, typer.Argument(metavar="[NAME]...", help="All, if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Hold every file of the models here against its sha256. Exit code 1 if one is missing, damaged or of a wrong kind."""
    from creative.models.files import MANIFEST, ModelError, is_name, models_folder, problems, read_manifest

    folder, wrong = models_folder(settings.models), dict[str, builtins.list[str]]()
    wanted = names or sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    for name in wanted:
        if not is_name(name):
            raise UsageError(f"{name[:60]!r} is no model's name")
        try:
            wrong[name] = problems(folder / name, read_manifest(folder / name))
        except ModelError as error:
            wrong[name] = [str(error)]
    if as_json:
        say({"ok": not any(wrong.values()), "models": wrong})
    for name, found in wrong.items():
        for one in found:
            _note(f"{name}: {one}")
        if not found:
            _note(f"{name}: good")
    if not wanted:
        _note(f"{folder} has no models")
    if any(wrong.values()):
        raise typer.Exit(1)


@models.command()
@located(quiet=True)
def mirror(
    settings: Settings,
    names: Annotated[builtins.list[str], typer.Argument(metavar="NAME...", help="Models that are here.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URL", help="A folder, or s3://bucket/prefix.", show_default="CREATIVE_MODELS_MIRROR"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put models into the team's own mirror, from which workers fetch them; what is there already is not sent again."""
    from creative.models.files import models_folder
    from creative.models.mirror import mirror as send
    from creative.places import plain_place
    from creative.store import open_store

    place = to or settings.models_mirror
    if not place:
        raise UsageError("say where the mirror is: --to s3://bucket/prefix, CREATIVE_MODELS_MIRROR, or models_mirror")
    store = open_store(place)
    sent = [send(models_folder(settings.models), name, store, _note) for name in names]
    if as_json:
        say([{"name": one.name, "revision": one.revision, "bytes": one.bytes} for one in sent])
    for one in sent:
        _note(
            f"{one.name} at {one.revision} is in {plain_place(store.url)}: workers fetch it with CREATIVE_MODELS_MIRROR"
        )


@models.command()
@located(quiet=True)
def rehearse(
    settings: Settings,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or that of an earlier rehearsal.")],
    only: Annotated[
        builtins.list[str] | None, typer.Option(metavar="KIND", help="scene, clip, speech; all, if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write small models of random weights, and the table of backends that use them: all of a run with real models but the
    pictures, on any machine.
    """
    del settings
    from creative.models.rehearsal import rehearse as build

    table, rows = build(folder, only or ())
    if as_json:
        say({"folder": str(folder), "table": str(table), "backends": rows})
        return
    for row in rows:
        _note(f"{row['kind']:<7} {row['name']}")
    _note(f"in a brief: backends: {{scene: {_first(rows, 'scene')}, speech: {_first(rows, 'speech')}}}; then:")
    _note(f"CREATIVE_CATALOGUES={table} CREATIVE_MODELS={folder.absolute()} creative run BRIEF")


def _first(rows: builtins.list[dict[str, Any]], kind: str) -> str:
    return next((str(row["name"]) for row in rows if row["kind"] == kind), "...")


@models.command()
@located(quiet=True)
def cost(
    settings: Settings,
    ads: Annotated[int, typer.Option(min=1, help="How many ads.")] = 1000,
    images: Annotated[
        float, typer.Option(min=0, max=100, help="Generated pictures an ad: sets share one scene.")
    ] = 0.25,
    film_seconds: Annotated[float, typer.Option(min=0, max=600, help="Generated seconds of film an ad.")] = 0.5,
    speech_seconds: Annotated[float, typer.Option(min=0, max=600, help="Spoken seconds an ad.")] = 2.0,
    busy: Annotated[float, typer.Option(min=0.05, max=1, help="Share of the time that the card works.")] = 0.8,
    gpu_hour: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Price of a card's hour.", show_default="prices.gpu_hour")
    ] = None,
    as_json: Json = False,
) -> None:
    """What so many ads take of a card, by each model's GPU-seconds. Figures that nobody measured are marked as guesses."""
    from creative.models.costing import costs

    price = gpu_hour or settings.prices.get("gpu_hour")
    if price is None:
        raise UsageError(
            'say what a card\'s hour costs: --gpu-hour 2.60, or prices = {gpu_hour = "2.60"} in creative.toml'
        )
    currency = settings.prices.get("currency", "")
    each = {"image": images, "second of film": film_seconds, "second of speech": speech_seconds}
    rows = costs(ads, each, busy, _amount(price))
    if as_json:
        say(rows)
        return
    lines = [("model", "unit", "units", "GPU-seconds each", "card", "hours", f"cost {currency}".strip())]
    lines += [
        (
            row["model"], row["unit"], f"{row['units']:g}",
            f"{row['gpu_seconds']:g}{'' if row['measured'] else ' (a guess)'}", row["card"], f"{row['hours']:.2f}", row["cost"],
        )
        for row in rows
    ]  # fmt: skip
    _columns(lines)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except ArithmeticError as error:
        raise UsageError(f"--gpu-hour {text[:40]}: write an amount, such as 2.60") from error
    if not 0 <= amount < 1_000_000:
        raise UsageError(f"--gpu-hour {text[:40]}: write an amount, such as 2.60")
    return amount
