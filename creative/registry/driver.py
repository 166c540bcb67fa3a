"""PostgreSQL's driver: connections with their time-outs, TLS as PostgreSQL's own tools do it, and one trip a statement.

pg8000 is plain Python and BSD. Three things are done here rather than there: the socket is ours, since pg8000 would keep
the time-out of connecting for all that follows; a statement goes out in one trip instead of three; and the many rows of
one statement go out together, not one after another.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pg8000 import dbapi
from pg8000.converters import make_params
from pg8000.core import Context
from pg8000.exceptions import DatabaseError, InterfaceError
from scramp import ScramException  # type: ignore[import-untyped]  # it has no hints
from sqlalchemy.dialects import registry as dialects
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000, PGExecutionContext_pg8000, ServerSideCursor
from sqlalchemy.engine import URL, Connection, Engine

from creative.errors import UsageError, WrongRegistryError
from creative.registry.address import Address

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PASSWORDS = (3, 5, 10)  # kinds of authentication: plain, MD5, SASL
_SASL = 10
_BOUND = b"SCRAM-SHA-256-PLUS"
_PARSE, _BIND, _DESCRIBE, _EXECUTE, _SYNC = b"P", b"B", b"D", b"E", b"S"
_TOGETHER = 500  # rows: the answers to them, some 30 bytes a row, have to fit into the sockets' buffers
_LEAST_TLS = ssl.TLSVersion.TLSv1_2


class Unreachable(InterfaceError):  # type: ignore[misc]  # the driver has no hints
    """Nobody answers there now. `str(error)` says why in a few words."""


class UnknownHost(Unreachable):
    """There is no machine of that name."""


class Cursor(dbapi.Cursor):  # type: ignore[misc]  # the driver has no hints
    """Sends a statement, with all its rows, in one trip."""

    def execute(self, operation: str, args: Sequence[Any] = (), stream: Any = None) -> None:
        """One statement."""
        if args:
            self._send(operation, [args])
        else:
            super().execute(operation, args, stream)

    def executemany(self, operation: str, param_sets: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows, none of which is answered with rows; `rowcount` is their sum."""
        self._send(operation, list(param_sets))

    def _send(self, operation: str, rows: list[Sequence[Any]]) -> None:
        link: Link = self._c
        if not link._in_transaction and not link.autocommit:
            link.execute_simple("begin transaction")
        self._context = context = Context(operation)
        statement = _numbered(operation) if rows else ""
        for start in range(0, len(rows), _TOGETHER):
            message = bytearray(_message(_PARSE, b"\0" + statement.encode() + b"\0\0\0"))
            for row in rows[start : start + _TOGETHER]:
                message += _message(_BIND, _bound(make_params(link.py_types, row)))
                if len(rows) == 1:
                    message += _message(_DESCRIBE, b"P\0")
                message += _message(_EXECUTE, b"\0\0\0\0\0")
            link.send(bytes(message + _message(_SYNC, b"")))
            link.handle_messages(context)
        self._row_iter = None if context.rows is None else iter(context.rows)


@functools.lru_cache(256)
def _numbered(operation: str) -> str:
    """The statement with $1 for its first %s, and so on: the driver reads it letter by letter, so not each time."""
    return str(dbapi.convert_paramstyle("format", operation, ())[0])


