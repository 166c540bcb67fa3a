"""A proxy that loses and tears what passes through it, as networks and servers do, by seeded draws.

    with FaultyProxy(server.endpoint, rate=0.2, seed=1) as proxy:
        store = open_store(server.store_url(endpoint=proxy.endpoint))

A fault is one of: 500, 503, the connection dropped before the request is passed on, the connection dropped after it was
done (the answer is lost), the request cut in the middle, the answer cut in the middle. Draws are made in the order in which
requests come, so a run with threads is not the same twice; the share of faults is.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["500", "503", "dropped-before", "dropped-after", "torn-request", "torn-answer"]
FAULTS: tuple[Fault, ...] = ("500", "503", "dropped-before", "dropped-after", "torn-request", "torn-answer")
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}
_ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>"


@dataclass(frozen=True, slots=True)
class Request:
    """What passed: method, path with query, headers (names in lower case), and the fault that befell it, if any."""

    method: str
    path: str
    headers: dict[str, str]
    fault: Fault | None


@dataclass
class FaultyProxy:
    """Stands before `target` (an http:// URL) on a free port; a context manager.

    `rate` is the probability of a fault a request, 0 to 1; it may be changed at any time. `fault_of`, if given, decides
    instead of the draw: it is told method and path. Torn answers end after `cut_at` bytes, if given, or
    `cut_by` bytes into the value of the header `cut_in`, else where the draw says.
    """

    target: str
    rate: float = 0.0
    seed: int = 0
    faults: Sequence[Fault] = FAULTS
    fault_of: Callable[[str, str], Fault | None] | None = None
    cut_at: int | None = None
    cut_in: str = ""
    cut_by: int = 9
    seen: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def endpoint(self) -> str:
        """Where clients connect to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def counts(self) -> Counter[str]:
        """How many requests met each fault; "passed" for none."""
        with self._lock:
            return Counter(request.fault or "passed" for request in self.seen)

    def written(self) -> list[Request]:
        """The requests that may have changed something."""
        with self._lock:
            return [request for request in self.seen if request.method in ("PUT", "POST", "DELETE")]

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.end_connections()
        self._thread.join()

    def draw(self, method: str, path: str, headers: dict[str, str]) -> Fault | None:
        """What shall befall this request."""
        with self._lock:
            if self.fault_of is not None:
                fault = self.fault_of(method, path)
            else:
                fault = self._random.choice(self.faults) if self._random.random() < self.rate else None
            self.seen.append(Request(method, path, headers, fault))
        return fault

    def cut(self, head: bytes, body: bytes) -> bytes:
        """The beginning of an answer: every second time all headers and a part of the body, else a part of the headers."""
        if self.cut_in:
            return head[
                : head.lower().index(f"\n{self.cut_in.lower()}: ".encode()) + len(self.cut_in) + 3 + self.cut_by
            ]
        if self.cut_at is not None:
            return (head + body)[: self.cut_at % len(head + body)]
        with self._lock:
            if body and self._random.random() < 0.5:
                return head + body[: self._random.randrange(len(body))]
            return head[: self._random.randrange(1, len(head))]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    proxy: FaultyProxy

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Those that clients keep open, too."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._onward: http.client.HTTPConnection | None = None

    def finish(self) -> None:
        if self._onward is not None:
            self._onward.close()
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: `seen` has it."""

    def handle_expect_100(self) -> bool:
        return True  # said below, unless the connection is to be dropped

    def _pass(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.server.proxy.draw(self.command, self.path, headers)
        if fault in ("500", "503") and headers.get("expect") == "100-continue":
            self._refuse(fault)  # before the body was sent, as servers do
            self.close_connection = True
            return
        if headers.get("expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if fault == "dropped-before":
            self._drop()
        elif fault in ("500", "503"):
            self._refuse(fault)
        elif fault == "torn-request":
            self._tear(body)
            self._drop()
        else:
            status, reason, answered, content = self._forward(body)
            if fault == "dropped-after":
                self._drop()
                return
            self.send_response_only(status, reason)
            for name, value in answered:
                if name.lower() not in _HOP and name.lower() != "content-length":
                    self.send_header(name, value)
            length = next((value for name, value in answered if name.lower() == "content-length"), str(len(content)))
            if status != 204:
                self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
            if fault == "torn-answer":
                head = b"".join(self._headers_buffer) + b"\r\n"
                self._headers_buffer: list[bytes] = []
                self.wfile.write(self.server.proxy.cut(head, b"" if self.command == "HEAD" else content))
                self._drop()
                return
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    def _forward(self, body: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
        for attempt in (1, 2):
            if self._onward is None:
                host = urlsplit(self.server.proxy.target)
                self._onward = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
            try:
                self._send(body)
                answer = self._onward.getresponse()
                return answer.status, answer.reason, answer.getheaders(), answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._onward.close()
                self._onward = None
                if attempt == 2:
                    raise
        raise AssertionError

    def _send(self, body: bytes) -> None:
        assert self._onward is not None
        # The host that was signed is the proxy's: it is passed on as it came.
        self._onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP and name.lower() != "expect":
                self._onward.putheader(name, value)
        self._onward.endheaders(body or None)

    def _refuse(self, fault: str) -> None:
        code = "SlowDown" if fault == "503" else "InternalError"
        content = b"" if self.command == "HEAD" else _ERROR.format(code=code).encode()
        self.send_response_only(int(fault))
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _tear(self, body: bytes) -> None:
        """Half of the request reaches the server, then the connection ends."""
        host = urlsplit(self.server.proxy.target)
        lines = [f"{self.command} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        head = "\r\n".join(line for line in lines if not line.lower().startswith("expect:")).encode() + b"\r\n\r\n"
        whole = head + body
        cut = len(head) + len(body) // 2 if body else len(head) // 2
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host.hostname or "", host.port or 80), 10) as onward,
        ):
            onward.sendall(whole[:cut])

    def _drop(self) -> None:
        """End the connection with a reset, as a crashed peer or a firewall does."""
        self.wfile.flush()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RDWR)
