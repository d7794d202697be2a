"""The campaign of the demonstration that is being pooled: its bench, its lots, what is weighed."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from procurement.agreements.rules import LONGEST_MONTHS
from procurement.catalogue.models import Family, Item, Trade
from procurement.demo import accounts, projects, territory
from procurement.demo.answers import draw
from procurement.demo.declared import Answer, write
from procurement.demo.demand import Demand
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.lots import operations as lots
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.operations import Chosen, Cut, Take, comparing
from procurement.lots.rules import Territory
from procurement.lots.schemas.comparing import CompareInput
from procurement.needs import operations as needs
from procurement.needs.models import Campaign, NeedLine, NeedState

#: Lines over the whole territory; in a smaller one enough for each lot to be worth looking at.
_LINES, _FEWEST = 1_400, 250
_FAMILIES = ("EDU", "CITY")
#: Twenty-four tablets in a trolley are twice twelve in a case.
_MERGED, _INTO, _MAKES = "EDU-005", "EDU-006", Decimal(2)
_SAME = "Un chariot de 24 tablettes remplace deux valises de 12 (décision inventée)."
_LEFT_OUT = (
    "Quantité confirmée par téléphone comme une erreur de saisie (motif inventé).",
    "Déjà couvert par un marché en cours de la commune (motif inventé).",
)
_WHOLE_PACKS = "Les fournisseurs ne livrent que des conditionnements entiers (motif inventé)."
_TOLERANCE = Decimal(5)
_THAWED = "Une école a fermé depuis le recensement (motif inventé)."
_TIERS = (Decimal(50), Decimal(500))
_DAY = timedelta(days=1)
#: What the buyer weighs the connected objects with: a curve and bidders that are invented.
_QUESTION = {
    "floor": "0.84",
    "scale": "12",
    "eta": "0.5",
    "elasticity_low": "0.05",
    "elasticity": "0.10",
    "elasticity_high": "0.15",
    "reference_bidders": "4",
    "bidders": "4",
    "plans": [{"plan": "departement", "bidders": "6"}],
    "cost_per_lot": "3162",
    "firms": [
        {"turnover": "8000000"},
        {"turnover": "1500000"},
        {"turnover": "600000"},
    ],
}
_COMPARED = "Objets connectés : un lot ou deux ?"
_CHOSEN = (
    "Un lot par département : des installateurs de taille moyenne peuvent répondre à chacun"
    " (motif inventé)."
)


def play(
    bodies: Sequence[Body], seed: int, timetable: Timetable, share: float, *, buyer: Actor
) -> None:
    """Survey, then pool a part of it: left out, merged, rounded up, frozen, thawed, valued."""
    # Numbers of its own: what is told elsewhere stays as it is.
    campaign = _survey(bodies, Random(seed + 1), timetable, share, buyer=buyer)
    _decide(campaign, timetable, buyer)
    equipment, content = _form(campaign, timetable, buyer)
    _freeze_twice(equipment, timetable, buyer)
    lots.set_sheet_options(content, names_members=False, tiers=_TIERS, actor=buyer)
    db.session.flush()
    projects.value_together([equipment, content], "Équipement des écoles", timetable, buyer)
    _compare(campaign, timetable, buyer)


def _survey(
    bodies: Sequence[Body], rng: Random, timetable: Timetable, share: float, *, buyer: Actor
) -> Campaign:
    families = select(Family.id).where(Family.code.in_(_FAMILIES)).order_by(Family.id)
    plan = needs.Plan(
        f"Écoles et objets connectés {timetable.starts.year + 1}",
        timetable.pooled_from,
        timetable.pooled_until,
        "Campagne inventée pour la démonstration : elle est close, et la centrale en forme les"
        " lots.",
        contract_months=LONGEST_MONTHS,
        families=dict.fromkeys(db.session.scalars(families)),
    )
    campaign = needs.prepare(plan, actor=buyer)
    needs.open_campaign(campaign, actor=buyer, today=timetable.pooled_from)
    absent = (territory.LEFT, territory.SIGNED_LATE)
    asked = [one for one in bodies if one.siren not in absent]
    answers = [
        Answer(one, NeedState.VALIDATED)
        for one in asked
        if one.siren in accounts.DOMAINS or rng.randrange(3)
    ]
    demand = Demand(rng, timetable.pooled_from, _FAMILIES, in_packs=False)
    draw(answers, max(_FEWEST, int(_LINES * share)), demand)
    write(campaign, answers, rng, timetable.pooled_from, timetable.pooled_until)
    needs.close_campaign(campaign, actor=buyer)
    return campaign


def _decide(campaign: Campaign, timetable: Timetable, buyer: Actor) -> None:
    """Leave the two largest contributions out, and pool trolleys as cases."""
    largest = (
        select(NeedLine)
        .where(NeedLine.campaign_id == campaign.id, NeedLine.is_pooled)
        .order_by(NeedLine.quantity.desc(), NeedLine.id)
        .limit(len(_LEFT_OUT))
    )
    day = timetable.pooled_until + _DAY
    for line, reason in zip(db.session.scalars(largest).all(), _LEFT_OUT, strict=False):
        lots.leave_out(line, reason, actor=buyer, today=day)
    items = {
        one.code: one
        for one in db.session.scalars(select(Item).where(Item.code.in_((_MERGED, _INTO))))
    }
    is_asked = select(NeedLine.id).where(
        NeedLine.campaign_id == campaign.id,
        NeedLine.is_pooled,
        NeedLine.pool_item_id == items[_MERGED].id,
    )
    if db.session.scalar(is_asked.limit(1)) is not None:
        lots.merge(campaign, items[_MERGED], items[_INTO], _MAKES, _SAME, actor=buyer, today=day)


def _form(campaign: Campaign, timetable: Timetable, buyer: Actor) -> tuple[Lot, Lot]:
    """Form three lots; the connected objects of the Hauts-de-Seine stay in the pool."""
    families = {one.code: one.id for one in db.session.scalars(select(Family))}
    cuts = (
        (
            "Équipements des écoles",
            Cut(family_id=families["EDU"], trade=Trade.DISTRIBUTOR),
        ),
        ("Logiciels et ressources des écoles", Cut(family_id=families["EDU"])),
        (
            "Objets connectés – Yvelines",
            Cut(family_id=families["CITY"], territory=Territory.YVELINES),
        ),
    )
    chosen = [Chosen(title, cut) for title, cut in cuts]
    day = timetable.pooled_until + 2 * _DAY
    equipment, content, _objects = lots.form_all(campaign, chosen, actor=buyer, today=day)
    return equipment, content


def _freeze_twice(lot: Lot, timetable: Timetable, buyer: Actor) -> None:
    """Freeze, thaw to give a contribution back to the pool, and freeze anew."""
    first = timetable.pooled_until + 5 * _DAY
    lots.round_up_lot(lot, _TOLERANCE, _WHOLE_PACKS, actor=buyer)
    lots.freeze(lot, actor=buyer, today=first)
    db.session.flush()
    lots.thaw(lot, _THAWED, actor=buyer, today=first + 3 * _DAY)
    db.session.flush()
    smallest = db.session.execute(
        select(LotLine, NeedLine.id, Allocation.quantity)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == lot.id, Allocation.kind == AllocationKind.NEED)
        # Of what comes one by one: nothing is to be rounded up again.
        .order_by(Item.pack_size, Allocation.quantity, Allocation.id)
    ).first()
    if smallest is not None:
        line, need_line_id, quantity = smallest
        lots.take(line, [Take(need_line_id, Decimal(0), quantity)], actor=buyer)
        db.session.flush()
    lots.freeze(lot, actor=buyer, today=first + 4 * _DAY)
    db.session.flush()


def _compare(campaign: Campaign, timetable: Timetable, buyer: Actor) -> None:
    """Weigh how the connected objects could be cut, and choose."""
    family_id = db.session.scalar(select(Family.id).where(Family.code == "CITY"))
    scope = {"scope": f"family-{family_id}"}
    question = CompareInput().load(_QUESTION | scope)["question"]
    day = timetable.today
    kept = comparing.keep(campaign, _COMPARED, question, actor=buyer, today=day)
    db.session.flush()
    comparing.choose(kept, "departement", _CHOSEN, actor=buyer, today=day)
