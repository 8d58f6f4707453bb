"""One configuration file to one validated value, with errors that name file, line and key.

YAML carries structure, CSV carries the tables that officials edit in a spreadsheet. Every
problem of a file is collected before ``ConfigError`` is raised, in the form
``file:line: key: what is wrong, seen …``. Nothing is skipped and nothing is defaulted in
silence: unknown keys, keys written twice and wrong types are errors.
"""

from __future__ import annotations

import csv
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from paes.errors import ConfigError, problem_text

M = TypeVar("M", bound=BaseModel)

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path, model: type[M], extra: Mapping[str, Any] | None = None) -> M:
    """The file as ``model``; ``extra`` adds top-level keys that the file does not hold.

    Raises ConfigError with every problem of the file.
    """
    return validate(path, read_tree(path), model, extra)


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
    except (yaml.YAMLError, ValueError) as err:
        raise ConfigError.at(path, None, "", f"not valid YAML: {err}") from err
    return Tree(path, node, data)


def validate(path: Path, tree: Tree, model: type[M], extra: Mapping[str, Any] | None = None) -> M:
    """``tree`` as ``model``, or ConfigError with the line of each problem."""
    data = tree.data
    if not isinstance(data, dict):
        raise ConfigError.at(path, 1, "", f"expected keys and values, seen {kind_of(data)}")
    try:
        return model.model_validate({**data, **(extra or {})})
    except ValidationError as err:
        raise ConfigError(
            [
                problem_text(path, tree.line(e["loc"]), dotted(e["loc"], data), explain(e))
                for e in err.errors()
            ]
        ) from err


def read_csv(path: Path, model: type[M]) -> list[tuple[int, M]]:
    """Each row of a CSV file as ``(line, model)``; an empty cell counts as absent.

    UTF-8, with or without a byte order mark; separator ``,`` or ``;`` (read from the header);
    lines that begin with ``#`` are comments. Numbers use a decimal point.
    """
    numbered = [
        (number, line)
        for number, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not numbered:
        raise ConfigError.at(path, 1, "", "the file is empty; expected a header line")
    head_line, head = numbered[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    header = [cell.strip() for cell in next(csv.reader([head], delimiter=separator))]
    _check_header(path, head_line, header, model)
    rows: list[tuple[int, M]] = []
    problems: list[str] = []
    for number, line in numbered[1:]:
        cells = next(csv.reader([line], delimiter=separator))
        if len(cells) != len(header):
            problems.append(
                problem_text(path, number, "", f"{len(cells)} cells, expected {len(header)}")
            )
            continue
        values = {k: v.strip() for k, v in zip(header, cells, strict=True) if v.strip()}
        try:
            rows.append((number, model.model_validate(values)))
        except ValidationError as err:
            problems += [
                problem_text(path, number, dotted(e["loc"], values), explain(e))
                for e in err.errors()
            ]
    if problems:
        raise ConfigError(problems)
    return rows


def read_text(path: Path) -> str:
    """The file's text, or ConfigError saying why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as err:
        raise ConfigError.at(path, None, "", "no such file") from err
    except UnicodeDecodeError as err:
        raise ConfigError.at(
            path, None, "", f"not UTF-8 text (byte {err.start}); save it as UTF-8"
        ) from err
    except OSError as err:
        raise ConfigError.at(path, None, "", f"cannot be read: {err.strerror}") from err


def explain(error: ErrorDetails) -> str:
    """One pydantic problem in our words: what is wrong, and the value seen."""
    match error["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "this key is missing"
        case "string_pattern_mismatch":
            wanted = error.get("ctx", {}).get("pattern", "")
            return f"expected text that matches {wanted}, seen {error['input']!r}"
        case "enum" | "literal_error":
            wanted = error.get("ctx", {}).get("expected", "")
            return f"expected {wanted}, seen {error['input']!r}"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "value_error":
        return message
    return f"expected {message}, seen {_short(error['input'])}"


def dotted(location: tuple[int | str, ...], data: Any) -> str:
    """``('meters', 3, 'unit')`` as ``meters[scuola.main].unit``: items by id if they have one."""
    text = ""
    for part in location:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
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
    return "a list" if isinstance(value, list) else repr(value)


def _short(value: Any) -> str:
    text = kind_of(value) if isinstance(value, dict | list) or value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_header(path: Path, line: int, header: list[str], model: type[BaseModel]) -> None:
    fields = model.model_fields
    problems = [
        problem_text(path, line, name, f"unknown column; expected some of {', '.join(fields)}")
        for name in header
        if name not in fields
    ]
    problems += [
        problem_text(path, line, name, "this column is missing")
        for name, field in fields.items()
        if field.is_required() and name not in header
    ]
    problems += [
        problem_text(path, line, name, "this column is there twice")
        for name in {n for n in header if header.count(n) > 1}
    ]
    if problems:
        raise ConfigError(problems)


def _child(node: yaml.Node, part: Hashable) -> tuple[yaml.Node | None, int | None]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None, None


def _refuse_repeated_keys(path: Path, node: yaml.Node | None) -> None:
    stack = [node] if node is not None else []
    while stack:
        current = stack.pop()
        if isinstance(current, yaml.SequenceNode):
            stack += current.value
        elif isinstance(current, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in current.value:
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise ConfigError.at(
                        path, line, key.value, f"this key is there twice (line {seen[key.value]})"
                    )
                seen[key.value] = line
                stack.append(value)
