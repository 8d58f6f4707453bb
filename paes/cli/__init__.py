"""The command line: a thin skin over the library, and the only place that composes it all.

Contract: exit 0 when done, 1 with one line on standard error for a ``PaesError``, 2 for a
wrong call. ``--json`` prints exactly one JSON document on standard output. Progress and
messages go to standard error, so that output can always be piped.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paes import __version__
from paes.cli.commands import CommandGroup, Commands
from paes.errors import PaesError

if TYPE_CHECKING:
    from paes.accounting.ledger import EnergyLedger
    from paes.installation import City, Installation
    from paes.store import Store

log = logging.getLogger(__name__)


class Session:
    """What the commands of one call share; everything is opened, and imported, when first asked."""

    def __init__(self, config: str | None, store_url: str | None, city: str | None) -> None:
        self._config = config
        self._store_url = store_url
        self._city = city

    @cached_property
    def root(self) -> Path:
        """The folder of the installation."""
        from paes.config import config_root

        return config_root(self._config)

    @cached_property
    def installation(self) -> Installation:
        """The installation; ConfigError if it is not sound."""
        from paes.config import load_installation

        return load_installation(self.root)

    @property
    def city(self) -> City:
        """The city asked for, else the installation's default."""
        return self.installation.city(self._city)

    @property
    def store_url(self) -> str:
        """``--store``, else ``$PAES_STORE``, else a file of the user named after the town."""
        if self._store_url:
            return self._store_url
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        slug = re.sub(r"[^a-z0-9]+", "-", self.installation.name.lower()).strip("-")
        return str(data / "paes-monitor" / f"{slug}.sqlite")

    @property
    def has_store(self) -> bool:
        """False if the store is a file that nobody has made yet."""
        from paes.cli.store_copy import file_of

        path = file_of(self.store_url)
        return path is None or path.exists()

    @cached_property
    def store(self) -> Store:
        """The store, opened; of a file that is made by it, perhaps by a slip, a person is told."""
        from paes.cli.store_copy import file_of
        from paes.store import open_store

        path, is_new = file_of(self.store_url), not self.has_store
        opened = open_store(self.store_url, self.installation.retention)
        if is_new:
            log.warning("%s: there was no store; an empty one was made", path)
        return opened

    @cached_property
    def ledger(self) -> EnergyLedger:
        """The energy ledger over installation and store."""
        from paes.accounting.ledger import EnergyLedger

        return EnergyLedger(self.installation, self.store)


@click.group(
    cls=CommandGroup,
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--config", metavar="DIR", help="Installation folder [$PAES_CONFIG, else shipped].")
@click.option(
    "--store", envvar="PAES_STORE", metavar="URL", help="Store, e.g. sqlite:///data/town.sqlite."
)
@click.option("--city", metavar="ID", help="City of the installation [its default city].")
@click.option("-v", "--verbose", is_flag=True, help="Log state changes to standard error.")
@click.version_option(__version__, prog_name="paes")
@click.pass_context
def paes(
    context: click.Context, config: str | None, store: str | None, city: str | None, verbose: bool
) -> None:
    """Energy and emissions monitoring for a municipality's energy action plan (PAES)."""
    logging.getLogger().setLevel(logging.INFO if verbose else logging.WARNING)
    context.obj = Session(config, store, city)


def main() -> None:
    """Entry point of the ``paes`` command."""
    # Before anything else is imported: a library that sets up logging by itself comes too late.
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # Nor does numpy look again: its threads wait for each other longer than our small systems of
    # equations take, and a collector's nightly run needs but one processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = paes(standalone_mode=False)  # of ``context.exit``; commands return nothing
    except PaesError as err:
        click.echo(f"paes: {err}", err=True)
        sys.exit(1)
    except click.ClickException as err:
        err.show()
        sys.exit(2)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    else:
        if code:
            sys.exit(code)
