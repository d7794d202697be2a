"""Savings: what buying together brought to each member, from the frozen figures of its orders."""

from flask import Flask

from procurement.savings import pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
