"""The purchases of the demonstration: lots, tenders with invented firms, agreements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from random import Random

from sqlalchemy import select
from stdnum import luhn

from procurement.agreements import operations as agreements
from procurement.agreements.models import Agreement
from procurement.agreements.rules import Naming, Terms
from procurement.catalogue.models import Family, Item
from procurement.demo import projects
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.money import rounded
from procurement.lots import operations as lots
from procurement.lots.models import Lot, LotLine
from procurement.lots.rules import Territory
from procurement.needs import operations as needs
from procurement.needs.models import Campaign
from procurement.tenders import operations as tenders
from procurement.tenders import queries
from procurement.tenders.models import Offer, Supplier, Tender

#: The family that is cut by département, as networks are.
_CUT = "NET"
#: A maximum so much above the estimate, in hundredths.
_MARGIN = 130
#: The lowest and the highest price of a firm, in hundredths of the indicative price.
_LEVELS = ((88, 101), (83, 99), (91, 108), (86, 104), (94, 112), (85, 103))


@dataclass(frozen=True, slots=True)
class Bought:
    """An agreement and the purchase family it buys."""

    agreement: Agreement
    family: str


def buy(campaign: Campaign, rng: Random, timetable: Timetable, *, buyer: Actor) -> list[Bought]:
    """Carry the needs of a closed campaign through to agreements in force."""
    firms = [_firm(at, buyer) for at in range(len(_LEVELS))]
    bought, formed = [], _lots(campaign, timetable, buyer)
    needs.mark_pooled(campaign, actor=buyer)
    for lot, _family in formed:
        lots.freeze(lot, actor=buyer, today=timetable.frozen)
    projects.value_lots(formed, timetable, buyer)
    for lot, family in formed:
        tender = _launch(lot, timetable, buyer)
        _compete(tender, firms, rng, timetable, buyer)
        _award(tender, timetable, buyer)
        bought.append(Bought(_agree(lot, tender, timetable, buyer), family))
    return bought


def invented_siret(rank: int) -> str:
    """Write a SIRET whose key is right and that is nobody's: INSEE gives no SIREN 000 000 xxx."""
    siren = f"{rank:08}"
    siren += luhn.calc_check_digit(siren)
    siret = f"{siren}0001"
    return str(siret + luhn.calc_check_digit(siret))


def _firm(at: int, buyer: Actor) -> Supplier:
    letter = "ABCDEF"[at]
    supplier = tenders.register_supplier(
        invented_siret(at + 1),
        f"Fournisseur fictif {letter} (démonstration)",
        "Adresse inventée pour la démonstration",
        f"offres@fournisseur-{letter.lower()}.example",
        actor=buyer,
    )
    db.session.flush()  # The offers name it.
    return supplier


def _lots(campaign: Campaign, timetable: Timetable, buyer: Actor) -> list[tuple[Lot, str]]:
    formed = []
    for family in db.session.scalars(select(Family).order_by(Family.id)).all():
        parts = {Territory.ALL: family.label_fr}
        if family.code == _CUT:
            parts = {
                Territory.YVELINES: f"{family.label_fr} – Yvelines",
                Territory.HAUTS_DE_SEINE: f"{family.label_fr} – Hauts-de-Seine",
            }
        for territory, title in parts.items():
            lot = lots.form(
                campaign,
                title,
                family_id=family.id,
                territory=territory,
                actor=buyer,
                today=timetable.frozen,
            )
            formed.append((lot, family.code))
    return formed


def _launch(lot: Lot, timetable: Timetable, buyer: Actor) -> Tender:
    tender = tenders.launch(lot, timetable.answers_by, actor=buyer, today=timetable.launched)
    db.session.flush()  # The offers name the tender.
    return tender


def _compete(
    tender: Tender, firms: Sequence[Supplier], rng: Random, timetable: Timetable, buyer: Actor
) -> None:
    """Three or four firms answer; where four do, the last forgets some lines."""
    lines = db.session.execute(
        select(LotLine.id, Item.indicative_price)
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == tender.lot_id)
        .order_by(LotLine.position)
    ).all()
    count = rng.randint(3, 4)
    for rank, at in enumerate(rng.sample(range(len(firms)), count)):
        received_on = timetable.answers_by - timedelta(days=rng.randint(0, 9))
        offer = tenders.receive_offer(
            tender, firms[at], received_on, actor=buyer, today=timetable.answers_by
        )
        db.session.flush()  # The prices name the offer.
        low, high = _LEVELS[at]
        prices = {line.id: _asked(line.indicative_price, rng.randint(low, high)) for line in lines}
        forgotten = rng.sample(sorted(prices), min(2, len(prices) - 1)) if rank == 3 else []
        tenders.price_offer(
            offer, {at: price for at, price in prices.items() if at not in forgotten}, actor=buyer
        )


def _asked(indicative: Decimal | None, percent: int) -> Decimal:
    price = indicative or Decimal(100)
    return rounded(price * percent / 100, 2 if price >= 5 else 4)


def _award(tender: Tender, timetable: Timetable, buyer: Actor) -> None:
    """Choose the lowest of the complete offers, which stands first in the comparison."""
    db.session.flush()  # The comparison reads the prices from the database.
    chosen = queries.compare(tender).complete[0].offer.id
    tenders.award(tender, db.session.get_one(Offer, chosen), actor=buyer, today=timetable.awarded)
    db.session.flush()  # The agreement reads the chosen offer.


def _agree(lot: Lot, tender: Tender, timetable: Timetable, buyer: Actor) -> Agreement:
    estimate = queries.compare(tender).complete[0].ranked.total
    ceiling = (estimate * _MARGIN / 100).quantize(Decimal("1e3"), ROUND_UP)
    terms = Terms(
        number=f"{timetable.starts.year}-AC-{lot.number:02}",
        title=lot.title,
        ceiling=Decimal(int(ceiling)),
        starts_on=timetable.starts,
        ends_on=timetable.ends,
    )
    agreement = agreements.draft(tender, terms, Naming.NEEDS, actor=buyer, today=timetable.notified)
    db.session.flush()  # The draft takes its first state.
    agreements.notify(agreement, actor=buyer, today=timetable.notified)
    return agreement
