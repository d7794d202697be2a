"""``flask catalogue``: fill the catalogue."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from procurement.catalogue import imports, queries
from procurement.catalogue.models import Family
from procurement.extensions import db
from procurement.kernel import audit, database, pipeline
from procurement.kernel.access import Actor

catalogue_commands = AppGroup("catalogue", help="Purchase families and items.")


@catalogue_commands.command("load")
def load() -> None:
    """Load the shipped catalogue into an empty one; leave any other as it is."""
    database.begin_write(db.session())
    there = queries.item_count()
    if there:
        pipeline.rollback()
        click.echo(f"{there} items were already there: nothing was loaded")
        return
    items = imports.load_shipped()
    # The journal names one row: the first family stands for the catalogue.
    first = db.session.scalars(select(Family).order_by(Family.id).limit(1)).one()
    clerk = Actor.command("flask catalogue load")
    audit.record(db.session(), clerk, "catalogue.load", first, items=items)
    pipeline.commit()
    click.echo(f"{items} items loaded")
