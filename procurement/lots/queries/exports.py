"""The files that were asked for, and what they are made of."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select, true

from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.kernel.exports import Export
from procurement.lots.models import Lot, LotLine, LotState
from procurement.members.models import Person
from procurement.needs.models import Campaign


def export_list(actor: Actor, *, own: bool) -> Query:
    """Select the files that the actor may see, or asked for alone, the latest first."""
    whose = Export.person_id == actor.person_id if own else true()
    return _exports().where(Export.visible_to(actor), whose).order_by(Export.id.desc())


def about_export(export: Export) -> Record:
    """Tell who asked for a file, and what it is made of: see :func:`export_list`."""
    return db.session.execute(_exports().where(Export.id == export.id)).one()


def _exports() -> Query:
    """Select files with what they are made of: a lot or a campaign, neither when it is gone."""
    of_lot = and_(Export.kind.startswith("lot-"), Lot.id == Export.subject_id)
    of_campaign = and_(Export.kind.startswith("campaign-"), Campaign.id == Export.subject_id)
    return (
        select(
            Export.id,
            Export.title,
            Export.state,
            Export.language,
            Export.asked_at,
            Export.size,
            Person.name.label("person_name"),
            Lot.id.label("lot_id"),
            Lot.number.label("lot_number"),
            Lot.title.label("lot_title"),
            Campaign.id.label("campaign_id"),
            Campaign.title.label("campaign_title"),
        )
        .outerjoin(Person, Person.id == Export.person_id)
        .outerjoin(Lot, of_lot)
        .outerjoin(Campaign, of_campaign)
    )


def frozen_lots(campaign_id: int) -> Sequence[Record]:
    """List the lots of a campaign that have a sheet, by number, with how many lines each has."""
    lines = select(func.count()).where(LotLine.lot_id == Lot.id).scalar_subquery()
    figures = (Lot.id, Lot.number, Lot.title, Lot.sheet_version, Lot.check_figure)
    query = select(*figures, lines.label("lines"))
    query = query.where(Lot.campaign_id == campaign_id, Lot.state != LotState.DRAFT)
    return db.session.execute(query.order_by(Lot.number)).all()
