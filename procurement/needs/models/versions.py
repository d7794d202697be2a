"""Needs as they were submitted, one version after the other."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.database import Base, Instant
from procurement.members.models import Person


class NeedVersion(Base):
    """A need as it was submitted: what the history compares."""

    __tablename__ = "need_version"
    __table_args__ = (UniqueConstraint("need_id", "number"),)

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    #: 1 for the first submission.
    number: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    #: The lines in the order they were typed, as a JSON list of what people read of each.
    lines: Mapped[str] = mapped_column(Text)

    #: Who submitted it.
    person: Mapped[Person] = relationship()
