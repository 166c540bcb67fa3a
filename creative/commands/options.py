"""Options that commands share, and `located`, which gives a command its settings and says where it works."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from creative.settings import Settings

BriefPath = Annotated[Path, typer.Argument(metavar="BRIEF", help="A brief, for example campaign/brief.yaml.")]
Out = Annotated[Path | None, typer.Option(help="Folder for everything that has no other place.", show_default="out")]
StoreUrl = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="A folder, or s3://bucket/prefix.", show_default="OUT/store"),
]
RegistryUrl = Annotated[
    str | None,
    typer.Option(
        "--registry", metavar="URL", help="A file, or postgresql://host/database.", show_default="OUT/registry.db"
    ),
]
ProfileName = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="A profile of creative.toml.")]
RunnerName = Annotated[
    str | None, typer.Option("--runner", help="ray, or inline: one process on this machine.", show_default="ray")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="How many workers at most.", show_default="its cores")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Of a Ray cluster: auto or host:6379 on a machine of it, ray://host:10001 from elsewhere, http://head:8265 for "
        "submit. local: Ray on this machine.",
        show_default="local",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT=VALUE[,...]",
        help="Part of the matrix: segment, product, offer, market, locale, placement, variant.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Data as JSON on stdout.")]
CampaignId = Annotated[str | None, typer.Option("--campaign", help="Id of the campaign; the only one, if left out.")]

_PLACES: dict[str, Any] = {"profile": ProfileName, "out": Out, "store": StoreUrl, "registry": RegistryUrl}
_HANDS: dict[str, Any] = {"runner": RunnerName, "workers": Workers, "address": Address}


_said = False


def say(data: Any) -> None:
    """Data for other programs: one JSON value on stdout."""
    global _said  # noqa: PLW0603  of this process's stdout there is one
    _said = True
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))


def has_said() -> bool:
    """Whether the one value is on stdout already."""
    return _said


def located(
    command: Callable[..., None] | None = None, *, hands: bool = False, quiet: bool = False
) -> Callable[..., Any]:
    """Give a command, whose first parameter is `settings`, the options --profile, --out, --store and --registry.

    With `hands` also --runner, --workers and --address. The command's target is said on stderr first, without secrets,
    unless `quiet`.
    """
    if command is None:
        return lambda one: located(one, hands=hands, quiet=quiet)
    named = _PLACES | (_HANDS if hands else {})
    hints = get_type_hints(command, include_extras=True, localns={"Settings": object})
    own = [parameter for name, parameter in inspect.signature(command).parameters.items() if name != "settings"]
    parameters = [one.replace(annotation=hints[one.name]) for one in own]
    parameters[-1:-1] = [  # --json is the last of every command's options
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=option)
        for name, option in named.items()
    ]

    def wrapped(**values: Any) -> None:
        from creative.settings import settings

        found = settings(**{name: values.pop(name) for name in named})
        if not quiet:
            typer.echo(target(found), err=True)
        command(found, **values)

    wrapped.__name__, wrapped.__doc__, wrapped.__module__ = command.__name__, command.__doc__, command.__module__
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    return wrapped


def target(settings: Settings) -> str:
    """Where a command works, in one line for people: without passwords and the like."""
    from creative.places import plain_place

    place = f"store {plain_place(settings.store)}, registry {plain_place(settings.registry)}"
    if settings.remote:
        place += f", cluster {plain_place(settings.address)}"
    return f"{f'profile {settings.profile}: ' if settings.profile else ''}{place}"
