"""The warning that what is shown is invented, remembered so that it costs pages nothing."""

import time

from flask import current_app
from flask_babel import gettext as _
from flask_login import current_user

from procurement.demo import queries
from procurement.extensions import db

#: Seconds after which a database that was none may have become a demonstration.
_ASKED_AGAIN = 60.0


class Mark:
    """The answer of :func:`queries.is_loaded`: remembered for good when it is yes.

    When it is no, it is asked again by those who come in, at most once a minute: a command may
    load the demonstration while the application runs. The question has a connection of its own,
    so that a page drawn after a failed transaction can ask it too.
    """

    def __init__(self) -> None:
        self._is_demo, self._asked_at = False, float("-inf")

    def is_demo(self, *, may_ask_again: bool) -> bool:
        """Tell whether to say that the data is invented."""
        is_first = self._asked_at == float("-inf")
        is_due = may_ask_again and time.monotonic() >= self._asked_at + _ASKED_AGAIN
        if not self._is_demo and (is_first or is_due):
            with db.engine.connect() as connection:
                self._is_demo = queries.is_loaded(connection)
            self._asked_at = time.monotonic()
        return self._is_demo


def warning() -> str | None:
    """Say on files what every page says on top."""
    return _("Demonstration: invented data") if is_demo() else None


def is_demo() -> bool:
    """Tell whether the page in hand shows invented data."""
    mark: Mark = current_app.extensions["demonstration"]
    return mark.is_demo(may_ask_again=not (current_user and current_user.is_authenticated))
