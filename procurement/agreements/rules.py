"""Periods counted in months, and where an agreement is on a day, on plain values."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

#: The longest framework that needs no written reason, renewals included (L2125-1 1°).
LONGEST_MONTHS = 48


class Naming(StrEnum):
    """Which members an agreement names as those that may order (R2162-6)."""

    KEEP = "keep"
    NEEDS = "needs"
    EVERY = "every"


class Standing(StrEnum):
    """Where an agreement is on a day: its state, and its period against that day."""

    DRAFT = "draft"
    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CLOSED = "closed"


STANDING_LABELS = {
    Standing.DRAFT: _("Draft"),
    Standing.UPCOMING: _("To come"),
    Standing.IN_FORCE: _("In force"),
    Standing.EXPIRED: _("Expired"),
    Standing.CLOSED: lazy_pgettext("agreement", "Closed"),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a buyer writes in an agreement. Ceilings in euros net of VAT; both days included."""

    number: str
    title: str
    ceiling: Decimal
    starts_on: date
    ends_on: date
    duration_reason: str | None = None
    holder_ceiling: Decimal | None = None


def months_later(day: date, months: int) -> date:
    """The same day some months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months(starts_on: date, ends_on: date) -> int:
    """Count the months of a period, both days included; a month begun counts as one.

    From 1 January 2026 to 31 December 2029 is 48 months; one day more makes 49.
    """
    whole = (ends_on.year - starts_on.year) * 12 + ends_on.month - starts_on.month
    return whole + 1 if ends_on >= months_later(starts_on, whole) else whole


def needs_reason(starts_on: date, ends_on: date) -> bool:
    """Tell whether a period lasts so long that the law asks why (L2125-1 1°)."""
    return months(starts_on, ends_on) > LONGEST_MONTHS


def standing(state: str, starts_on: date, ends_on: date, today: date) -> Standing:
    """Place an agreement on ``today``, from its state (draft, notified or closed) and period."""
    if state != "notified":
        return Standing(state)
    if today < starts_on:
        return Standing.UPCOMING
    return Standing.IN_FORCE if today <= ends_on else Standing.EXPIRED
