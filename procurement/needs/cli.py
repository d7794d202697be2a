"""``flask needs``: what is done of a campaign without anybody asking."""

import click
from flask import Flask
from flask.cli import AppGroup

from procurement.extensions import db
from procurement.kernel import database, jobs, pipeline
from procurement.kernel.access import Actor
from procurement.needs import operations

needs_commands = AppGroup("needs", help="The survey of needs.")
#: Minutes between two looks at what is due.
_ROUND = 30


@needs_commands.command("remind")
def remind() -> None:
    """Send the reminders that are due, seven and two days before a campaign ends; once each."""
    click.echo(send_due() or "no reminder is due")


def send_due() -> str:
    """Send the reminders that are due and say how many; nothing when there was none."""
    database.begin_write(db.session())
    try:
        done = operations.remind_due(actor=Actor.command("reminders"), today=pipeline.today())
        pipeline.commit()
    except BaseException:
        pipeline.rollback()
        raise
    return f"{done.members} members reminded by {done.letters} letters" if done.members else ""


def register(app: Flask) -> None:
    """Attach the command, and have the same done by the clock."""
    app.cli.add_command(needs_commands)
    jobs.register(app, "reminders", send_due, every=_ROUND)
