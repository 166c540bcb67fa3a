"""What is wrong with a database, in plain words, and whether it will pass."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from creative.errors import DamagedRegistryError, RegistryError, WrongRegistryError


class PassingError(RegistryError):
    """What was tried may be tried again as a whole, soon. `why`: in a few words.

    `away`: nobody answers, as against somebody being in the way; `stale`: a connection of earlier was broken, and a new
    one may work at once; `unknown`: there is no machine of that name.
    """

    def __init__(self, place: str, why: str, *, away: bool = True, stale: bool = False, unknown: bool = False) -> None:
        super().__init__(f"the registry {place} {'does not answer' if away else 'is too busy'} ({why}); try again")
        self.why = why
        self.away = away
        self.stale = stale
        self.unknown = unknown


def where(engine: Engine) -> str:
    """The database's place, for people: a path, or a URL without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return str(engine.get_execution_options().get("place", engine.url))


def trouble(engine: Engine, error: DBAPIError) -> RegistryError:
    """The error to raise for what the driver says. It never repeats a statement or what was to be written."""
    if engine.dialect.name == "sqlite":
        message = str(error.orig)
        return _kind(engine, message)(f"the registry {where(engine)} {_of_sqlite(message)}")
    said = error.orig.args[0] if error.orig is not None and error.orig.args else ""
    if isinstance(said, dict):
        return _answered(engine, said.get("C", ""), said.get("M", ""))
    return _unanswered(engine, str(said), error)


def _kind(engine: Engine, message: str) -> type[RegistryError]:
    """A file without a database in it is a damaged registry only where its name says that it was one."""
    if "file is not a database" in message:
        named = Path(engine.url.database or "").suffix in (".db", ".sqlite", ".sqlite3")
        return DamagedRegistryError if named else WrongRegistryError
    return DamagedRegistryError if "malformed" in message else RegistryError


def _of_sqlite(message: str) -> str:
    for sign, words in (
        ("database is locked", "is locked: another process has been writing to it for long; try again"),
        (
            "file is not a database",
            "is not a database file: move it away, or name another; `creative reindex` makes it anew",
        ),
        ("malformed", "is damaged: move it away, then `creative reindex` makes it anew from the store"),
        ("disk I/O error", "cannot be read: disk error; move it away, then `creative reindex` makes it anew"),
        ("readonly database", "cannot be written: it, or its folder, is read-only"),
        ("unable to open database", "cannot be opened: its folder is missing, is no folder, or denies it"),
        ("disk is full", "cannot be written: no space left"),
    ):
        if sign in message:
            return words
    return f"failed: {message.strip()}"


# PostgreSQL's manual, appendix A: error codes. {message} is the server's own sentence.
_WRONG = {
    "28P01": "does not take this user and password",
    "28000": "does not let this user in: {message}",
    "3D000": "does not exist: its server has no such database; create it, or name another",
    "3F000": "has no schema for its tables: create the one that search_path names",
    "42501": "does not let its user do that: {message}; the user must be allowed to CREATE in the schema",
    "42704": "cannot be opened: {message}",
}
_NOW = {
    "25006": "takes no writes: its server is a standby, or set to be read-only; name the primary, or try again later",
    "53100": "cannot be written: no space left on its server's disk",
    "53200": "cannot be used: its server has no memory left",
    "55P03": "is locked by somebody else; try again",
    "57014": "gave up: its server allows a statement less time than this one took",
    "57P04": "is gone: somebody dropped the database; create it, then `creative reindex` makes the registry anew",
    "42P01": "has lost tables: {message}; drop the rest, then `creative reindex` makes the registry anew",
    "XX001": "is damaged on its server's disk: {message}",
    "XX002": "is damaged on its server's disk: {message}",
}
_AWAY = {
    "53300": "its server has no connection left",
    "57P01": "its server is stopping",
    "57P02": "its server crashed",
    "57P03": "its server is starting or stopping",
    "57P05": "its server ended an idle connection",
}
_IN_THE_WAY = ("40001", "40P01")  # serialization failure, deadlock: the other one was let through
_UNPROVED = (
    ("no password was provided", "wants a password: write it into the URL, PGPASSWORD or ~/.pgpass"),
    ("channel_binding", "cannot prove that nobody is in between, and channel_binding=require asks for it"),
    ("did not prove", "cannot prove that it knows the password: somebody else may be answering"),
    (
        "Authentication method",
        "asks for a kind of login that this farm does not know: allow scram-sha-256 in pg_hba.conf",
    ),
)


def _answered(engine: Engine, code: str, message: str) -> RegistryError:
    place = where(engine)
    if code in _WRONG:
        return WrongRegistryError(f"the registry {place} {_WRONG[code].format(message=message)}")
    if "unsupported startup parameter" in message:  # PgBouncer's, under a code that it also uses for what passes
        return WrongRegistryError(
            f"the registry {place} does not take what the URL says: {message}; set it for the user instead "
            "(ALTER ROLE ... SET), or list it in PgBouncer's ignore_startup_parameters"
        )
    if code in _AWAY or code.startswith("08"):
        return PassingError(place, _AWAY.get(code, message), stale=code == "57P05")
    if code in _IN_THE_WAY:
        return PassingError(place, message, away=False)
    return RegistryError(f"the registry {place} {_NOW.get(code, 'failed: {message}').format(message=message)}")


def _unanswered(engine: Engine, said: str, error: DBAPIError) -> RegistryError:
    from creative.registry.driver import UnknownHost, Unreachable

    place = where(engine)
    for sign, words in _UNPROVED:
        if sign in said:
            return WrongRegistryError(f"the registry {place} {words}")
    if isinstance(error.orig, Unreachable):
        return PassingError(place, said, unknown=isinstance(error.orig, UnknownHost))
    if error.connection_invalidated or "network error" in said or "connection is closed" in said:
        return PassingError(place, "the connection broke", stale=True)
    return RegistryError(f"the registry {place} failed: {said}")
