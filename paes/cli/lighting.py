"""Commands about public lighting: burning hours, dimming."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
