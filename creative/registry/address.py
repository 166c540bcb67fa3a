"""Where a PostgreSQL database is: a URL as its own tools understand it, completed from the environment and ~/.pgpass.

The names and their meaning are those of PostgreSQL's manual, "Connection Strings" and "Parameter Key Words". What this
farm cannot honour is refused by name; values are never repeated, since any may be a secret that was put in the wrong place.
"""

from __future__ import annotations

import getpass
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from creative.errors import UsageError

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "channel_binding": "PGCHANNELBINDING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "gssencmode": "PGGSSENCMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "service": "PGSERVICE",
}
_ONLY: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("prefer", "disable", "require", "verify-ca", "verify-full"),
    "channel_binding": ("prefer", "disable", "require"),
    "target_session_attrs": ("any", "read-write", "primary"),
    "gssencmode": ("disable", "prefer"),
    "sslnegotiation": ("postgres",),
    "client_encoding": ("utf8", "UTF8", "UTF-8", "auto"),
    "keepalives": ("1", "0"),
    "sslsni": ("1",),
    "sslcompression": ("0",),
}
_NUMBERS = {
    "connect_timeout": 10,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 6,
    "tcp_user_timeout": 60_000,
}
_TEXTS = ("sslpassword", "fallback_application_name")
_KNOWN = (*_VARIABLES, *_ONLY, *_NUMBERS, *_TEXTS)
_SOCKET_FOLDERS = ("/var/run/postgresql", "/run/postgresql", "/tmp")  # where distributions and PostgreSQL itself put it
_PORTS = range(1, 65536)
_FIELDS = 5  # of a line of ~/.pgpass: host, port, database, user, password
_ENCODE = "in a user or password, write %40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %"


