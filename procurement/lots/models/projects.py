"""What lots are valued by: the purchase that they make up, and how it is to be passed."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.access import Actor
from procurement.kernel.database import Amount, Base, Rate, word
from procurement.lots.rules.law import Nature, Procedure
from procurement.members.models import Person
from procurement.needs.models import Campaign

if TYPE_CHECKING:
    from procurement.lots.models.lots import Lot


NATURE_LABELS = {
    Nature.SUPPLIES: _("Supplies and services"),
    Nature.WORKS: _("Works"),
}


class UndividedGround(StrEnum):
    """Why a purchase is not divided into lots: the cases of L2113-11."""

    COORDINATION = "coordination"
    COMPETITION = "competition"
    TECHNICAL = "technical"
    COST = "cost"


UNDIVIDED_GROUND_LABELS = {
    UndividedGround.COORDINATION: _("The centrale could not coordinate several contracts (1°)"),
    UndividedGround.COMPETITION: _("Lots would restrict competition (2°)"),
    UndividedGround.TECHNICAL: _("Lots would make performance technically difficult (2°)"),
    UndividedGround.COST: _("Lots would make performance financially more costly (2°)"),
}


PROCEDURE_LABELS = {
    Procedure.DISPENSED: _("Without publicity or competition"),
    Procedure.ADAPTED: _("Adapted procedure"),
    Procedure.FORMAL: _("Formal procedure"),
}


class Project(Base):
    """A purchase: the lots of a campaign that are valued together, and what was decided of them."""

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("initial_months BETWEEN 1 AND 120", name="initial_months"),
        CheckConstraint("renewals BETWEEN 0 AND 20", name="renewals"),
        CheckConstraint("(renewals = 0) = (renewal_months = 0)", name="renewal_months"),
        CheckConstraint("margin >= 0", name="margin"),
        CheckConstraint("options_amount >= 0", name="options_amount"),
        # L2125-1: four years, renewals included, but for a reason.
        CheckConstraint(
            "initial_months + renewals * renewal_months <= 48 OR long_reason IS NOT NULL",
            name="long_reason",
        ),
        CheckConstraint(
            "(undivided_ground IS NULL) = (undivided_reason IS NULL)", name="undivided_reason"
        ),
        CheckConstraint(
            "(valued_on IS NULL) = (value IS NULL) AND (valued_on IS NULL) = (procedure IS NULL)"
            " AND (valued_on IS NULL) = (nature_value IS NULL)"
            " AND (valued_on IS NULL) = (statement IS NULL)",
            name="valued",
        ),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    nature: Mapped[Nature] = mapped_column(word(Nature), default=Nature.SUPPLIES)
    #: The day on which the call for offers is to be sent: it decides the thresholds (R2121-3).
    launch_on: Mapped[date]
    initial_months: Mapped[int]
    renewals: Mapped[int] = mapped_column(default=0)
    renewal_months: Mapped[int] = mapped_column(default=0)
    #: By how much, in percent, the maximum of the agreement is above the estimate (R2121-8).
    margin: Mapped[Decimal] = mapped_column(Rate, default=Decimal(0))
    #: Options and premiums, before VAT (R2121-1).
    options_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    #: Why it lasts more than four years, when it does (L2125-1).
    long_reason: Mapped[str | None] = mapped_column(String(1000))
    #: Why it is one lot only, or none at all, when it is (L2113-11).
    undivided_ground: Mapped[UndividedGround | None] = mapped_column(word(UndividedGround))
    undivided_reason: Mapped[str | None] = mapped_column(String(1000))
    #: L2112-2 and L2152-7, compulsory for what is launched since 22 August 2026.
    environmental_clause: Mapped[str | None] = mapped_column(String(1000))
    environmental_criterion: Mapped[str | None] = mapped_column(String(1000))
    #: L2112-2-1: the clause, or why there is none.
    social_clause: Mapped[str | None] = mapped_column(String(1000))
    social_exemption: Mapped[str | None] = mapped_column(String(1000))
    #: What was decided, and the figures it was decided on: empty until then.
    valued_on: Mapped[date | None]
    valued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    #: All its lots over the whole duration, before VAT.
    value: Mapped[Decimal | None] = mapped_column(Amount)
    #: The same, with the needs of the same nature in other lots and campaigns (R2121-6).
    nature_value: Mapped[Decimal | None] = mapped_column(Amount)
    procedure: Mapped[Procedure | None] = mapped_column(word(Procedure))
    #: Parts, thresholds and rules of the decision, as JSON.
    statement: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The round whose needs it buys.
    campaign: Mapped[Campaign] = relationship()
    #: Who valued it.
    valued_by: Mapped[Person | None] = relationship()
    #: What it is made of, by number.
    lots: Mapped[list["Lot"]] = relationship(back_populates="project", order_by="Lot.number")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """What a purchase is worth before it is tendered is the centrale's business."""
        return false() if actor.is_member_side else true()

    @property
    def counted_lots(self) -> list["Lot"]:
        """What it still buys: a lot that gave its needs back to the pool buys nothing more."""
        return [lot for lot in self.lots if lot.released_on is None]

    @property
    def months(self) -> int:
        """The whole duration, renewals included."""
        return self.initial_months + self.renewals * self.renewal_months
