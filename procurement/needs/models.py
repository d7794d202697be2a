"""Campaigns, each member's need in one, and its lines."""

from datetime import date
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
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Quantity, UnitPrice, word
from procurement.kernel.states import Stateful
from procurement.members.models import Member, Person, Site


class CampaignState(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


CAMPAIGN_STATE_LABELS = {
    CampaignState.DRAFT: _("Draft"),
    CampaignState.OPEN: _("Open"),
    CampaignState.CLOSED: _("Closed"),
}


class Campaign(Stateful, Base):
    """A dated round of the survey of needs."""

    __tablename__ = "campaign"
    __table_args__ = (CheckConstraint("closes_on >= opens_on", name="period"),)
    moves = {
        CampaignState.DRAFT: {CampaignState.OPEN},
        CampaignState.OPEN: {CampaignState.CLOSED},
        CampaignState.CLOSED: set(),
    }

    title: Mapped[str] = mapped_column(String(160), unique=True)
    instructions: Mapped[str | None] = mapped_column(String(4000))
    opens_on: Mapped[date]
    #: The last day on which members may answer.
    closes_on: Mapped[date]
    state: Mapped[CampaignState] = mapped_column(word(CampaignState), default=CampaignState.DRAFT)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Members see campaigns once they are open."""
        return cls.state != CampaignState.DRAFT if actor.is_member_side else true()

    def takes_answers(self, today: date) -> bool:
        """Tell whether members may still answer on ``today``."""
        return self.state is CampaignState.OPEN and self.opens_on <= today <= self.closes_on


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
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="four_eyes"),
        CheckConstraint("state <> 'validated' OR check_figure IS NOT NULL", name="check_figure"),
    )
    moves = {
        NeedState.DRAFT: {NeedState.SUBMITTED},
        NeedState.SUBMITTED: {NeedState.VALIDATED, NeedState.RETURNED},
        NeedState.RETURNED: {NeedState.SUBMITTED},
        NeedState.VALIDATED: set(),
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
    #: What is needed, in the order it was typed.
    lines: Mapped[list["NeedLine"]] = relationship(
        back_populates="need", cascade="all, delete-orphan", order_by="NeedLine.id"
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member sees its own; the centrale sees what has been submitted at least once."""
        if actor.is_member_side:
            return cls.member_id == actor.member_id
        return cls.state != NeedState.DRAFT

    @property
    def is_editable(self) -> bool:
        """Tell whether lines may still change: frozen once submitted."""
        return self.state in (NeedState.DRAFT, NeedState.RETURNED)

    def takes_lines(self, today: date) -> bool:
        """Tell whether lines may still change on ``today``: neither submitted nor too late."""
        return self.is_editable and self.campaign.takes_answers(today)

    def can_return(self, today: date) -> bool:
        """Tell whether it may go back to its author, who must still be able to correct it."""
        return self.state is NeedState.SUBMITTED and self.campaign.takes_answers(today)


class NeedLine(Base):
    """How much of one item a member needs at one site, and what it pays for it today.

    Campaign, member and département stand on the line as they were at submission, so that pooling
    is one pass over one covering index; the composite key ties the first two to the need.
    """

    __tablename__ = "need_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["need_id", "campaign_id", "member_id"],
            ["need.id", "need.campaign_id", "need.member_id"],
            name="fk_need_line_need",
        ),
        UniqueConstraint("need_id", "item_id", "site_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("paid_price >= 0", name="paid_price"),
        CheckConstraint("(paid_price IS NULL) = (paid_since IS NULL)", name="paid_since"),
        CheckConstraint("allotted >= 0 AND allotted <= quantity", name="allotted"),
        CheckConstraint("is_validated OR allotted = 0", name="allotted_when_validated"),
        Index(
            "ix_need_line_pool",
            "campaign_id",
            "is_validated",
            "item_id",
            "departement",
            "member_id",
            "quantity",
            "allotted",
        ),
    )

    need_id: Mapped[int]
    campaign_id: Mapped[int]
    member_id: Mapped[int] = mapped_column(index=True)
    departement: Mapped[str] = mapped_column(String(3))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    wanted_on: Mapped[date | None]
    #: Unit price net of VAT that the member pays today, and since when: the proof of a saving.
    paid_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    paid_since: Mapped[date | None]
    is_validated: Mapped[bool] = mapped_column(default=False)
    #: Sum of the allocations of this line, kept by the act that makes them.
    allotted: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))

    #: The answer that the line belongs to.
    need: Mapped[Need] = relationship(back_populates="lines")
    #: What is needed.
    item: Mapped[Item] = relationship()
    #: Where it is to be delivered.
    site: Mapped[Site] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """As for the need; the centrale sees the lines of what was submitted."""
        if actor.is_member_side:
            return cls.member_id == actor.member_id
        return cls.need.has(Need.visible_to(actor))
