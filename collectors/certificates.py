"""Certificates of the configuration, made ready for a TLS connection."""

from __future__ import annotations

import os
import ssl
from typing import TypeVar

from paes.errors import ConnectionFailed
from paes.gateways import TlsFiles

Context = TypeVar("Context", bound=ssl.SSLContext)


def client_context(files: TlsFiles, place: str, kind: type[Context]) -> Context:
    """What a connection to ``place`` is opened with: TLS 1.2 or later, and nobody is believed whom
    ``files.ca`` did not sign.

    ``kind`` is ``ssl.SSLContext``, or one that does more for a client that needs it.

    Raises ConnectionFailed, naming the file, for one that is missing or is not what it should be.
    """
    password = os.environ.get(files.key_password_env) if files.key_password_env else None
    reading = "ca"
    try:
        context = kind(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(files.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # Modbus/TCP Security V2.1 (2018), 4
        if files.certificate is not None:
            reading = "certificate"
            context.load_cert_chain(files.certificate, files.key, lambda: password or "")
    except FileNotFoundError as err:
        missing = [f"{key} {path}" for key, path in files.paths.items() if not path.exists()]
        raise ConnectionFailed(f"{place}: no file for tls: {', '.join(missing)}") from err
    except (ssl.SSLError, OSError) as err:
        hint = "; is key_password_env right?" if files.key_password_env else ""
        raise ConnectionFailed(
            f"{place}: tls: {reading} {files.paths[reading]} cannot be used: {err}{hint}"
        ) from err
    return context
