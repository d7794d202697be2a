"""Campaigns: when, about what, who is asked, and who was reminded."""

from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.catalogue.models import Family
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, word
from procurement.kernel.states import Stateful
from procurement.members.models import Competence, Member


class CampaignState(StrEnum):
    """Where a campaign is."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    POOLED = "pooled"
    ARCHIVED = "archived"


CAMPAIGN_STATE_LABELS = {
    CampaignState.DRAFT: _("Draft"),
    CampaignState.OPEN: _("Open"),
    CampaignState.CLOSED: _("Closed"),
    CampaignState.POOLED: _("Pooled"),
    CampaignState.ARCHIVED: _("Archived"),
}


class Strength(StrEnum):
    """How much a declared quantity binds: an estimate, or a promise to order."""

    INDICATIVE = "indicative"
    FIRM = "firm"


STRENGTH_LABELS = {
    Strength.INDICATIVE: _("Indicative"),
    Strength.FIRM: _("Firm"),
}


class Invitation(StrEnum):
    """Which members a campaign asks."""

    ALL = "all"
    DEPARTEMENT = "departement"
    COMPETENCE = "competence"
    LIST = "list"


INVITATION_LABELS = {
    Invitation.ALL: _("Every member"),
    Invitation.DEPARTEMENT: _("The members of one département"),
    Invitation.COMPETENCE: _("The members that transferred one competence"),
    Invitation.LIST: _("A list of members"),
}


class Campaign(Stateful, Base):
    """A dated round of the survey of needs."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("closes_on >= opens_on", name="period"),
        CheckConstraint("contract_months BETWEEN 1 AND 120", name="contract_months"),
        CheckConstraint(
            "(invitation = 'departement') = (invited_departement IS NOT NULL)",
            name="invited_departement",
        ),
        CheckConstraint(
            "(invitation = 'competence') = (invited_competence IS NOT NULL)",
            name="invited_competence",
        ),
    )
    # A campaign that fails is archived with what was entered; one that was closed too early opens
    # again, and one that was declared pooled too early goes on.
    moves = {
        CampaignState.DRAFT: {CampaignState.OPEN},
        CampaignState.OPEN: {CampaignState.CLOSED},
        CampaignState.CLOSED: {CampaignState.OPEN, CampaignState.POOLED, CampaignState.ARCHIVED},
        CampaignState.POOLED: {CampaignState.CLOSED, CampaignState.ARCHIVED},
        CampaignState.ARCHIVED: set(),
    }

    title: Mapped[str] = mapped_column(String(160), unique=True)
    instructions: Mapped[str | None] = mapped_column(String(4000))
    opens_on: Mapped[date]
    #: The last day on which members may answer.
    closes_on: Mapped[date]
    state: Mapped[CampaignState] = mapped_column(word(CampaignState), default=CampaignState.DRAFT)
    #: The period that the contract will cover: what a yearly quantity is multiplied by.
    contract_months: Mapped[int] = mapped_column(default=48)
    #: Its first day, when it is known.
    contract_starts_on: Mapped[date | None]
    commitment: Mapped[Strength] = mapped_column(word(Strength), default=Strength.INDICATIVE)
    invitation: Mapped[Invitation] = mapped_column(word(Invitation), default=Invitation.ALL)
    invited_departement: Mapped[str | None] = mapped_column(String(3))
    invited_competence: Mapped[Competence | None] = mapped_column(word(Competence))
    #: True when it is about the whole catalogue; otherwise about its listed families alone.
    every_family: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    #: What it is about, unless it is about every family.
    families: Mapped[list[Family]] = relationship(
        secondary="campaign_family", order_by=Family.id, viewonly=True
    )

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Members see campaigns once they are open."""
        return cls.state != CampaignState.DRAFT if actor.is_member_side else true()

    def takes_answers(self, today: date) -> bool:
        """Tell whether members may still answer on ``today``."""
        return self.state is CampaignState.OPEN and self.opens_on <= today <= self.closes_on

    def membership_day(self, today: date) -> date:
        """The day whose memberships decide who is asked: ``today``, within the campaign's days."""
        return min(max(today, self.opens_on), self.closes_on)


class CampaignFamily(Base):
    """A purchase family that a campaign is about, and for which of the members that it asks."""

    __tablename__ = "campaign_family"
    __table_args__ = (UniqueConstraint("campaign_id", "family_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    #: Only for those that transferred it; None for all of them.
    competence: Mapped[Competence | None] = mapped_column(word(Competence))


class CampaignGuest(Base):
    """A member that a campaign asks by name."""

    __tablename__ = "campaign_guest"
    __table_args__ = (UniqueConstraint("campaign_id", "member_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)


class Exemption(Base):
    """An invited member that the buyer declared not concerned, with the reason."""

    __tablename__ = "exemption"
    __table_args__ = (UniqueConstraint("campaign_id", "member_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))

    #: The member.
    member: Mapped[Member] = relationship()


class Occasion(StrEnum):
    """Why a member was reminded: seven days before the end, two days before, or by the buyer."""

    WEEK = "week"
    EVE = "eve"
    BY_HAND = "by_hand"


class Reminder(Base):
    """A member was reminded of a campaign: once for an occasion and the day that it is about.

    The day is the closing day for what goes by itself, so that an extended campaign reminds again,
    and the day of the act for what the buyer sends.
    """

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("campaign_id", "member_id", "occasion", "about_on"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    occasion: Mapped[Occasion] = mapped_column(word(Occasion))
    about_on: Mapped[date]
    sent_on: Mapped[date]
