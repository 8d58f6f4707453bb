"""Why a line could not be opened, or was lost, in words that say what a technician can do."""

from __future__ import annotations

import contextlib
import errno
import ssl
from collections.abc import Iterator

NOT_TRUSTED = "does the device demand a certificate that it can trust (tls.certificate, tls.key)?"

_TERMINAL_ERRORS: tuple[type[Exception], ...] = (ValueError,)  # pyserial: a speed it cannot set
with contextlib.suppress(ImportError):  # not there on Windows
    import termios

    _TERMINAL_ERRORS = (ValueError, termios.error)


@contextlib.contextmanager
def as_os_errors() -> Iterator[None]:
    """Raise OSError for what a serial line says when it will not take its settings."""
    try:
        yield
    except OSError:
        raise
    except _TERMINAL_ERRORS as err:
        number, text = err.args if len(err.args) == 2 else (errno.EINVAL, str(err))
        raise OSError(number, text) from err


def why_not_open(cause: OSError | None) -> str:
    """What a technician can do about a connection that could not be opened."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not accepted ({cause.verify_message}); is tls.ca the authority "
            "that signed it, and is the host the name in it (tls.server_name)?"
        )
    if isinstance(cause, ssl.SSLError):
        return f"{why_lost(cause)}; does it speak Modbus/TCP Security at this port?"
    if isinstance(cause, ConnectionResetError | ConnectionAbortedError):
        return "the connection was cut while it was opened; does the device accept another client?"
    if cause is None or isinstance(cause, ConnectionError):
        return (
            "connection refused or unreachable; is the port right, and does the device accept "
            "another client?"
        )
    hints = {
        errno.ENOENT: "is the adapter plugged in, and is this its name (ls /dev/serial/by-id)?",
        errno.EACCES: "may this user open it? (group dialout)",
        errno.EAGAIN: "another program is using it",
        errno.EINVAL: "does the adapter know this speed, parity and number of stop bits?",
        errno.EHOSTUNREACH: "is the address right, and is the network cable in?",
    }
    return f"cannot be opened: {cause.strerror or cause}; {hints.get(cause.errno or 0, '')}".strip(
        "; "
    )


def why_lost(cause: Exception) -> str:
    """What ended a connection that was open."""
    reason = str(getattr(cause, "reason", None) or cause)
    return f"{reason}; {NOT_TRUSTED}" if "ALERT" in reason else reason
