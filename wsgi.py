"""The application, for a WSGI server or the ``flask`` command."""

from procurement import create_app

app = create_app()
