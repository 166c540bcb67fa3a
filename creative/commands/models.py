"""models: which there are, fetching and checking their weights, the team's mirror, and rehearsals with random weights."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creative.commands.options import Json, located, say
from creative.errors import UsageError
from creative.settings import Settings

if TYPE_CHECKING:
    from creative.models.rows import ModelRow

models = typer.Typer(
    name="models", no_args_is_help=True, help="Models with weights of their own: list, fetch, check, mirror, rehearse."
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="A model of `creative models list`.")]
Names = Annotated[
    builtins.list[str],
    typer.Argument(metavar="NAME...", help="Models of `creative models list`, or backends that a brief names."),
]


def _note(line: str) -> None:
    typer.echo(line, err=True)


@models.command()
@located(quiet=True)
def list(settings: Settings, as_json: Json = False) -> None:
    """Say every model: task, library, licence, whether ads may use it, least memory of a card, whether it is here."""
    from creative.models.files import models_folder
    from creative.models.rows import load_models
    from creative.models.telling import about, line

    folder, rows = models_folder(settings.models), load_models(settings.catalogues)
    found = [about(row, folder, settings.licences) for row in rows.values()]
    if as_json:
        say(found)
        return
    lines = [("model", "task", "library", "weights' licence", "for ads", "GB of card", "here", "unconfirmed")]
    _columns([*lines, *(line(row, one) for row, one in zip(rows.values(), found, strict=True))])


@models.command()
@located(quiet=True)
def show(settings: Settings, name: Name, as_json: Json = False) -> None:
    """Say everything of one model: each fact with its source and date, what is here, and which backends load it."""
    from creative.catalogue import load_catalogue
    from creative.models.files import models_folder
    from creative.models.needs import users
    from creative.models.rows import choose_model, load_models
    from creative.models.telling import about, sentences

    rows = load_models(settings.catalogues)
    row = choose_model(rows, name)
    one = about(row, models_folder(settings.models), settings.licences)
    one["backends"] = users(name, rows, load_catalogue(settings.catalogues).specs.values())
    if as_json:
        say(one)
        return
    for told in sentences(row, one):
        _note(told)


def _columns(lines: Sequence[Sequence[str]]) -> None:
    """For people, on stderr: one line a row, whatever the terminal's width."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        _note("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


