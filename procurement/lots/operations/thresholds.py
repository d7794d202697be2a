"""The law changes: a new value is added to the table, and ends the one before it."""

from datetime import date, timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _

from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots import queries
from procurement.lots.models import Threshold
from procurement.lots.rules.law import DUTIES, PERCENTAGES, LegalRule, Nature


def add_threshold(
    rule: LegalRule,
    nature: Nature,
    valid_from: date,
    *,
    value: Decimal | None,
    valid_until: date | None,
    article: str,
    source: str,
    actor: Actor,
) -> Threshold:
    """Enter what the law says from a day on; a value without an end ends the day before.

    ``value`` is in euros before VAT, in percent for the rules that set a share, and None for
    those that set a duty. Raises Refused ``threshold_value``, ``threshold_overlap``.
    """
    _check_value(rule, value)
    _make_room(rule, nature, valid_from, valid_until)
    is_share = rule in PERCENTAGES
    added = Threshold(
        rule=rule,
        nature=nature,
        valid_from=valid_from,
        valid_until=valid_until,
        amount=None if is_share else value,
        percent=value if is_share else None,
        article=article,
        source=source,
    )
    db.session.add(added)
    audit.record(
        db.session(),
        actor,
        "lots.add_threshold",
        added,
        rule=rule,
        nature=nature,
        valid_from=valid_from,
        valid_until=valid_until,
        value=value,
        article=article,
        source=source,
    )
    return added


def _check_value(rule: LegalRule, value: Decimal | None) -> None:
    if rule in DUTIES and value is not None:
        raise Refused(
            "threshold_value",
            _("This rule sets a duty and no value: leave the value blank."),
            field="value",
        )
    if rule not in DUTIES and value is None:
        raise Refused("threshold_value", _("This rule sets a value: write it."), field="value")
    if rule in PERCENTAGES and value is not None and value > 1000:
        raise Refused(
            "threshold_value",
            _("This rule sets a share: write it in percent, such as 20."),
            field="value",
        )


def _make_room(rule: LegalRule, nature: Nature, valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until < valid_from:
        raise Refused(
            "threshold_overlap", _("The last day comes before the first."), field="valid_until"
        )
    before = next(iter(queries.rows_about(rule, nature)), None)
    if before is None:
        return
    last = before.valid_until
    if before.valid_from >= valid_from:
        sentence = _(
            "A value is already known from %(day)s on: choose a later first day.",
            day=language.day(before.valid_from),
        )
        raise Refused("threshold_overlap", sentence, field="valid_from")
    if last is not None and last >= valid_from:
        sentence = _(
            "A value is already known until %(day)s: choose a later first day.",
            day=language.day(last),
        )
        raise Refused("threshold_overlap", sentence, field="valid_from")
    if last is None:
        before.valid_until = valid_from - timedelta(days=1)
        db.session.flush()  # The one before ends before the next one begins.
