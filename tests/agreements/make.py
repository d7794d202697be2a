"""Makers of agreements: their terms, and one that stands on an award."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.agreements import operations
from procurement.agreements.models import Agreement, Beneficiary
from procurement.agreements.rules import Naming, Terms, months_later
from procurement.kernel.pipeline import today
from procurement.members.models import Member
from tests.tenders.make import Ground, make_award

_numbers = count(1)


def make_terms(**over: Any) -> Terms:
    """Make terms for four years from the first of this month, up to 1,000 euros."""
    starts_on = over.pop("starts_on", today().replace(day=1))
    values = {
        "number": f"2026-AC-{next(_numbers):04d}",
        "title": "Écrans des écoles",
        "ceiling": Decimal(1000),
        "starts_on": starts_on,
        "ends_on": months_later(starts_on, 48) - timedelta(days=1),
    }
    return Terms(**values | over)


def make_agreement(
    session: Session,
    ground: Ground,
    *,
    is_notified: bool = True,
    naming: Naming = Naming.NEEDS,
    **terms: Any,
) -> Agreement:
    """Make the agreement of an award on the lot of ``ground``, in force today unless told."""
    tender = make_award(session, ground)
    agreement = operations.draft(
        tender, make_terms(**terms), naming, actor=ground.buyer, today=today()
    )
    if is_notified:
        operations.notify(agreement, actor=ground.buyer, today=today())
    session.flush()
    return agreement


def make_past_agreement(session: Session, ground: Ground) -> Agreement:
    """Make an agreement whose period ended yesterday."""
    agreement = make_agreement(session, ground)
    agreement.starts_on, agreement.ends_on = date(2020, 1, 1), today() - timedelta(days=1)
    session.flush()
    return agreement


def beneficiary_of(session: Session, agreement: Agreement, member: Member) -> Beneficiary:
    """Find the row that names a member in an agreement."""
    query = select(Beneficiary).where(
        Beneficiary.agreement_id == agreement.id, Beneficiary.member_id == member.id
    )
    return session.scalars(query).one()


def commit_amount(session: Session, agreement: Agreement, member: Member, **balances: str) -> None:
    """Write balances as the ledger would: ``reserved`` and ``consumed``, on every level."""
    for level in (agreement, agreement.holders[0], beneficiary_of(session, agreement, member)):
        for name, amount in balances.items():
            setattr(level, name, Decimal(amount))
    session.flush()
