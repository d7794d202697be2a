"""What each member declares: its need in a campaign, and the lines of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Instant, Quantity, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.members.models import Member, Person, Site, acts_for, is_own
from procurement.needs.models.campaigns import Campaign, Strength


class NeedState(StrEnum):
    """Where a member's answer is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VALIDATED = "validated"
    RETURNED = "returned"


NEED_STATE_LABELS = {
    NeedState.DRAFT: _("Draft"),
    NeedState.SUBMITTED: _("Submitted"),
    NeedState.VALIDATED: _("Validated"),
    NeedState.RETURNED: _("Returned"),
}


class Entry(StrEnum):
    """Who enters a need: the member itself, a body that it mandated, or the centrale."""

    OWN = "own"
    DELEGATE = "delegate"
    CENTRALE = "centrale"


ENTRY_LABELS = {
    Entry.OWN: _("By the member itself"),
    Entry.DELEGATE: _("By a body that it mandated"),
    Entry.CENTRALE: _("By the centrale, from a document"),
}


class Basis(StrEnum):
    """What a declared quantity is for: the whole period of the contract, or each year of it."""

    PERIOD = "period"
    YEAR = "year"


BASIS_LABELS = {
    Basis.PERIOD: _("for the whole period"),
    Basis.YEAR: _("each year"),
}


