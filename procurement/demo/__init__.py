"""The demo room."""

from flask import Flask


def register(app: Flask) -> None:
    """Attach the room to the application."""
