"""A tree of Dash's HTML components as HTML text, for what the server sends before any script runs.

Header, footer and the pages without charts are written like the rest of the product and are there
on the first byte. Only `dash.html` components, strings and numbers; everything is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Any

from dash.development.base_component import Component

_VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})
_ATTRIBUTE = {"className": "class", "htmlFor": "for"}
_SMALL = frozenset({"hrefLang", "tabIndex", "colSpan", "dateTime"})


def markup(node: Any) -> str:
    """``node`` (component, text, number, list of them, None) as HTML."""
    if node is None:
        return ""
    if isinstance(node, (list, tuple)):
        return "".join(markup(each) for each in node)
    if not isinstance(node, Component):
        return escape(str(node), quote=False)
    tag = type(node).__name__.lower()
    values: dict[str, Any] = node.to_plotly_json()["props"]  # type: ignore[no-untyped-call]
    children = values.pop("children", None)
    attributes = "".join(_attribute(name, value) for name, value in values.items())
    if tag in _VOID:
        return f"<{tag}{attributes}>"
    return f"<{tag}{attributes}>{markup(children)}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    shown = name.lower() if name in _SMALL else _ATTRIBUTE.get(name, name)
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'


def aria(**values: str) -> dict[str, Any]:
    """ARIA attributes as a component takes them: ``aria(labelledby="x")``."""
    return {f"aria-{name}": value for name, value in values.items()}
