"""What a member declared last time, taken over into its new need."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import insert, select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Refused
from procurement.needs import queries, rules
from procurement.needs.models import Basis, Document, Need, NeedLine, Purpose, Strength
from procurement.needs.operations.declaring import open_to_writing


@dataclass(slots=True)
class Copied:
    """How many lines were taken over, and how many were left out for each reason."""

    title: str
    lines: int = 0
    other_family: int = 0
    not_transferred: int = 0
    lost_place: int = 0
    already_here: int = 0


def copy_last(need: Need, *, actor: Actor, today: date) -> Copied:
    """Take over the lines of the last need that the member submitted in another campaign.

    Quantities, prices with their date and evidence, words and remarks are kept; the wanted day is
    not, and an item is asked for again only where the campaign and the member's places allow it.
    Raises Refused ``nothing_to_copy``, and what writing in the need raises.
    """
    open_to_writing(need, actor, today)
    with db.session.no_autoflush:
        return _copied(need, actor, today)


def _copied(need: Need, actor: Actor, today: date) -> Copied:
    last = queries.last_need(need)
    if last is None:
        raise Refused("nothing_to_copy", _("There is no earlier need of your body to copy."))
    told = Copied(last.title)
    chosen = _chosen(need, last.id, told, today)
    if chosen:
        evidence = _evidence(need, chosen)
        rows = [_taken_over(need, row, evidence) for row in chosen]
        db.session.execute(insert(NeedLine.__table__), rows)  # type: ignore[arg-type]  # it is a table
        db.session.expire(need, ["lines"])
        need.is_nil = False
    told.lines = len(chosen)
    audit.record(
        db.session(), actor, "needs.copy_last", need, from_need_id=last.id, lines=told.lines
    )
    return told


def _chosen(need: Need, last_id: int, told: Copied, today: date) -> list[Record]:
    """Keep the lines that make sense here, and count the others by reason."""
    families = queries.family_ids(need.campaign, need.member_id, today)
    listed = queries.listed_family_ids(need.campaign)
    here = {(None if row.words else row.item_id, row.words, row.site_id) for row in _here(need)}
    chosen = []
    for row in queries.copied_lines(last_id):
        if row.words is None and listed is not None and row.family_id not in listed:
            told.other_family += 1
        elif row.words is None and families is not None and row.family_id not in families:
            told.not_transferred += 1
        elif row.place_of != need.member_id:
            told.lost_place += 1
        elif (None if row.words else row.item_id, row.words, row.site_id) in here:
            told.already_here += 1
        else:
            chosen.append(row)
    return chosen


def _here(need: Need) -> list[Record]:
    query = select(NeedLine.item_id, NeedLine.words, NeedLine.site_id)
    return list(db.session.execute(query.where(NeedLine.need_id == need.id)).all())


def _evidence(need: Need, chosen: list[Record]) -> dict[str, int]:
    """Give the new need its own documents of the same contents: their ids by digest."""
    if not any(row.digest for row in chosen):
        return {}
    known = queries.evidence_by_digest(need)
    wanted = {row.digest: row for row in chosen if row.digest and row.digest not in known}
    if wanted:
        now = datetime.now(UTC)
        documents = [
            {
                "need_id": need.id,
                "purpose": Purpose.EVIDENCE,
                "digest": row.digest,
                "name": row.name,
                "media_type": row.media_type,
                "size": row.size,
                "person_id": need.author_id,
                "at": now,
            }
            for row in wanted.values()
        ]
        db.session.execute(insert(Document), documents)
        known = queries.evidence_by_digest(need)
    return known


def _taken_over(need: Need, row: Record, evidence: dict[str, int]) -> dict[str, object]:
    campaign = need.campaign
    is_yearly = row.basis is Basis.YEAR
    is_firm = campaign.commitment is Strength.FIRM
    return {
        "need_id": need.id,
        "campaign_id": need.campaign_id,
        "member_id": need.member_id,
        "departement": need.member.departement,
        # A free line waits again for the buyer, who is reminded of what was decided last time.
        "item_id": None if row.words else row.item_id,
        "site_id": row.site_id,
        "declared_quantity": row.declared_quantity,
        "basis": row.basis,
        "quantity": rules.period_quantity(
            row.declared_quantity, is_yearly, campaign.contract_months
        ),
        "strength": Strength.FIRM if is_firm else row.strength,
        "paid_price": row.own_price if row.words else row.paid_price,
        "paid_since": row.paid_since,
        "evidence_id": evidence.get(row.digest),
        "remark": row.remark,
        "words": row.words,
        "own_unit": row.own_unit,
        "own_price": row.own_price,
        "allotted": Decimal(0),
        "is_validated": False,
        "is_pooled": False,
        "was_tendered": False,
        "version": 1,
    }
