"""Files that belong to a campaign or to a need, and workbooks that were sent in."""

from datetime import datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.access import Actor, Permission
from procurement.kernel.database import Base, Instant, word
from procurement.members.models import Person
from procurement.needs.models.campaigns import Campaign
from procurement.needs.models.declarations import Need


class Purpose(StrEnum):
    """What a document is there for."""

    INSTRUCTIONS = "instructions"
    EVIDENCE = "evidence"
    SOURCE = "source"


PURPOSE_LABELS = {
    Purpose.INSTRUCTIONS: _("Instructions to members"),
    Purpose.EVIDENCE: _("Evidence of a price"),
    Purpose.SOURCE: _("Source document"),
}


class Document(Base):
    """A file of a campaign or of a need. Its content is kept once, under its hash."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint("(campaign_id IS NULL) <> (need_id IS NULL)", name="one_owner"),
        CheckConstraint(
            "(purpose = 'instructions') = (campaign_id IS NOT NULL)", name="instructions"
        ),
        CheckConstraint("size > 0", name="size"),
    )

    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(word(Purpose))
    #: SHA-256 of the content, which names its place in the store.
    digest: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))
    #: Bytes.
    size: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(Instant)

    #: Who sent it.
    person: Mapped[Person] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Whoever sees the campaign, or reads the need, sees its documents."""
        of_campaigns = cls.campaign_id.in_(select(Campaign.id).where(Campaign.visible_to(actor)))
        if not actor.may(Permission.NEED_READ):
            return of_campaigns
        return or_(of_campaigns, cls.need_id.in_(select(Need.id).where(Need.visible_to(actor))))


class Upload(Base):
    """A workbook of needs that somebody sent in: read first, then applied as a whole or never."""

    __tablename__ = "upload"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    #: The body of whoever sent it; None for the centrale.
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    digest: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Instant)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Once applied, how many lines were new, changed, removed, unchanged and refused, as JSON.
    outcome: Mapped[str | None] = mapped_column(Text)

    #: The round that it answers.
    campaign: Mapped[Campaign] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member's people see what their body sent, the centrale what it sent itself."""
        if actor.is_member_side:
            return cls.member_id == actor.member_id
        return cls.member_id.is_(None)
