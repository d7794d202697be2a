"""Lots, their lines, and the allocations that feed them: the only link between need and lot."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Quantity, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.lots.models.projects import Project
from procurement.members.models import Person, is_own
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


class AllocationKind(StrEnum):
    """Why a quantity is in a lot: a need, or what rounding up to whole packs adds to it."""

    NEED = "need"
    SHARED = "shared"
    STOCK = "stock"


ALLOCATION_KIND_LABELS = {
    AllocationKind.NEED: _("Need"),
    AllocationKind.SHARED: _("Rounded up, for the member"),
    AllocationKind.STOCK: _("Rounded up, for the stock"),
}


class Lot(Stateful, Base):
    """A part of a campaign that is tendered and awarded by itself (L2113-10)."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        CheckConstraint("(sheet_version > 0) = (check_figure IS NOT NULL)", name="check_figure"),
        CheckConstraint("(sheet_version > 0) = (frozen_on IS NOT NULL)", name="frozen_on"),
        CheckConstraint("state = 'draft' OR sheet_version > 0", name="frozen"),
        CheckConstraint("released_on IS NULL OR state = 'unsuccessful'", name="released_on"),
        # The id of a dissolved lot is not given again: the journal names lots by it.
        {"sqlite_autoincrement": True},
    )
    moves = {
        LotState.DRAFT: {LotState.FROZEN},
        LotState.FROZEN: {LotState.TENDERED, LotState.DRAFT},
        LotState.TENDERED: {LotState.AWARDED, LotState.UNSUCCESSFUL},
        LotState.AWARDED: set(),
        LotState.UNSUCCESSFUL: set(),
    }

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    #: The purchase that it is valued and tendered with.
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    state: Mapped[LotState] = mapped_column(word(LotState), default=LotState.DRAFT)
    #: 0 until the lot is frozen; the lot sheet and the offers carry it.
    sheet_version: Mapped[int] = mapped_column(default=0)
    frozen_on: Mapped[date | None]
    #: Hash of the lines and allocations as they were frozen last, printed on the sheet.
    check_figure: Mapped[str | None] = mapped_column(String(64))
    #: Whether the suppliers' edition tells which members are to be delivered.
    names_members: Mapped[bool] = mapped_column(default=False)
    #: Whether it is passed by a lighter procedure than its project, as the small lots may be.
    is_small_lot: Mapped[bool] = mapped_column(default=False)
    #: When an offer was chosen: later purchases count it for a year (R2121-7).
    awarded_on: Mapped[date | None]
    #: When an unsuccessful lot gave its needs back to the pool.
    released_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The round whose needs it pools.
    campaign: Mapped[Campaign] = relationship()
    #: The purchase that it belongs to, once there is one.
    project: Mapped[Project | None] = relationship(back_populates="lots")
    #: From how many units on firms may offer lower prices.
    tiers: Mapped[list["PriceTier"]] = relationship(
        cascade="all, delete-orphan", order_by="PriceTier.from_quantity"
    )
    #: The versions of its sheet, the latest first.
    sheets: Mapped[list["SheetVersion"]] = relationship(
        cascade="all, delete-orphan", order_by="SheetVersion.number.desc()"
    )
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
        """Tell whether its quantities may still change: then it may be frozen, or dissolved."""
        return self.state is LotState.DRAFT


class LotLine(Base):
    """One item of a lot.

    While the lot is a draft its total is the sum of its allocations and ``quantity`` is empty; the
    frozen ``quantity`` is that sum, which the verification computes again.
    """

    __tablename__ = "lot_line"
    __table_args__ = (
        UniqueConstraint("lot_id", "item_id"),
        UniqueConstraint("lot_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("estimated_price >= 0", name="estimated_price"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    position: Mapped[int]
    quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    #: Unit price net of VAT that the buyer expects, for the value of the need (R2121-1).
    estimated_price: Mapped[Decimal | None] = mapped_column(UnitPrice)

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
    """So much goes to that lot line: of a need line, or added to it by rounding up to whole packs.

    What is added is never counted as allotted: it stands beside the need, with its reason.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("lot_line_id", "need_line_id", "kind"),
        Index(
            "uq_allocation_stock",
            "lot_line_id",
            unique=True,
            sqlite_where=text("kind = 'stock'"),
            postgresql_where=text("kind = 'stock'"),
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("(kind = 'stock') = (need_line_id IS NULL)", name="need_line"),
        CheckConstraint("(kind = 'need') = (reason IS NULL)", name="reason"),
    )

    lot_line_id: Mapped[int] = mapped_column(ForeignKey("lot_line.id"))
    #: None for what goes to the stock of the centrale.
    need_line_id: Mapped[int | None] = mapped_column(ForeignKey("need_line.id"), index=True)
    kind: Mapped[AllocationKind] = mapped_column(word(AllocationKind), default=AllocationKind.NEED)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    #: Why there is more than the needs.
    reason: Mapped[str | None] = mapped_column(String(500))
    #: True once an unsuccessful lot gave the quantity back: the need may stand in another lot.
    is_released: Mapped[bool] = mapped_column(default=False)

    #: Where it goes.
    lot_line: Mapped[LotLine] = relationship(back_populates="allocations")
    #: Where it comes from.
    need_line: Mapped[NeedLine | None] = relationship()


class SheetVersion(Base):
    """A lot as it was frozen once: the version of its sheet, and why it was thawed since."""

    __tablename__ = "sheet_version"
    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("(thawed_on IS NULL) = (thaw_reason IS NULL)", name="thaw"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    number: Mapped[int]
    frozen_on: Mapped[date]
    check_figure: Mapped[str] = mapped_column(String(64))
    #: A JSON list of [item id, quantity as text], in the order of the sheet.
    lines: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    thawed_on: Mapped[date | None]
    thaw_reason: Mapped[str | None] = mapped_column(String(500))

    #: Who froze it.
    person: Mapped[Person | None] = relationship()


class PriceTier(Base):
    """A quantity from which firms may offer a lower price for each item of a lot."""

    __tablename__ = "price_tier"
    __table_args__ = (
        UniqueConstraint("lot_id", "from_quantity"),
        CheckConstraint("from_quantity > 0", name="from_quantity"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    from_quantity: Mapped[Decimal] = mapped_column(Quantity)