@models.command()
@located(quiet=True)
def pull(
    settings: Settings,
    names: Names,
    revision: Annotated[
        str | None, typer.Option(help="The hub's commit; the row's own, if left out, else the hub's newest.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FOLDER|s3://...|hub",
            help="A folder with the model's files, a mirror, or the hub even where a mirror is set.",
            show_default="CREATIVE_MODELS_MIRROR, else the hub",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring weights to this machine: safetensors, JSON, text. A backend's name brings all that it loads. The same command again
    goes on with the file where it was ended; what is here already is held against its sha256.
    """
    from creative.models.fetching import fetch, is_folder
    from creative.models.files import models_folder
    from creative.models.rows import choose_model, load_models

    if revision is not None and not (len(revision) == 40 and set(revision) <= set("0123456789abcdef")):
        raise UsageError(f"--revision {revision[:60]}: write the commit in full, 40 hexadecimal digits: branches move")
    folder, alone = models_folder(settings.models), revision is not None or is_folder(source)
    if alone and len(names) > 1:
        raise UsageError("--revision and --from FOLDER are of one model: pull them one by one")
    rows = [choose_model(load_models(settings.catalogues), names[0])] if alone else _needed(settings, names)
    brought = []
    for row in rows:
        if not row.licence.commercial:
            _note(f"note: {row.name} is not for ads: {row.licence.terms or row.licence.weights}")
        manifest = fetch(row, folder, revision, source, settings.models_mirror, _note, offline=settings.offline)
        brought.append(manifest)
        _note(f"{row.name} at {manifest.revision}: {len(manifest.files)} files, {manifest.bytes / 1e9:.2f} GB")
        if row.revision is None and not row.archive:
            _note(
                f'the package pins no revision of it: give its backend\'s row `model: "{row.repo} {manifest.revision}"`'
            )
    if as_json:
        say(
            [
                {"name": one.name, "revision": one.revision, "bytes": one.bytes, "files": len(one.files)}
                for one in brought
            ]
        )


def _needed(settings: Settings, names: builtins.list[str]) -> builtins.list[ModelRow]:
    from creative.catalogue import load_catalogue
    from creative.models.needs import needed
    from creative.models.rows import load_models

    return needed(names, load_models(settings.catalogues), load_catalogue(settings.catalogues).specs.values())


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
    names: Names,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URL", help="A folder, or s3://bucket/prefix.", show_default="CREATIVE_MODELS_MIRROR"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put models that are here into the team's own mirror, from which workers fetch them; what is there already is not sent
    again. A backend's name sends all that it loads.
    """
    from creative.models.files import MANIFEST, is_name, models_folder
    from creative.models.mirror import mirror as send
    from creative.places import plain_place
    from creative.store import open_store

    place = to or settings.models_mirror
    if not place:
        raise UsageError("say where the mirror is: --to s3://bucket/prefix, CREATIVE_MODELS_MIRROR, or models_mirror")
    folder = models_folder(settings.models)
    own = {name for name in names if is_name(name) and (folder / name / MANIFEST).is_file()}  # rehearsals have no row
    models = [name for name in names if name in own]
    models += [
        row.name for row in _needed(settings, [name for name in names if name not in own]) if row.name not in own
    ]
    store = open_store(place)
    sent = [send(folder, name, store, _note) for name in models]
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
    brief: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BRIEF]", help="Of ads like this brief's, by its own plan; of each model, if left out."
        ),
    ] = None,
    ads: Annotated[int, typer.Option(min=1, help="How many ads.")] = 1000,
    images: Annotated[
        float, typer.Option(min=0, max=100, help="Without a brief: generated pictures an ad; sets share one scene.")
    ] = 0.25,
    film_seconds: Annotated[
        float, typer.Option(min=0, max=600, help="Without a brief: generated seconds of film an ad.")
    ] = 0.5,
    speech_seconds: Annotated[float, typer.Option(min=0, max=600, help="Without a brief: spoken seconds an ad.")] = 2.0,
    busy: Annotated[
        float, typer.Option(min=0.05, max=1, help="Without a brief: share of the time that the card works.")
    ] = 0.8,
    gpu_hour: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Price of a card's hour.", show_default="prices.gpu_hour")
    ] = None,
    as_json: Json = False,
) -> None:
    """What so many ads take of a card: by each model, or by the plan of a brief. Figures that nobody measured are marked."""
    from creative.catalogue import load_catalogue
    from creative.models.costing import costs
    from creative.models.rows import load_models
    from creative.models.telling import cost_lines

    price = gpu_hour or settings.prices.get("gpu_hour")
    if price is None:
        raise UsageError(
            'say what a card\'s hour costs: --gpu-hour 2.60, or prices = {gpu_hour = "2.60"} in creative.toml'
        )
    if brief is not None:
        _bill(settings, brief, ads, _amount(price), as_json)
        return
    each = {"image": images, "second of film": film_seconds, "second of speech": speech_seconds}
    backends, models = load_catalogue(settings.catalogues).specs.values(), load_models(settings.catalogues)
    rows = costs(ads, each, busy, _amount(price), backends, models)
    if as_json:
        say(rows)
        return
    _columns(cost_lines(rows, settings.prices.get("currency", "")))
    _note(
        f"{ads} ads, {images:g} pictures, {film_seconds:g} s of film and {speech_seconds:g} s of speech each. alone: the card works "
        f"{busy:.0%} of its time; farm: by its backend's seconds, as creative plan reckons. Of a brief's own ads: creative models cost BRIEF"
    )


def _bill(settings: Settings, brief: Path, ads: int, gpu_hour: Decimal, as_json: bool) -> None:
    from creative import session
    from creative.catalogue import load_catalogue
    from creative.models.costing import bill
    from creative.models.telling import bill_lines

    loaded = session.read_brief(brief, settings)
    world = session.in_world(loaded, load_catalogue(settings.catalogues, settings.judges, settings.licences), settings)
    with session.looking(settings) as opened:
        found = opened.survey(loaded, world, {}) if opened else session.surveyed(loaded, world, {})
    cpu_hour = _amount(settings.prices.get("cpu_hour", "0"))
    made = bill(found, ads, gpu_hour, cpu_hour)
    if as_json:
        say(made.data())
        return
    table, told = bill_lines(made, settings.prices.get("currency", ""), priced=bool(cpu_hour))
    _columns(table)
    for line in told:
        _note(line)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except ArithmeticError as error:
        raise UsageError(f"--gpu-hour {text[:40]}: write an amount, such as 2.60") from error
    if not 0 <= amount < 1_000_000:
        raise UsageError(f"--gpu-hour {text[:40]}: write an amount, such as 2.60")
    return amount
