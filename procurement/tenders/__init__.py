"""The tenders room: suppliers, calls for offers, their comparison, the award."""

from flask import Flask

from procurement.tenders import pages, price_pages

# The other module of pages fills the blueprint of the first.
__all__ = ["price_pages", "register"]


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
