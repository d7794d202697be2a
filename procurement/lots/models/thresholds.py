"""What the law sets and changes: thresholds and duties, each with the days on which it holds."""

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, String, UniqueConstraint, event, insert, true
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from procurement.kernel.access import Actor
from procurement.kernel.database import Amount, Base, Rate, word
from procurement.lots.rules.law import LegalRule, Nature

LEGAL_RULE_LABELS = {
    LegalRule.DISPENSE: _("Below: without publicity or competition"),
    LegalRule.PUBLICITY: _("From: notice in the BOAMP or a legal journal"),
    LegalRule.FORMAL: _("From: formal procedure"),
    LegalRule.SMALL_LOT: _("Below: a small lot of a formal procedure may be adapted"),
    LegalRule.SMALL_LOT_SHARE: _("At most: the small lots together, of all the lots"),
    LegalRule.TURNOVER: _("At most: the yearly turnover that may be asked, of the value"),
    LegalRule.ENVIRONMENT: _("From this day: environmental clause and criterion"),
    LegalRule.SOCIAL: _("From this day: social clause in formal procedures"),
}


class Threshold(Base):
    """What the law says from a day on: an amount before VAT, a percentage, or a new duty."""

    __tablename__ = "threshold"
    __table_args__ = (
        UniqueConstraint("rule", "nature", "valid_from"),
        CheckConstraint("valid_until >= valid_from", name="period"),
        CheckConstraint("amount IS NULL OR percent IS NULL", name="one_value"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("percent > 0", name="percent"),
    )

    rule: Mapped[LegalRule] = mapped_column(word(LegalRule))
    nature: Mapped[Nature] = mapped_column(word(Nature))
    valid_from: Mapped[date]
    #: The last day for which it is known; None when no end is foreseen.
    valid_until: Mapped[date | None]
    amount: Mapped[Decimal | None] = mapped_column(Amount)
    percent: Mapped[Decimal | None] = mapped_column(Rate)
    #: The article, and the text that set the value.
    article: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(200))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """The law is no secret; the pages say who may open them."""
        return true()


#: Rule, nature, from, until, amount, percent, article, the text that set it. Local authorities.
_Known = tuple[LegalRule, Nature, date, date | None, int | None, int | None, str, str]
_S, _W = Nature.SUPPLIES, Nature.WORKS
_2024, _2026, _APRIL = date(2024, 1, 1), date(2026, 1, 1), date(2026, 4, 1)
_AUGUST = date(2026, 8, 22)
_NOTICE_2024 = "Avis relatif aux seuils de procédure, 2024-2025"
_NOTICE_2026 = "Avis relatif aux seuils de procédure, 2026-2027"
_CLIMATE = "Loi n° 2021-1104 du 22 août 2021, art. 35"
_DECREE = "Décret n° 2025-1386 du 29 décembre 2025"
_CODE = "Code de la commande publique"
_KNOWN: tuple[_Known, ...] = (
    (LegalRule.DISPENSE, _S, _2024, date(2026, 3, 31), 40_000, None, "R2122-8", _CODE),
    (LegalRule.DISPENSE, _S, _APRIL, None, 60_000, None, "R2122-8", _DECREE),
    (LegalRule.DISPENSE, _W, _2024, None, 100_000, None, "R2122-8", _CODE),
    (LegalRule.PUBLICITY, _S, _2024, None, 90_000, None, "R2131-12", _CODE),
    (LegalRule.PUBLICITY, _W, _2024, None, 90_000, None, "R2131-12", _CODE),
    (LegalRule.FORMAL, _S, _2024, date(2025, 12, 31), 221_000, None, "R2124-1", _NOTICE_2024),
    (LegalRule.FORMAL, _S, _2026, date(2027, 12, 31), 216_000, None, "R2124-1", _NOTICE_2026),
    (LegalRule.FORMAL, _W, _2024, date(2025, 12, 31), 5_538_000, None, "R2124-1", _NOTICE_2024),
    (LegalRule.FORMAL, _W, _2026, date(2027, 12, 31), 5_404_000, None, "R2124-1", _NOTICE_2026),
    (LegalRule.SMALL_LOT, _S, _2024, None, 80_000, None, "R2123-1 2°", _CODE),
    (LegalRule.SMALL_LOT, _W, _2024, None, 1_000_000, None, "R2123-1 2°", _CODE),
    (LegalRule.SMALL_LOT_SHARE, _S, _2024, None, None, 20, "R2123-1 2°", _CODE),
    (LegalRule.SMALL_LOT_SHARE, _W, _2024, None, None, 20, "R2123-1 2°", _CODE),
    (LegalRule.TURNOVER, _S, _2024, date(2025, 12, 31), None, 200, "R2142-7", _CODE),
    (LegalRule.TURNOVER, _S, _2026, None, None, 150, "R2142-7", _DECREE),
    (LegalRule.TURNOVER, _W, _2024, date(2025, 12, 31), None, 200, "R2142-7", _CODE),
    (LegalRule.TURNOVER, _W, _2026, None, None, 150, "R2142-7", _DECREE),
    (LegalRule.ENVIRONMENT, _S, _AUGUST, None, None, None, "L2112-2, L2152-7", _CLIMATE),
    (LegalRule.ENVIRONMENT, _W, _AUGUST, None, None, None, "L2112-2, L2152-7", _CLIMATE),
    (LegalRule.SOCIAL, _S, _AUGUST, None, None, None, "L2112-2-1", _CLIMATE),
    (LegalRule.SOCIAL, _W, _AUGUST, None, None, None, "L2112-2-1", _CLIMATE),
)
_COLUMNS = (
    "rule",
    "nature",
    "valid_from",
    "valid_until",
    "amount",
    "percent",
    "article",
    "source",
)


@event.listens_for(Threshold.__table__, "after_create")
def _enter_known(_table: object, connection: Connection, **_options: object) -> None:
    """A new table has what the law says when this is written, as migration 0003 gives it."""
    connection.execute(insert(Threshold), [dict(zip(_COLUMNS, row, strict=True)) for row in _KNOWN])
