"""A tree of elements as HTML text: pages are written by the server and there on the first byte.

Nodes are Dash's HTML components, ``Element`` for what those do not know (form fields, SVG), texts,
numbers, and lists of them. Everything is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

from dash.development.base_component import Component

_VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})
_ATTRIBUTE = {"className": "class", "htmlFor": "for"}
_SMALL = frozenset(
    {"hrefLang", "tabIndex", "colSpan", "rowSpan", "dateTime", "autoComplete", "autoFocus"}
)


@dataclass(frozen=True)
class Element:
    """Any element; see ``tag``."""

    name: str
    children: tuple[Any, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


def tag(element: str, /, *children: Any, **attributes: Any) -> Element:
    """An element: ``tag("input", type="date", name="from", aria_label="…", class_="wide")``.

    Underscores of attribute names become hyphens; a trailing one is dropped.
    """
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return Element(element, children, named)


def markup(node: Any) -> str:
    """``node`` (component, element, text, number, list of them, None) as HTML."""
    if node is None:
        return ""
    if isinstance(node, (list, tuple)):
        return "".join(markup(each) for each in node)
    if isinstance(node, Element):
        return _written(node.name, node.attributes, node.children)
    if not isinstance(node, Component):
        return escape(str(node), quote=False)
    values = vars(node)
    return _written(type(node).__name__.lower(), _properties(node), values.get("children"))


def _properties(node: Component) -> dict[str, Any]:
    """What of ``node`` becomes attributes, in the order in which Dash tells them.

    ``to_plotly_json`` says the same, many times slower: a page has thousands of elements.
    """
    values = vars(node)
    named = {name: values[name] for name in values["_prop_names"] if name in values}
    named.pop("children", None)
    for name, value in values.items():
        if name.startswith(("data-", "aria-")):
            named[name] = value
    return named


def _written(tag: str, values: dict[str, Any], children: Any) -> str:
    attributes = "".join(_attribute(name, value) for name, value in values.items())
    if tag in _VOID:
        return f"<{tag}{attributes}>"
    return f"<{tag}{attributes}>{markup(children)}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    shown = name.lower() if name in _SMALL else _ATTRIBUTE.get(name, name)
    if isinstance(value, dict):  # a style as a component takes it
        value = "; ".join(f"{key}: {each}" for key, each in value.items())
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'


def aria(**values: str) -> dict[str, Any]:
    """ARIA attributes as a component takes them: ``aria(labelledby="x")``."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """Values for scripts, as a component takes them: ``data(chart="path")``."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}
