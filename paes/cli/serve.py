"""``paes dashboard``: the dashboard alone, over whatever the store holds."""

from __future__ import annotations

import click

from paes.cli import Session
from paes.cli.output import say
from paes.cli.spool_file import spool_file


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
def dashboard(session: Session, host: str, port: int) -> None:
    """Serve the dashboard until stopped (Ctrl-C)."""
    from dashboard.app import create_app, serve
    from paes.cli.field_report import field_of

    field = field_of(spool_file(session))
    app = create_app(session.installation, session.store, field=field)
    serve(
        app,
        host=host,
        port=port,
        ready=lambda address: say(f"PAES Monitor at {address}  (Ctrl-C stops it)"),
    )


COMMANDS = (dashboard,)
