"""The agreements room: frameworks, their ceilings, beneficiaries and price lists."""

from flask import Flask

from procurement.agreements import pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
