"""Bodies, their memberships, competences, delivery places and people."""

from datetime import date
from enum import StrEnum
from typing import Any, cast

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from procurement.kernel.access import Actor, Role
from procurement.kernel.database import Base, word
from procurement.members import rules


class MemberKind(StrEnum):
    """What sort of public body."""

    COMMUNE = "commune"
    INTERCOMMUNALITY = "intercommunality"
    DEPARTEMENT = "departement"


MEMBER_KIND_LABELS = {
    MemberKind.COMMUNE: _("Commune"),
    MemberKind.INTERCOMMUNALITY: _("Intercommunality"),
    MemberKind.DEPARTEMENT: _("Département"),
}


class Competence(StrEnum):
    """A power that a body may transfer to the syndicate, apart from its membership."""

    VIDEO_PROTECTION = "video_protection"
    DIGITAL_EDUCATION = "digital_education"
    TERRITORIAL_NETWORKS = "territorial_networks"
    TELECOMS = "telecoms"
    SMART_CITY = "smart_city"
    PURCHASING = "purchasing"


COMPETENCE_LABELS = {
    Competence.VIDEO_PROTECTION: _("Video protection"),
    Competence.DIGITAL_EDUCATION: _("Digital education"),
    Competence.TERRITORIAL_NETWORKS: _("Territorial networks"),
    Competence.TELECOMS: _("Telecoms"),
    Competence.SMART_CITY: _("Smart city"),
    Competence.PURCHASING: _("Purchasing"),
}


class SiteKind(StrEnum):
    """What sort of delivery place."""

    TOWN_HALL = "town_hall"
    SCHOOL = "school"
    COLLEGE = "college"
    OFFICE = "office"
    OTHER = "other"


SITE_KIND_LABELS = {
    SiteKind.TOWN_HALL: _("Town hall"),
    SiteKind.SCHOOL: _("School"),
    SiteKind.COLLEGE: _("Collège"),
    SiteKind.OFFICE: _("Office"),
    SiteKind.OTHER: _("Other place"),
}


class Member(Base):
    """A buying body. Its SIREN identifies it; a commune also has an INSEE code."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("kind <> 'commune' OR insee_code IS NOT NULL", name="commune_has_insee"),
        CheckConstraint("population >= 0", name="population"),
        CheckConstraint("departement IN ('78', '92')", name="departement"),
        CheckConstraint("(successor_id IS NULL) = (merged_on IS NULL)", name="merger"),
        CheckConstraint("successor_id <> id", name="successor"),
        # A new commune goes on under the code of the one where it has its seat.
        Index(
            "uq_member_insee_code",
            "insee_code",
            unique=True,
            sqlite_where=text("successor_id IS NULL"),
            postgresql_where=text("successor_id IS NULL"),
        ),
    )

    kind: Mapped[MemberKind] = mapped_column(word(MemberKind))
    siren: Mapped[str] = mapped_column(String(9), unique=True)
    #: One body that stands has a code; those that merged into it may have had the same.
    insee_code: Mapped[str | None] = mapped_column(String(5))
    name: Mapped[str] = mapped_column(String(120))
    #: The name without accents or capitals, compared byte by byte: one alphabet on both databases.
    sort_name: Mapped[str] = mapped_column(
        String(140).with_variant(String(140, collation="C"), "postgresql"), index=True
    )
    departement: Mapped[str] = mapped_column(String(3), index=True)
    postcode: Mapped[str | None] = mapped_column(String(5))
    population: Mapped[int]
    #: CA, CU, CC, EPT: the legal form of an intercommunality.
    form: Mapped[str | None] = mapped_column(String(8))
    intercommunality_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    #: The body that it became part of (articles L2113-1 to L2113-5 of the CGCT), and since when.
    #: Always the one that stands today: a later merger moves earlier ones along.
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    merged_on: Mapped[date | None]

    #: The intercommunality that the commune belongs to.
    intercommunality: Mapped["Member | None"] = relationship(
        remote_side="Member.id", foreign_keys=intercommunality_id
    )
    #: The body that took over its history.
    successor: Mapped["Member | None"] = relationship(
        remote_side="Member.id", foreign_keys=successor_id
    )
    #: Delivery places, in the order they were added.
    sites: Mapped[list["Site"]] = relationship(back_populates="member", order_by="Site.id")

    @validates("name")
    def _sort(self, _field: str, name: str) -> str:
        self.sort_name = rules.plain(name)
        return name

    def is_acted_for_by(self, actor: Actor) -> bool:
        """Tell whether the actor's body is this one, or the one that took its place."""
        return actor.member_id is not None and actor.member_id in (self.id, self.successor_id)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """A member's people see their own body and those merged into it, the centrale all."""
        if not actor.is_member_side:
            return true()
        return or_(cls.id == actor.member_id, cls.successor_id == actor.member_id)