def _message(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("!i", len(data) + 4) + data


def _bound(values: Sequence[str | None]) -> bytes:
    """The body of a Bind message: all values as text."""
    parts = [b"\0\0\0\0" + struct.pack("!H", len(values))]
    for value in values:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            data = value.encode()
            parts += (struct.pack("!i", len(data)), data)
    return b"".join((*parts, b"\0\0"))


class Link(dbapi.Connection):  # type: ignore[misc]  # the driver has no hints
    """A connection. All that goes wrong between here and the server is an InterfaceError that says "network error"."""

    def __init__(self, address: Address, sock: socket.socket) -> None:
        self._binding = address.channel_binding
        startup = {"client_encoding": "UTF8", "DateStyle": "ISO"}
        if address.options:
            startup["options"] = address.options
        super().__init__(
            address.user,
            database=address.database,
            password=address.password,
            ssl_context=False,  # it is done already
            application_name=address.application_name,
            startup_params=startup,
            sock=sock,
        )

    def cursor(self) -> Cursor:
        """A cursor that sends statements in one trip."""
        return Cursor(self)

    def send(self, message: bytes) -> None:
        """Send whole messages."""
        if self._sock is None:
            raise InterfaceError("connection is closed")
        try:
            self._sock.write(message)
            self._sock.flush()
        except OSError as error:
            raise InterfaceError(f"network error: {_why(error)}") from error

    def commit(self) -> None:
        """End the transaction in one trip."""
        self.execute_simple("commit")

    def rollback(self) -> None:
        """Undo the transaction, if there is one, in one trip."""
        if self._in_transaction:
            self.execute_simple("rollback")

    def handle_messages(self, context: Context) -> None:
        """Read the server's answer. A server that goes away says why, and then answers no more."""
        try:
            super().handle_messages(context)
        except (InterfaceError, OSError) as error:
            if isinstance(context.error, Exception) and context.error is not error:
                said = context.error.args[0]
                raise InterfaceError(f"network error: {said.get('M', '')}") from error
            if isinstance(error, OSError):
                raise InterfaceError(f"network error: {_why(error)}") from error
            raise

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Context) -> None:  # noqa: N802  the driver's name
        """Give the password, and never to a server that will not prove that it is at the other end of this TLS."""
        (kind,) = struct.unpack_from("!i", data)
        if kind in _PASSWORDS:
            if self.password is None:
                raise InterfaceError("no password was provided")
            if self._binding == "require" and not (kind == _SASL and _BOUND in data[4:].split(b"\0")):
                raise InterfaceError("channel_binding=require, and the server offers none")
        try:
            super().handle_AUTHENTICATION_REQUEST(data, context)
        except ScramException as error:
            raise InterfaceError(f"the server did not prove that it knows the password: {error}") from error

    def close(self) -> None:
        """Leave. Whoever closes a connection does not care whether the other side is still there."""
        file = self._sock
        with contextlib.suppress(InterfaceError):
            super().close()
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


class _Stream(ServerSideCursor):
    """A cursor at the server. Where its transaction is lost, there is nothing left to close."""

    def close(self) -> None:
        with contextlib.suppress(InterfaceError, DatabaseError):
            super().close()  # type: ignore[no-untyped-call]  # SQLAlchemy's own dialect has no hints here, nor below


class _Execution(PGExecutionContext_pg8000):
    def create_server_side_cursor(self) -> Any:
        cursor = super().create_server_side_cursor()  # type: ignore[no-untyped-call]
        return _Stream(cursor.cursor, cursor.ident)  # type: ignore[no-untyped-call]


class Dialect(PGDialect_pg8000):
    """SQLAlchemy's dialect for pg8000, which is told of lost connections by the words "network error"."""

    driver = "farm"
    execution_ctx_cls = _Execution
    supports_statement_cache = True


def engine(address: Address) -> Engine:
    """An engine for the database; it connects when it is first used. Its URL has no password in it.

    To connect raises Unreachable where nobody answers, WrongRegistryError for TLS that must not be, the driver's
    DatabaseError for what the server refuses. Raises UsageError for files of TLS that cannot be used.
    """
    dialects.register("postgresql.farm", __name__, "Dialect")
    url = URL.create("postgresql+farm", address.user, None, address.host, address.port, address.database)
    context = _tls(address)
    made = sa.create_engine(url, creator=lambda: _connect(address, context))
    sa.event.listen(made, "begin", _begin)
    return made


