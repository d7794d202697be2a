"""What the law makes of a value on a day: the procedure, the publicity, the small lots."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

_ZERO = Decimal(0)


class Nature(StrEnum):
    """What is bought, as the thresholds tell it apart."""

    SUPPLIES = "supplies"
    WORKS = "works"


class Procedure(StrEnum):
    """How a contract is passed."""

    DISPENSED = "dispensed"
    ADAPTED = "adapted"
    FORMAL = "formal"


class Publicity(StrEnum):
    """Where a call for offers must be announced."""

    NONE = "none"
    FREE = "free"
    NATIONAL = "national"
    EUROPEAN = "european"


class LegalRule(StrEnum):
    """What the law sets a value or a date for."""

    DISPENSE = "dispense"
    PUBLICITY = "publicity"
    FORMAL = "formal"
    SMALL_LOT = "small_lot"
    SMALL_LOT_SHARE = "small_lot_share"
    TURNOVER = "turnover"
    ENVIRONMENT = "environment"
    SOCIAL = "social"


#: Rules that set a percentage, and those that set a duty without any value.
PERCENTAGES = frozenset({LegalRule.SMALL_LOT_SHARE, LegalRule.TURNOVER})
DUTIES = frozenset({LegalRule.ENVIRONMENT, LegalRule.SOCIAL})
#: Without these no procedure can be told.
NEEDED = (
    LegalRule.DISPENSE,
    LegalRule.PUBLICITY,
    LegalRule.FORMAL,
    LegalRule.SMALL_LOT,
    LegalRule.SMALL_LOT_SHARE,
)


class Limit(NamedTuple):
    """A value of the law: euros before VAT or percent, None for a duty; both days included."""

    rule: LegalRule
    valid_from: date
    valid_until: date | None
    value: Decimal | None
    article: str


#: What the law says on one day, for one nature.
Law = Mapping[LegalRule, Limit]


def in_force(limits: Iterable[Limit], day: date) -> dict[LegalRule, Limit]:
    """Choose the limits that hold on a day; a rule about which nothing is known is left out."""
    return {
        one.rule: one
        for one in limits
        if one.valid_from <= day and (one.valid_until is None or day <= one.valid_until)
    }


def unknown(law: Law) -> list[LegalRule]:
    """List what a procedure depends on and is not known."""
    return [rule for rule in NEEDED if rule not in law]


def _value(law: Law, rule: LegalRule) -> Decimal:
    value = law[rule].value
    if value is None:
        raise ValueError(f"{rule} has no value")
    return value


def procedure(need: Decimal, law: Law) -> Procedure:
    """Tell how a need of that value in euros before VAT is passed.

    Formal *from* its threshold on (R2124-1), without publicity *below* that of R2122-8.
    """
    if need >= _value(law, LegalRule.FORMAL):
        return Procedure.FORMAL
    if need < _value(law, LegalRule.DISPENSE):
        return Procedure.DISPENSED
    return Procedure.ADAPTED


def publicity(need: Decimal, how: Procedure, law: Law) -> Publicity:
    """Tell where the call is announced: an adapted one freely *below* the limit of R2131-12."""
    if how is Procedure.DISPENSED:
        return Publicity.NONE
    if how is Procedure.FORMAL:
        return Publicity.EUROPEAN
    is_free = need < _value(law, LegalRule.PUBLICITY)
    return Publicity.FREE if is_free else Publicity.NATIONAL


class Small(StrEnum):
    """Whether a lot may be passed by a lighter procedure than its purchase, and why not."""

    MAY = "may"
    NEEDLESS = "needless"
    TOO_LARGE = "too_large"
    OVER_SHARE = "over_share"


def small_lots(
    values: Mapping[int, Decimal], ticked: Collection[int], how: Procedure, law: Law
) -> dict[int, Small]:
    """Tell for each lot whether it may be a small lot beside those that are ticked.

    R2123-1 2° in a formal procedure, R2122-8 in an adapted one: the lot is *below* the limit, and
    the small lots together are *at most* a share of all the lots. Euros before VAT by lot.
    """
    if how is Procedure.DISPENSED:
        return dict.fromkeys(values, Small.NEEDLESS)
    limit = _value(law, small_rule(how))
    share = _value(law, LegalRule.SMALL_LOT_SHARE) * sum(values.values(), _ZERO)
    found = {}
    for lot_id, value in values.items():
        together = sum((values[one] for one in {*ticked, lot_id} & values.keys()), _ZERO)
        if value >= limit:
            found[lot_id] = Small.TOO_LARGE
        else:
            found[lot_id] = Small.MAY if together * 100 <= share else Small.OVER_SHARE
    return found


def small_rule(how: Procedure) -> LegalRule:
    """Name the limit below which a lot is small, in a purchase that is passed so."""
    return LegalRule.SMALL_LOT if how is Procedure.FORMAL else LegalRule.DISPENSE


def lot_procedure(value: Decimal, how: Procedure, is_small: bool, law: Law) -> Procedure:
    """Tell the lightest procedure that a lot may be passed by: lighter for a small lot alone."""
    if not is_small or how is Procedure.DISPENSED:
        return how
    if value < _value(law, LegalRule.DISPENSE):
        return Procedure.DISPENSED
    return Procedure.ADAPTED


def a_year_before(day: date) -> date:
    """The same day of the year before; 28 February for the 29th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
