"""Commands about a collector at work: watch, spool."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
