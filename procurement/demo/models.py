"""The mark of an invented territory: the database says of itself that it is a demonstration."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from procurement.kernel.database import Base, Instant


class Demonstration(Base):
    """What was loaded, and when. One row, or none in a database of real purchases."""

    __tablename__ = "demonstration"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    seed: Mapped[int]
    #: The day that the invented dates are counted from.
    told_on: Mapped[date]
    loaded_at: Mapped[datetime] = mapped_column(Instant)
