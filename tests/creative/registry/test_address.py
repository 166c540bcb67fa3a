"""Where a PostgreSQL database is, as URLs, the environment and ~/.pgpass say it."""

from __future__ import annotations

import contextlib
import getpass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.registry.address import Address, address


def test_all_in_the_url() -> None:
    said = address(
        "postgresql://mara:p%40ss%2Fw@db.example:6432/ads?sslmode=verify-full&sslrootcert=/ca.pem"
        "&options=-csearch_path%3Dx&application_name=night&connect_timeout=3&keepalives_idle=7",
        {"PGUSER": "other", "PGPASSWORD": "other", "PGHOST": "other", "PGPORT": "1", "PGSSLMODE": "disable"},
    )
    assert (said.user, said.password, said.host, said.port, said.database) == (
        "mara",
        "p@ss/w",
        "db.example",
        6432,
        "ads",
    )
    assert (said.sslmode, said.sslrootcert, said.options) == ("verify-full", "/ca.pem", "-csearch_path=x")
    assert (said.application_name, said.timeout, said.keepalives_idle) == ("night", 3, 7)
    assert str(said) == "postgresql://mara@db.example:6432/ads?options=-csearch_path%3Dx"


def test_all_in_the_environment() -> None:
    environment = {
        "PGHOST": "db.example",
        "PGPORT": "6432",
        "PGUSER": "mara",
        "PGPASSWORD": "word",
        "PGDATABASE": "ads",
        "PGSSLMODE": "require",
        "PGOPTIONS": "-csearch_path=x",
        "PGCONNECT_TIMEOUT": "4",
    }
    said = address("postgresql://", environment)
    assert (said.user, said.password, said.host, said.port, said.database) == (
        "mara",
        "word",
        "db.example",
        6432,
        "ads",
    )
    assert (said.sslmode, said.options, said.timeout) == ("require", "-csearch_path=x", 4)


def test_nothing_said() -> None:
    said = address("postgresql://db.example", {})
    assert (said.user, said.database, said.password) == (getpass.getuser(), getpass.getuser(), None)
    assert (said.port, said.sslmode, said.application_name, said.socket) == (5432, "prefer", "creative-farm", "")


@pytest.mark.parametrize(
    ("url", "host", "port", "socket"),
    [
        ("postgresql:///ads?host=/var/run/pg", "/var/run/pg", 5432, "/var/run/pg/.s.PGSQL.5432"),
        ("postgresql://mara@%2Fvar%2Frun%2Fpg:6432/ads", "/var/run/pg", 6432, "/var/run/pg/.s.PGSQL.6432"),
        ("postgresql://mara@[2001:db8::7]:6432/ads", "2001:db8::7", 6432, ""),
        ("postgresql://mara@/ads?host=db.example&port=6432", "db.example", 6432, ""),
        ("postgres://db.example/ads?dbname=ads&ssl=true", "db.example", 5432, ""),
    ],
)
def test_hosts(url: str, host: str, port: int, socket: str) -> None:
    said = address(url, {"PGUSER": "mara"})
    assert (said.host, said.port, said.socket, said.database) == (host, port, socket, "ads")
    assert address(str(said), {}).host == host


def test_a_raw_at_in_a_password_belongs_to_the_password() -> None:
    said = address("postgresql://mara:p@ss@db.example/ads", {})
    assert (said.password, said.host) == ("p@ss", "db.example")
    assert "ss" not in str(said)


SECRET = "Tr0ub4dor"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://mara:{SECRET}/3@db.example/ads", "%2F"),
        (f"postgresql://mara:{SECRET}#3@db.example/ads", "%23"),
        (f"postgresql://mara:{SECRET}@db.example:port/ads", "host and port"),
        (f"postgresql://mara:{SECRET}@db.example:99999/ads", "1 to 65535"),
        (f"postgresql://mara:{SECRET}@db.example:0/ads", "1 to 65535"),
        (f"postgresql://mara:{SECRET}@[::1/ads", "cannot be read"),
        (f"postgresql://mara:{SECRET}@one:1,two:2/ads", "one host"),
        (f"postgresql://mara:{SECRET}@/ads?host=one,two", "several hosts"),
        (f"postgresql://mara:{SECRET}@h/ads x", "space"),
        (f"postgresql://h/ads?password={SECRET}&sslmode=allow", "sslmode must be one of prefer, disable"),
        (f"postgresql://h/ads?password={SECRET}&prepare_threshold=0", "'prepare_threshold'"),
        (f"postgresql://h/ads?password={SECRET}&service=night", "service"),
        (f"postgresql://h/ads?password={SECRET}&gssencmode=require", "gssencmode"),
        (f"postgresql://h/ads?password={SECRET}&connect_timeout=soon", "connect_timeout must be a whole number"),
        (f"postgresql://h/ads?password={SECRET}&target_session_attrs=standby", "target_session_attrs"),
        (f"postgresql://h/ads?sslmode={SECRET}", "sslmode must be one of"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_not_repeated(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refusal:
        address(url, {})
    assert SECRET not in str(refusal.value)


def passfile(tmp_path: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path = tmp_path / ".pgpass"
    path.write_text(text)
    path.chmod(mode)
    return {"HOME": str(tmp_path)}


def test_a_password_from_the_passfile(tmp_path: Path) -> None:
    home = passfile(
        tmp_path,
        "# for the night\n"
        "\n"
        "db.example:5432:other:mara:not this\n"
        "too:few\n"
        r"db.example:*:ads:mara:a\:b:c\\d" + "\n"
        "*:*:*:*:last\n"
        "localhost:*:*:*:socket\n",
    )
    assert address("postgresql://mara@db.example/ads", home).password == r"a:b:c\d"
    assert address("postgresql://mara@db.example/other", home).password == "not this"
    assert address("postgresql://noone@db.example/ads", home).password == "last"
    assert address("postgresql://mara:own@db.example/ads", home).password == "own"
    assert address("postgresql://mara@db.example/ads", {**home, "PGPASSWORD": "own"}).password == "own"
    elsewhere = {"PGPASSFILE": str(tmp_path / ".pgpass")}
    assert address("postgresql://mara@db.example/ads", elsewhere).password == r"a:b:c\d"


def test_a_passfile_of_a_socket(tmp_path: Path) -> None:
    home = passfile(tmp_path, "/var/pg:*:*:*:by folder\nlocalhost:*:*:*:usual\n")
    assert address("postgresql:///ads?host=/var/pg", home).password == "by folder"
    assert address("postgresql:///ads?host=/tmp", home).password == "usual"


def test_a_passfile_that_others_may_read_does_not_count(tmp_path: Path) -> None:
    url = "postgresql://mara@db.example/ads"
    assert address(url, passfile(tmp_path, "*:*:*:*:word", 0o644)).password is None
    assert address(url, {"HOME": str(tmp_path / "nowhere")}).password is None
    assert address(url, {"PGPASSFILE": str(tmp_path)}).password is None


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


@given(user=TEXT, password=TEXT, database=TEXT)
def test_what_is_encoded_arrives(user: str, password: str, database: str) -> None:
    from urllib.parse import quote

    said = address(f"postgresql://{quote(user, '')}:{quote(password, '')}@h/{quote(database, '')}", {})
    assert (said.user, said.password, said.database) == (user, password, database)
    again = address(str(said), {})
    assert (again.user, again.host, again.database, again.password) == (user, "h", database, None)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(address(f"postgresql://{text}", {}), Address)