@dataclass(frozen=True, slots=True)
class Address:
    """A database. `host`: a name, a number, or the folder of a Unix socket; `hostaddr`: where to go instead of asking for it.

    `timeout`: of connecting, in seconds, 0 for none; keepalives in seconds and probes, `user_timeout` in milliseconds.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(repr=False)
    hostaddr: str
    sslmode: str
    sslrootcert: str
    sslcert: str
    sslkey: str
    sslpassword: str | None = field(repr=False)
    channel_binding: str
    options: str
    application_name: str
    read_write: bool
    timeout: int
    keepalives: bool
    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int
    user_timeout: int

    @property
    def socket(self) -> str:
        """The path of the Unix socket; empty for TCP."""
        return f"{self.host}/.s.PGSQL.{self.port}" if self.host.startswith("/") else ""

    def __str__(self) -> str:
        """A URL for people: without its password."""
        host = "" if self.socket else f"[{self.host}]" if ":" in self.host else self.host
        shown = f"postgresql://{quote(self.user, '')}@{host}:{self.port}/{quote(self.database, '')}"
        more = [f"host={self.host}"] if self.socket else []
        if self.options:
            more.append(f"options={quote(self.options, safe='')}")
        return shown + ("?" + "&".join(more) if more else "")


def address(url: str, environment: Mapping[str, str] | None = None) -> Address:
    """Read a `postgresql://` URL. Raises UsageError for what it must not say, by name.

    `environment`: the process's, if left out.
    """
    environment = os.environ if environment is None else environment
    said = _parts(url)
    given = {
        name: value for name in _KNOWN if (value := said.get(name, "") or environment.get(_VARIABLES.get(name, ""), ""))
    }
    if "service" in given:
        raise UsageError("the registry's URL or PGSERVICE names a service: write its host, port and database out")
    for name, allowed in _ONLY.items():
        if given.get(name, allowed[0]) not in allowed:
            raise UsageError(f"the registry's {name} must be one of {', '.join(allowed)}")
    user = given.get("user") or _login()
    host, port = given.get("host", ""), _number("port", given.get("port", "5432"))
    if port not in _PORTS:
        raise UsageError("the registry's port must be a number from 1 to 65535")
    if "," in host or "," in given.get("hostaddr", ""):
        raise UsageError("the registry's URL names several hosts: name one, such as a proxy's or the primary's")
    host = host or given.get("hostaddr", "") or _usual_host(port)
    database = given.get("dbname") or user
    numbers = {name: _number(name, given.get(name, str(usual))) for name, usual in _NUMBERS.items()}
    password = given.get("password") or _from_passfile(given, environment, host, port, database, user)
    return Address(
        host=host,
        port=port,
        database=database,
        user=user,
        password=password,
        hostaddr=given.get("hostaddr", ""),
        sslmode=given.get("sslmode", "prefer"),
        sslrootcert=given.get("sslrootcert", ""),
        sslcert=given.get("sslcert", ""),
        sslkey=given.get("sslkey", ""),
        sslpassword=given.get("sslpassword"),
        channel_binding=given.get("channel_binding", "prefer"),
        options=given.get("options", ""),
        application_name=given.get("application_name") or given.get("fallback_application_name") or "creative-farm",
        read_write=given.get("target_session_attrs", "any") != "any",
        timeout=numbers["connect_timeout"],
        keepalives=given.get("keepalives", "1") == "1",
        keepalives_idle=numbers["keepalives_idle"],
        keepalives_interval=numbers["keepalives_interval"],
        keepalives_count=numbers["keepalives_count"],
        user_timeout=numbers["tcp_user_timeout"],
    )


def _parts(url: str) -> dict[str, str]:
    """What the URL itself says, by parameter name."""
    if re.search(r"\s", url):
        raise UsageError(f"the registry's URL has a space in it: {_ENCODE}, %20 for a space")
    try:
        split = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"the registry's URL cannot be read: {_ENCODE}") from error
    login, _, place = split.netloc.rpartition("@")
    user, _, password = login.partition(":")
    if split.fragment or ("@" in split.path and not login):
        raise UsageError(f"the registry's URL cannot be read: {_ENCODE}")
    found = re.fullmatch(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>\d*))?", place)
    if found is None:
        many = "name one host" if "," in place else _ENCODE
        raise UsageError(f"the registry's URL cannot be read: the host and port are not right; {many}")
    said = {
        "user": unquote(user),
        "password": unquote(password),
        "host": unquote(found["six"] or found["host"] or ""),
        "port": found["port"] or "",
        "dbname": unquote(split.path.removeprefix("/")),
    }
    for name, value in parse_qsl(split.query, keep_blank_values=True):
        name = "dbname" if name == "database" else name
        if name == "ssl" and value == "true":  # JDBC's way of asking for it
            name, value = "sslmode", "require"
        if name not in _KNOWN:
            some = ", ".join(("host", "sslmode", "sslrootcert", "options", "application_name", "connect_timeout"))
            raise UsageError(
                f"the registry's URL says {name!r}, which this farm does not know: it knows {some} and others"
            )
        said[name] = value
    return said


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"the registry's {name} must be a whole number")
    return int(text)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError) as error:
        raise UsageError("the registry's URL names no user: write postgresql://user@host/database") from error


def _usual_host(port: int) -> str:
    """Where a server without a host is: behind a Unix socket, if there is one."""
    for folder in _SOCKET_FOLDERS:
        if (Path(folder) / f".s.PGSQL.{port}").exists():
            return folder
    return "localhost"


def _from_passfile(
    given: Mapping[str, str], environment: Mapping[str, str], host: str, port: int, database: str, user: str
) -> str | None:
    """The password that ~/.pgpass (or PGPASSFILE) has for this database. One that others may read does not count."""
    home = environment.get("HOME")
    named = given.get("passfile") or (f"{home}/.pgpass" if home else "")
    if not named:
        return None
    path = Path(named).expanduser()
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return None
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
    wanted = ("localhost" if host in _SOCKET_FOLDERS else host, str(port), database, user)
    for fields in _lines(text):
        if len(fields) == _FIELDS and all(has in ("*", want) for has, want in zip(fields, wanted, strict=False)):
            return fields[-1]
    return None


def _lines(text: str) -> Iterator[list[str]]:
    """The five fields of each line; a backslash goes before a colon or a backslash, but not in need in the last field."""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        fields = [""]
        for one in re.findall(r"\\.|.", line):
            if one == ":" and len(fields) < _FIELDS:
                fields.append("")
            else:
                fields[-1] += one[-1]
        yield fields
