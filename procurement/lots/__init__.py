"""The room of lots: needs pooled by item, frozen, and sent to firms as lot sheets."""

from flask import Flask

from procurement.lots import cli, exporting, pages, zipping


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    app.cli.add_command(cli.lot_commands)
    exporting.register(app)
    zipping.register(app)
