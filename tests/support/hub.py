"""A hub on this machine that speaks as much of Hugging Face's API as fetching a model takes (HF_ENDPOINT)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = 64  # bytes: what is larger is told with its sha256, as the hub does of LFS files


class Hub:
    """Repositories by name, each the bytes of its files by path. `cut` ends the next answer after so many bytes.

    `gated`: not even told of. `tokens`: what has to be shown for a repository's files, which it tells to anybody, as the real hub
    does of those with terms; `forbidden`: repositories that a good token is not enough for. `down`: nobody answers for files.
    """

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.gated: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.forbidden: set[str] = set()
        self.down = False
        self.commits = {COMMIT}  # of every repository
        self.shown: set[str] = set()
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.cut: int | None = None
        self.swap: dict[str, bytes] = {}
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler, head: bool) -> None:
        """One request."""
        path = urlsplit(handler.path).path
        self.asked.append(path)
        shown = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.shown.add(shown)
        if shown and self.tokens and shown not in self.tokens.values():
            self._error(handler, 401, "", "Invalid credentials in Authorization header")
            return
        if path.startswith("/api/models/"):
            self._info(handler, path.removeprefix("/api/models/"))
            return
        repo, _, rest = path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        if self.down:
            handler.close_connection = True
            return
        if repo in self.tokens and shown != self.tokens[repo]:
            self._error(handler, 401, "GatedRepo")
            return
        if repo in self.forbidden:
            self._error(handler, 403, "", "this token may not read gated repositories")
            return
        data = self.repos.get(repo, {}).get(name)
        if data is None or revision not in {*self.commits, "main"}:
            self._error(handler, 404, "EntryNotFound" if repo in self.repos else "RepoNotFound")
            return
        etag = hashlib.sha256(data).hexdigest() if len(data) > LARGE else hashlib.sha1(data).hexdigest()
        data = self.swap.get(name, data)
        first = 0
        if said := handler.headers.get("Range"):
            self.ranges.append(said)
            first = int(said.removeprefix("bytes=").split("-")[0] or 0)
        handler.send_response(206 if said else 200)
        handler.send_header("X-Repo-Commit", revision if revision != "main" else COMMIT)
        handler.send_header("ETag", f'"{etag}"')
        handler.send_header("Accept-Ranges", "bytes")
        if said:
            handler.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - first))
        handler.end_headers()
        if head:
            return
        body = data[first:]
        if self.cut is not None and len(body) > self.cut:
            body, self.cut = body[: self.cut], None
            handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.wfile.write(body)

    def _info(self, handler: BaseHTTPRequestHandler, rest: str) -> None:
        repo, _, revision = rest.partition("/revision/")
        if repo in self.gated:
            self._error(handler, 403, "GatedRepo")
        elif repo not in self.repos:
            self._error(handler, 404, "RepoNotFound")
        elif revision not in {"", "main", *self.commits}:
            self._error(handler, 404, "RevisionNotFound")
        else:
            siblings = [self._sibling(name, data) for name, data in sorted(self.repos[repo].items())]
            sha = revision if revision in self.commits else COMMIT
            self._json(handler, {"id": repo, "modelId": repo, "sha": sha, "private": False, "siblings": siblings})

    @staticmethod
    def _sibling(name: str, data: bytes) -> dict[str, object]:
        said: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": hashlib.sha1(data).hexdigest()}
        if len(data) > LARGE:
            said["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return said

    @staticmethod
    def _json(handler: BaseHTTPRequestHandler, value: object) -> None:
        data = json.dumps(value).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    @staticmethod
    def _error(handler: BaseHTTPRequestHandler, status: int, code: str, message: str = "") -> None:
        handler.send_response(status)
        if code:
            handler.send_header("X-Error-Code", code)
        handler.send_header("X-Error-Message", message or code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextlib.contextmanager
def serve() -> Iterator[Hub]:
    """A hub without repositories."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.answer(self, head=False)

        def do_HEAD(self) -> None:
            hub.answer(self, head=True)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
