"""Plans of lots compared side by side, kept with their inputs: a proposal, never a decision."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Instant
from procurement.members.models import Person
from procurement.needs.models import Campaign


class Comparison(Base):
    """What plans of lots were predicted to cost, from which inputs, and which one was chosen."""

    __tablename__ = "comparison"
    __table_args__ = (
        CheckConstraint(
            "(chosen IS NULL) = (chosen_on IS NULL) AND (chosen IS NULL) = (choice_reason IS NULL)",
            name="chosen",
        ),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    #: What the buyer typed, and the quantities that were in the pool then, as JSON.
    inputs: Mapped[str] = mapped_column(Text)
    #: What the method made of it, as JSON.
    results: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    #: The key of the plan that the buyer chose, with the reason in the buyer's words.
    chosen: Mapped[str | None] = mapped_column(String(40))
    chosen_on: Mapped[date | None]
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    choice_reason: Mapped[str | None] = mapped_column(String(1000))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The round whose needs it is about.
    campaign: Mapped[Campaign] = relationship()
    #: Who compared.
    person: Mapped[Person] = relationship(foreign_keys=person_id)
    #: Who chose.
    chosen_by: Mapped[Person | None] = relationship(foreign_keys=chosen_by_id)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """How the centrale weighs its lots before the tender is its business."""
        return false() if actor.is_member_side else true()
