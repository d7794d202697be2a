"""The stage on which savings are counted: three members, two lots, and orders as a test wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

from sqlalchemy.orm import Session

from procurement.agreements.models import (
    Agreement,
    AgreementPrice,
    AgreementState,
    Beneficiary,
    Holder,
)
from procurement.catalogue.models import Item
from procurement.kernel.access import Role
from procurement.kernel.money import line_amount
from procurement.lots.models import Lot, LotLine, LotState
from procurement.members.models import CentralBody, Member, Person
from procurement.needs.models import Campaign, CampaignState, NeedLine, NeedState
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.tenders.models import Offer, Supplier, Tender, TenderState
from tests.make import (
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
    some_siret,
)
from tests.people import People

_numbers = count(1)
#: Quantity, unit price, and what the member paid before or None.
Wanted = tuple[str, str, str | None]


@dataclass
class Buyer:
    """A member with the two people and the need lines that its orders stand on."""

    member: Member
    author: Person
    approver: Person
    proofs: dict[int, NeedLine]


@dataclass
class Scene:
    """Members 0 and 1 (of the people) and 2 (of the Yvelines); two lots of two items each."""

    session: Session
    people: People
    buyers: list[Buyer]
    agreements: list[Agreement]

    def order(
        self,
        buyer: int,
        lot: int,
        lines: Sequence[Wanted],
        state: OrderState = OrderState.CONFIRMED,
        on: date = date(2026, 5, 4),
    ) -> Order:
        """Add an order of at most two lines, frozen as operations freeze them."""
        who, agreement = self.buyers[buyer], self.agreements[lot]
        order = Order(
            number=f"{on.year}-{next(_numbers):05}",
            agreement_id=agreement.id,
            holder_id=agreement.holders[0].id,
            member_id=who.member.id,
            site_id=who.member.sites[0].id,
            author_id=who.author.id,
            approver_id=who.approver.id,
            state=state,
            created_on=on,
            submitted_on=on,
            confirmed_on=on,
            reason="For the test",
            check_figure="0" * 64,
        )
        for price, wanted in zip(agreement.prices, lines, strict=False):
            order.lines.append(_line(price, wanted, who.proofs[price.item_id]))
        order.amount = sum((line.amount for line in order.lines), Decimal(0))
        self.session.add(order)
        self.session.flush()
        return order


def _line(price: AgreementPrice, wanted: Wanted, proof: NeedLine) -> OrderLine:
    quantity, paid = Decimal(wanted[0]), Decimal(wanted[1])
    reference = None if wanted[2] is None else Decimal(wanted[2])
    return OrderLine(
        price_id=price.id,
        item_id=price.item_id,
        position=price.position,
        quantity=quantity,
        unit_price=paid,
        vat_rate=price.vat_rate,
        amount=line_amount(quantity, paid),
        reference_price=reference,
        reference_amount=None if reference is None else line_amount(quantity, reference),
        reference_line_id=None if reference is None else proof.id,
    )


def set_scene(session: Session, people: People) -> Scene:
    """Make the whole of it and commit; nothing is ordered yet."""
    third = make_member(session, "Saint-Rémy & <Fils>", departement="78")
    session.add(
        CentralBody(
            valid_from=date(2019, 12, 17),
            name="Centrale d’essai",
            siret=some_siret(),
            address="1 rue du Test\n78000 Versailles",
        )
    )
    campaign = make_campaign(session, CampaignState.CLOSED, title="Besoins 2026")
    families = [
        make_family(session, label_fr="Réseaux", label_en="Networks"),
        make_family(session, label_fr="Téléphonie", label_en="Telecoms"),
    ]
    # Each lot has an item of each family, so that no grouping is another one in disguise.
    items = [[make_item(session, family) for family in families] for _lot in range(2)]
    pairs = [
        (people.ada, people.alix),
        (people.basile, people.blanche),
        (make_person(session, Role.REQUESTER, third), make_person(session, Role.APPROVER, third)),
    ]
    buyers = [_buyer(session, campaign, *pair, [*items[0], *items[1]]) for pair in pairs]
    agreements = [_agreement(session, campaign, at, lot) for at, lot in enumerate(items, 1)]
    for agreement in agreements:
        agreement.beneficiaries = [Beneficiary(member_id=one.member.id) for one in buyers]
    session.commit()
    return Scene(session, people, buyers, agreements)


def _buyer(
    session: Session, campaign: Campaign, author: Person, approver: Person, items: list[Item]
) -> Buyer:
    need = make_need(session, campaign, author, NeedState.VALIDATED, approver)
    proofs = {
        item.id: make_line(
            session, need, item, 9, paid_price=Decimal(5), paid_since=date(2024, 1, day)
        )
        for day, item in enumerate(items, 1)
    }
    return Buyer(need.member, author, approver, proofs)


def _agreement(session: Session, campaign: Campaign, number: int, items: list[Item]) -> Agreement:
    lot = Lot(
        campaign_id=campaign.id,
        number=number,
        title=f"Lot d’essai {number}",
        state=LotState.AWARDED,
        sheet_version=1,
        check_figure="0" * 64,
        frozen_on=date(2026, 3, 2),
        lines=[
            LotLine(item_id=item.id, position=at, quantity=Decimal(27))
            for at, item in enumerate(items, 1)
        ],
    )
    tender = Tender(
        lot=lot, sheet_version=1, launched_on=date(2026, 3, 3), answers_by=date(2026, 4, 3)
    )
    supplier = Supplier(siret=some_siret(), name="Fournitures d’Essai")
    offer = Offer(tender=tender, supplier=supplier, received_on=date(2026, 4, 1))
    session.add(offer)
    session.flush()
    offer.is_chosen, tender.state = True, TenderState.AWARDED
    tender.awarded_on = date(2026, 4, 10)
    agreement = Agreement(
        tender=tender,
        number=f"ESSAI-{number}",
        title=f"Accord d’essai {number}",
        state=AgreementState.NOTIFIED,
        notified_on=date(2026, 4, 20),
        starts_on=date(2025, 1, 1),
        ends_on=date(2028, 12, 31),
        ceiling=Decimal(1_000_000),
        holders=[Holder(supplier=supplier, rank=1)],
        prices=[
            AgreementPrice(
                lot_line=line,
                item_id=line.item_id,
                position=line.position,
                valid_from=date(2026, 4, 20),
                unit_price=Decimal(4),
                vat_rate=Decimal(20),
            )
            for line in lot.lines
        ],
    )
    session.add(agreement)
    session.flush()
    return agreement


def some_orders(scene: Scene) -> None:
    """Have every member order, over two years, with gains, a loss and lines without reference."""
    scene.order(0, 0, [("10", "4", "5"), ("3", "2.5", None)])
    scene.order(0, 1, [("1", "7.005", "7.0049")], on=date(2025, 6, 1))
    scene.order(1, 0, [("4000", "3.25", "3.10")])
    scene.order(2, 1, [("1500", "3.25", "3.48"), ("0.5", "0.01", "0.02")])
    scene.order(2, 0, [("9", "9", "99")], OrderState.CANCELLED)
    scene.order(2, 0, [("9", "9", "99")], OrderState.SUBMITTED)
    scene.session.commit()
