"""What only a PostgreSQL server can do or refuse: TLS, passwords, rights, standbys; and many rows in one trip."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from creative.errors import EXIT_TEMPORARY, EXIT_USAGE, RegistryError, UsageError
from creative.registry import Registry, database, open_registry
from creative.registry.patience import Patience
from creative.store import Store
from tests.support.postgres import Server
from tests.support.registry_records import Farm, receipt, sha

NOW = Patience(0, lambda _: None)


def refusal(url: str, store: Store) -> RegistryError:
    with pytest.raises(RegistryError) as refused:
        open_registry(url, store.id, NOW).close()
    error = refused.value
    causes = [error, error.__cause__, error.__context__]
    assert not [one for one in causes if "secret" in str(one)]
    return error


def test_who_may_not_come_in(postgres: Server, store: Store) -> None:
    for url, words in (
        (postgres.url(password="secret"), "does not take this user and password"),
        (postgres.url(user="nobody-known", password="secret"), "does not take this user and password"),
        (postgres.url("no-such-database"), "no such database"),
        (f"postgresql://farm@127.0.0.1:{postgres.port}/postgres", "wants a password: write it into the URL"),
        (postgres.url(options="-csearch_path=nowhere"), "no schema for its tables"),
        (postgres.url(options="-cno_such_setting=1"), "no_such_setting"),
        (postgres.url(sslmode="require"), "offers no TLS"),
    ):
        error = refusal(url, store)
        assert words in str(error)
        assert error.exit_code == EXIT_USAGE
        assert f"postgresql://{url.split('//')[1].split(':')[0].split('@')[0]}@" in str(error)


def test_a_password_and_a_place_from_the_environment(
    postgres: Server, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".pgpass").write_text(f"*:{postgres.port}:*:farm:{postgres.password}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    name = database.engine_for(postgres.new_schema()).get_execution_options()["place"].partition("?")[2]
    with open_registry(f"postgresql://farm@127.0.0.1:{postgres.port}/postgres?{name}", store.id) as registry:
        assert registry.place == f"postgresql://farm@127.0.0.1:{postgres.port}/postgres?{name}"
    (tmp_path / ".pgpass").unlink()
    for variable, value in (("HOST", "127.0.0.1"), ("PORT", str(postgres.port)), ("USER", "farm")):
        monkeypatch.setenv(f"PG{variable}", value)
    monkeypatch.setenv("PGDATABASE", "postgres")
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    with open_registry(f"postgresql://?{name}", store.id) as registry:
        assert registry.campaigns() == []
        assert postgres.password not in registry.place + repr(registry._engine) + repr(registry._engine.url)


def test_a_password_with_every_kind_of_character(postgres: Server, store: Store) -> None:
    word = "p@ss:w/rd?#%& ä'\"\\"
    postgres.run("DROP ROLE IF EXISTS odd")
    postgres.run(f"CREATE ROLE odd LOGIN SUPERUSER PASSWORD '{word.replace(chr(39), chr(39) * 2)}'")
    schema = postgres.new_schema().partition("options=-csearch_path%3D")[2]
    url = postgres.url(user="odd", password=word, options=f"-csearch_path={schema}")
    with open_registry(url, store.id) as registry:
        assert registry.campaigns() == []


def test_over_a_unix_socket(postgres: Server, store: Store) -> None:
    schema = postgres.new_schema().partition("?")[2]
    url = f"postgresql://farm:{postgres.password}@/postgres?host={postgres.socket_folder}&port={postgres.port}&{schema}"
    with open_registry(url + "&sslmode=require", store.id) as registry:
        registry.record_steps([receipt("k")])
        assert registry.known_steps(["k"]) == {"k"}
        assert f"host={postgres.socket_folder}" in registry.place


def test_rights(postgres: Server, store: Store) -> None:
    name = database.make_url(postgres.new_database()).database
    postgres.run("DROP ROLE IF EXISTS guest")
    postgres.run("CREATE ROLE guest LOGIN PASSWORD 'word'")
    error = refusal(postgres.url(str(name), user="guest", password="word"), store)
    assert "permission denied for schema public" in str(error)
    assert "allowed to CREATE" in str(error)
    assert error.exit_code == EXIT_USAGE


def test_a_server_that_takes_no_writes(postgres: Server, store: Store, farm: Farm) -> None:
    url = postgres.new_schema()
    open_registry(url, store.id).close()
    farm.made("a")
    with open_registry(
        url.replace("options=", "options=-cdefault_transaction_read_only%3Don%20"), store.id
    ) as registry:
        assert registry.current_assets("c") == {}
        with pytest.raises(RegistryError, match="takes no writes") as refused:
            registry.catch_up(store)
        assert refused.value.exit_code == EXIT_TEMPORARY
    writes = url.replace("options=", "target_session_attrs=read-write&options=")
    open_registry(writes, store.id).close()
    error = refusal(writes.replace("options=", "options=-cdefault_transaction_read_only%3Don%20"), store)
    assert "takes no writes now" in str(error)


def test_a_full_disk(postgres: Server, store: Store) -> None:
    with open_registry(postgres.new_schema(), store.id, NOW) as registry:
        for code, words in (
            ("53100", "no space left"),
            ("57014", "less time"),
            ("XX001", "damaged"),
            ("22012", "failed"),
        ):
            with pytest.raises(RegistryError, match=words), database.writing(registry._engine) as connection:
                connection.exec_driver_sql(f"DO $$ BEGIN RAISE SQLSTATE '{code}' USING MESSAGE = 'it says'; END $$")
        with pytest.raises(RegistryError, match="deadlock") as refused:
            registry._write(
                lambda it: it.exec_driver_sql("DO $$ BEGIN RAISE SQLSTATE '40P01' USING MESSAGE = 'deadlock'; END $$")
            )
        assert refused.value.exit_code == EXIT_TEMPORARY
        assert registry.campaigns() == []


def test_no_connection_left(postgres: Server, store: Store) -> None:
    postgres.run("DROP ROLE IF EXISTS one")
    postgres.run("CREATE ROLE one LOGIN SUPERUSER PASSWORD 'word' CONNECTION LIMIT 0")
    postgres.run("ALTER ROLE one NOSUPERUSER")
    error = refusal(postgres.url(user="one", password="word"), store)
    assert "no connection left" in str(error)
    assert error.exit_code == EXIT_TEMPORARY


def test_a_reader_sees_one_moment_and_cannot_write(postgres: Server, store: Store, farm: Farm) -> None:
    with open_registry(postgres.new_schema(), store.id) as registry:
        with database.reading(registry._engine) as connection:
            count = sa.text("SELECT count(*) FROM campaigns")
            assert connection.scalar(count) == 0
            farm.brief()
            assert registry.catch_up(store) == 1
            assert connection.scalar(count) == 0
            assert registry.campaigns()
        with pytest.raises(RegistryError, match="takes no writes"), database.reading(registry._engine) as connection:
            connection.execute(sa.text("DELETE FROM campaigns"))


def test_many_rows_take_little_memory(postgres: Server, store: Store, farm: Farm) -> None:
    for window in range(2):
        farm.made(*(f"ad{window}{i:05}" for i in range(1500)))
    with open_registry(postgres.new_schema(), store.id) as registry:
        registry.catch_up(store)
        assert next(registry.each_current_asset("c")).ad_id == "ad000000"
        tracemalloc.start()
        try:
            n = sum(1 for _ in registry.each_current_asset("c"))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert n == 3000
        assert peak < 1_200_000  # all 3,000 take 2 MB


def test_a_value_that_cannot_be_sent_leaves_the_connection_whole(registry: Registry) -> None:
    bad = receipt("k").model_copy(update={"recipe": {"kind": "k\ud800", "backend": "b"}})
    with pytest.raises(UnicodeEncodeError):
        registry.record_steps([receipt("j"), bad])
    assert registry.record_steps([receipt(sha("k"))]) == 1
    assert registry.known_steps(["j", sha("k")]) == {sha("k")}


def test_the_options_reach_the_server(postgres: Server) -> None:
    url = postgres.url(application_name="night", options="-cwork_mem=7MB")
    engine = database.engine_for(url)
    with database.reading(engine) as connection:
        said = {
            name: connection.scalar(sa.text(f"SHOW {name}"))
            for name in ("application_name", "work_mem", "client_encoding", "transaction_isolation")
        }
        link: Any = connection.connection.dbapi_connection
        sock: socket.socket = link._usock
        assert sock.gettimeout() is None  # that of connecting is over
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    engine.dispose()
    assert said == {
        "application_name": "night",
        "work_mem": "7MB",
        "client_encoding": "UTF8",
        "transaction_isolation": "repeatable read",
    }


def test_somebody_who_is_no_database(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(say: bytes) -> None:
            with listening.accept()[0] as caller:
                caller.recv(100)
                caller.sendall(say)

        port = listening.getsockname()[1]
        for say, words in ((b"HTTP/1.1 400\r\n\r\n", "does not speak as PostgreSQL does"), (b"", "hung up")):
            thread = threading.Thread(target=answer, args=(say,))
            thread.start()
            assert words in str(refusal(f"postgresql://farm:secret@127.0.0.1:{port}/db", store))
            thread.join()
        silent = f"postgresql://farm:secret@127.0.0.1:{port}/db?connect_timeout=1"
        assert "takes too long" in str(refusal(silent, store))


class TlsFront:
    """TLS before a server that has none, as a proxy does it. `certificate`: file with key and certificate."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._to = port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.secured = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(caller,), daemon=True).start()

    def _one(self, caller: socket.socket) -> None:
        try:
            caller.recv(8)
            caller.sendall(b"S")
            inside = self._context.wrap_socket(caller, server_side=True)
            self.secured += 1
        except OSError:
            caller.close()
            return
        server = socket.create_connection(("127.0.0.1", self._to))
        for one, other in ((inside, server), (server, inside)):
            threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            one.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for "localhost", with its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    more = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(folder / "key"),
        "-out",
        str(folder / "cert"),
    ]
    subprocess.run(["openssl", *made, *more], check=True, capture_output=True)
    (folder / "both").write_text((folder / "key").read_text() + (folder / "cert").read_text())
    return folder / "both"


