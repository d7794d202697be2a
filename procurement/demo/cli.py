"""``flask demo``: load the demonstration, write its papers, welcome whoever starts it."""

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from procurement.demo import accounts, operations, outputs, queries
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.errors import Refused

demo_commands = AppGroup("demo", help="The demonstration: invented purchases, real territory.")


def _folder() -> Path:
    return Path(current_app.instance_path) / "demo"


@demo_commands.command("load")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=operations.SEED,
    show_default=True,
    help="Another number tells another story.",
)
@click.option("--if-empty", is_flag=True, help="Leave a database that holds members as it is.")
def load(seed: int, if_empty: bool) -> None:
    """Load the demonstration into an empty database, in one transaction."""
    database.begin_write(db.session())
    if queries.is_loaded():
        click.echo("The demonstration is already loaded.")
        return
    if if_empty and queries.counted().members:
        click.echo("The database holds members of its own: the demonstration was not loaded.")
        return
    started = time.monotonic()
    try:
        operations.load(pipeline.today(), seed, say=click.echo)
    except Refused as refused:
        pipeline.rollback()
        raise click.ClickException(str(refused.sentence)) from None
    pipeline.commit()
    found = queries.counted()
    click.echo(
        f"Loaded in {time.monotonic() - started:.1f} s: {found.members} bodies,"
        f" {found.need_lines} need lines, {found.lots} lots, {found.orders} orders."
        " All but the bodies is invented."
    )


@demo_commands.command("outputs")
def write_outputs() -> None:
    """Write a lot sheet, an order, a statement and the territory's report into a folder."""
    _check_loaded()
    for path in outputs.write(_folder(), pipeline.today()):
        click.echo(path)


@demo_commands.command("welcome")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def welcome(host: str, port: int) -> None:
    """Say where the papers are, the address, and who can sign in."""
    if queries.is_loaded():
        papers = sorted(_folder().glob("[!.]*"))
        if papers:
            click.echo("What the chain ends in:")
        for path in papers:
            click.echo(f"  {path}")
        click.echo(f"Sign in with the password {accounts.PASSWORD} as")
        for account in accounts.TOLD:
            click.echo(f"  {account.role:<14} {account.email:<36} {account.waiting}")
    click.echo(f"Open http://{host}:{port}")


def _check_loaded() -> None:
    if not queries.is_loaded():
        raise click.ClickException("Load the demonstration first: flask demo load.")
