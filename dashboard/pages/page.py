"""What a page is: its address, who may see it, and how it is made of what it is asked.

``Page.make`` turns an ``Asked`` into a ``Content``: blocks (written by the server at once), charts
(figures drawn a moment later, when a browser asks for them), tables (also CSV files), and perhaps a
block that stays live. ``Sheet`` collects them while the blocks are written.

A page's address is its path and its query alone, so every state can be shared and printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.tables.table import Table

Drawn = Callable[[], go.Figure]


@dataclass(frozen=True)
class Content:
    """A page that was made; ``title`` is what the browser's tab says of it."""

    title: str
    blocks: list[Any]
    charts: Mapping[str, Drawn] = field(default_factory=dict)
    tables: Mapping[str, Callable[[], Table]] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Live:
    """What of a page may change while it is open: the inside of the element ``live``.

    ``states`` tells whether anything is worth announcing; ``words`` is what a screen reader hears
    when it has changed.
    """

    block: Any
    words: str = ""
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be saved under ``name``."""

    name: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class Page:
    """One page of the dashboard."""

    name: str
    """Of its texts (``nav.<name>``), style sheet and endpoint."""
    path: str
    """Without the prefix; ``<part>`` stands for what it shows: ``/edifici/<part>``."""
    make: Callable[[Asked], Content]
    right: Right = Right.LOOK
    live: Callable[[Asked], Live] | None = None
    post: Callable[[Asked, Mapping[str, str]], str] | None = None
    """What a form does; returns the address to go on with."""
    file: Callable[[Asked, str], File | None] | None = None
    """The file at ``<path>/file/<name>``; None if there is none of that name."""
    upper: str | None = None
    """The path that leads to it: what stays when the city changes, and is marked in the menu."""
    in_menu: bool = True

    @property
    def top(self) -> str:
        """The path of the menu's entry that it belongs to."""
        return self.upper or self.path


class Sheet:
    """Charts and tables of a page while it is written."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.charts: dict[str, Drawn] = {}
        self.tables: dict[str, Callable[[], Table]] = {}

    def content(self, title: str, blocks: list[Any], status: int = 200) -> Content:
        """The page; blocks that are None are left out."""
        shown = [block for block in blocks if block is not None]
        return Content(title, shown, self.charts, self.tables, status)
