"""What a broker's refusal means, in words for a person on a roof.

Reason codes are those of MQTT 5 (OASIS 2019, 2.4); older ones were translated before they come
here. Secrets are never in a message, only the names of the environment variables.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

from collectors.certificates import client_context
from paes.errors import ConnectionFailed
from paes.gateways import Gateway

OLD_BROKER = 0x84
_NOT_AUTHORISED = (0x86, 0x87)
_TAKEN_OVER = 0x8E
_REASONS = {
    0x85: "the broker does not like our client id",
    0x88: "the broker is not available",
    0x89: "the broker is busy",
    0x8A: "the broker has banned us",
    0x8B: "the broker is shutting down",
    0x8D: "the broker did not hear from us for too long",
    0x95: "a packet was too large for the broker",
    0x97: "the broker says that a quota is used up",
    0x9F: "the broker says that we connect too often",
}


def credentials(gateway: Gateway) -> tuple[str | None, str | None]:
    """User name and password of ``gateway``, from the environment; ConnectionFailed if unset."""
    values = []
    for key, name in (
        ("username_env", gateway.username_env),
        ("password_env", gateway.password_env),
    ):
        if name is not None and name not in os.environ:
            raise ConnectionFailed(
                f"gateway {gateway.id}: the environment variable {name} ({key}) is not set"
            )
        values.append(os.environ[name] if name else None)
    return values[0], values[1]


def tls_context(gateway: Gateway) -> ssl.SSLContext | None:
    """What the gateway's ``tls:`` says, or None without it; ConnectionFailed if it is unusable."""
    files = gateway.tls
    if files is None:
        return None
    context = client_context(files, f"gateway {gateway.id}", _NamedContext)
    context.server_name = files.server_name
    return context


class _NamedContext(ssl.SSLContext):
    """A context that expects ``server_name`` in the certificate, where that is not the host."""

    server_name: str | None = None

    def wrap_socket(self, *args: Any, **keywords: Any) -> ssl.SSLSocket:
        """As its parent does, with the name that is expected.

        The handshake is made here, too: where paho makes it later, and it fails, paho forgets to
        close the socket.
        """
        if self.server_name:
            keywords["server_hostname"] = self.server_name
        keywords["do_handshake_on_connect"] = True
        return super().wrap_socket(*args, **keywords)


def refusal(gateway: Gateway, code: int, text: str) -> str:
    """Why the broker ended it, from its reason ``code`` and its own ``text``."""
    if code in _NOT_AUTHORISED:
        if gateway.username_env is None:
            return f"broker {gateway.place} wants a user name ({text}): set username_env"
        variables = " and ".join(v for v in (gateway.username_env, gateway.password_env) if v)
        return f"broker {gateway.place} refuses user name or password ({text}); see {variables}"
    if code == _TAKEN_OVER:
        return (
            f"broker {gateway.place}: another client took our session; does a second collector "
            f"with a gateway {gateway.id} run?"
        )
    if code == OLD_BROKER:
        return f"broker {gateway.place} does not speak this version of MQTT"
    return f"broker {gateway.place}: {_REASONS.get(code, text)}"


def lost(gateway: Gateway, code: int, was_short: bool) -> str:
    """Why a connection that was made is gone; ``was_short`` if it was made only just before."""
    if code in (_TAKEN_OVER, *_NOT_AUTHORISED, *_REASONS):
        return refusal(gateway, code, f"code {code}")
    text = f"broker {gateway.place}: the connection was lost"
    if was_short:
        text += f" soon after it was made; does a second collector with a gateway {gateway.id} run?"
    return text


def no_way(gateway: Gateway, cause: OSError) -> str:
    """Why there is no connection, from the error of the operating system."""
    place = gateway.place
    if isinstance(cause, socket.gaierror):
        return f"broker {place}: unknown host {gateway.host!r}"
    if isinstance(cause, ConnectionRefusedError):
        return f"broker {place}: refused, nobody listens there"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"broker {place}: its certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"broker {place}: no TLS: {cause.reason or cause}"
    if isinstance(cause, TimeoutError):
        return f"broker {place}: no answer"
    return f"broker {place}: {cause.strerror or cause}"


def unheard(gateway: Gateway) -> str:
    """Somebody listens there, but does not answer as a broker does."""
    tls = "without TLS" if gateway.tls else "with TLS only"
    return f"broker {gateway.place}: connected, but no answer; is it no broker, or one {tls}?"


def not_granted(topic_filter: str, text: str) -> str:
    """The broker does not let us hear ``topic_filter``."""
    return f"the broker does not let us hear {topic_filter} ({text}); see its access rights"
