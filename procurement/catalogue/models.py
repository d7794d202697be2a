"""Purchase families, the CPV vocabulary, and the items that members choose from."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Rate, UnitPrice, word


class Unit(StrEnum):
    """What a quantity counts."""

    PIECE = "piece"
    SET = "set"
    LICENCE = "licence"
    YEAR = "year"
    MONTH = "month"
    METRE = "metre"
    HOUR = "hour"
    DAY = "day"
    BOX = "box"
    PACK = "pack"


UNIT_LABELS = {
    Unit.PIECE: _("piece"),
    Unit.SET: _("set"),
    Unit.LICENCE: _("licence"),
    Unit.YEAR: _("yearly subscription"),
    Unit.MONTH: _("month"),
    Unit.METRE: _("metre"),
    Unit.HOUR: _("hour"),
    Unit.DAY: _("day"),
    Unit.BOX: _("box"),
    Unit.PACK: _("pack"),
}


class Trade(StrEnum):
    """Which kind of firm sells something: lots may be formed by it, so that each finds bidders."""

    DISTRIBUTOR = "distributor"
    PUBLISHER = "publisher"
    OPERATOR = "operator"
    INSTALLER = "installer"
    ADVISER = "adviser"


TRADE_LABELS = {
    Trade.DISTRIBUTOR: _("Distributors of equipment"),
    Trade.PUBLISHER: _("Publishers of software and content"),
    Trade.OPERATOR: _("Telecommunications operators"),
    Trade.INSTALLER: _("Installers and maintainers"),
    Trade.ADVISER: _("Advisers, auditors and trainers"),
}


class Cpv(Base):
    """A code of the Common Procurement Vocabulary (Regulation (EC) No 213/2008)."""

    __tablename__ = "cpv"

    code: Mapped[str] = mapped_column(String(10), unique=True)
    label_fr: Mapped[str] = mapped_column(String(250))
    trade: Mapped[Trade] = mapped_column(word(Trade), default=Trade.DISTRIBUTOR)


class Family(Base):
    """A purchase family: what needs are summed by to be valued (R2121-6)."""

    __tablename__ = "family"

    code: Mapped[str] = mapped_column(String(8), unique=True)
    label_fr: Mapped[str] = mapped_column(String(120))
    label_en: Mapped[str] = mapped_column(String(120))
    cpv_id: Mapped[int] = mapped_column(ForeignKey("cpv.id"))

    #: The CPV code of the whole family.
    cpv: Mapped[Cpv] = relationship()


class Item(Base):
    """Something a member may need, described without a brand."""

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("pack_size >= 1", name="pack_size"),
        CheckConstraint("indicative_price >= 0", name="indicative_price"),
        CheckConstraint("vat_rate >= 0", name="vat_rate"),
    )

    code: Mapped[str] = mapped_column(String(16), unique=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    cpv_id: Mapped[int] = mapped_column(ForeignKey("cpv.id"))
    designation: Mapped[str] = mapped_column(String(200))
    specification: Mapped[str] = mapped_column(String(1000))
    #: Designation, specification and code without accents, in lower case, for the search.
    search_text: Mapped[str] = mapped_column(String(1300))
    unit: Mapped[Unit] = mapped_column(word(Unit))
    pack_size: Mapped[int] = mapped_column(default=1)
    vat_rate: Mapped[Decimal] = mapped_column(Rate)
    indicative_price: Mapped[Decimal | None] = mapped_column(UnitPrice)
    priced_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}

    #: The purchase family.
    family: Mapped[Family] = relationship()
    #: The CPV code of the item itself.
    cpv: Mapped[Cpv] = relationship()

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Everyone who is signed in reads the whole catalogue."""
        return true()
