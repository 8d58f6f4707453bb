"""Where the dashboard of an installation keeps accounts, audit log and the reports it makes."""

from __future__ import annotations

from pathlib import Path

import click

from paes.cli import Session
from paes.cli.spool_file import beside_store

folder_option = click.option(
    "--folder",
    "folder",
    envvar="PAES_DASHBOARD",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the dashboard keeps accounts, audit log and reports [beside the store's data].",
)


def dashboard_folder(session: Session, option: Path | None = None) -> Path:
    """``--folder``, else ``$PAES_DASHBOARD``, else a folder beside the store's own file.

    Of a store that is no file, a folder of the user named after the town.
    """
    if option:
        return option.expanduser()
    return beside_store(session, "dashboard")
