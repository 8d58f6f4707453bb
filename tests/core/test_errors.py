"""The tree of errors: what a caller may catch, and that each is one line for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from paes import errors
from paes.errors import (
    BadReply,
    ConfigError,
    ConnectionFailed,
    DataError,
    DeviceRefused,
    FactorMissing,
    FieldError,
    NoReply,
    NoticeError,
    NoticeRefused,
    PaesError,
    StoreError,
    problem_text,
)


@pytest.mark.parametrize(
    ("error", "parent"),
    [
        (ConfigError, PaesError),
        (DataError, PaesError),
        (FactorMissing, DataError),
        (StoreError, PaesError),
        (FieldError, PaesError),
        (ConnectionFailed, FieldError),
        (NoReply, FieldError),
        (DeviceRefused, FieldError),
        (BadReply, FieldError),
        (NoticeError, PaesError),
        (NoticeRefused, NoticeError),
    ],
)
def test_the_tree_is_as_it_is_drawn(error: type[PaesError], parent: type[PaesError]) -> None:
    assert error.__base__ is parent
    assert error.__name__ in (errors.__doc__ or "")


def test_no_error_is_missing_from_the_drawing() -> None:
    there = {n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, PaesError)}
    assert len(there) == 14
    assert all(name in (errors.__doc__ or "") for name in there)


def test_a_refusal_carries_the_code_of_the_device() -> None:
    error = DeviceRefused("unit 3 refused: illegal address", code=2)
    assert (str(error), error.code) == ("unit 3 refused: illegal address", 2)


@pytest.mark.parametrize(
    ("line", "key", "text"),
    [
        (7, "sites[a].name", "c/sites.yaml:7: sites[a].name: wrong"),
        (7, "", "c/sites.yaml:7: wrong"),
        (None, "sites[a].name", "c/sites.yaml: sites[a].name: wrong"),
        (None, "", "c/sites.yaml: wrong"),
    ],
)
def test_a_problem_has_one_form(line: int | None, key: str, text: str) -> None:
    assert problem_text(Path("c/sites.yaml"), line, key, "wrong") == text
    error = ConfigError.at("c/sites.yaml", line, key, "wrong")
    assert (str(error), error.problems) == (text, [text])


def test_several_problems_are_the_first_and_a_count() -> None:
    error = ConfigError(["a: 1", "b: 2", "c: 3"])
    assert str(error) == "a: 1 (and 2 more: run `paes check`)"
    assert error.problems == ["a: 1", "b: 2", "c: 3"]
