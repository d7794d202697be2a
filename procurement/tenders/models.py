"""Suppliers, tenders, and the offers that answer them line by line."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.access import Actor
from procurement.kernel.database import Base, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.lots.models import Lot, LotLine


class Supplier(Base):
    """A firm, by its SIRET."""

    __tablename__ = "supplier"

    siret: Mapped[str] = mapped_column(String(14), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    address: Mapped[str | None] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(254))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """The names of firms are no secret; the pages say who may open them."""
        return true()


class TenderState(StrEnum):
    """Where a tender is."""

    OPEN = "open"
    AWARDED = "awarded"
    UNSUCCESSFUL = "unsuccessful"


TENDER_STATE_LABELS = {
    TenderState.OPEN: _("Open"),
    TenderState.AWARDED: _("Awarded"),
    TenderState.UNSUCCESSFUL: _("Unsuccessful"),
}


class Tender(Stateful, Base):
    """The call for offers on one frozen lot sheet."""

    __tablename__ = "tender"
    __table_args__ = (
        UniqueConstraint("lot_id", "sheet_version"),
        CheckConstraint("(state = 'awarded') = (awarded_on IS NOT NULL)", name="awarded_on"),
        CheckConstraint("answers_by >= launched_on", name="period"),
    )
    moves = {
        TenderState.OPEN: {TenderState.AWARDED, TenderState.UNSUCCESSFUL},
        TenderState.AWARDED: set(),
        TenderState.UNSUCCESSFUL: set(),
    }

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    #: The version of the lot sheet that the firms were given.
    sheet_version: Mapped[int]
    launched_on: Mapped[date]
    answers_by: Mapped[date]
    state: Mapped[TenderState] = mapped_column(word(TenderState), default=TenderState.OPEN)
    awarded_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: What is bought.
    lot: Mapped[Lot] = relationship()
    #: The answers, in the order of arrival.
    offers: Mapped[list["Offer"]] = relationship(back_populates="tender", order_by="Offer.id")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Offers are the centrale's business until the agreement publishes their prices."""
        return cls.id == -1 if actor.is_member_side else true()

    @property
    def awarded_offer(self) -> "Offer | None":
        """The offer that was chosen, if one was."""
        return next((offer for offer in self.offers if offer.is_chosen), None)

    @property
    def is_open(self) -> bool:
        """Tell whether offers and their prices may still be entered: until it is decided."""
        return self.state is TenderState.OPEN

    def takes_offer(self, received_on: date) -> bool:
        """Tell whether an offer that arrived on that day is in time (R2151-5)."""
        return self.is_open and self.launched_on <= received_on <= self.answers_by

    def can_be_decided(self, today: date) -> bool:
        """Tell whether an offer may be chosen, or none: not before the last day to answer."""
        return self.is_open and today >= self.answers_by


class Offer(Base):
    """What one supplier asks for the lines of a tender."""

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("tender_id", "supplier_id"),
        Index(
            "uq_offer_chosen",
            "tender_id",
            unique=True,
            sqlite_where=text("is_chosen"),
            postgresql_where=text("is_chosen"),
        ),
    )

    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    received_on: Mapped[date]
    #: True for the one offer of its tender that was awarded.
    is_chosen: Mapped[bool] = mapped_column(default=False)

    #: The call that it answers.
    tender: Mapped[Tender] = relationship(back_populates="offers")
    #: Who offers.
    supplier: Mapped[Supplier] = relationship()
    #: The prices; a line that was not priced has no row.
    lines: Mapped[list["OfferLine"]] = relationship(
        back_populates="offer", cascade="all, delete-orphan"
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """As for the tender."""
        return cls.id == -1 if actor.is_member_side else true()


class OfferLine(Base):
    """The unit price net of VAT that an offer asks for one lot line. 0 is a gift, not a gap."""

    __tablename__ = "offer_line"
    __table_args__ = (
        UniqueConstraint("offer_id", "lot_line_id"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
    )

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    lot_line_id: Mapped[int] = mapped_column(ForeignKey("lot_line.id"), index=True)
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)

    #: The offer.
    offer: Mapped[Offer] = relationship(back_populates="lines")
    #: What is priced.
    lot_line: Mapped[LotLine] = relationship()