def is_own(member_id: Any, actor: Actor) -> ColumnElement[bool]:
    """Condition of the rows of the actor's own body, or of one that merged into it."""
    bodies = select(Member.id).where(
        or_(Member.id == actor.member_id, Member.successor_id == actor.member_id)
    )
    return cast(ColumnElement[bool], member_id.in_(bodies))


def acts_for(member_id: Any, actor: Actor) -> ColumnElement[bool]:
    """Condition of the rows of the bodies that mandated the actor's own."""
    mandated = select(Mandate.member_id).where(
        Mandate.delegate_id == actor.member_id, Mandate.revoked_on.is_(None)
    )
    return cast(ColumnElement[bool], member_id.in_(mandated))


class Membership(Base):
    """The agreement that makes a body a member of the centrale, from a day on.

    Apart from :class:`CompetenceTransfer`: a body may have either, both or neither. The right to
    order comes from membership and from being named in an agreement (R2162-6), never from a
    transfer.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("left_on IS NULL OR left_on >= signed_on", name="period"),
        UniqueConstraint("member_id", "signed_on"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    signed_on: Mapped[date]
    terms_version: Mapped[str] = mapped_column(String(20))
    left_on: Mapped[date | None]


class CompetenceTransfer(Base):
    """A power that a body has transferred to the syndicate, from a day on."""

    __tablename__ = "competence_transfer"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="period"),
        UniqueConstraint("member_id", "competence", "from_on"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    competence: Mapped[Competence] = mapped_column(word(Competence))
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class Mandate(Base):
    """A body lets another, its intercommunality as a rule, declare its needs for it.

    In force until it is revoked; a body gives one at a time.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        CheckConstraint("member_id <> delegate_id", name="another"),
        CheckConstraint("revoked_on IS NULL OR revoked_on >= granted_on", name="period"),
        Index(
            "uq_mandate_in_force",
            "member_id",
            unique=True,
            sqlite_where=text("revoked_on IS NULL"),
            postgresql_where=text("revoked_on IS NULL"),
        ),
        Index("ix_mandate_delegate_id", "delegate_id", "revoked_on"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    delegate_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    granted_on: Mapped[date]
    revoked_on: Mapped[date | None]

    #: The body that is acted for.
    member: Mapped[Member] = relationship(foreign_keys=member_id)
    #: The body that acts.
    delegate: Mapped[Member] = relationship(foreign_keys=delegate_id)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Both bodies see it, and the centrale."""
        if not actor.is_member_side:
            return true()
        return or_(cls.member_id == actor.member_id, cls.delegate_id == actor.member_id)


class CentralBody(Base):
    """The centrale itself as it stood from a day on: what documents print is dated too."""

    __tablename__ = "central_body"

    valid_from: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(120))
    siret: Mapped[str | None] = mapped_column(String(14))
    address: Mapped[str | None] = mapped_column(String(300))
    #: A PNG or a JPEG; None prints the name alone. Read only when it is asked for: every page
    #: shows the name, and only papers show the picture.
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class Site(Base):
    """A place where a member has things delivered. A collège belongs to its département."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("member_id", "name"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[SiteKind] = mapped_column(word(SiteKind))
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str | None] = mapped_column(String(200))
    postcode: Mapped[str | None] = mapped_column(String(5))
    city: Mapped[str] = mapped_column(String(120))

    #: The body that the place belongs to.
    member: Mapped[Member] = relationship(back_populates="sites")

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """As for the member."""
        return cls.member_id == actor.member_id if actor.is_member_side else true()


class Person(Base):
    """A human with a sign-in and one role; on the member side, of one member."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(
            "(role IN ('requester', 'approver')) = (member_id IS NOT NULL)",
            name="member_side_has_member",
        ),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(word(Role))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    #: The member for which the person acts.
    member: Mapped[Member | None] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Only administrators keep people, and the access table says so; a member sees its own."""
        return cls.member_id == actor.member_id if actor.is_member_side else true()
