"""The room of bodies, memberships, competences, delivery places and people."""

from flask import Flask
from flask_wtf.csrf import CSRFError

from procurement.kernel.pipeline import SignInNeeded
from procurement.members import cli, mandate_pages, merger_pages, pages, sign_in

# The other modules of pages fill the blueprint of the first.
__all__ = ["mandate_pages", "merger_pages", "register"]


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    for unknown in (SignInNeeded, CSRFError):
        app.register_error_handler(unknown, lambda _error: sign_in.ask())
    app.cli.add_command(cli.member_commands)
    app.cli.add_command(cli.people_commands)
