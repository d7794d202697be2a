"""The law on both sides of each limit, to the cent, and of each day on which a value changes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from procurement.lots import queries
from procurement.lots.rules import law
from procurement.lots.rules.law import (
    LegalRule,
    Limit,
    Nature,
    Procedure,
    Publicity,
    Small,
    a_year_before,
)
from procurement.lots.rules.valuing import (
    OtherKind,
    OtherPart,
    Purchase,
    Span,
    ValuedLot,
    kept,
    lot_value,
    valued,
)

S, W = Nature.SUPPLIES, Nature.WORKS
DISPENSED, ADAPTED, FORMAL = Procedure
NONE, FREE, NATIONAL, EUROPEAN = Publicity


def euros(text: str) -> Decimal:
    return Decimal(text.replace(" ", ""))


#: Day, nature, value before VAT, procedure, publicity: what the Code says, from outside the code.
CASES = [
    # Below 40 000 € until 31 March 2026, below 60 000 € from 1 April on (R2122-8).
    ("2026-03-31", S, "39 999.99", DISPENSED, NONE),
    ("2026-03-31", S, "40 000.00", ADAPTED, FREE),
    ("2026-03-31", S, "59 999.99", ADAPTED, FREE),
    ("2026-04-01", S, "40 000.00", DISPENSED, NONE),
    ("2026-04-01", S, "59 999.99", DISPENSED, NONE),
    ("2026-04-01", S, "60 000.00", ADAPTED, FREE),
    # Works: below 100 000 €.
    ("2026-03-31", W, "99 999.99", DISPENSED, NONE),
    ("2026-03-31", W, "100 000.00", ADAPTED, NATIONAL),
    ("2026-04-01", W, "99 999.99", DISPENSED, NONE),
    # From 90 000 €: a notice in the BOAMP or a legal journal (R2131-12).
    ("2026-11-22", S, "89 999.99", ADAPTED, FREE),
    ("2026-11-22", S, "90 000.00", ADAPTED, NATIONAL),
    # From 221 000 € in 2024-2025, from 216 000 € in 2026-2027 (R2124-1).
    ("2025-12-31", S, "215 999.99", ADAPTED, NATIONAL),
    ("2025-12-31", S, "216 000.00", ADAPTED, NATIONAL),
    ("2025-12-31", S, "220 999.99", ADAPTED, NATIONAL),
    ("2025-12-31", S, "221 000.00", FORMAL, EUROPEAN),
    ("2026-01-01", S, "215 999.99", ADAPTED, NATIONAL),
    ("2026-01-01", S, "216 000.00", FORMAL, EUROPEAN),
    ("2027-12-31", S, "216 000.00", FORMAL, EUROPEAN),
    ("2025-12-31", W, "5 537 999.99", ADAPTED, NATIONAL),
    ("2025-12-31", W, "5 538 000.00", FORMAL, EUROPEAN),
    ("2026-01-01", W, "5 403 999.99", ADAPTED, NATIONAL),
    ("2026-01-01", W, "5 404 000.00", FORMAL, EUROPEAN),
]


@pytest.mark.parametrize("day, nature, value, procedure, publicity", CASES)
def test_the_table_that_is_shipped(
    session: Session,
    day: str,
    nature: Nature,
    value: str,
    procedure: Procedure,
    publicity: Publicity,
) -> None:
    found = queries.law_on(date.fromisoformat(day), nature)
    assert law.unknown(found) == []
    assert law.procedure(euros(value), found) is procedure
    assert law.publicity(euros(value), procedure, found) is publicity


@pytest.mark.parametrize("nature", Nature)
@pytest.mark.parametrize(
    "day, missing",
    [
        ("2023-12-31", [*law.NEEDED]),
        ("2024-01-01", []),
        ("2027-12-31", []),
        ("2028-01-01", [LegalRule.FORMAL]),
    ],
)
def test_days_that_the_table_does_not_know(
    session: Session, nature: Nature, day: str, missing: list[LegalRule]
) -> None:
    assert law.unknown(queries.law_on(date.fromisoformat(day), nature)) == missing


@pytest.mark.parametrize("nature", Nature)
@pytest.mark.parametrize("day, is_due", [("2026-08-21", False), ("2026-08-22", True)])
def test_duties_since_august(session: Session, nature: Nature, day: str, is_due: bool) -> None:
    found = queries.law_on(date.fromisoformat(day), nature)
    assert (LegalRule.ENVIRONMENT in found) is is_due
    assert (LegalRule.SOCIAL in found) is is_due


@pytest.mark.parametrize("day, percent", [("2025-12-31", 200), ("2026-01-01", 150)])
def test_the_turnover_that_may_be_asked(session: Session, day: str, percent: int) -> None:
    assert queries.law_on(date.fromisoformat(day), S)[LegalRule.TURNOVER].value == percent


def test_a_limit_holds_on_its_first_and_its_last_day() -> None:
    first, last = date(2026, 4, 1), date(2026, 5, 1)
    limits = [Limit(LegalRule.FORMAL, first, last, Decimal(1), "R2124-1")]
    one_day = timedelta(days=1)
    days = [first - one_day, first, last, last + one_day]
    assert [bool(law.in_force(limits, day)) for day in days] == [False, True, True, False]


#: Nature, procedure of the purchase, values of its lots, those ticked → what each may be.
SMALL = [
    # R2123-1 2°: strictly below 80 000 €, …
    (S, FORMAL, {1: "320 000.00", 2: "79 999.99"}, {2}, {1: "too_large", 2: "may"}),
    (S, FORMAL, {1: "400 000.00", 2: "80 000.00"}, {2}, {1: "too_large", 2: "too_large"}),
    # … and together at most 20 % of all the lots, exactly 20 % included.
    (S, FORMAL, {1: "200 000.00", 2: "50 000.00"}, {2}, {1: "too_large", 2: "may"}),
    (S, FORMAL, {1: "200 000.00", 2: "50 000.01"}, {2}, {1: "too_large", 2: "over_share"}),
    (
        S,
        FORMAL,
        {1: "240 000.00", 2: "30 000.00", 3: "30 000.00"},
        {2, 3},
        {1: "too_large", 2: "may", 3: "may"},
    ),
    (
        S,
        FORMAL,
        {1: "240 000.00", 2: "30 000.00", 3: "30 000.01"},
        {2},
        {1: "too_large", 2: "may", 3: "over_share"},
    ),
    # Works: strictly below 1 000 000 €.
    (W, FORMAL, {1: "9 000 000", 2: "999 999.99"}, set(), {1: "too_large", 2: "may"}),
    (W, FORMAL, {1: "9 000 000", 2: "1 000 000"}, set(), {1: "too_large", 2: "too_large"}),
    # In an adapted procedure, R2122-8: strictly below its own limit, and the same share.
    (S, ADAPTED, {1: "150 000.00", 2: "37 500.00"}, {2}, {1: "too_large", 2: "may"}),
    (S, ADAPTED, {1: "150 000.00", 2: "37 500.01"}, {2}, {1: "too_large", 2: "over_share"}),
    (S, ADAPTED, {1: "150 000.00", 2: "60 000.00"}, set(), {1: "too_large", 2: "too_large"}),
    (S, DISPENSED, {1: "20 000.00", 2: "10 000.00"}, set(), {1: "needless", 2: "needless"}),
]


@pytest.mark.parametrize("nature, procedure, values, ticked, expected", SMALL)
def test_small_lots(
    session: Session,
    nature: Nature,
    procedure: Procedure,
    values: dict[int, str],
    ticked: set[int],
    expected: dict[int, str],
) -> None:
    found = queries.law_on(date(2026, 11, 22), nature)
    by_lot = {lot: euros(value) for lot, value in values.items()}
    may = law.small_lots(by_lot, ticked, procedure, found)
    assert {lot: str(one) for lot, one in may.items()} == expected


@pytest.mark.parametrize(
    "value, procedure, is_small, expected",
    [
        ("59 999.99", FORMAL, True, DISPENSED),
        ("60 000.00", FORMAL, True, ADAPTED),
        ("59 999.99", FORMAL, False, FORMAL),
        ("59 999.99", ADAPTED, True, DISPENSED),
        ("59 999.99", DISPENSED, False, DISPENSED),
    ],
)
def test_how_a_small_lot_is_passed(
    session: Session, value: str, procedure: Procedure, is_small: bool, expected: Procedure
) -> None:
    found = queries.law_on(date(2026, 11, 22), S)
    assert law.lot_procedure(euros(value), procedure, is_small, found) is expected


@pytest.mark.parametrize(
    "day, expected",
    [
        (date(2026, 11, 22), date(2025, 11, 22)),
        (date(2028, 2, 29), date(2027, 2, 28)),
        (date(2028, 2, 28), date(2027, 2, 28)),
    ],
)
def test_the_year_before(day: date, expected: date) -> None:
    assert a_year_before(day) == expected


@pytest.mark.parametrize(
    "lines, months, of_months, margin, expected",
    [
        ([("10", "100")], 48, 48, "0", "1000.00"),
        # Half a cent goes up, line by line: 0.005 and 0.005 are two cents.
        ([("0.5", "0.01"), ("0.5", "0.01")], 48, 48, "0", "0.02"),
        ([("10", "100")], 12, 48, "0", "250.00"),
        ([("10", "100")], 48, 36, "0", "1333.33"),
        ([("10", "100")], 48, 48, "30", "1300.00"),
        ([("10", "100")], 48, 48, "12.5", "1125.00"),
        # Brought to the duration and to the maximum at once, and rounded only then.
        ([("1", "0.03")], 7, 36, "50", "0.01"),
        ([], 48, 48, "0", "0.00"),
        ([("1", "0")], 48, 48, "0", "0.00"),
    ],
)
def test_the_value_of_a_lot(
    lines: list[tuple[str, str]], months: int, of_months: int, margin: str, expected: str
) -> None:
    priced = [(Decimal(quantity), Decimal(price)) for quantity, price in lines]
    assert lot_value(priced, Span(months, of_months, Decimal(margin))) == Decimal(expected)


@pytest.mark.parametrize("nature", Nature)
def test_a_valuation_is_kept_whole(session: Session, nature: Nature) -> None:
    day = date(2026, 11, 22)
    purchase = Purchase(nature, day, Span(48, 36, Decimal("2.5")), Decimal("100.10"))
    made = valued(
        purchase,
        [
            ValuedLot(1, 1, "Caméras « dôme »", 3, Decimal("200000.00"), False),
            ValuedLot(2, 2, "Câbles", 1, Decimal("15000.00"), True),
        ],
        [OtherPart(OtherKind.POOL, 4, "", "Relevé", Decimal("899.90"), 2)],
        [("Vidéoprotection", "Video protection")],
        queries.law_on(day, nature),
    )
    assert (made.value, made.nature_value) == (Decimal("215100.10"), Decimal("216000.00"))
    assert made.procedure is (FORMAL if nature is S else ADAPTED)
    assert made.lots[1].procedure is DISPENSED
    again = kept(made.to_json())
    assert again == made
    assert again.figures == made.figures


def test_the_parts_elsewhere_decide_the_procedure_and_not_the_value(session: Session) -> None:
    day = date(2026, 11, 22)
    purchase = Purchase(S, day, Span(48, 48, Decimal(0)), Decimal(0))
    lots = [ValuedLot(1, 1, "Caméras", 1, Decimal("215999.99"), False)]
    found = queries.law_on(day, S)
    alone = valued(purchase, lots, [], [], found)
    assert alone.procedure is ADAPTED
    cent = [OtherPart(OtherKind.LOT, 9, "9. Autre", "Relevé", Decimal("0.01"), 0)]
    together = valued(purchase, lots, cent, [], found)
    assert together.procedure is FORMAL
    assert together.value == Decimal("215999.99")


def test_a_successor_does_not_change_what_was_valued(session: Session) -> None:
    """The value in force then gets an end, and stays what it was."""
    day = date(2026, 11, 22)
    purchase = Purchase(S, day, Span(48, 48, Decimal(0)), Decimal(0))
    lots = [ValuedLot(1, 1, "Caméras", 1, Decimal("1000.00"), False)]
    found = queries.law_on(day, S)
    ended = {rule: one._replace(valid_until=date(2027, 1, 1)) for rule, one in found.items()}
    before = valued(purchase, lots, [], [], found)
    assert valued(purchase, lots, [], [], ended).figures == before.figures
    least = found[LegalRule.DISPENSE]._replace(value=Decimal(61_000))
    changed = valued(purchase, lots, [], [], {**found, LegalRule.DISPENSE: least})
    assert changed.figures != before.figures


def test_every_answer_about_small_lots_is_reached() -> None:
    assert {word for *_others, expected in SMALL for word in expected.values()} == set(Small)
