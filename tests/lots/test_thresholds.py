"""The table of thresholds: shown with its history, and added to."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.lots import operations, queries
from procurement.lots.models import Threshold
from procurement.lots.rules.law import LegalRule, Nature
from tests.door import Door, refused
from tests.make import actor_for
from tests.people import People

NEW = {
    "rule": "dispense",
    "nature": "supplies",
    "valid_from": "2028-01-01",
    "value": "70 000",
    "article": "R2122-8",
    "source": "Décret inventé pour le test",
}


def about(session: Session, rule: LegalRule, nature: Nature = Nature.SUPPLIES) -> list[Any]:
    rows = session.scalars(
        select(Threshold)
        .where(Threshold.rule == rule, Threshold.nature == nature)
        .order_by(Threshold.valid_from)
    )
    return [(one.valid_from, one.valid_until, one.amount) for one in rows]


def test_the_table_with_its_history(people: People, door: Door) -> None:
    page = door.get(people.clara, "/thresholds")
    assert page.status_code == 200
    for expected in (
        "40,000.00\u00a0€",
        "60,000.00\u00a0€",
        "221,000.00\u00a0€",
        "R2123-1 2°",
        "20%",
    ):
        assert expected in page.text
    assert "check them on Légifrance" in page.text
    assert 'id="valid_from"' in page.text


def test_finance_reads_and_adds_nothing(people: People, door: Door) -> None:
    page = door.get(people.dora, "/thresholds")
    assert page.status_code == 200
    assert "<form" not in page.text.partition("<main")[2]
    assert door.post(people.dora, "/thresholds", **NEW).status_code == 403


@pytest.mark.parametrize("person", ["ada", "alix", "eli"])
def test_it_is_the_business_of_the_centrale(people: People, door: Door, person: str) -> None:
    who = getattr(people, person)
    assert door.get(who, "/thresholds").status_code == 403
    assert door.post(who, "/thresholds", **NEW).status_code == 403


def test_a_new_value_ends_the_one_before(session: Session, people: People, door: Door) -> None:
    answer = door.post(people.clara, "/thresholds", **NEW)
    assert answer.status_code == 302
    assert answer.location == "/thresholds"
    assert about(session, LegalRule.DISPENSE)[-2:] == [
        (date(2026, 4, 1), date(2027, 12, 31), Decimal(60_000)),
        (date(2028, 1, 1), None, Decimal(70_000)),
    ]
    assert len(about(session, LegalRule.DISPENSE, Nature.WORKS)) == 1
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lots.add_threshold")).one()
    assert json.loads(entry.changes)["value"] == "70000"


def test_a_value_that_follows_one_with_an_end(session: Session, people: People, door: Door) -> None:
    typed = {**NEW, "rule": "formal", "value": "214 000", "valid_until": "2029-12-31"}
    assert door.post(people.clara, "/thresholds", **typed).status_code == 302
    assert about(session, LegalRule.FORMAL)[-2:] == [
        (date(2026, 1, 1), date(2027, 12, 31), Decimal(216_000)),
        (date(2028, 1, 1), date(2029, 12, 31), Decimal(214_000)),
    ]
    assert queries.law_on(date(2028, 1, 1), Nature.SUPPLIES)[LegalRule.FORMAL].value == 214_000


@pytest.mark.parametrize(
    "rule, first",
    [("formal", "2027-12-31"), ("formal", "2026-01-01"), ("dispense", "2026-04-01")],
)
def test_two_values_on_one_day_are_refused(
    session: Session, people: People, door: Door, rule: str, first: str
) -> None:
    before = about(session, LegalRule(rule))
    answer = door.post(people.clara, "/thresholds", **{**NEW, "rule": rule, "valid_from": first})
    assert answer.status_code == 409
    assert 'id="valid_from-error"' in answer.text
    assert f'value="{first}"' in answer.text
    assert about(session, LegalRule(rule)) == before


def test_an_end_before_the_beginning_is_refused(people: People, door: Door) -> None:
    answer = door.post(people.clara, "/thresholds", **NEW, valid_until="2027-12-31")
    assert answer.status_code == 409
    assert 'id="valid_until-error"' in answer.text


@pytest.mark.parametrize(
    "rule, value", [("dispense", ""), ("environment", "5"), ("small_lot_share", "70 000")]
)
def test_a_value_that_the_rule_does_not_take(
    people: People, door: Door, rule: str, value: str
) -> None:
    answer = door.post(people.clara, "/thresholds", **{**NEW, "rule": rule, "value": value})
    assert answer.status_code == 409
    assert 'id="value-error"' in answer.text


@pytest.mark.parametrize(
    "field, typed",
    [
        ("rule", "luck"),
        ("nature", "air"),
        ("valid_from", "soon"),
        ("value", "a lot"),
        ("value", "0"),
        ("article", ""),
        ("source", ""),
    ],
)
def test_a_wrong_field(people: People, door: Door, field: str, typed: str) -> None:
    answer = door.post(people.clara, "/thresholds", **{**NEW, field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_share_and_a_duty(session: Session, people: People) -> None:
    buyer, day = actor_for(people.clara), date(2028, 1, 1)
    told: dict[str, Any] = {
        "valid_until": None,
        "article": "R2123-1 2°",
        "source": "Test",
        "actor": buyer,
    }
    share = operations.add_threshold(
        LegalRule.SMALL_LOT_SHARE, Nature.WORKS, day, value=Decimal(25), **told
    )
    session.flush()
    assert (share.amount, share.percent) == (None, Decimal(25))
    law = queries.law_on(day, Nature.WORKS)
    assert law[LegalRule.SMALL_LOT_SHARE].value == 25
    operations.add_threshold(LegalRule.SOCIAL, Nature.WORKS, day, value=None, **told)
    session.flush()
    assert queries.law_on(day - timedelta(days=1), Nature.WORKS)[LegalRule.SOCIAL]
    with refused("threshold_overlap"):
        operations.add_threshold(LegalRule.SOCIAL, Nature.WORKS, day, value=None, **told)
