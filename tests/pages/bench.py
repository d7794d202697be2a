"""A pool that is worked on, for the pages to show: each act of the bench has left its mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.demo import accounts
from procurement.kernel import exports
from procurement.kernel.access import Actor
from procurement.kernel.exports import Export, ExportState
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import Lot
from procurement.lots.operations import Take, comparing
from procurement.lots.schemas.comparing import CompareInput
from procurement.members.models import Person
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine, NeedState
from procurement.tenders import operations as tenders
from tests.chain import QUESTION
from tests.make import make_campaign, make_line, make_need, make_project

D = Decimal
TITLE = "Relevé en cours de mutualisation"
_WHY = "Décision inventée pour les essais : elle est écrite en toutes lettres."
#: A département of the other side, whose agents ask for the same things.
_OTHER = accounts.DOMAINS["229200506"]


@dataclass
class _Bench:
    """The campaign, and what happens to each of its items."""

    campaign: Campaign
    need: Need
    lines: dict[int, NeedLine]
    packed: Item
    left_out: Item
    merged: Item
    target: Item
    split: Item
    thawed: Item
    refrozen: Item
    failed: Item
    free: Item


def campaigns() -> Select[int]:
    """Select the campaign of the bench."""
    return select(Campaign.id).where(Campaign.title == TITLE)


def item_ids() -> Select[int]:
    """Select the items that are asked for in it, merged or not."""
    asked = select(NeedLine.item_id).where(NeedLine.campaign_id.in_(campaigns()))
    return select(Item.id).where(Item.id.in_(asked)).order_by(Item.id)


def leave_bench(session: Session, agent: Person, approver: Person, buyer: Actor) -> None:
    """Leave a line out, merge two items, split, round up, thaw, refreeze, release and compare."""
    bench = _survey(session, agent, approver)
    on: dict[str, Any] = {"actor": buyer, "today": today()}
    lots.leave_out(bench.lines[bench.left_out.id], _WHY, **on)
    lots.merge(bench.campaign, bench.merged, bench.target, D(2), _WHY, **on)
    session.flush()
    _fail(session, bench, on)
    split, other, thawed, refrozen = (
        lots.form(bench.campaign, title, item_ids=[one.id for one in items], **on)
        for title, items in (
            ("Arrondi et réparti", [bench.packed, bench.split]),
            ("Regroupé", [bench.target]),
            ("Rouvert", [bench.thawed]),
            ("Figé deux fois", [bench.refrozen]),
        )
    )
    _split(session, bench, split, buyer)
    lots.form(bench.campaign, "Repris en partie", item_ids=[bench.split.id], share=50, **on)
    lots.set_sheet_options(other, names_members=True, tiers=[D(10), D(100)], actor=buyer)
    for lot in (thawed, refrozen):
        lots.freeze(lot, **on)
        session.flush()
        lots.thaw(lot, _WHY, **on)
        session.flush()
    lots.freeze(refrozen, **on)
    session.flush()
    question = CompareInput().load(QUESTION)["question"]
    comparing.keep(bench.campaign, "Comparaison sans choix", question, **on)
    _leave_exports(session, refrozen, buyer)


def _survey(session: Session, agent: Person, approver: Person) -> _Bench:
    campaign = make_campaign(session, CampaignState.CLOSED, title=TITLE)
    need = make_need(session, campaign, agent, NeedState.VALIDATED, approver)
    other = session.scalars(select(Person).where(Person.email == f"agent@{_OTHER}")).one()
    elsewhere = make_need(session, campaign, other, NeedState.VALIDATED, approver)
    in_packs = select(Item).where(Item.pack_size > 1).order_by(Item.id).limit(1)
    packed = session.scalars(in_packs).one()
    single = select(Item).where(Item.pack_size == 1, Item.id != packed.id).order_by(Item.id)
    items = [packed, *session.scalars(single.limit(8))]
    lines = {}
    for item in items:
        quantity = 3 * item.pack_size + 1
        lines[item.id] = make_line(session, need, item, quantity)
        make_line(session, elsewhere, item, 2 * quantity, remark="Deux sites, à livrer séparément")
    make_line(session, need, None, 4, words="Bancs de parc", own_unit="pièce")
    return _Bench(campaign, need, lines, *items)


def _fail(session: Session, bench: _Bench, on: dict[str, Any]) -> None:
    """Have a lot found unsuccessful and its needs given back."""
    lot = lots.form(bench.campaign, "Infructueux", item_ids=[bench.failed.id], **on)
    session.flush()
    lots.freeze(lot, **on)
    make_project(session, [lot])
    tender = tenders.launch(lot, today(), **on)
    session.flush()
    tenders.declare_unsuccessful(tender, **on)
    lots.release(lot, **on)
    session.flush()


def _split(session: Session, bench: _Bench, lot: Lot, buyer: Actor) -> None:
    session.flush()
    by_item = {line.item_id: line for line in lot.lines}
    line = bench.lines[bench.split.id]
    takes = [Take(line.id, D(1), line.quantity)]
    lots.take(by_item[bench.split.id], takes, actor=buyer)
    lots.round_up(by_item[bench.packed.id], D(1), _WHY, actor=buyer)


def _leave_exports(session: Session, lot: Lot, buyer: Actor) -> None:
    """Leave a file in each state in which it stands for long."""
    exports.ask("lot-matrix", lot.id, actor=buyer, language="fr")
    base = {"subject_id": lot.id, "title": "Bordereau", "language": "fr"}
    now = {"person_id": buyer.person_id, "asked_at": datetime.now(UTC)}
    states: Sequence[tuple[ExportState, dict[str, Any]]] = (
        (ExportState.RUNNING, {"told_at": datetime.now(UTC), "done": 400, "total": 1000}),
        (ExportState.FAILED, {"ended_at": datetime.now(UTC), "fault": "Le disque est plein."}),
        (ExportState.CANCELLED, {"ended_at": datetime.now(UTC)}),
    )
    for state, told in states:
        session.add(Export(kind="lot-supplier", state=state, **base, **now, **told))
    session.flush()
