"""The command line. It wires; what is done is elsewhere.

Data go to stdout, everything for people to stderr. Exit codes:

0    all made; or another nightly has the lease
1    `match` found no ad that may be shown
2    bad brief or usage, a wrong place for store or registry
3    some ads failed or were beyond a limit, or some verdicts were refused
70   unforeseen: a fault of the farm's own (EX_SOFTWARE); a file with the traceback is named
75   infrastructure: worth trying again (EX_TEMPFAIL)
130  interrupted (Ctrl-C)
143  terminated (SIGTERM), ended as cleanly as by Ctrl-C
"""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Annotated, Any

import typer

from creative.commands import asking, making, reviewing
from creative.commands.layouts import layout
from creative.commands.models import models
from creative.commands.nightly import nightly
from creative.commands.options import has_said, say
from creative.commands.submitting import run_parcel, submit
from creative.commands.voices import voices
from creative.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TERMINATED,
    EXIT_UNFORESEEN,
    EXIT_USAGE,
    CreativeError,
)
from creative.faults import kept
from creative.signals import leave, terminate_cleanly, terminated
from creative.version import VERSION

app = typer.Typer(
    name="creative",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="One campaign brief in; image, film and voice ads out, for every audience segment and placement.",
)

for _command in (
    making.init,
    making.validate,
    making.plan,
    making.run,
    nightly,
    submit,
    asking.status,
    asking.sheet,
    asking.show,
    reviewing.approve,
    reviewing.reject,
    reviewing.waive,
    reviewing.match,
    reviewing.deliver,
    asking.reindex,
    asking.doctor,
):
    app.command()(_command)
app.command(hidden=True)(run_parcel)
app.add_typer(reviewing.manifest)
app.add_typer(voices)
app.add_typer(models)
app.add_typer(layout)


def _version(value: bool) -> None:
    if value:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read by --help."""


def main() -> None:
    """The entry point: every error that a person can act on is one message and an exit code."""
    terminate_cleanly()
    try:
        leave(_main())
    except KeyboardInterrupt:  # another one, while the first was told
        leave(EXIT_TERMINATED if terminated() else EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our data had enough
        leave(EXIT_OK)


def _main() -> int:
    try:
        code = app(standalone_mode=False)
        if code == EXIT_INTERRUPTED:  # typer makes an exit code of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else EXIT_OK
    except CreativeError as error:
        _say_error(str(error), [dataclasses.asdict(finding) for finding in getattr(error, "findings", ())])
        typer.echo(str(error), err=True)
        return error.exit_code
    except typer.TyperException as error:
        _say_error(error.format_message())
        show_itself = getattr(error, "show", None)  # usage errors have one, with a hint
        if show_itself is None:
            typer.echo(str(error), err=True)
        else:
            show_itself()
        return EXIT_USAGE
    except (KeyboardInterrupt, typer.Abort):
        how = "terminated" if terminated() else "interrupted"
        _say_error(how)
        typer.echo(f"{how}; the same command goes on from here", err=True)
        return EXIT_TERMINATED if terminated() else EXIT_INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  the last resort: a fault of ours is told in one line too
        message = f"unexpected: {type(error).__name__}: {error}; {kept(error)}"
        _say_error(message)
        typer.echo(message, err=True)
        return EXIT_UNFORESEEN


def _say_error(message: str, findings: list[dict[str, Any]] | None = None) -> None:
    """What went wrong as data, where data were asked for."""
    if "--json" in sys.argv and not has_said():
        say({"ok": False, "error": message, "findings": findings or []})
