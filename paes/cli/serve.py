"""``paes dashboard``: the dashboard alone, over whatever the store holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paes.cli import Session
from paes.cli.dashboard_folder import dashboard_folder, folder_option
from paes.cli.entrance import entrance
from paes.cli.output import say
from paes.cli.spool_file import spool_file

if TYPE_CHECKING:
    from dashboard.app import Dashboard
    from dashboard.memory import Memory


def _base(_context: click.Context, _option: click.Parameter, path: str) -> str:
    """``/energia`` as ``/energia/``; a wrong call if it is not a path."""
    if not re.fullmatch(r"/([A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*", path) or ".." in path:
        raise click.BadParameter(f"expected a path such as /energia/, seen {path!r}")
    return path if path.endswith("/") else f"{path}/"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 32),
              help="Processes that answer readers, beside one that prepares long answers; with 1,"
              " and on Windows, one process does it all.")  # fmt: skip
@click.option("--login/--no-login", "login", default=True, show_default=True,
              help="Ask who comes; without, all at this machine may do all.")  # fmt: skip
@click.option("--proxies", default=0, show_default=True, type=click.IntRange(0, 9),
              help="Proxies before it whose X-Forwarded headers are believed.")  # fmt: skip
@click.option("--base", default="/", show_default=True, metavar="PATH", callback=_base,
              help="Where it lives on its server, such as /energia/.")  # fmt: skip
@folder_option
@click.pass_obj
def dashboard(
    session: Session,
    host: str,
    port: int,
    workers: int,
    login: bool,
    proxies: int,
    base: str,
    folder: Path | None,
) -> None:
    """Serve the dashboard until stopped (Ctrl-C).

    The public page is open; for all others people log in with accounts made by `paes user add`, or
    by the provider of access.yaml.
    """
    from dashboard.app import create_app
    from paes.cli.field_report import field_of
    from paes.store import open_store

    installation, url = session.installation, session.store_url
    own = dashboard_folder(session, folder)
    enter = entrance(session, own, login, host, proxies)
    field = field_of(spool_file(session))
    session.store.close()  # known to open; each process opens its own

    def make(memory: Memory | None) -> Dashboard:
        store = open_store(url, installation.retention)
        return create_app(
            installation,
            store,
            memory=memory,
            field=field,
            base=base,
            folder=own,
            access=enter(),
            proxies=proxies,
        )

    serve_app(make, host, port, workers)


def serve_app(
    make: Callable[[Memory | None], Dashboard], host: str, port: int, workers: int
) -> None:
    """Serve what ``make`` makes, which opens a store for itself, in one process or in several."""
    from dashboard.app import require_assets, serve
    from dashboard.memory import Memory
    from dashboard.recipes import RECIPES
    from paes.periods import now_utc

    require_assets()

    def ready(address: str) -> None:
        say(f"PAES Monitor at {address}  (Ctrl-C stops it)")

    if workers > 1 and hasattr(os, "fork"):
        from dashboard.serving.workers import Service, serve_workers

        service = Service(make, lambda: make(None).observatory.sources, RECIPES)
        serve_workers(service, host, port, workers=workers, ready=ready)
        return
    from dashboard.serving.threads import WAIT_S

    app = make(Memory(now_utc, wait_s=WAIT_S))
    serve(app, host, port, ready=ready)
    app.observatory.store.close()


COMMANDS = (dashboard,)
