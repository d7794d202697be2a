"""What the buyer decides of declared lines: what words mean, what is one item, what stays out."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Item
from procurement.kernel.database import Base, Instant, Quantity
from procurement.members.models import Person
from procurement.needs.models.declarations import NeedLine


class Wording(Base):
    """What the buyer decided that a member's words mean, kept for the next time."""

    __tablename__ = "wording"
    __table_args__ = (
        UniqueConstraint("words", "unit"),
        CheckConstraint("units_each > 0", name="units_each"),
    )

    #: Words and unit without accents, capitals or doubled spaces.
    words: Mapped[str] = mapped_column(String(320))
    unit: Mapped[str] = mapped_column(String(50))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    units_each: Mapped[Decimal] = mapped_column(Quantity)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_on: Mapped[date]

    #: What they mean.
    item: Mapped[Item] = relationship()


class Equivalence(Base):
    """In one campaign, an item that is pooled as another, of which one unit makes so many.

    Members keep the item that they asked for; what was merged into is not itself merged.
    """

    __tablename__ = "equivalence"
    __table_args__ = (
        UniqueConstraint("campaign_id", "item_id"),
        CheckConstraint("item_id <> into_item_id", name="another"),
        CheckConstraint("units_each > 0", name="units_each"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    into_item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    #: How many units of the second one unit of the first makes.
    units_each: Mapped[Decimal] = mapped_column(Quantity)
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_on: Mapped[date]

    #: What members asked for.
    item: Mapped[Item] = relationship(foreign_keys=item_id)
    #: What it is pooled as.
    into_item: Mapped[Item] = relationship(foreign_keys=into_item_id)
    #: Who decided so.
    person: Mapped[Person] = relationship()


class Omission(Base):
    """A validated line that the buyer leaves out of the pool, and why; gone once put back."""

    __tablename__ = "omission"

    need_line_id: Mapped[int] = mapped_column(
        ForeignKey("need_line.id", ondelete="CASCADE"), unique=True
    )
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)

    #: The line.
    need_line: Mapped[NeedLine] = relationship()
    #: Who decided so.
    person: Mapped[Person] = relationship()
