"""submit: a brief's run as a job of a cluster; and run-parcel, which is what the job does."""

from __future__ import annotations

from typing import Annotated

import typer

from creative.commands.options import BriefPath, Json, Only, located, say
from creative.errors import EXIT_TEMPORARY
from creative.settings import Settings

_RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try again what was refused or quarantined before.")]
_Verify = Annotated[
    bool, typer.Option("--verify", help="Read everything in the store first: what is damaged or gone is made again.")
]
_Sheet = Annotated[bool, typer.Option(help="Draw the contact sheet at the end.")]


@located(hands=True)
def submit(
    settings: Settings,
    brief: BriefPath,
    only: Only = None,
    wait: Annotated[bool, typer.Option(help="Follow the job to its end; its exit code is this command's.")] = True,
    retry_failed: _RetryFailed = False,
    verify: _Verify = False,
    sheet: _Sheet = True,
    as_json: Json = False,
) -> None:
    """Have a cluster run a brief: plan it here, upload it with its media, start a job at --address http://head:8265.

    The same again while it runs follows that run. Ctrl-C ends the following, not the job. The cluster's own environment
    says where its registry is and has the passwords (CREATIVE_PROFILE, CREATIVE_REGISTRY, PGPASSWORD); a cluster with token
    authentication wants RAY_AUTH_MODE=token and RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, here.
    """
    from creative.submitting import submit as submitting

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    wish = submitting.Wish(tuple(only or ()), retry_failed, verify, sheet, settings.workers)
    found, jobs = submitting.submit(brief, settings, wish, tell)
    tell(f"{'runs already' if found.attached else 'submitted'}: {found.id}")
    if not wait:
        if as_json:
            say(found.summary())
        else:
            typer.echo(found.id)
            tell("the same command with --wait follows it")
        return
    try:
        submitting.follow(found, jobs, tell)
    except KeyboardInterrupt:
        tell(f"the job {found.id} goes on; the same command follows it again, and `ray job stop {found.id}` ends it")
        raise
    for name in ("manifest", "sheet"):
        if found.result.get(name):
            tell(f"{name}: {found.result[name]}")
    if as_json:
        say(found.summary())
    raise typer.Exit(EXIT_TEMPORARY if found.exit_code is None else found.exit_code)


@located(hands=True)
def run_parcel(
    settings: Settings,
    parcel: Annotated[str, typer.Argument(metavar="SHA256", help="Of a brief that `creative submit` uploaded.")],
    only: Only = None,
    retry_failed: _RetryFailed = False,
    verify: _Verify = False,
    sheet: _Sheet = True,
    as_json: Json = False,
) -> None:
    """Run a brief that was submitted: what the job does on the cluster."""
    from creative.store.port import check_sha256
    from creative.submitting import submit as submitting

    wish = submitting.Wish(tuple(only or ()), retry_failed, verify, sheet)
    made = submitting.run_parcel(check_sha256(parcel), settings, wish)
    if as_json:
        say(made.summary())
    raise typer.Exit(made.exit_code)
