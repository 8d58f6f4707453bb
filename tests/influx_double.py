"""A server that answers what a healthy InfluxDB does not: refusals, lies, and silence."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """What is sent: only the first ``sent`` bytes of the body if given, or nothing at all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    silent: bool = False


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


def json_answer(status: int, answer: object, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(answer).encode(), named)


class InfluxDouble:
    """Answers every request by what was last given for its path, ``""`` standing for any."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        self._closing = threading.Event()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                double._handle(self)

            def do_POST(self) -> None:
                double._handle(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> InfluxDouble:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answers(self, *answers: Answer, path: str = "", method: str = "") -> InfluxDouble:
        """From now on: these in turn, the last for ever."""
        self._answers[method, path] = list(answers)
        return self

    def url(self, bucket: str = "energy", scheme: str = "http", arguments: str = "") -> str:
        return f"influxdb+{scheme}://127.0.0.1:{self.port}/{bucket}{arguments}"

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        method = handler.command
        self.seen.append(Seen(method, parts.path, query, dict(handler.headers.items()), body))
        self._send(handler, self._next(method, parts.path))

    def _next(self, method: str, path: str) -> Answer:
        for key in ((method, path), ("", path), ("", "")):
            if answers := self._answers.get(key):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return Answer(404, b'{"code":"not found","message":"path not found"}')

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        # One request a connection: the threads end with their clients.
        handler.close_connection = True
        if answer.silent:
            self._closing.wait()
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.status != 204:
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(answer.body[: answer.sent])