def _begin(connection: Connection) -> None:
    # All that one reader reads is of one moment; it cannot write, and so works on a standby too.
    if connection.get_execution_options().get("read"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _connect(address: Address, context: ssl.SSLContext | None) -> Link:
    try:
        try:
            sock = _secured(_opened(address), address, context)
        except ssl.SSLCertVerificationError as error:
            raise WrongRegistryError(
                f"the certificate of the registry {address} does not hold: {error.verify_message}; "
                "sslrootcert names the file of the authority that signed it"
            ) from error
        except ssl.SSLError as error:
            if address.sslmode != "prefer":
                raise Unreachable(f"TLS fails: {error.reason}") from error
            sock = _opened(address)
        link = Link(address, sock)
        if address.read_write:
            _refuse_standby(link)
        link._usock.settimeout(None)  # from now on a statement may take its time
    except OSError as error:
        raise Unreachable(_why(error)) from error
    return link


def _refuse_standby(link: Link) -> None:
    cursor = link.cursor()
    cursor.execute("SHOW transaction_read_only")
    if cursor.fetchone()[0] == "on":
        link.close()
        raise Unreachable("it takes no writes now, and target_session_attrs asks for it")
    link.rollback()


def _opened(address: Address) -> socket.socket:
    limit = address.timeout or None
    if address.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(limit)
        try:
            sock.connect(address.socket)
        except BaseException:
            sock.close()
            raise
        return sock
    try:
        sock = socket.create_connection((address.hostaddr or address.host, address.port), limit)
    except socket.gaierror as error:
        raise (UnknownHost if error.errno == socket.EAI_NONAME else Unreachable)(
            "its host's name is not known"
        ) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(address.keepalives))
    for name, value in (
        ("TCP_KEEPIDLE", address.keepalives_idle),
        ("TCP_KEEPINTVL", address.keepalives_interval),
        ("TCP_KEEPCNT", address.keepalives_count),
        ("TCP_USER_TIMEOUT", address.user_timeout),
    ):
        if value and hasattr(socket, name):  # not every system has each
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock


def _tls(address: Address) -> ssl.SSLContext | None:
    """What TLS has to be like, None for none. Raises UsageError for files that are not there."""
    if address.sslmode == "disable" or address.socket:
        return None
    root = address.sslrootcert
    home = Path("~/.postgresql/root.crt").expanduser()
    if not root and address.sslmode.startswith("verify") and home.exists():
        root = str(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = _LEAST_TLS
    # As PostgreSQL's own tools: who names an authority and only asks for TLS has its certificates checked too.
    checked = address.sslmode.startswith("verify") or bool(root and address.sslmode == "require")
    context.check_hostname = address.sslmode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if checked else ssl.CERT_NONE
    try:
        if checked and root and root != "system":
            context.load_verify_locations(root)
        elif checked:
            context.load_default_certs()
        if address.sslcert:
            context.load_cert_chain(address.sslcert, address.sslkey or None, address.sslpassword or "")
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"sslrootcert, sslcert or sslkey of the registry {address} cannot be used: "
            f"{error.strerror or error.__class__.__name__}"
        ) from error
    return context


def _secured(sock: socket.socket, address: Address, context: ssl.SSLContext | None) -> socket.socket:
    if context is None:
        return sock
    try:
        sock.sendall(_SSL_REQUEST)
        answer = sock.recv(1)
        if answer == b"S":
            return context.wrap_socket(sock, server_hostname=address.host)
        if answer == b"N" and address.sslmode == "prefer":
            return sock
        if answer == b"N":
            raise WrongRegistryError(
                f"the registry {address} offers no TLS, and sslmode={address.sslmode} asks for it: "
                "turn it on at the server, or write sslmode=disable for a network that can be trusted"
            )
        raise ConnectionError("it does not speak as PostgreSQL does" if answer else "it hung up")
    except BaseException:
        sock.close()
        raise


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
