"""One configuration file to one validated value, with errors that name file, line and key.

YAML carries structure, CSV carries the tables that officials edit in a spreadsheet
(``paes.config_table``). Every problem of a file is collected before ``ConfigError`` is raised,
in the form ``file:line: key: what is wrong, seen …``. Nothing is skipped and nothing is
defaulted in silence: unknown keys, keys written twice and wrong types are errors.

Unquoted text stays what it looks like: ``011015`` is not octal, ``7:30`` is not 450, and a date
is read by the type that wants one, so that a wrong one has a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from paes.errors import ConfigError, problem_text

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
P = ParamSpec("P")
Location = tuple[int | str, ...]

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVED_HERE = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp")


class _Loader(_BASE):  # type: ignore[misc]
    """YAML as people write it: whole numbers are decimal or 0x…, dates stay text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _RESOLVED_HERE]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)$"),
    list("-+0123456789"),
)


class Tree:
    """A parsed YAML document that still knows on which line each key stands."""

    def __init__(self, path: Path, node: yaml.Node | None, data: Any) -> None:
        self.path = path
        self.node = node
        self.data = data

    def line(self, location: tuple[Hashable, ...]) -> int | None:
        """The line (from 1) of the deepest part of ``location`` that the file holds."""
        node, line = self.node, None
        for part in location:
            if node is None:
                break
            child, at = _child(node, part)
            if at is None:
                break
            node, line = child, at
        if line is None and self.node is not None:
            line = self.node.start_mark.line + 1
        return line

    def problem(self, location: Location, message: str) -> str:
        """What is wrong at ``location``, in the one form of all problems."""
        return problem_text(self.path, self.line(location), dotted(location, self.data), message)


@dataclass(frozen=True)
class Parsed(Generic[M]):
    """The value of a file, with the tree that knows its lines."""

    tree: Tree
    value: M


def read_yaml(path: Path, model: type[M]) -> M:
    """The file as ``model``; ConfigError with every problem of the file."""
    return parse(path, model).value


def parse(path: Path, model: type[M]) -> Parsed[M]:
    """The file as ``model``, with its lines; ConfigError with every problem of the file."""
    return validate(read_tree(path), model)


