"""Passwords: what is good enough, how one is kept, and how one is checked.

Kept as scrypt with 32 MiB and three passes (one of the settings that OWASP's Password Storage Cheat
Sheet recommends), each with a salt of its own.
"""

from __future__ import annotations

from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from paes.errors import DataError

SHORTEST, LONGEST, FEWEST_SIGNS = 12, 200, 6
RULE = (
    f"at least {SHORTEST} characters, {FEWEST_SIGNS} of them different, without the account's name"
)
_METHOD = "scrypt:32768:8:3"


def require_good(password: str, account: str) -> None:
    """DataError that says why ``password`` is not good enough for ``account``.

    Length counts, not odd signs: rules that ask for those make people write passwords down.
    """
    if len(password) < SHORTEST:
        reason = f"it has {len(password)} characters"
    elif len(password) > LONGEST:
        reason = f"it has {len(password)} characters, at most {LONGEST} are taken"
    elif len(set(password)) < FEWEST_SIGNS:
        reason = f"it has only {len(set(password))} different characters"
    elif account.lower() in password.lower():
        reason = "it holds the account's name"
    elif not password.isprintable():
        reason = "it holds a control character"
    else:
        return
    raise DataError(f"this password is not good enough: {reason}; expected {RULE}")


def kept_form(password: str) -> str:
    """What is kept of a password: method, salt and hash."""
    return generate_password_hash(password, _METHOD)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is no account (``kept`` None)."""
    nobody = _of_nobody()  # made the first time, for whomever that is
    is_right = check_password_hash(kept or nobody, password[: LONGEST + 1])
    return is_right and kept is not None


@cache
def _of_nobody() -> str:
    return kept_form("nobody has this password")
