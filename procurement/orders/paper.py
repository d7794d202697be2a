"""The order form: what the holder receives, with all that its invoice must quote (D2192-2)."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from reportlab.platypus import Flowable

from procurement.catalogue.models import UNIT_LABELS
from procurement.kernel import language, paper
from procurement.kernel.database import Record
from procurement.members.models import Site
from procurement.members.queries import central_body_on
from procurement.orders import queries, rules
from procurement.orders.models import Order

_Words = list[tuple[object, str]]


def letterhead_on(day: date) -> paper.Letterhead:
    """Give the head of the centrale as it stood on a day."""
    body = central_body_on(day)
    if body is None:
        return paper.Letterhead(_("Central purchasing body"))
    return paper.Letterhead(body.name, body.siret, body.address, body.logo)


def order_paper(order: Order, letterhead: paper.Letterhead, mark: str | None) -> bytes:
    """Draw the PDF of a confirmed order, in the reader's language."""
    cover = paper.Cover(
        letterhead,
        title=_("Order form"),
        subject=_(
            "Agreement %(number)s: %(title)s",
            number=order.agreement.number,
            title=order.agreement.title,
        ),
        reference=_("Order %(number)s", number=order.number),
        dated=language.day(order.confirmed_on),
        language=language.current(),
        mark=mark,
    )
    lines = queries.lines_of(order)
    story: list[Flowable] = [
        paper.blocks([_buyer(order), _delivery(order.site), _holder(order)]),
        *paper.section(_("To be quoted on the invoice")),
        paper.blocks(_references(order)),
        *paper.section(_("What is ordered")),
        _ledger(lines),
        *_signed(order),
    ]
    return paper.build(cover, story)


def _buyer(order: Order) -> _Words:
    return [
        (_("Member that orders and pays"), "note"),
        (order.member.name, "strong"),
        (_("SIREN %(number)s", number=order.member.siren), "body"),
    ]


def _delivery(site: Site) -> _Words:
    city = " ".join(part for part in (site.postcode, site.city) if part)
    address = "\n".join(part for part in (site.address, city) if part)
    return [(_("Deliver to"), "note"), (site.name, "strong"), (address, "body")]


def _holder(order: Order) -> _Words:
    supplier = queries.supplier_of(order)
    return [
        (_("Holder"), "note"),
        (supplier.name, "strong"),
        (_("SIRET %(number)s", number=supplier.siret), "body"),
        (supplier.address or "", "body"),
    ]


def _references(order: Order) -> list[_Words]:
    facts = (
        (_("Order number"), order.number),
        (_("Agreement number"), order.agreement.number),
        (_("Commitment number"), order.commitment_number or _("Not given")),
        (_("Service code"), order.service_code or _("Not given")),
    )
    return [[(label, "note"), (value, "strong")] for label, value in facts]


def _ledger(lines: Sequence[Record]) -> Flowable:
    totals = rules.totals((line.amount, line.vat_rate) for line in lines)
    columns = [
        paper.Column(_("Item"), 5, is_number=False),
        paper.Column(_("Unit"), 1.5, is_number=False),
        paper.Column(_("Quantity"), 1.3),
        paper.Column(_("Unit price, € net of VAT"), 1.7),
        paper.Column(_("VAT, %"), 0.9),
        paper.Column(_("Amount, € net of VAT"), 1.8),
    ]
    rows = [
        (
            f"{line.designation}\n{line.code}",
            UNIT_LABELS[line.unit],
            language.quantity(line.quantity),
            language.price(line.unit_price),
            language.quantity(line.vat_rate),
            language.amount(line.amount),
        )
        for line in lines
    ]
    taxes = [
        (
            _(
                "VAT at %(rate)s %% on %(net)s",
                rate=language.quantity(one.rate),
                net=language.euros(one.net),
            ),
            one.vat,
        )
        for one in totals.rates
    ]
    sums = [(_("Total net of VAT"), totals.net), *taxes, (_("Total with VAT"), totals.gross)]
    foot = [(label, "", "", "", "", language.amount(amount)) for label, amount in sums]
    return paper.ledger(columns, rows, foot)


def _signed(order: Order) -> list[Flowable]:
    name = order.approver.name if order.approver else ""
    day = language.day(order.confirmed_on)
    return [
        paper.paragraph(
            _(
                "Confirmed on %(day)s by %(name)s, for %(member)s.",
                day=day,
                name=name,
                member=order.member.name,
            ),
            "strong",
        ),
        paper.paragraph(
            _(
                "The prices are those of the agreement. The invoice goes to the member through"
                " Chorus Pro, with the numbers above."
            ),
            "note",
        ),
    ]
