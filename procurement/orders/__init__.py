"""The room of orders under the agreements, and of the ledger of their ceilings."""

from flask import Flask

from procurement.orders import cli, pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    app.cli.add_command(cli.order_commands)
