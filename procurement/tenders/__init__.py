"""The tenders room: suppliers, calls for offers, their comparison, the award."""

from flask import Flask

from procurement.tenders import pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
