"""The room of bodies, memberships, competences, delivery places and people."""

from flask import Flask

from procurement.members import cli, pages


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.register_blueprint(pages.stage)
    app.cli.add_command(cli.member_commands)
    app.cli.add_command(cli.people_commands)
