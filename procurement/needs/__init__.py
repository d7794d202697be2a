"""The room of campaigns and of what members declare."""

from flask import Flask

from procurement.needs import cli, pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    cli.register(app)
