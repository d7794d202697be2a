"""The room of purchase families and items."""

from flask import Flask

from procurement.catalogue import cli, pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    app.cli.add_command(cli.catalogue_commands)