@pytest.fixture
def front(postgres: Server, certificate: Path) -> Iterator[TlsFront]:
    front = TlsFront(postgres.port, certificate)
    yield front
    front.close()


@pytest.fixture
def over_tls(postgres: Server, front: TlsFront) -> Callable[..., str]:
    """Makes URLs of the server behind its TLS."""

    def url(host: str = "localhost", **options: str) -> str:
        schema = postgres.new_schema()
        return schema.replace(f"127.0.0.1:{postgres.port}", f"{host}:{front.port}") + "".join(
            f"&{name}={value}" for name, value in options.items()
        )

    return url


@pytest.mark.parametrize(
    "options",
    [{}, {"sslmode": "require"}, {"sslmode": "verify-ca"}, {"sslmode": "verify-full"}],
    ids=["prefer", "require", "verify-ca", "verify-full"],
)
def test_tls(
    over_tls: Callable[..., str], front: TlsFront, certificate: Path, store: Store, options: dict[str, str]
) -> None:
    with open_registry(over_tls(**options, sslrootcert=str(certificate)), store.id) as registry:
        registry.record_steps([receipt(sha(str(i))) for i in range(600)])
        assert registry.rates()["scene", "studio"].n == 600
    assert front.secured


def test_certificates_that_do_not_hold(over_tls: Callable[..., str], certificate: Path, store: Store) -> None:
    for url, words in (
        (over_tls(sslmode="verify-full"), "certificate of the registry .* does not hold: self.signed"),
        (
            over_tls("127.0.0.1", sslmode="verify-full", sslrootcert=str(certificate)),
            "does not hold: IP address mismatch",
        ),
    ):
        error = refusal(url, store)
        assert error.exit_code == EXIT_USAGE
        with pytest.raises(RegistryError, match=words):
            raise error
    with open_registry(over_tls("127.0.0.1", sslmode="verify-ca", sslrootcert=str(certificate)), store.id):
        pass
    with open_registry(over_tls("127.0.0.1", sslmode="require"), store.id):
        pass
    for option in ("sslrootcert", "sslcert"):
        with pytest.raises(UsageError, match="No such file"):
            open_registry(over_tls(sslmode="verify-full", **{option: "/nowhere.pem"}), store.id)


def test_no_password_without_the_binding_that_was_asked_for(
    over_tls: Callable[..., str], postgres: Server, store: Store
) -> None:
    assert "nobody is in between" in str(refusal(over_tls(channel_binding="require"), store))
    assert "nobody is in between" in str(refusal(postgres.url(channel_binding="require"), store))
