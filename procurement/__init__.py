"""The platform on which public bodies buy together: its factory, which wires and does no more."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from procurement import (
    agreements,
    catalogue,
    config,
    demo,
    extensions,
    lots,
    members,
    needs,
    orders,
    savings,
    tenders,
    web,
)
from procurement.kernel import cli, database, errors, language, mail, making, pipeline


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Build the application. ``settings`` override every other source; see config.py."""
    settings = dict(settings or {})
    app = Flask(
        __name__,
        instance_path=settings.pop("INSTANCE_PATH", None),
        instance_relative_config=True,
        static_folder=None,
        # The pages have their own; this is where Bootstrap hangs its files.
        static_url_path="/static",
    )
    config.configure(app, settings)
    app.jinja_environment = language.Environment  # type: ignore[assignment]  # Flask types it as its own class
    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db)
    extensions.login.init_app(app)
    extensions.csrf.init_app(app)
    extensions.babel.init_app(app, locale_selector=language.current)
    extensions.bootstrap.init_app(app)
    extensions.limiter.init_app(app)
    extensions.mail.init_app(app)
    with app.app_context():
        database.prepare(extensions.db.engine)
    for part in (errors, pipeline, language, mail, making, cli):
        part.register(app)
    for room in (
        members,
        catalogue,
        needs,
        lots,
        tenders,
        agreements,
        orders,
        savings,
        web,
        demo,
    ):
        room.register(app)
    return app
