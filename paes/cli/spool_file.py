"""Where the spool of an installation lies: beside the data of its store."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from paes.cli import Session

spool_option = click.option(
    "--spool",
    "spool",
    envvar="PAES_SPOOL",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The collector's spool [beside the store's data].",
)


def spool_file(session: Session, option: Path | None = None) -> Path:
    """``--spool``, else ``$PAES_SPOOL``, else a file beside the store's own.

    Of a store that is no file, a file of the user named after the town.
    """
    option = option or (Path(p) if (p := os.environ.get("PAES_SPOOL")) else None)
    return option.expanduser() if option else beside_store(session, "spool")


def beside_store(session: Session, ending: str) -> Path:
    """``town.sqlite.spool`` beside ``town.sqlite``; of a store that is no file, one of the user."""
    url = session.store_url
    scheme, _, rest = url.partition("://")
    if not rest or scheme == "sqlite":
        return Path(f"{rest[1:] if rest else url}.{ending}").expanduser()
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    slug = re.sub(r"[^a-z0-9]+", "-", session.installation.name.lower()).strip("-")
    return data / "paes-monitor" / f"{slug}.{ending}"
