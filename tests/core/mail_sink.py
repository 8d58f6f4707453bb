"""Servers on loopback that take what is sent: a mail server, and a receiver of webhooks."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


class MailSink:
    """What a mail server got; answers may be set to refuse."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.was_encrypted: list[bool] = []
        self.refuse: dict[str, str] = {}
        """What it answers to RCPT of an address."""
        self.answer = "250 accepted"
        self.silent = False
        """It takes the letter and hangs up without a word."""
        self.logins: list[tuple[bytes, bytes]] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        if self.answer.startswith("250"):
            self.letters.append(message_from_bytes(content, policy=policy.default))
            self.recipients.append(list(envelope.rcpt_tos))
            assert server.transport
            over_tls = server.transport.get_extra_info("ssl_object") is not None
            self.was_encrypted.append(over_tls)
        if self.silent:
            assert server.transport
            server.transport.abort()
        return self.answer

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"gattino 7", handled=False)


@contextmanager
def mail_server(
    sink: MailSink, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[MailSink]:
    """``sink`` behind a mail server at a free port; with STARTTLS it wants a login."""
    more: dict[str, Any] = {}
    if starttls:
        more = {
            "tls_context": starttls,
            "require_starttls": True,
            "authenticator": sink.login,
            "auth_required": True,
        }
    loop = asyncio.new_event_loop()
    serving = loop.run_until_complete(
        loop.create_server(lambda: SMTP(sink, hostname=HOST, **more), HOST, 0, ssl=tls)
    )
    sink.port = serving.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_end(serving), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(serving: asyncio.Server) -> None:
    serving.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def nobody_listens() -> Iterator[int]:
    """A port at which a connection is refused until the block ends."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]


def certificates(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for loopback, and the file of the authority that made it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "localhost").configure_cert(context)
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return context, path


class WebSink:
    """What a receiver of webhooks got, and the statuses that it answers: the last for ever."""

    def __init__(self, statuses: Sequence[int] = (204,)) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.port = 0
        self.location = ""
        self.hang_up = False

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.got.append((headers, body))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def web_server(sink: WebSink, tls: ssl.SSLContext | None = None) -> Iterator[WebSink]:
    """``sink`` behind an HTTP server at a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = sink.take({k.lower(): v for k, v in self.headers.items()}, body)
            if sink.hang_up:
                return
            self.send_response(status)
            if sink.location:
                self.send_header("Location", sink.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
