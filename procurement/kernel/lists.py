"""Pages of a list: one query each, whatever the length of the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for

from procurement.extensions import db
from procurement.kernel.database import LARGEST_ID, Query, Record

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


def row_url(endpoint: str) -> str:
    """Address of one row's page with %d for its id: ``{{ member_url % row.id }}``.

    Building an address costs more than writing the cell it stands in, and a list has fifty.
    """
    return _row_url(endpoint, request.script_root)


def page_url(endpoint: str) -> str:
    """Address of a page that takes nothing, worked out once."""
    return _page_url(endpoint, request.script_root)


@lru_cache
def _page_url(endpoint: str, _root: str) -> str:
    return url_for(endpoint)


@lru_cache
def _row_url(endpoint: str, _root: str) -> str:
    rule = next(current_app.url_map.iter_rules(endpoint))
    (name,) = rule.arguments
    values: dict[str, Any] = {name: _STAND_IN}
    return url_for(endpoint, **values).replace("%", "%%").replace(str(_STAND_IN), "%d")


_STAND_IN = 987654321


def asked_id(name: str) -> int | None:
    """Read the id of a row that the address asks for (``?family=3``); nonsense asks for none."""
    number = request.args.get(name, 0, type=int)
    return number if 0 < number <= LARGEST_ID else None


def page_of(query: Query, size: int = SIZE, path: str = "") -> Page:
    """Read the page that the address asks for (``?page=2``); nonsense asks for the first.

    ``path`` is where the other pages are, when a form refused elsewhere shows the list. One row
    more than the page is read, which tells whether another page follows without counting the
    whole list.
    """
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    chosen = query.limit(size + 1).offset((number - 1) * size)
    # Straight through the connection: rows need nothing of what the session does for objects.
    rows = db.session.connection().execute(chosen).all()
    return Page(rows[:size], number, len(rows) > size, path or request.script_root + request.path)
