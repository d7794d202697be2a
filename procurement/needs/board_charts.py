"""The picture of an answer board: how complete it is, member by member and by inhabitants."""

from collections.abc import Iterator
from decimal import Decimal

from flask_babel import gettext as _
from reportlab.graphics.shapes import Drawing

from procurement.kernel.charts import Bar, Row, shares
from procurement.kernel.language import whole
from procurement.needs.board import DEPARTEMENTS, Counts, Departement, Share

#: Width in points, narrow enough to be read on a phone.
_NARROW = 300.0


def completion(counts: Counts) -> Drawing:
    """Draw the completion of the whole, then of each département where there are several."""
    rows = list(_rows(counts, "", _("Together"), "accent"))
    if len(counts.departements) > 1:
        for code in counts.departements:
            name = f"{DEPARTEMENTS[Departement(code)]} ({code})"
            rows += _rows(counts, code, name, code)
    return shares(rows, _NARROW)


def _rows(counts: Counts, departement: str, name: str, colour: str) -> Iterator[Row]:
    members = counts.completion(departement)
    done, total = whole(members.done), whole(members.total)
    label = _("%(name)s: %(done)s of %(total)s members", name=name, done=done, total=total)
    yield _row(label, members, colour)
    inhabitants = counts.completion_by_inhabitants(departement)
    if inhabitants.total:
        done, total = whole(inhabitants.done), whole(inhabitants.total)
        label = _("%(name)s: %(done)s of %(total)s inhabitants", name=name, done=done, total=total)
        yield _row(label, inhabitants, colour)


def _row(label: str, share: Share, colour: str) -> Row:
    text = _("%(percent)s %%", percent=share.percent)
    return Row(label, [Bar(Decimal(share.percent), text, colour)])
