"""A whole purchase, made by the rooms' own operations: from a need to its confirmed order."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from procurement.agreements import operations as agreements
from procurement.agreements.models import Agreement, Beneficiary
from procurement.agreements.rules import Naming, Terms
from procurement.catalogue.models import Item
from procurement.kernel import exports, files, pipeline
from procurement.kernel.access import Role
from procurement.kernel.exports import Export
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import Comparison, Lot, LotLine
from procurement.lots.operations import comparing
from procurement.lots.schemas.comparing import CompareInput
from procurement.members import mandates
from procurement.members.models import Mandate, Member, MemberKind, Person, Site
from procurement.needs import operations as needs
from procurement.needs import queries, sheets
from procurement.needs.models import (
    Campaign,
    Document,
    Entry,
    Need,
    NeedLine,
    NeedState,
    Purpose,
    Upload,
)
from procurement.needs.pages import store
from procurement.orders import operations as orders
from procurement.orders.models import Order, OrderLine
from procurement.tenders import operations as tenders
from procurement.tenders.models import Offer, Supplier, Tender
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_member,
    make_need,
    make_person,
    make_project,
    some_siret,
)
from tests.people import People

#: What plans of lots are compared on: any acceptable figures.
QUESTION = {
    "scope": "pool",
    "floor": "0.80",
    "scale": "2",
    "eta": "0.5",
    "elasticity_low": "0.05",
    "elasticity": "0.10",
    "elasticity_high": "0.15",
    "reference_bidders": "3",
    "cost_per_lot": "0",
}
#: As little as tells that it is one.
PDF = b"%PDF-1.7\n"


@dataclass
class Chain:
    """Every object of one purchase of one body, which no other body has a part in."""

    member: Member
    site: Site
    colleague: Person
    item: Item
    campaign: Campaign
    need: Need
    need_line: NeedLine
    lot: Lot
    lot_line: LotLine
    supplier: Supplier
    tender: Tender
    offer: Offer
    agreement: Agreement
    beneficiary: Beneficiary
    order: Order
    order_line: OrderLine


@dataclass
class _Cast:
    """Who acts."""

    author: Person
    approver: Person
    buyer: Person

    @property
    def site(self) -> Site:
        """Where the author has things delivered."""
        assert self.author.member is not None
        return self.author.member.sites[0]


def make_chain(session: Session, people: People, *, first: bool = False) -> Chain:
    """Make a purchase of the second body alone, or of the first alone, and commit it.

    The requester declares 10 pieces for which 130 € are paid and the approver validates; Clara
    pools, awards at 100 € and notifies a ceiling of 5 000 €; the requester orders 4 and the
    approver confirms: a saving of 120 € on 400 €.
    """
    pair = (people.ada, people.alix) if first else (people.basile, people.blanche)
    cast = _Cast(*pair, people.clara)
    need, line = _declared(session, cast)
    assert line.item is not None
    lot = _pooled(session, cast, need)
    tender, offer = _awarded(session, cast, lot)
    agreement = _agreed(session, cast, tender)
    order = _ordered(session, cast, agreement)
    [beneficiary] = agreement.beneficiaries
    colleague = make_person(session, Role.REQUESTER, line.need.member)
    pipeline.commit()
    return Chain(
        member=need.member,
        site=cast.site,
        colleague=colleague,
        item=_known(line.item),
        campaign=need.campaign,
        need=need,
        need_line=line,
        lot=lot,
        lot_line=lot.lines[0],
        supplier=offer.supplier,
        tender=tender,
        offer=offer,
        agreement=agreement,
        beneficiary=beneficiary,
        order=order,
        order_line=order.lines[0],
    )


@dataclass
class Dossier:
    """What lies beside a chain, of the same body alone: its files, its mandates, what it was sent.

    ``given`` is the mandate that the body gave, ``held`` the one that it has from another;
    ``entered`` is a need that the centrale entered for it.
    """

    document: Document
    workbook: bytes
    upload: Upload
    given: Mandate
    held: Mandate
    entered: Need


def make_dossier(session: Session, people: People, chain: Chain) -> Dossier:
    """Make what lies beside the chain of the second body, and commit it."""
    group = make_member(session, "Cœur des Vallées", kind=MemberKind.INTERCOMMUNALITY)
    held = Mandate(
        member=make_member(session, "Lointaine"), delegate=chain.member, granted_on=today()
    )
    entered = make_need(
        session, make_campaign(session), people.basile, NeedState.SUBMITTED, entry=Entry.CENTRALE
    )
    entered.author_id = people.clara.id
    session.add(held)
    by_whom = {"person_id": people.basile.id, "at": datetime.now(UTC)}
    proof, workbook = files.keep(store.folder(), PDF), _workbook(chain)
    sent = files.keep(store.folder(), workbook)
    document = Document(
        need_id=chain.need.id,
        purpose=Purpose.EVIDENCE,
        digest=proof.digest,
        name="facture.pdf",
        media_type=proof.media_type,
        size=proof.size,
        **by_whom,
    )
    upload = Upload(
        campaign_id=chain.campaign.id,
        member_id=chain.member.id,
        digest=sent.digest,
        name="besoins.xlsx",
        **by_whom,
    )
    session.add_all([document, upload])
    given = mandates.grant(chain.member, group.id, actor=actor_for(people.blanche), today=today())
    pipeline.commit()
    return Dossier(document, workbook, upload, given, held, entered)


def make_comparison(people: People, chain: Chain) -> Comparison:
    """Have Clara compare how the campaign of the chain could be cut into lots, and commit it."""
    question, clara = CompareInput().load(QUESTION)["question"], actor_for(people.clara)
    kept = comparing.keep(chain.campaign, "Comparée", question, actor=clara, today=today())
    pipeline.commit()
    return kept


def make_export(people: People, chain: Chain) -> Export:
    """Have Clara ask for the matrix of the lot of the chain, and the worker make it."""
    clara = actor_for(people.clara)
    asked = exports.ask("lot-matrix", chain.lot.id, actor=clara, language="fr")
    pipeline.commit()
    return asked


def _workbook(chain: Chain) -> bytes:
    ids = [chain.member.id]
    answers = queries.answers(chain.campaign, ids)
    choices = queries.choices(chain.campaign, ids, today())
    return sheets.made(sheets.Content(chain.campaign, answers, choices, datetime.now(UTC)), "")


def _known(item: Item | None) -> Item:
    assert item is not None
    return item


def _declared(session: Session, cast: _Cast) -> tuple[Need, NeedLine]:
    author, day = actor_for(cast.author), today()
    need = needs.begin(make_campaign(session), actor=author, today=day)
    session.flush()
    entry = needs.LineEntry(
        Decimal(10), cast.site.id, paid_price=Decimal(130), paid_since=date(2024, 9, 1)
    )
    item = make_item(session, designation="Caméra")
    line = needs.add_line(need, item.id, entry, actor=author, today=day)
    session.flush()
    needs.submit(need, actor=author, today=day)
    needs.validate(need, actor=actor_for(cast.approver))
    needs.close_campaign(need.campaign, actor=actor_for(cast.buyer))
    session.flush()
    return need, line


def _pooled(session: Session, cast: _Cast, need: Need) -> Lot:
    buyer = actor_for(cast.buyer)
    item_ids = [line.item_id for line in need.lines if line.item_id]
    lot = lots.form(need.campaign, "Caméras", item_ids=item_ids, actor=buyer, today=today())
    session.flush()
    lots.freeze(lot, actor=buyer, today=today())
    session.flush()
    return lot


def _awarded(session: Session, cast: _Cast, lot: Lot) -> tuple[Tender, Offer]:
    buyer, day = actor_for(cast.buyer), today()
    firm = tenders.register_supplier(some_siret(), "Alpha", None, None, actor=buyer)
    make_project(session, [lot])
    tender = tenders.launch(lot, day, actor=buyer, today=day)
    session.flush()
    offer = tenders.receive_offer(tender, firm, day, actor=buyer, today=day)
    session.flush()
    tenders.price_offer(offer, {lot.lines[0].id: Decimal(100)}, actor=buyer)
    session.flush()
    tenders.award(tender, offer, actor=buyer, today=day)
    session.flush()
    return tender, offer


def _agreed(session: Session, cast: _Cast, tender: Tender) -> Agreement:
    buyer, day = actor_for(cast.buyer), today()
    number, last = f"2026-CAM-{tender.id:02}", day + timedelta(days=365)
    terms = Terms(number, "Caméras", Decimal(5000), day, last)
    agreement = agreements.draft(tender, terms, Naming.NEEDS, actor=buyer, today=day)
    session.flush()
    agreements.notify(agreement, actor=buyer, today=day)
    session.flush()
    return agreement


def _ordered(session: Session, cast: _Cast, agreement: Agreement) -> Order:
    wanted = [orders.Wanted(agreement.prices[0].id, Decimal(4))]
    author, day = actor_for(cast.author), today()
    order = orders.place(agreement, orders.Draft(cast.site, wanted), actor=author, today=day)
    session.flush()
    orders.submit(order, actor=author, today=day)
    session.flush()
    orders.confirm(order, actor=actor_for(cast.approver), today=day)
    session.flush()
    return order
