"""The room of the demonstration: an invented story on the real territory, marked as such."""

from flask import Flask

from procurement.demo import cli, mark


def register(app: Flask) -> None:
    """Attach the room to the application."""
    app.extensions["demonstration"] = mark.Mark()
    app.extensions["mark"] = mark.warning
    app.context_processor(lambda: {"is_demo": mark.is_demo()})
    app.cli.add_command(cli.demo_commands)
