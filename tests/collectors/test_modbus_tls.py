"""Modbus/TCP Security: certificates of the configuration, right, wrong and missing."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from field_servers import Request, frame, free_port, raw_server, registers

from collectors.modbus.connection import ModbusConnection
from collectors.modbus.line_faults import NOT_TRUSTED
from paes.errors import ConnectionFailed, FieldError
from paes.gateways import Gateway, TlsFiles


def answer(request: Request) -> bytes:
    return frame(request, registers(request, [request.address + i for i in range(request.count)]))


class Authority:
    """A certificate authority that signs for both ends, and the files of ours."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ca = trustme.CA()
        self.folder = folder
        self.ca.cert_pem.write_to_path(str(folder / "ca.pem"))
        ours = self.ca.issue_cert("collector@example.org")
        ours.cert_chain_pems[0].write_to_path(str(folder / "ours.pem"))
        ours.private_key_pem.write_to_path(str(folder / "ours.key"))

    def server(self, name: str = "127.0.0.1") -> ssl.SSLContext:
        """A device that demands a certificate of ours."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ca.issue_cert(name).configure_cert(context)
        self.ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def files(self, **changes: object) -> TlsFiles:
        at = {"ca": "ca.pem", "certificate": "ours.pem", "key": "ours.key"}
        named = {key: self.folder / name for key, name in at.items()}
        return TlsFiles.model_validate({**named, **changes})


@pytest.fixture
def town(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "town")


def connection(port: int, files: TlsFiles) -> ModbusConnection:
    gateway = Gateway(id="g", host="127.0.0.1", port=port, transport="tls", tls=files, timeout_s=10)
    return ModbusConnection.for_gateway(gateway)


async def ask(port: int, files: TlsFiles) -> list[int]:
    line = connection(port, files)
    try:
        await line.connect()
        return await line.read(3, 1, 100, 120)
    finally:
        await line.close()


async def test_registers_are_read_over_tls(town: Authority) -> None:
    async with raw_server(answer, tls=town.server()) as server:
        assert await ask(server.port, town.files()) == list(range(100, 220))


async def test_device_of_a_strange_authority_is_not_believed(
    town: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    async with raw_server(answer, tls=stranger.server()) as server:
        with pytest.raises(ConnectionFailed, match=r"certificate is not accepted.*tls\.ca"):
            await ask(server.port, town.files())
        assert server.requests == []


async def test_device_with_another_name_is_believed_only_by_that_name(town: Authority) -> None:
    async with raw_server(answer, tls=town.server("meters.example.org")) as server:
        with pytest.raises(ConnectionFailed, match=r"tls\.server_name"):
            await ask(server.port, town.files())
        files = town.files(server_name="meters.example.org")
        assert len(await ask(server.port, files)) == 120


@contextmanager
def strict_device(context: ssl.SSLContext) -> Iterator[int]:
    """One connection of a device that says in TLS's own words what it does not like (asyncio's
    server just hangs up). Yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        accepted, _ = listener.accept()
        kept = accepted.dup()  # so that what was said is not lost when the other one is closed
        with kept, context.wrap_socket(accepted, True, do_handshake_on_connect=False) as tls:
            with suppress(ssl.SSLError):
                tls.do_handshake()
            kept.shutdown(socket.SHUT_WR)
            while kept.recv(1024):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(10)
        listener.close()


NEWEST, OLDER = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("version", [NEWEST, OLDER])
async def test_missing_certificate_of_ours_is_said(
    town: Authority, version: ssl.TLSVersion
) -> None:
    context = town.server()
    context.maximum_version = version
    said = f"ALERT.*{re.escape(NOT_TRUSTED)}"
    with strict_device(context) as port, pytest.raises(ConnectionFailed, match=said):
        await ask(port, town.files(certificate=None, key=None))


@pytest.mark.parametrize("version", [NEWEST, OLDER])
async def test_certificate_of_ours_that_the_device_does_not_know_is_said(
    town: Authority, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    ours = Authority(tmp_path / "stranger").folder
    files = town.files(certificate=ours / "ours.pem", key=ours / "ours.key")
    context = town.server()
    context.maximum_version = version
    said = f"ALERT.*{re.escape(NOT_TRUSTED)}"
    with strict_device(context) as port, pytest.raises(ConnectionFailed, match=said):
        await ask(port, files)


async def test_device_that_hangs_up_for_want_of_a_certificate_is_asked_nothing(
    town: Authority,
) -> None:
    async with raw_server(answer, tls=town.server()) as server:
        with pytest.raises(ConnectionFailed, match=re.escape(NOT_TRUSTED)):
            await ask(server.port, town.files(certificate=None, key=None))
        assert server.requests == []


async def test_key_may_be_locked_with_a_password_from_the_environment(
    town: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = serialization.load_pem_private_key((town.folder / "ours.key").read_bytes(), None)
    locked = town.folder / "locked.key"
    locked.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"golfo"),
        )
    )
    files = town.files(key=locked, key_password_env="PAES_TEST_KEY")
    async with raw_server(answer, tls=town.server()) as server:
        with pytest.raises(ConnectionFailed, match="is key_password_env right"):
            await ask(server.port, files)
        monkeypatch.setenv("PAES_TEST_KEY", "golfo")
        assert len(await ask(server.port, files)) == 120


def _no_ca(folder: Path) -> dict[str, object]:
    return {"ca": folder / "missing.pem"}


def _no_pem(folder: Path) -> dict[str, object]:
    (folder / "text.pem").write_text("not a certificate")
    return {"ca": folder / "text.pem"}


def _foreign_key(folder: Path) -> dict[str, object]:
    other = trustme.CA().issue_cert("other@example.org")
    other.private_key_pem.write_to_path(str(folder / "other.key"))
    return {"key": folder / "other.key"}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_no_ca, "no file for tls: ca .*missing.pem"),
        (_no_pem, "tls: ca .*text.pem cannot be used"),
        (_foreign_key, "tls: certificate .*ours.pem cannot be used"),
    ],
)
async def test_wrong_file_is_named(
    town: Authority, spoil: Callable[[Path], dict[str, object]], says: str
) -> None:
    with pytest.raises(ConnectionFailed, match=says):
        await connection(802, town.files(**spoil(town.folder))).connect()


async def test_nothing_goes_out_unencrypted(town: Authority) -> None:
    # At the other end speaks a device that knows no TLS: it must not see a request.
    async with raw_server(answer) as server:
        line = connection(server.port, town.files())
        line.timeout_s = 1.0
        with pytest.raises(FieldError):
            await line.connect()
        assert all(r.function != 3 for r in server.requests)


async def test_refused_port_is_said_as_without_tls(town: Authority) -> None:
    with pytest.raises(ConnectionFailed, match="connection refused"):
        await connection(await free_port(), town.files()).connect()
