"""A socket to serve pages at, or an error in words."""

from __future__ import annotations

import ipaddress
import os
import socket

from paes.errors import PaesError


def listen(host: str, port: int, otherwise: str) -> socket.socket:
    """A socket of our own at ``host`` (waitress leaves one open when it cannot bind).

    Raises PaesError if the port is taken or the host is not ours: ``otherwise`` is the sentence,
    with ``{place}`` and ``{reason}`` in it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as err:
        number = getattr(err, "errno", None)
        reason = os.strerror(number) if number and number > 0 else str(err)
        raise PaesError(otherwise.format(place=f"{host}:{port}", reason=reason)) from err


def is_loopback(host: str) -> bool:
    """True of a host that is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
