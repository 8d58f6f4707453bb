"""Commands for commissioning: compare a meter with its display, sign it off."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