def attempt(
    problems: list[str], read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """``read(…)``, or None with its problems noted: one run reports every file."""
    try:
        return read(*args, **kwargs)
    except ConfigError as err:
        problems += err.problems
        return None


def read_tree(path: Path) -> Tree:
    """Parse a YAML file; ConfigError if it is unreadable, malformed or repeats a key."""
    text = read_text(path)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            _refuse_repeated_keys(path, node)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        raise ConfigError.at(
            path, mark.line + 1 if mark else None, "", f"not valid YAML: {err.problem}"
        ) from err
    except yaml.reader.ReaderError as err:
        line = text.count("\n", 0, err.position) + 1
        raise ConfigError.at(path, line, "", f"not valid YAML: {err.reason}") from err
    return Tree(path, node, data)


def validate(tree: Tree, model: type[M]) -> Parsed[M]:
    """``tree`` as ``model``, or ConfigError with the line of each problem."""
    if not isinstance(tree.data, dict):
        seen = kind_of(tree.data)
        raise ConfigError.at(tree.path, 1, "", f"expected keys and values, seen {seen}")
    try:
        return Parsed(tree, model.model_validate(tree.data))
    except ValidationError as err:
        told = [e for e in err.errors() if not _follows(e, err.errors())]
        raise ConfigError(
            [tree.problem(location_of(e, tree.data), explain(e)) for e in told]
        ) from err


def read_text(path: Path) -> str:
    """The file's text, or ConfigError saying why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as err:
        raise ConfigError.at(path, None, "", "no such file") from err
    except UnicodeDecodeError as err:
        line = path.read_bytes().count(b"\n", 0, err.start) + 1
        raise ConfigError.at(path, line, "", "not UTF-8 text; save the file as UTF-8") from err
    except OSError as err:
        raise ConfigError.at(path, None, "", f"cannot be read: {err.strerror}") from err


def location_of(error: ErrorDetails, data: Any) -> Location:
    """Where a pydantic problem is; a message that begins with a key is about that key."""
    location = tuple(p for p in error["loc"] if not _FORM.search(str(p)))
    if error["type"] != "value_error":
        return location
    for part in location:
        data = data[part] if isinstance(data, dict) and part in data else _item(data, part)
    first = _message(error).partition(" ")[0].rstrip(":")
    return (*location, first) if isinstance(data, dict) and first in data else location


_FORM = re.compile(r"\[|^constrained-")
"""Which of several forms was tried (``dict[…]``, ``[key]``): no place in a file."""
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "tuple_type": "a list",
    "date_type": "a date such as 2025-03-30",
    "date_parsing": "a date such as 2025-03-30",
    "date_from_datetime_parsing": "a date such as 2025-03-30",
    "date_from_datetime_inexact": "a date such as 2025-03-30",
    "datetime_type": "a time such as 2025-03-30T14:15:00+02:00",
    "datetime_parsing": "a time such as 2025-03-30T14:15:00+02:00",
    "datetime_from_date_parsing": "a time such as 2025-03-30T14:15:00+02:00",
    "timezone_aware": "a time with its offset, such as 2025-03-30T14:15:00+02:00",
    "string_pattern_mismatch": "text that matches {pattern}",
    "string_too_short": "a text that is not empty",
    "string_too_long": "a text of at most {max_length} characters",
    "too_short": "at least {min_length} in the list",
    "too_long": "at most {max_length} in the list",
    "enum": "{expected}",
    "literal_error": "{expected}",
}


def explain(error: ErrorDetails, absent: str = "this key is missing") -> str:
    """One pydantic problem in our words: what is wrong, the value seen, and what to do."""
    kind, seen = error["type"], error["input"]
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return absent
    if kind == "invalid_key":
        hint = "; YAML takes on, off, yes and no for these" if isinstance(seen, bool) else ""
        return f"a key is text, seen {_short(seen)}{hint}"
    if kind == "value_error":
        return _message(error)
    wanted = _EXPECTED.get(kind, error["msg"].removeprefix("Input should be "))
    wanted = wanted.format(**error.get("ctx", {})) if kind in _EXPECTED else wanted
    return f"expected {wanted}, seen {_short(seen)}{_hint(kind, seen)}"


def dotted(location: Location, data: Any) -> str:
    """``('meters', 3, 'unit')`` as ``meters[scuola.main].unit``: items by id if they have one."""
    text = ""
    for part in location:
        if isinstance(part, int):
            data = _item(data, part)
            name = data.get("id", part) if isinstance(data, dict) else part
            text += f"[{name}]"
        else:
            data = data.get(part) if isinstance(data, dict) else None
            text += f".{part}" if text else str(part)
    return text


def kind_of(value: Any) -> str:
    """What a YAML value is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return repr(value)


def _message(error: ErrorDetails) -> str:
    return error["msg"].removeprefix("Value error, ")


def _follows(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """True for a list that is too short only because items in it are wrong."""
    place = error["loc"]
    return error["type"] == "too_short" and any(
        e["loc"][: len(place)] == place and len(e["loc"]) > len(place) for e in errors
    )


def _hint(kind: str, seen: Any) -> str:
    if kind == "string_type" and isinstance(seen, int | float):
        return "; put it in quotes"
    if kind in ("float_parsing", "int_parsing") and "," in str(seen):
        return "; write a decimal point, and no separator of thousands"
    return ""


def _short(value: Any) -> str:
    text = kind_of(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _item(data: Any, part: Hashable) -> Any:
    inside = isinstance(data, list) and isinstance(part, int) and part < len(data)
    return data[part] if inside else None


def _child(node: yaml.Node, part: Hashable) -> tuple[yaml.Node | None, int | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None, None


def _refuse_repeated_keys(path: Path, root: yaml.Node | None) -> None:
    problems: list[str] = []
    waiting, done = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in done:  # an alias, which may even lie within what it stands for
            continue
        done.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            problems += _repeated_keys(path, node)
            waiting += reversed([value for _, value in node.value])
    if problems:
        raise ConfigError(problems)


def _repeated_keys(path: Path, node: yaml.MappingNode) -> list[str]:
    problems: list[str] = []
    first: dict[str, int] = {}
    for key in (k for k, _ in node.value if isinstance(k, yaml.ScalarNode)):
        line = key.start_mark.line + 1
        if key.value in first:
            message = f"this key is there twice (line {first[key.value]})"
            problems.append(problem_text(path, line, key.value, message))
        first.setdefault(key.value, line)
    return problems
