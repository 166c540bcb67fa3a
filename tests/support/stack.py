"""What production has, on one machine: a real S3 server and a real PostgreSQL, whose data stay in a folder.

    python -m tests.support.stack out/production -- creative run templates/briefs/demo/brief.yaml --out out/production
    python -m tests.support.stack out/production              # until Ctrl-C; prints what to export

The command finds them by its environment (CREATIVE_STORE, CREATIVE_REGISTRY, the S3 credentials), as it would in
production; its exit code is the stack's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support import postgres, seaweed

_BUCKET = "creative-farm"


@contextlib.contextmanager
def stack(folder: Path) -> Iterator[dict[str, str]]:
    """Both servers, with their data in `folder`; yields the environment that leads to them."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        seaweed.start(folder / "s3", secret_key=_kept(folder / "s3-secret"), port=_port(folder / "s3-port")) as s3,
        postgres.started(_database_folder(folder), port=_port(folder / "postgres-port")) as database,
    ):
        client = s3.client()
        if _BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=_BUCKET)
        yield {
            "CREATIVE_STORE": s3.store_url(_BUCKET),
            "CREATIVE_REGISTRY": database.url(),
            **s3.environment,
        }


def _kept(path: Path) -> str:
    """A secret of this stack, the same every time."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(20))
    return path.read_text()


def _port(path: Path) -> int:
    """The same port every time, so that places stay the same; another one where somebody took it."""
    port = int(path.read_text()) if path.exists() else 0
    while not (port and all(seaweed.is_free(one) for one in (port, port + 10_000))):  # the S3 server opens both
        port = secrets.choice(range(15_000, 30_000))
    path.write_text(str(port))
    return port


def _database_folder(folder: Path) -> Path:
    """Started as root, PostgreSQL runs as nobody, who may not enter root's own folders."""
    if os.geteuid() != 0 or all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents)):
        return folder / "postgres"
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"creative-stack-{name}"


def main(arguments: list[str]) -> int:
    """Run the command beside the servers, or wait."""
    if not arguments or arguments[0].startswith("-") or (len(arguments) > 1 and arguments[1] != "--"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    command = arguments[2:]
    with stack(Path(arguments[0])) as environment:
        if not command:
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
            return 0
        with subprocess.Popen(command, env={**os.environ, **environment}) as child:
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:  # the command got it too, and ends in its own way
                    continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
