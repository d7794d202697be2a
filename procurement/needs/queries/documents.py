"""Files of a campaign or of a need, with who sent them and whether a line rests on them."""

from sqlalchemy import ColumnElement, or_, select

from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.members.models import Person
from procurement.needs.models import Campaign, Document, Need, NeedLine, Purpose


def documents_of(owner: Campaign | Need) -> list[Record]:
    """List the files of a campaign or of a need, in the order they were sent."""
    is_need = isinstance(owner, Need)
    of_owner = Document.need_id == owner.id if is_need else Document.campaign_id == owner.id
    used: ColumnElement[bool] = (
        select(NeedLine.id).where(NeedLine.evidence_id == Document.id).exists()
    )
    if isinstance(owner, Need) and owner.submissions:
        used = or_(used, Document.purpose == Purpose.SOURCE)
    query = (
        select(
            Document.id,
            Document.name,
            Document.purpose,
            Document.size,
            Document.at,
            Person.name.label("person_name"),
            used.label("is_used"),
        )
        .join(Person, Person.id == Document.person_id)
        .where(of_owner)
        .order_by(Document.id)
    )
    return list(db.session.execute(query).all())
