"""The address of an InfluxDB store: where the server is, which bucket, and who we are to it.

``influxdb+http://HOST:PORT/BUCKET`` or ``influxdb+https://HOST[:PORT]/BUCKET``, with any of these
arguments (defaults in brackets):

- ``org``: organisation (InfluxDB 2 and Cloud);
- ``token_env``: name of the environment variable with the token (``PAES_INFLUXDB_TOKEN``);
- ``ca``: file with the certificate authority of the server (that of the system);
- ``gzip=1``: requests and answers are compressed, for slow networks;
- ``timeout_s``: how long to wait for a connection, and for more of an answer (10).

A token never stands in an address: addresses are printed, logged and kept in files. For
InfluxDB 1.8 with users the variable holds ``USER:PASSWORD``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from paes.errors import DataError, StoreError
from paes.listening import is_loopback

TOKEN_VARIABLE = "PAES_INFLUXDB_TOKEN"
EXAMPLE = "influxdb+http://HOST:PORT/BUCKET"
SCHEMES = {"influxdb+http": "http", "influxdb+https": "https"}
ARGUMENTS = ("org", "token_env", "ca", "gzip", "timeout_s")
LONGEST_TIMEOUT_S = 3600.0

SECRETS = re.compile(r"tok(en)?|p|pw|pass(word)?|u|user(name)?|secret", re.IGNORECASE)
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class InfluxAddress:
    """Where readings are kept; holds no secret. ``str`` of it is fit for messages."""

    scheme: str
    host: str
    port: int
    bucket: str
    org: str = ""
    token_variable: str = TOKEN_VARIABLE
    ca: Path | None = None
    gzip: bool = False
    timeout_s: float = 10.0

    def __str__(self) -> str:
        return f"{self.server}/{self.bucket}"

    @property
    def server(self) -> str:
        """``http://host:port``, an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Is what is sent there safe from others on the network?"""
        return self.scheme == "https" or is_loopback(self.host)

    def token(self, environment: Mapping[str, str] = os.environ) -> str:
        """The token, empty if the variable is not set; StoreError if it cannot be one."""
        token = environment.get(self.token_variable, "").strip()
        if not (token.isascii() and token.isprintable()):
            raise StoreError(
                f"the environment variable {self.token_variable} holds characters that no token "
                "has (line breaks, letters with accents): set it again"
            )
        return token


def parse_influx_address(url: str) -> InfluxAddress:
    """The address in ``url``; DataError says what is wrong, without repeating any secret."""
    parts = _split(url)
    arguments = _arguments(parts.query)
    port = _port(parts)
    return InfluxAddress(
        scheme=SCHEMES[parts.scheme],
        host=parts.hostname or "",
        port=port,
        bucket=_bucket(parts.path),
        org=arguments.get("org", ""),
        token_variable=_variable(arguments.get("token_env", TOKEN_VARIABLE)),
        ca=Path(arguments["ca"]).expanduser() if arguments.get("ca") else None,
        gzip=_switch(arguments.get("gzip", "0")),
        timeout_s=_timeout_s(arguments.get("timeout_s", "10")),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
    except ValueError as err:
        raise DataError("the address of the store is not understood; expected " + EXAMPLE) from err
    if parts.scheme not in SCHEMES:
        raise DataError(f"unknown kind of store {parts.scheme!r}; expected {EXAMPLE}")
    if "@" in parts.netloc:
        raise DataError(
            "the address of the store holds a user or password: put the token (InfluxDB 1: "
            f"USER:PASSWORD) into the environment variable {TOKEN_VARIABLE} instead"
        )
    if not parts.hostname:
        raise DataError(f"the address of the store names no host; expected {EXAMPLE}")
    if parts.fragment:
        raise DataError("the address of the store holds a '#': write it as %23")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as err:
        raise DataError(f"the port in the address of the store is none: {err}") from err
    if port is None and parts.scheme == "influxdb+https":
        return 443
    if not port:
        raise DataError(
            f"the address of the store has no port after {parts.hostname}: InfluxDB 1 and 2 mostly "
            f"listen on 8086, InfluxDB 3 on 8181; expected {EXAMPLE}"
        )
    return port


def _bucket(path: str) -> str:
    bucket = unquote(path.removeprefix("/"))
    if not bucket or "/" in bucket or not bucket.isprintable():
        raise DataError(
            f"{bucket!r} in the address of the store is no name of a bucket (database); expected "
            f"one name without a slash, as in {EXAMPLE}"
        )
    return bucket


def _arguments(query: str) -> dict[str, str]:
    arguments: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if SECRETS.fullmatch(key):
            raise DataError(
                f"the address of the store holds a secret ({key}=...): put it into an environment "
                f"variable, {TOKEN_VARIABLE} or the one named by token_env="
            )
        if key not in ARGUMENTS:
            raise DataError(
                f"unknown argument {key!r} in the address of the store; expected one of "
                + ", ".join(ARGUMENTS)
            )
        if key in arguments:
            raise DataError(f"the address of the store gives {key}= twice")
        arguments[key] = value
    return arguments


def _variable(name: str) -> str:
    if not VARIABLE_NAME.fullmatch(name):
        # Not repeated: whoever writes the token itself here must not see it in a log.
        raise DataError(
            "token_env= in the address of the store is no name of an environment variable; "
            f"expected a name such as {TOKEN_VARIABLE}, never the token itself"
        )
    return name


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise DataError(f"gzip={text!r} in the address of the store; expected 0 or 1")
    return text == "1"


def _timeout_s(text: str) -> float:
    try:
        timeout_s = float(text)
    except ValueError:
        timeout_s = 0.0
    if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise DataError(
            f"timeout_s={text!r} in the address of the store; expected seconds above 0, "
            f"at most {LONGEST_TIMEOUT_S:.0f}"
        )
    return timeout_s
