"""Framework agreements: holders, beneficiaries, prices, and the ceilings they live under."""

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
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.agreements import rules
from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Amount, Base, Rate, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.lots.models import LotLine
from procurement.members.models import Member, is_own
from procurement.tenders.models import Supplier, Tender


class CeilingKind(StrEnum):
    """Whether a level has a ceiling: *none* is said, never guessed from an empty amount."""

    NONE = "none"
    AMOUNT = "amount"


class AgreementState(StrEnum):
    """Where an agreement is."""

    DRAFT = "draft"
    NOTIFIED = "notified"
    CLOSED = "closed"


AGREEMENT_STATE_LABELS = {
    AgreementState.DRAFT: _("Draft"),
    AgreementState.NOTIFIED: _("Notified"),
    AgreementState.CLOSED: lazy_pgettext("agreement", "Closed"),
}


class Capped:
    """A level that keeps what is reserved and consumed under its ceiling, net of VAT in euros.

    The two balances are moved only by the ledger of orders, with guarded updates.
    """

    reserved: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    consumed: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    ceiling: Mapped[Decimal | None] = mapped_column(Amount)

    @property
    def committed(self) -> Decimal:
        """What orders have taken: reserved and consumed."""
        return self.reserved + self.consumed

    @property
    def remaining(self) -> Decimal | None:
        """What may still be ordered; None where the level has no ceiling."""
        return None if self.ceiling is None else self.ceiling - self.committed


def _under_ceiling() -> tuple[CheckConstraint, CheckConstraint]:
    return (
        CheckConstraint("reserved >= 0 AND consumed >= 0", name="balances"),
        CheckConstraint("ceiling IS NULL OR reserved + consumed <= ceiling", name="ceiling"),
    )


def _kind_says() -> CheckConstraint:
    return CheckConstraint("(ceiling_kind = 'amount') = (ceiling IS NOT NULL)", name="ceiling_kind")


class Agreement(Capped, Stateful, Base):
    """The framework agreement on one lot: orders under set terms, up to a maximum (R2162-4)."""

    __tablename__ = "agreement"
    __table_args__ = (
        *_under_ceiling(),
        CheckConstraint("ceiling IS NOT NULL AND ceiling > 0", name="maximum"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("(state = 'draft') = (notified_on IS NULL)", name="notified_on"),
    )
    moves = {
        AgreementState.DRAFT: {AgreementState.NOTIFIED},
        AgreementState.NOTIFIED: {AgreementState.CLOSED},
        AgreementState.CLOSED: set(),
    }

    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), unique=True)
    #: At most 16 characters, as the essential data of public purchasing take it.
    number: Mapped[str] = mapped_column(String(16), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[AgreementState] = mapped_column(
        word(AgreementState), default=AgreementState.DRAFT
    )
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    #: Why it lasts more than 48 months (L2125-1 1°); needed only then.
    duration_reason: Mapped[str | None] = mapped_column(String(1000))
    notified_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The tender that it comes from.
    tender: Mapped[Tender] = relationship()
    #: The suppliers that hold it, by rank.
    holders: Mapped[list["Holder"]] = relationship(
        back_populates="agreement", order_by="Holder.rank"
    )
    #: The members that may order.
    beneficiaries: Mapped[list["Beneficiary"]] = relationship(back_populates="agreement")
    #: The price list, in the order of the lot sheet.
    prices: Mapped[list["AgreementPrice"]] = relationship(
        back_populates="agreement", order_by="AgreementPrice.position"
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees the agreements that name it, or one merged into it, once notified."""
        if not actor.is_member_side:
            return true()
        own = is_own(Beneficiary.member_id, actor)
        return (cls.state != AgreementState.DRAFT) & cls.beneficiaries.any(own)

    @property
    def is_draft(self) -> bool:
        """Tell whether its terms may still change: frozen once notified."""
        return self.state is AgreementState.DRAFT

    @property
    def takes_quotas(self) -> bool:
        """Tell whether the quota of a beneficiary may still change."""
        return self.state is not AgreementState.CLOSED

    @property
    def can_close(self) -> bool:
        """Tell whether it may be closed: notified, and no order waits to be confirmed."""
        return self.can_move(AgreementState.CLOSED) and self.reserved == 0

    def standing(self, today: date) -> rules.Standing:
        """Say in one word where it is on ``today``."""
        return rules.standing(self.state, self.starts_on, self.ends_on, today)

    def is_in_force(self, today: date) -> bool:
        """Tell whether orders may be issued on ``today`` (R2162-5)."""
        return self.state is AgreementState.NOTIFIED and self.starts_on <= today <= self.ends_on


class Holder(Capped, Base):
    """A supplier holding the agreement: as many contracts as holders (CE 24 Nov 2023, 474108)."""

    __tablename__ = "holder"
    __table_args__ = (
        *_under_ceiling(),
        _kind_says(),
        UniqueConstraint("agreement_id", "rank"),
        UniqueConstraint("agreement_id", "supplier_id"),
        CheckConstraint("rank >= 1", name="rank"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    rank: Mapped[int]
    ceiling_kind: Mapped[CeilingKind] = mapped_column(word(CeilingKind), default=CeilingKind.NONE)

    #: The agreement.
    agreement: Mapped[Agreement] = relationship(back_populates="holders")
    #: The firm.
    supplier: Mapped[Supplier] = relationship()


class Beneficiary(Capped, Base):
    """A member named in the agreement: only these may order (R2162-6). Its ceiling is a quota."""

    __tablename__ = "beneficiary"
    __table_args__ = (
        *_under_ceiling(),
        _kind_says(),
        UniqueConstraint("agreement_id", "member_id"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    ceiling_kind: Mapped[CeilingKind] = mapped_column(word(CeilingKind), default=CeilingKind.NONE)

    #: The agreement.
    agreement: Mapped[Agreement] = relationship(back_populates="beneficiaries")
    #: The body that may order.
    member: Mapped[Member] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees its own rows of the agreements that it sees; the centrale all."""
        if not actor.is_member_side:
            return true()
        return is_own(cls.member_id, actor) & cls.agreement.has(Agreement.visible_to(actor))


class AgreementPrice(Base):
    """A line of the price list, in one version: unit price net of VAT from a day on."""

    __tablename__ = "agreement_price"
    __table_args__ = (
        UniqueConstraint("agreement_id", "lot_line_id", "price_version"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("price_version >= 1", name="price_version"),
        Index("ix_agreement_price_item", "item_id"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    lot_line_id: Mapped[int] = mapped_column(ForeignKey("lot_line.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    position: Mapped[int]
    price_version: Mapped[int] = mapped_column(default=1)
    valid_from: Mapped[date]
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)
    vat_rate: Mapped[Decimal] = mapped_column(Rate)

    #: The agreement.
    agreement: Mapped[Agreement] = relationship(back_populates="prices")
    #: Where the price was offered.
    lot_line: Mapped[LotLine] = relationship()
    #: What is priced.
    item: Mapped[Item] = relationship()