class Need(Stateful, Base):
    """The answer of one member to one campaign: lines, or nothing needed."""

    __tablename__ = "need"
    __table_args__ = (
        UniqueConstraint("campaign_id", "member_id"),
        # What the lines carry along is tied to their need by this key.
        UniqueConstraint("id", "campaign_id", "member_id", name="uq_need_line_key"),
        CheckConstraint("state <> 'returned' OR return_reason IS NOT NULL", name="reason"),
        CheckConstraint(
            "state NOT IN ('validated', 'returned') OR approver_id IS NOT NULL", name="approver"
        ),
        # Whoever sent it back may be who writes in it next: a member takes over what it objects to.
        CheckConstraint(
            "approver_id IS NULL OR approver_id <> author_id OR state = 'returned'",
            name="four_eyes",
        ),
        CheckConstraint("state <> 'validated' OR check_figure IS NOT NULL", name="check_figure"),
        CheckConstraint("(objection IS NULL) = (objector_id IS NULL)", name="objector"),
    )
    moves = {
        NeedState.DRAFT: {NeedState.SUBMITTED},
        NeedState.SUBMITTED: {NeedState.VALIDATED, NeedState.RETURNED},
        NeedState.RETURNED: {NeedState.SUBMITTED},
        NeedState.VALIDATED: {NeedState.RETURNED},
    }

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    #: Who last wrote or submitted it; whoever validates must be somebody else.
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[NeedState] = mapped_column(word(NeedState), default=NeedState.DRAFT)
    #: True when the member answers that it needs nothing.
    is_nil: Mapped[bool] = mapped_column(default=False)
    return_reason: Mapped[str | None] = mapped_column(String(1000))
    #: Hash of the lines as they were validated; the verification recomputes it.
    check_figure: Mapped[str | None] = mapped_column(String(64))
    entry: Mapped[Entry] = mapped_column(word(Entry), default=Entry.OWN)
    #: What the member says against a need that somebody else entered for it.
    objection: Mapped[str | None] = mapped_column(String(1000))
    objector_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    #: How many times it was submitted.
    submissions: Mapped[int] = mapped_column(default=0)
    #: When somebody last wrote in it; each act on its lines moves the version through this.
    touched_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The round that it answers.
    campaign: Mapped[Campaign] = relationship()
    #: The body that answers.
    member: Mapped[Member] = relationship()
    #: The person who wrote it.
    author: Mapped[Person] = relationship(foreign_keys=author_id)
    #: The person who validated or returned it.
    approver: Mapped[Person | None] = relationship(foreign_keys=approver_id)
    #: The person who objected to it.
    objector: Mapped[Person | None] = relationship(foreign_keys=objector_id)
    #: What is needed, in the order it was typed.
    lines: Mapped[list["NeedLine"]] = relationship(
        back_populates="need", cascade="all, delete-orphan", order_by="NeedLine.id"
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees its own and those of the bodies it acts for.

        The centrale sees what has been submitted at least once, and what it enters itself.
        """
        if actor.is_member_side:
            return or_(is_own(cls.member_id, actor), acts_for(cls.member_id, actor))
        return or_(cls.state != NeedState.DRAFT, cls.entry == Entry.CENTRALE)

    @property
    def is_editable(self) -> bool:
        """Tell whether lines may still change: frozen once submitted."""
        return self.state in (NeedState.DRAFT, NeedState.RETURNED)

    def takes_lines(self, today: date) -> bool:
        """Tell whether lines may still change on ``today``: neither submitted nor too late."""
        return self.is_editable and self.campaign.takes_answers(today)

    def can_return(self, today: date) -> bool:
        """Tell whether it may go back to its author, who must still be able to correct it."""
        return self.can_move(NeedState.RETURNED) and self.campaign.takes_answers(today)


class NeedLine(Base):
    """How much of one item a member needs at one site, and what it pays for it today.

    A free line has the member's own words, unit and price, which stay for ever, and no item until
    the buyer harmonises it; only then can it be pooled.

    Campaign, member and département stand on the line as they were at submission, and what it is
    pooled as beside them, so that pooling is one pass over one covering index; the composite key
    ties the first two to the need.
    """

    __tablename__ = "need_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["need_id", "campaign_id", "member_id"],
            ["need.id", "need.campaign_id", "need.member_id"],
            name="fk_need_line_need",
        ),
        # Two free lines may turn out to be the same item: each keeps the words that it has.
        Index(
            "uq_need_line_item_site",
            "need_id",
            "item_id",
            "site_id",
            unique=True,
            sqlite_where=text("words IS NULL"),
            postgresql_where=text("words IS NULL"),
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("declared_quantity > 0", name="declared_quantity"),
        CheckConstraint("item_id IS NOT NULL OR words IS NOT NULL", name="item_or_words"),
        CheckConstraint("(words IS NULL) = (own_unit IS NULL)", name="own_unit"),
        CheckConstraint("words IS NOT NULL OR own_price IS NULL", name="own_price"),
        CheckConstraint(
            "(units_each IS NOT NULL) = (words IS NOT NULL AND item_id IS NOT NULL)",
            name="units_each",
        ),
        CheckConstraint("units_each > 0", name="units_each_positive"),
        CheckConstraint("paid_price >= 0", name="paid_price"),
        CheckConstraint("(paid_price IS NULL) = (paid_since IS NULL)", name="paid_since"),
        CheckConstraint("is_pooled = (pool_item_id IS NOT NULL)", name="pool_item"),
        CheckConstraint("is_pooled = (pool_quantity IS NOT NULL)", name="pool_quantity"),
        CheckConstraint(
            "NOT is_pooled OR (is_validated AND item_id IS NOT NULL AND pool_quantity > 0)",
            name="pooled_when_validated",
        ),
        CheckConstraint(
            "allotted >= 0 AND allotted <= coalesce(pool_quantity, 0)", name="allotted"
        ),
        Index(
            "ix_need_line_pool",
            "campaign_id",
            "is_pooled",
            "pool_item_id",
            "departement",
            "strength",
            "member_id",
            "pool_quantity",
            "allotted",
        ),
        # What waits to be harmonised is found among a million lines.
        Index(
            "ix_need_line_free",
            "campaign_id",
            sqlite_where=text("item_id IS NULL"),
            postgresql_where=text("item_id IS NULL"),
        ),
    )

    need_id: Mapped[int] = mapped_column(index=True)
    campaign_id: Mapped[int]
    member_id: Mapped[int] = mapped_column(index=True)
    departement: Mapped[str] = mapped_column(String(3))
    #: None while a free line waits to be harmonised.
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    #: As the member typed it, and what it is for.
    declared_quantity: Mapped[Decimal] = mapped_column(Quantity)
    basis: Mapped[Basis] = mapped_column(word(Basis), default=Basis.PERIOD)
    #: For the whole period of the contract, in units of the item (in the member's own unit while
    #: a free line has no item).
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    strength: Mapped[Strength] = mapped_column(word(Strength), default=Strength.INDICATIVE)
    wanted_on: Mapped[date | None]
    #: Unit price net of VAT that the member pays today, and since when: the proof of a saving.
    paid_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    paid_since: Mapped[date | None]
    #: The file that proves that price.
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    remark: Mapped[str | None] = mapped_column(String(500))
    #: What a free line asks for, in the member's own words and unit, at the price it pays for one.
    words: Mapped[str | None] = mapped_column(String(300))
    own_unit: Mapped[str | None] = mapped_column(String(40))
    own_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    #: How many units of the item one of the member's own units holds.
    units_each: Mapped[Decimal | None] = mapped_column(Quantity)
    is_validated: Mapped[bool] = mapped_column(default=False)
    #: Whether lots may take it: validated, harmonised and not left out.
    is_pooled: Mapped[bool] = mapped_column(default=False)
    #: As what it is pooled, and how much of that it makes: another item where the buyer merged two.
    pool_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    pool_quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    #: Sum of what lots take of this line, in units of the pooled item, kept by the act that allots.
    allotted: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    #: Whether a lot that was tendered in vain gave it back: the record of that tender names it.
    was_tendered: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: The answer that the line belongs to.
    need: Mapped[Need] = relationship(back_populates="lines")
    #: What is needed, once it is known.
    item: Mapped[Item | None] = relationship(foreign_keys=item_id)
    #: As what it is pooled.
    pool_item: Mapped[Item | None] = relationship(foreign_keys=pool_item_id)
    #: Where it is to be delivered.
    site: Mapped[Site] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """As for the need; the centrale sees the lines of what was submitted."""
        if actor.is_member_side:
            return or_(is_own(cls.member_id, actor), acts_for(cls.member_id, actor))
        return cls.need.has(Need.visible_to(actor))
