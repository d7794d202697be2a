"""The acts of this room: draft an agreement from an award, notify it, set quotas, close it."""

from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import Date, delete, insert, literal, select, update

from procurement.agreements import queries, rules
from procurement.agreements.models import (
    Agreement,
    AgreementPrice,
    AgreementState,
    Beneficiary,
    CeilingKind,
    Holder,
)
from procurement.agreements.rules import Naming, Terms
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots.models import LotLine
from procurement.tenders.models import OfferLine, Tender


def draft(tender: Tender, terms: Terms, naming: Naming, *, actor: Actor, today: date) -> Agreement:
    """Draft the agreement of an awarded tender: its holder, its price list, who may order."""
    offer = tender.awarded_offer
    if offer is None:
        raise Refused(
            "tender_not_awarded", _("Only an awarded tender becomes an agreement: award it first.")
        )
    if queries.agreement_id_of(tender.id) is not None:
        raise Refused("already_drafted", _("This tender already has its agreement."))
    _check(terms)
    agreement = Agreement(tender_id=tender.id)
    holder = Holder(agreement=agreement, supplier_id=offer.supplier_id, rank=1)
    _write(agreement, holder, terms)
    db.session.add(agreement)
    db.session.flush()  # The price list and the beneficiaries name it.
    _copy_prices(agreement, offer.id)
    _name_members(agreement, tender.lot_id, naming, today)
    audit.record(
        db.session(),
        actor,
        "agreements.draft",
        agreement,
        **asdict(terms),
        beneficiaries=queries.count_beneficiaries(agreement.id),
    )
    return agreement


def revise(
    agreement: Agreement, terms: Terms, naming: Naming, *, actor: Actor, today: date
) -> None:
    """Write the terms of a draft anew, and whom it names unless that is kept."""
    _lock(agreement)
    _require_draft(agreement)
    _check(terms, agreement.id)
    before, named_before = _terms_of(agreement), _named(agreement)
    _write(agreement, agreement.holders[0], terms)
    db.session.execute(
        update(AgreementPrice)
        .where(AgreementPrice.agreement_id == agreement.id)
        .values(valid_from=terms.starts_on)
    )
    if naming is not Naming.KEEP:
        _name_members(agreement, agreement.tender.lot_id, naming, today)
    named = _named(agreement)
    audit.record(
        db.session(),
        actor,
        "agreements.revise",
        agreement,
        **{name: (before[name], new) for name, new in asdict(terms).items()},
        members_added=sorted(named - named_before),
        members_removed=sorted(named_before - named),
    )


def notify(agreement: Agreement, *, actor: Actor, today: date) -> None:
    """Notify the agreement to its holder: its ceiling, period and prices are frozen.

    Refuses an agreement without a maximum (R2162-4), one that lasts more than 48 months without a
    written reason (L2125-1 1°), and one that names nobody (R2162-6) or lacks a price.
    """
    _lock(agreement)
    _require_draft(agreement)
    _check_complete(agreement, today)
    agreement.notified_on = today
    audit.record(
        db.session(),
        actor,
        "agreements.notify",
        agreement,
        state=agreement.move(AgreementState.NOTIFIED),
    )


def close(agreement: Agreement, *, actor: Actor) -> None:
    """End an agreement: nobody orders from it any more."""
    _lock(agreement)
    if not agreement.can_move(AgreementState.CLOSED):
        raise Refused("not_notified", _("Only a notified agreement can be closed."))
    if not agreement.can_close:
        raise Refused(
            "orders_pending",
            _(
                "Orders for %(amount)s still wait to be confirmed or refused: close it after that.",
                amount=language.euros(agreement.reserved),
            ),
        )
    state = agreement.move(AgreementState.CLOSED)
    audit.record(db.session(), actor, "agreements.close", agreement, state=state)


def set_quota(beneficiary: Beneficiary, quota: Decimal | None, *, actor: Actor) -> None:
    """Give one beneficiary a ceiling of its own, net of VAT in euros, or none."""
    if not beneficiary.agreement.takes_quotas:
        raise Refused("agreement_closed", _("This agreement is closed: its quotas are too."))
    # Locked, so that no order reserves anything between the question and the answer.
    db.session.refresh(beneficiary, with_for_update=True)
    if quota is not None:
        _check_quota(beneficiary, quota)
    old = beneficiary.ceiling
    beneficiary.ceiling, beneficiary.ceiling_kind = quota, _kind(quota)
    audit.record(db.session(), actor, "agreements.set_quota", beneficiary, quota=(old, quota))


def _lock(agreement: Agreement) -> None:
    """Read the agreement again and keep it: no revision, notification or order comes between."""
    db.session.flush()  # Reading again would drop what is not written yet.
    db.session.refresh(agreement, with_for_update=True)


def _check_quota(beneficiary: Beneficiary, quota: Decimal) -> None:
    if quota < beneficiary.committed:
        raise Refused(
            "quota_below_orders",
            _(
                "%(member)s has already ordered %(amount)s: its quota cannot be lower.",
                member=beneficiary.member.name,
                amount=language.euros(beneficiary.committed),
            ),
            field="quota",
        )
    maximum = beneficiary.agreement.ceiling
    if maximum is not None and quota > maximum:
        raise Refused(
            "quota_above_ceiling",
            _(
                "The whole agreement stops at %(ceiling)s: a quota cannot be higher.",
                ceiling=language.euros(maximum),
            ),
            field="quota",
        )


