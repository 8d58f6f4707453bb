"""Every error the product raises on purpose, drawn as one tree.

::

    PaesError                 one line for the person at the terminal, exit code 1
    ├── ConfigError           a file of the installation is wrong: file, line, key, seen, expected
    ├── DataError             an input is not acceptable (a reading, a span, a CSV row, an argument)
    │   └── FactorMissing     no emission factor or calorific value answers the question
    ├── StoreError            the store cannot be opened, read or written
    │   ├── StoreBusy         the store is out of reach or overloaded; the same may succeed later
    │   └── StoreRefused      the store works, but will not have some of these readings
    ├── NoticeError           nobody could be told of a malfunction; a later attempt may succeed
    │   └── NoticeRefused     … and it will not: who is to be told, or how, has to be set right
    └── FieldError            something between us and a meter failed
        ├── ConnectionFailed  nobody listens, the line is cut, the name is unknown
        ├── NoReply           connected, and no answer within the time limit
        ├── DeviceRefused     the device answered with a Modbus exception
        └── BadReply          an answer that cannot be trusted (short, wrong unit, garbage)

Bad *data* is not an exception: a reading keeps its quality and a ``Finding`` says what was
wrong. Bad configuration stops the start. Library exceptions are translated once, where the
library is called, with ``raise … from err``.
"""

from __future__ import annotations

from pathlib import Path


class PaesError(Exception):
    """Base of all expected errors; ``str(error)`` is one line fit for a terminal."""


class ConfigError(PaesError):
    """A file of the installation is wrong; names the file, the line and the key.

    ``problems`` holds one text a problem (``file:line: key: what is wrong``); the first is
    the message, followed by the count of the others.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more: run `paes check`)" if len(problems) > 1 else ""
        super().__init__(problems[0] + more)

    @classmethod
    def at(cls, file: Path | str, line: int | None, key: str, message: str) -> ConfigError:
        """One problem at one place; ``line`` counts from 1, None when unknown."""
        return cls([problem_text(file, line, key, message)])


def problem_text(file: Path | str, line: int | None, key: str, message: str) -> str:
    """The one form in which a configuration problem is printed."""
    place = f"{file}:{line}" if line else f"{file}"
    return f"{place}: {key}: {message}" if key else f"{place}: {message}"


class DataError(PaesError):
    """An input is not acceptable; says what was seen and what was expected."""


class FactorMissing(DataError):
    """No emission factor or calorific value answers the question asked."""


class StoreError(PaesError):
    """The store cannot be opened, read or written."""


class StoreBusy(StoreError):
    """The store is out of reach or overloaded, and nothing else is known to be wrong.

    The same may succeed later; ``retry_after_s`` is the pause that the store asks for, if any.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class StoreRefused(StoreError):
    """The store works, but will not have some of what was to be written; nothing was written.

    Trying the same again is of no use: whoever has a batch halves it to find the readings to blame.
    """


class NoticeError(PaesError):
    """A notice (e-mail, webhook) could not be delivered; the same may succeed later.

    ``is_doubtful``: it was handed over whole, and no answer came: it may have arrived.
    """

    def __init__(self, message: str, is_doubtful: bool = False) -> None:
        self.is_doubtful = is_doubtful
        super().__init__(message)


class NoticeRefused(NoticeError):
    """The server will not have it, now or later; or what is needed to ask it is not set."""


class FieldError(PaesError):
    """Something between us and a meter failed."""


class ConnectionFailed(FieldError):
    """Nobody listens at the address, or the line was cut."""


class NoReply(FieldError):
    """The gateway is connected, but no answer came within the time limit."""


class DeviceRefused(FieldError):
    """The device answered with a Modbus exception; ``code`` is its number."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class BadReply(FieldError):
    """An answer came that cannot be trusted: too short, of another unit, or garbage."""
