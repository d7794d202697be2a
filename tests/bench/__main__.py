"""``make bench``: print each ratio to its bare limit, and fail when one is passed."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flask import Flask

from procurement import create_app
from procurement.demo import operations
from procurement.extensions import db
from procurement.kernel import database, pipeline
from tests import system
from tests.bench import (
    board,
    list_page,
    lot_sheet,
    need_form,
    need_import,
    pool_page,
    pooling,
    submitting,
)
from tests.bench.lot_sheet import Grown
from tests.bench.measure import Result
from tests.bench.pool_page import Beside
from tests.postgres import running_cluster


@contextmanager
def demonstration(url: str, folder: Path) -> Iterator[Flask]:
    """Load the demonstration into a database that is thrown away."""
    app = create_app({"SQLALCHEMY_DATABASE_URI": url, "INSTANCE_PATH": str(folder)})
    with app.app_context():
        db.create_all()
        database.begin_write(db.session())
        operations.load(pipeline.today(), operations.SEED, say=lambda _sentence: None)
        pipeline.commit()
        yield app
        db.session.remove()
        db.engine.dispose()


def pools(app: Flask, engine: str) -> Iterator[Result | Beside]:
    """Measure the pool of a campaign, and of one with a hundred times its lines, last of all.

    Nothing else is measured among a million lines.
    """
    few, many = pooling.copied(1), pooling.copied(100)
    pooling.settle()
    yield pooling.run(engine, few)
    yield pooling.run(engine, many)
    db.session.remove()
    yield pool_page.run(app, engine, few, many)


def results(stack: ExitStack) -> Iterator[Result | Beside | Grown]:
    """Measure on SQLite, and what the database decides on PostgreSQL too where it is installed."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    app = stack.enter_context(demonstration(f"sqlite:///{folder / 'demo.sqlite'}", folder / "one"))
    yield from lot_sheet.run()
    db.session.remove()
    yield list_page.run(app)
    yield board.run(app)
    yield need_import.run()
    db.session.remove()
    yield need_form.run(app)
    yield submitting.run("SQLite")
    yield from pools(app, "SQLite")
    programs = system.POSTGRESQL.find()
    if programs is None:
        print("LEFT OUT: what is measured on PostgreSQL, which is not installed")
        return
    cluster = stack.enter_context(running_cluster(programs))
    app = stack.enter_context(demonstration(cluster.create("bench"), folder / "two"))
    yield submitting.run("PostgreSQL")
    yield from pools(app, "PostgreSQL")


def main() -> int:
    """Print the results as they come."""
    failed = 0
    with ExitStack() as stack:
        for result in results(stack):
            print(result.line(), flush=True)
            failed += not result.is_kept
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