def _kind(ceiling: Decimal | None) -> CeilingKind:
    return CeilingKind.NONE if ceiling is None else CeilingKind.AMOUNT


def _require_draft(agreement: Agreement) -> None:
    if not agreement.is_draft:
        raise Refused(
            "already_notified", _("This agreement is notified: its terms no longer change.")
        )


def _check(terms: Terms, agreement_id: int = 0) -> None:
    taken = select(Agreement.id).where(
        Agreement.number == terms.number, Agreement.id != agreement_id
    )
    if db.session.scalar(taken) is not None:
        raise Refused(
            "number_taken",
            _("Another agreement already has the number %(number)s.", number=terms.number),
            field="number",
        )
    if terms.holder_ceiling is not None and terms.holder_ceiling > terms.ceiling:
        raise Refused(
            "holder_ceiling_above",
            _("The holder's own ceiling cannot be above that of the whole agreement."),
            field="holder_ceiling",
        )
    _check_period(terms.starts_on, terms.ends_on, terms.duration_reason)


def _check_period(starts_on: date, ends_on: date, reason: str | None) -> None:
    if ends_on < starts_on:
        raise Refused(
            "period_backwards",
            _("The last day comes before the first: check both dates."),
            field="ends_on",
        )
    if rules.needs_reason(starts_on, ends_on) and not reason:
        raise Refused(
            "too_long",
            _(
                "This period lasts %(months)s months. Beyond %(most)s months, write why"
                " (L2125-1 1°).",
                months=rules.months(starts_on, ends_on),
                most=rules.LONGEST_MONTHS,
            ),
            field="duration_reason",
        )


def _check_complete(agreement: Agreement, today: date) -> None:
    _check_period(agreement.starts_on, agreement.ends_on, agreement.duration_reason)
    if agreement.ends_on < today:
        raise Refused("period_over", _("Its period is already over: change its last day first."))
    if not queries.count_beneficiaries(agreement.id):
        raise Refused(
            "no_beneficiary",
            _("It names no member, so nobody could order (R2162-6): name them first."),
        )
    missing = queries.lines_without_price(agreement)
    if missing:
        raise Refused(
            "no_price",
            _(
                "%(count)s lines of the lot have no price in it: it cannot be notified.",
                count=missing,
            ),
        )


def _write(agreement: Agreement, holder: Holder, terms: Terms) -> None:
    agreement.number, agreement.title, agreement.ceiling = terms.number, terms.title, terms.ceiling
    agreement.starts_on, agreement.ends_on = terms.starts_on, terms.ends_on
    agreement.duration_reason = terms.duration_reason
    holder.ceiling, holder.ceiling_kind = terms.holder_ceiling, _kind(terms.holder_ceiling)


def _terms_of(agreement: Agreement) -> dict[str, object]:
    """Give the terms as they stand, under the names that Terms has for them."""
    of_it = {one.name: getattr(agreement, one.name, None) for one in fields(Terms)}
    return {**of_it, "holder_ceiling": agreement.holders[0].ceiling}


def _named(agreement: Agreement) -> set[int]:
    query = select(Beneficiary.member_id).where(Beneficiary.agreement_id == agreement.id)
    return set(db.session.scalars(query))


def _copy_prices(agreement: Agreement, offer_id: int) -> None:
    """Copy the awarded prices as version 1, with the VAT rate that each item has on this day."""
    target = AgreementPrice
    source = (
        select(
            literal(agreement.id),
            OfferLine.lot_line_id,
            LotLine.item_id,
            LotLine.position,
            literal(agreement.starts_on, Date),
            OfferLine.unit_price,
            Item.vat_rate,
        )
        .join(LotLine, LotLine.id == OfferLine.lot_line_id)
        .join(Item, Item.id == LotLine.item_id)
        .where(OfferLine.offer_id == offer_id)
        .order_by(LotLine.position)
    )
    columns = [
        target.agreement_id,
        target.lot_line_id,
        target.item_id,
        target.position,
        target.valid_from,
        target.unit_price,
        target.vat_rate,
    ]
    db.session.execute(insert(target).from_select(columns, source))


def _name_members(agreement: Agreement, lot_id: int, naming: Naming, on: date) -> None:
    """Make the named members exactly those of ``naming``; who stays named keeps its quota."""
    chosen = queries.members_named(lot_id, naming, on)
    ours = Beneficiary.agreement_id == agreement.id
    db.session.execute(delete(Beneficiary).where(ours, Beneficiary.member_id.not_in(chosen)))
    named = chosen.subquery()
    source = (
        select(literal(agreement.id), named.c.id)
        .where(named.c.id.not_in(select(Beneficiary.member_id).where(ours)))
        .order_by(named.c.id)
    )
    columns = [Beneficiary.agreement_id, Beneficiary.member_id]
    db.session.execute(insert(Beneficiary).from_select(columns, source))
