"""``flask audit``: check the journal."""

import click
from flask import Flask
from flask.cli import AppGroup

from procurement.extensions import db
from procurement.kernel import audit

audit_commands = AppGroup("audit", help="The journal of every act.")


def report(faults: list[str], counted: str) -> None:
    """Print each fault, or the one line that says what was counted; fail when there is a fault."""
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} fault(s) found; {counted}")
    click.echo(f"OK: {counted}")


@audit_commands.command("verify")
def verify() -> None:
    """Recompute the chain of the journal and name each altered entry."""
    session = db.session()
    report(list(audit.faults(session)), f"{audit.count(session)} journal entries checked")


def register(app: Flask) -> None:
    """Attach the commands."""
    app.cli.add_command(audit_commands)
