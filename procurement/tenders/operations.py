"""The acts of this room: register a firm, launch a tender, take offers in, choose one or none."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots import operations as lots
from procurement.lots.models import Lot, LotLine, LotState
from procurement.tenders import queries
from procurement.tenders.models import Offer, OfferLine, Supplier, Tender, TenderState

#: Lines named in a refusal; a sentence with a hundred of them is not read.
_NAMED = 5


def register_supplier(
    siret: str, name: str, address: str | None, email: str | None, *, actor: Actor
) -> Supplier:
    """Register a firm by its SIRET, once."""
    taken = db.session.scalar(select(Supplier.name).where(Supplier.siret == siret))
    if taken is not None:
        raise Refused(
            "siret_taken",
            _("This SIRET is already that of %(name)s.", name=taken),
            field="siret",
        )
    supplier = Supplier(siret=siret, name=name, address=address, email=email)
    db.session.add(supplier)
    audit.record(db.session(), actor, "tenders.register_supplier", supplier, siret=siret, name=name)
    return supplier


def launch(lot: Lot, answers_by: date, *, actor: Actor, today: date) -> Tender:
    """Call for offers on the frozen sheet of a lot, until ``answers_by`` included.

    Raises Refused ``not_valued``, ``valuation_stale``, ``launch_date``, ``environment_missing``,
    ``social_missing``, ``reason_missing`` while its purchase project is not ready.
    """
    if not lot.can_move(LotState.TENDERED):
        raise Refused(
            "lot_not_frozen",
            _("Only a frozen lot goes out to tender: freeze it, or open the tender it has."),
        )
    if answers_by < today:
        raise Refused(
            "answers_by_past",
            _("The last day to answer is already over: choose today or a later day."),
            field="answers_by",
        )
    valued = lots.check_launch(lot, today)
    tender = Tender(
        lot_id=lot.id, sheet_version=lot.sheet_version, launched_on=today, answers_by=answers_by
    )
    db.session.add(tender)
    audit.record(db.session(), actor, "lots.tender", lot, state=lot.move(LotState.TENDERED))
    audit.record(
        db.session(),
        actor,
        "tenders.launch",
        tender,
        lot_id=lot.id,
        sheet_version=lot.sheet_version,
        answers_by=answers_by,
        project_id=valued.id,
        value=valued.value,
        nature_value=valued.nature_value,
        procedure=valued.procedure,
    )
    return tender


def receive_offer(
    tender: Tender, supplier: Supplier, received_on: date, *, actor: Actor, today: date
) -> Offer:
    """Enter the offer of a firm; one that came late is not taken (R2151-5)."""
    _lock(tender)
    _check_arrival(tender, supplier, received_on, today)
    offer = Offer(tender_id=tender.id, supplier_id=supplier.id, received_on=received_on)
    db.session.add(offer)
    audit.record(
        db.session(),
        actor,
        "tenders.receive_offer",
        offer,
        tender_id=tender.id,
        supplier_id=supplier.id,
        received_on=received_on,
    )
    return offer


def price_offer(offer: Offer, prices: Mapping[int, Decimal | None], *, actor: Actor) -> None:
    """Write the unit prices of an offer by lot line; None leaves, or makes, a line unpriced."""
    _lock(offer.tender)
    db.session.refresh(offer)  # Its prices too, as whoever held the tender left them.
    _require_open(offer.tender)
    lot_id = offer.tender.lot_id
    ours = set(db.session.scalars(select(LotLine.id).where(LotLine.lot_id == lot_id)))
    if not prices.keys() <= ours:
        raise Refused("foreign_line", _("One of these lines is not in the lot of this tender."))
    known = {line.lot_line_id: line for line in offer.lines}
    changes = []
    for lot_line_id, price in prices.items():
        line = known.get(lot_line_id)
        old = line.unit_price if line else None
        if old == price:
            continue
        changes.append((lot_line_id, old, price))
        if line is None:
            offer.lines.append(OfferLine(lot_line_id=lot_line_id, unit_price=price))
        elif price is None:
            offer.lines.remove(line)
        else:
            line.unit_price = price
    if changes:
        audit.record(db.session(), actor, "tenders.price_offer", offer, prices=changes)


def award(tender: Tender, offer: Offer, *, actor: Actor, today: date) -> None:
    """Choose an offer: it prices every line of the sheet as it stands, and the lot is awarded."""
    _lock(tender)
    _require_decidable(tender, today)
    if offer.tender_id != tender.id:
        raise Refused("foreign_offer", _("This offer answers another tender."))
    if tender.sheet_version != tender.lot.sheet_version:
        raise Refused(
            "stale_sheet",
            _(
                "The firms answered version %(answered)s of the lot sheet, which is now at"
                " version %(current)s: these offers cannot be awarded.",
                answered=tender.sheet_version,
                current=tender.lot.sheet_version,
            ),
        )
    _require_every_price(offer)
    offer.is_chosen, tender.awarded_on, tender.lot.awarded_on = True, today, today
    _decide(tender, TenderState.AWARDED, LotState.AWARDED, "award", actor, offer_id=offer.id)


def declare_unsuccessful(tender: Tender, *, actor: Actor, today: date) -> None:
    """End a tender without choosing: no offer came, or none that can be accepted."""
    _lock(tender)
    _require_decidable(tender, today)
    _decide(tender, TenderState.UNSUCCESSFUL, LotState.UNSUCCESSFUL, "declare_unsuccessful", actor)


def _lock(tender: Tender) -> None:
    """Read the tender again and keep it: somebody may just have decided it, or be pricing it."""
    db.session.flush()  # Reading again would drop what is not written yet.
    db.session.refresh(tender, with_for_update=True)


def _decide(
    tender: Tender, state: TenderState, lot_state: LotState, verb: str, actor: Actor, **facts: int
) -> None:
    session = db.session()
    audit.record(session, actor, f"tenders.{verb}", tender, state=tender.move(state), **facts)
    lot = tender.lot
    audit.record(session, actor, f"lots.{verb}", lot, state=lot.move(lot_state))


def _check_arrival(tender: Tender, supplier: Supplier, received_on: date, today: date) -> None:
    _require_open(tender)
    if received_on > today:
        raise Refused(
            "received_in_future", _("An offer cannot arrive after today."), field="received_on"
        )
    if not tender.takes_offer(received_on):
        raise Refused(
            "out_of_time",
            _(
                "Offers are taken from %(first)s to %(last)s: one that arrives outside these days"
                " is eliminated (R2151-5).",
                first=language.day(tender.launched_on),
                last=language.day(tender.answers_by),
            ),
            field="received_on",
        )
    answered = select(Offer.id).where(
        Offer.tender_id == tender.id, Offer.supplier_id == supplier.id
    )
    if db.session.scalar(answered) is not None:
        raise Refused(
            "already_answered",
            _(
                "%(name)s has already answered: change the prices of that offer.",
                name=supplier.name,
            ),
            field="supplier_id",
        )


def _require_open(tender: Tender) -> None:
    if not tender.is_open:
        raise Refused("tender_decided", _("This tender is decided: its offers no longer change."))


def _require_decidable(tender: Tender, today: date) -> None:
    _require_open(tender)
    if not tender.can_be_decided(today):
        raise Refused(
            "still_answering",
            _(
                "Firms may answer until %(day)s: nothing is decided before that day.",
                day=language.day(tender.answers_by),
            ),
        )


def _require_every_price(offer: Offer) -> None:
    missing = queries.unpriced(offer)
    if not missing:
        return
    named = "; ".join(f"{row.position}. {row.designation}" for row in missing[:_NAMED])
    raise Refused(
        "line_without_price",
        _(
            "%(supplier)s gives no price for %(count)s of the lines: %(lines)s. An offer is"
            " awarded only when every line has a price.",
            supplier=offer.supplier.name,
            count=len(missing),
            lines=named + ("; …" if len(missing) > _NAMED else ""),
        ),
    )
