"""Pages of a list: one query each, whatever the length of the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from procurement.extensions import db
from procurement.kernel.database import Query, Record

SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and whether there are more before and after."""

    rows: Sequence[Record]
    number: int
    has_next: bool
    path: str

    @property
    def has_previous(self) -> bool:
        """Tell whether this is not the first page."""
        return self.number > 1

    @property
    def next_url(self) -> str:
        """Address of the next page, with the same filters."""
        return self._url(self.number + 1)

    @property
    def previous_url(self) -> str:
        """Address of the page before, with the same filters."""
        return self._url(self.number - 1)

    def _url(self, number: int) -> str:
        return f"{self.path}?{urlencode({**request.args.to_dict(), 'page': number})}"


def page_of(query: Query, size: int = SIZE, path: str = "") -> Page:
    """Read the page that the address asks for (``?page=2``); nonsense asks for the first.

    ``path`` is where the other pages are, when a form refused elsewhere shows the list. One row
    more than the page is read, which tells whether another page follows without counting the
    whole list.
    """
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    rows = db.session.execute(query.limit(size + 1).offset((number - 1) * size)).all()
    return Page(rows[:size], number, len(rows) > size, path or request.script_root + request.path)
