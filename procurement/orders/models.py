"""Orders under an agreement, their frozen lines, and the ledger of what they take from ceilings."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.agreements.models import Agreement, AgreementPrice, Holder
from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Amount, Base, Instant, Quantity, Rate, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.members.models import Member, Person, Site, is_own
from procurement.needs.models import NeedLine


class OrderState(StrEnum):
    """Where an order is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


ORDER_STATE_LABELS = {
    OrderState.DRAFT: _("Draft"),
    OrderState.SUBMITTED: _("To confirm"),
    OrderState.CONFIRMED: _("Confirmed"),
    OrderState.REFUSED: _("Refused"),
    OrderState.CANCELLED: _("Cancelled"),
}


#: The acts in the journal, as the history of an order tells them.
ACT_LABELS = {
    "orders.place": _("Written"),
    "orders.change": _("Changed"),
    "orders.submit": lazy_pgettext("order", "Submitted"),
    "orders.confirm": _("Confirmed"),
    "orders.refuse": _("Refused"),
    "orders.withdraw": _("Withdrawn"),
    "orders.cancel": _("Cancelled"),
}


class Order(Stateful, Base):
    """The call-off: a written order to the holder, with items and quantities (R2162-13)."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        ForeignKeyConstraint(
            ["agreement_id", "member_id"],
            ["beneficiary.agreement_id", "beneficiary.member_id"],
            # Only a named beneficiary orders: the database says so too.
            name="fk_purchase_order_beneficiary",
        ),
        UniqueConstraint("id", "agreement_id", "member_id", name="uq_purchase_order_line_key"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="number"),
        CheckConstraint("(state = 'draft') = (submitted_on IS NULL)", name="submitted_on"),
        CheckConstraint("(state = 'draft') = (check_figure IS NULL)", name="check_figure"),
        CheckConstraint("state <> 'refused' OR reason IS NOT NULL", name="reason"),
        CheckConstraint("state <> 'confirmed' OR confirmed_on IS NOT NULL", name="confirmed_on"),
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="four_eyes"),
        Index("ix_purchase_order_agreement", "agreement_id", "state"),
        Index("ix_purchase_order_member", "member_id", "state"),
    )
    moves = {
        OrderState.DRAFT: {OrderState.SUBMITTED},
        OrderState.SUBMITTED: {OrderState.CONFIRMED, OrderState.REFUSED, OrderState.CANCELLED},
        OrderState.CONFIRMED: {OrderState.CANCELLED},
        OrderState.REFUSED: set(),
        OrderState.CANCELLED: set(),
    }

    #: Given at submission: the year and a rank in it, such as 2026-00042.
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    #: Who last wrote or submitted it; whoever confirms must be somebody else.
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[OrderState] = mapped_column(word(OrderState), default=OrderState.DRAFT)
    created_on: Mapped[date]
    submitted_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    #: What the invoice will have to quote (D2192-2).
    commitment_number: Mapped[str | None] = mapped_column(String(50))
    service_code: Mapped[str | None] = mapped_column(String(100))
    #: Why it was refused or cancelled.
    reason: Mapped[str | None] = mapped_column(String(1000))
    #: Net of VAT, the sum of the lines; 0 while a draft has none.
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    #: Hash of the order and its lines as submitted; the verification recomputes it.
    check_figure: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The agreement whose terms apply.
    agreement: Mapped[Agreement] = relationship()
    #: Who delivers.
    holder: Mapped[Holder] = relationship()
    #: Who orders and pays.
    member: Mapped[Member] = relationship()
    #: Where it is to be delivered.
    site: Mapped[Site] = relationship()
    #: Who wrote it last.
    author: Mapped[Person] = relationship(foreign_keys=author_id)
    #: Who confirmed or refused it.
    approver: Mapped[Person | None] = relationship(foreign_keys=approver_id)
    #: What is ordered, in the order of the price list.
    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by="OrderLine.position"
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees its own and its predecessors'; the centrale what has been submitted."""
        if actor.is_member_side:
            return is_own(cls.member_id, actor)
        return cls.state != OrderState.DRAFT

    @property
    def is_editable(self) -> bool:
        """Tell whether lines may still change: frozen once submitted."""
        return self.state is OrderState.DRAFT

    def can_confirm(self, actor: Actor) -> bool:
        """Tell whether ``actor`` may confirm or refuse it: submitted, by somebody else."""
        is_other = self.member.is_acted_for_by(actor) and actor.person_id != self.author_id
        return self.state is OrderState.SUBMITTED and is_other

    def is_of(self, actor: Actor) -> bool:
        """Tell whether the actor writes for the body that orders; its successor only decides."""
        return actor.member_id == self.member_id

    @property
    def can_withdraw(self) -> bool:
        """Tell whether the member may take it back before it is confirmed."""
        return self.state is OrderState.SUBMITTED

    @property
    def can_cancel(self) -> bool:
        """Tell whether a confirmed order may be undone."""
        return self.state is OrderState.CONFIRMED

    @property
    def is_printable(self) -> bool:
        """Tell whether the paper may go to the holder: only a confirmed order is one."""
        return self.state is OrderState.CONFIRMED


class OrderLine(Base):
    """One item ordered. What stands here is frozen at submission and moves with no price."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "price_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_price >= 0 AND amount >= 0", name="price"),
        CheckConstraint(
            "(reference_price IS NULL) = (reference_line_id IS NULL)"
            " AND (reference_price IS NULL) = (reference_amount IS NULL)",
            name="reference",
        ),
        # Savings are summed over this index alone.
        Index("ix_order_line_saving", "order_id", "amount", "reference_amount"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    price_id: Mapped[int] = mapped_column(ForeignKey("agreement_price.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    position: Mapped[int]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)
    vat_rate: Mapped[Decimal] = mapped_column(Rate)
    amount: Mapped[Decimal] = mapped_column(Amount)
    #: What the member paid before: the price declared on its own need line, or unknown.
    reference_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    reference_amount: Mapped[Decimal | None] = mapped_column(Amount)
    reference_line_id: Mapped[int | None] = mapped_column(ForeignKey("need_line.id"), index=True)

    #: The order.
    order: Mapped[Order] = relationship(back_populates="lines")
    #: The line of the price list.
    price: Mapped[AgreementPrice] = relationship()
    #: What is ordered.
    item: Mapped[Item] = relationship()
    #: The need line whose declared price is the reference: the proof.
    reference_line: Mapped[NeedLine | None] = relationship()


class EntryKind(StrEnum):
    """What an entry does to the balances of the levels."""

    RESERVE = "reserve"
    CONFIRM = "confirm"
    RELEASE = "release"
    CANCEL = "cancel"


class LedgerEntry(Base):
    """One movement of an order on the ceilings, never changed and never deleted.

    *Reserve* adds to reserved; *confirm* moves reserved to consumed; *release* takes from
    reserved (refusal); *cancel* takes from consumed. The balances are the sum of these.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("order_id", "kind"),
        # An order of gifts alone takes nothing, and its entries say so.
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_ledger_entry_balance", "agreement_id", "kind", "amount"),
    )

    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[EntryKind] = mapped_column(word(EntryKind))
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    beneficiary_id: Mapped[int] = mapped_column(ForeignKey("beneficiary.id"))
    amount: Mapped[Decimal] = mapped_column(Amount)


class OrderSeries(Base):
    """The last number given in a year. Taking the next one is a guarded update of this row."""

    __tablename__ = "order_series"

    year: Mapped[int] = mapped_column(unique=True)
    last: Mapped[int] = mapped_column(default=0)
