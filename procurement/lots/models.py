"""Lots, their lines, and the allocations that feed them: the only link between need and lot."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Quantity, word
from procurement.kernel.states import Stateful
from procurement.members.models import is_own
from procurement.needs.models import Campaign, NeedLine


class LotState(StrEnum):
    """Where a lot is."""

    DRAFT = "draft"
    FROZEN = "frozen"
    TENDERED = "tendered"
    AWARDED = "awarded"
    UNSUCCESSFUL = "unsuccessful"


LOT_STATE_LABELS = {
    LotState.DRAFT: _("Draft"),
    LotState.FROZEN: _("Frozen"),
    LotState.TENDERED: _("Out to tender"),
    LotState.AWARDED: lazy_pgettext("lot", "Awarded"),
    LotState.UNSUCCESSFUL: lazy_pgettext("lot", "Unsuccessful"),
}


class Lot(Stateful, Base):
    """A part of a campaign that is tendered and awarded by itself (L2113-10)."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        CheckConstraint("(sheet_version > 0) = (check_figure IS NOT NULL)", name="check_figure"),
        CheckConstraint("(sheet_version > 0) = (frozen_on IS NOT NULL)", name="frozen_on"),
        CheckConstraint("state = 'draft' OR sheet_version > 0", name="frozen"),
        # The id of a dissolved lot is not given again: the journal names lots by it.
        {"sqlite_autoincrement": True},
    )
    moves = {
        LotState.DRAFT: {LotState.FROZEN},
        LotState.FROZEN: {LotState.TENDERED},
        LotState.TENDERED: {LotState.AWARDED, LotState.UNSUCCESSFUL},
        LotState.AWARDED: set(),
        LotState.UNSUCCESSFUL: set(),
    }

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    state: Mapped[LotState] = mapped_column(word(LotState), default=LotState.DRAFT)
    #: 0 until the lot is frozen; the lot sheet and the offers carry it.
    sheet_version: Mapped[int] = mapped_column(default=0)
    frozen_on: Mapped[date | None]
    #: Hash of the frozen lines and allocations, printed on the sheet.
    check_figure: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The round whose needs it pools.
    campaign: Mapped[Campaign] = relationship()
    #: One line for each item, in the order of the sheet.
    lines: Mapped[list["LotLine"]] = relationship(back_populates="lot", order_by="LotLine.position")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees the lots that its own needs feed, or those of a body merged into it."""
        if not actor.is_member_side:
            return true()
        return cls.lines.any(LotLine.visible_to(actor))

    @property
    def is_draft(self) -> bool:
        """Tell whether nobody outside has seen it: it may be frozen, or dissolved."""
        return self.state is LotState.DRAFT


class LotLine(Base):
    """One item of a lot.

    While the lot is a draft its total is the sum of its allocations; the frozen ``quantity`` is
    that sum, which the verification computes again.
    """

    __tablename__ = "lot_line"
    __table_args__ = (
        UniqueConstraint("lot_id", "item_id"),
        UniqueConstraint("lot_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    position: Mapped[int]
    quantity: Mapped[Decimal | None] = mapped_column(Quantity)

    #: The lot.
    lot: Mapped[Lot] = relationship(back_populates="lines")
    #: What is bought.
    item: Mapped[Item] = relationship()
    #: Who asked for how much of it.
    allocations: Mapped[list["Allocation"]] = relationship(back_populates="lot_line")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """As for the lot: a member sees the lines that its own needs feed."""
        if not actor.is_member_side:
            return true()
        own = is_own(NeedLine.member_id, actor)
        return cls.allocations.any(Allocation.need_line.has(own))


class Allocation(Base):
    """So much of this need line goes to that lot line."""

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("lot_line_id", "need_line_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    lot_line_id: Mapped[int] = mapped_column(ForeignKey("lot_line.id"))
    need_line_id: Mapped[int] = mapped_column(ForeignKey("need_line.id"), index=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)

    #: Where it goes.
    lot_line: Mapped[LotLine] = relationship(back_populates="allocations")
    #: Where it comes from.
    need_line: Mapped[NeedLine] = relationship()
