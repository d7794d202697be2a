"""Importing 50,000 need lines, against openpyxl merely reading the rows of the same file."""

import gc
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from openpyxl import load_workbook
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel.access import Actor, Role
from procurement.kernel.pipeline import today
from procurement.kernel.sheets import Cell
from procurement.members import queries as members
from procurement.members.models import Person
from procurement.needs import layout, queries, sheets
from procurement.needs.layout import Refusal
from procurement.needs.models import (
    BASIS_LABELS,
    STRENGTH_LABELS,
    Basis,
    Campaign,
    CampaignState,
    Strength,
)
from procurement.needs.operations.importing import look
from procurement.needs.sheets import Content
from tests.bench.measure import Result, compared

LINES = 50_000


def run() -> Result:
    """Measure guard, reading, validation and comparison of a file of all members."""
    buyer_id = db.session.scalars(select(Person.id).where(Person.role == Role.BUYER)).one()
    buyer = members.actor_by_id(buyer_id)
    if buyer is None:
        raise LookupError("the buyer of the demonstration does not sign in")
    campaign = Campaign(
        title="Measured",
        opens_on=today() - timedelta(days=1),
        closes_on=today() + timedelta(days=30),
        state=CampaignState.OPEN,
    )
    db.session.add(campaign)
    db.session.flush()
    content = _filled(campaign, buyer)
    # As wsgi.py does.
    gc.collect()
    gc.freeze()

    def ours() -> None:
        counts = look(campaign, content, actor=buyer, today=today()).counts
        if counts != {"new": LINES, "changed": 0, "removed": 0, "unchanged": 0, "refused": 0}:
            raise AssertionError(counts)

    def bare() -> None:
        book = load_workbook(io.BytesIO(content), read_only=True)
        for _row in book.worksheets[0].iter_rows(values_only=True):
            pass
        book.close()

    return compared(f"import of {LINES} need lines, validated", 0.2, ours, bare, 3)


def _filled(campaign: Campaign, buyer: Actor) -> bytes:
    """Make the file that the centrale would fill in for everybody."""
    answers = queries.answers(campaign, queries.writable(campaign, buyer, today()))
    choices = queries.choices(campaign, [one.member_id for one in answers], today())
    blank = Content(campaign, answers, choices, datetime.now(UTC))
    rows = list(islice(_rows(blank), LINES))
    typed = [Refusal(row, cells, {}) for row, cells in enumerate(rows)]
    return sheets.made(Content(campaign, answers, choices, blank.made_at, None, typed), "")


def _rows(content: Content) -> Iterator[dict[str, Cell]]:
    """Give what each member needs: all items for its first place, then some in its own words."""
    places: dict[int, str] = {}
    for one in content.choices.sites:
        places.setdefault(one.member_id, one.name)
    names = {one.member_id: one.name for one in content.answers}
    each = -(-LINES // len(content.answers))
    for answer in content.answers:
        place = layout.place_label(places[answer.member_id], names[answer.member_id])
        for number in range(each):
            items = content.choices.items
            item = items[number] if number < len(items) else None
            yield {
                **dict.fromkeys(layout.headings()),
                "member": answer.label,
                "item": layout.item_label(item.code, item.designation) if item else None,
                "words": None if item else f"Fourniture numéro {number}",
                "own_unit": layout.unit_label(item.unit) if item else "carton",
                "quantity": Decimal(1 + number * 7 % 400) / 2,
                "basis": str(BASIS_LABELS[Basis.YEAR if number % 3 else Basis.PERIOD]),
                "site": place,
                "wanted_on": today() + timedelta(days=30 + number % 200),
                "strength": str(
                    STRENGTH_LABELS[Strength.FIRM if number % 5 else Strength.INDICATIVE]
                ),
                "paid_price": Decimal(100 + number * 13 % 900) / 100 if number % 2 else None,
                "paid_since": date(2024, 1, 1 + number % 28) if number % 2 else None,
                "remark": f"Remarque {number}" if number % 10 == 0 else None,
            }
