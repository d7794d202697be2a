"""``flask audit``, ``flask jobs``, ``flask mail``: check the journal, do the jobs, send letters."""

import logging

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from procurement.extensions import db
from procurement.kernel import audit, jobs, mail

audit_commands = AppGroup("audit", help="The journal of every act.")
jobs_commands = AppGroup("jobs", help="The work beside the requests.")
mail_commands = AppGroup("mail", help="The letters to people.")


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


@jobs_commands.command("work")
def work() -> None:
    """Do the jobs, by the clock and as soon as one is woken, until Ctrl-C or a signal to end."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(message)s")
    # What the library does to do them interests nobody; what goes wrong does.
    logging.getLogger("huey").setLevel(logging.WARNING)
    jobs.work(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy's own way


@mail_commands.command("send")
def send() -> None:
    """Send the letters that are due; fail when some could not leave."""
    done = mail.deliver()
    click.echo(done)
    if done.failed or done.waiting:
        raise SystemExit(1)


def register(app: Flask) -> None:
    """Attach the commands."""
    for commands in (audit_commands, jobs_commands, mail_commands):
        app.cli.add_command(commands)
