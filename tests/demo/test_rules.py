"""The parts of the story that need no database."""

from datetime import date, timedelta
from random import Random

import pytest
from stdnum.fr import siret

from procurement.agreements.rules import months, needs_reason
from procurement.demo.accounts import CENTRAL, DOMAINS, TOLD
from procurement.demo.demand import shared
from procurement.demo.purchases import invented_siret
from procurement.demo.timetable import Timetable


@pytest.mark.parametrize("today", [date(2027, 1, 1) + timedelta(days=n) for n in range(0, 1500, 7)])
def test_the_days_follow_each_other_whenever_the_story_is_told(today):
    told = Timetable(today)
    days = [
        told.surveyed_from,
        told.surveyed_until,
        told.frozen,
        told.launched,
        told.answers_by,
        told.awarded,
        told.notified,
        told.starts,
        told.pooled_from,
        told.mandated,
        told.pooled_until,
        told.opens,
        told.reminded,
        told.today,
        told.next_launch,
        told.closes,
        told.ends,
    ]
    assert days == sorted(set(days))


@pytest.mark.parametrize("today", [date(2028, 6, 13) + timedelta(days=n) for n in range(3)])
def test_agreements_last_48_months_and_no_day_more(today):
    told = Timetable(today)
    assert months(told.starts, told.ends) == 48
    assert not needs_reason(told.starts, told.ends)
    assert needs_reason(told.starts, told.ends + timedelta(days=1))


def test_lines_are_shared_to_the_last_one_and_nobody_goes_without():
    weights = [Random(1).randint(1, 300) for _body in range(40)]
    for total in (40, 41, 500, 11_800):
        parts = shared(total, weights)
        assert sum(parts) == total
        assert min(parts) >= 1


def test_invented_firms_have_numbers_that_pass_the_check_and_are_nobodys():
    numbers = [invented_siret(rank) for rank in range(1, 60)]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert siret.is_valid(number)
        assert number.startswith("000000")


def test_addresses_belong_to_nobody_and_each_role_is_told_of():
    addresses = [*DOMAINS.values(), *(address for address, _name in CENTRAL.values())]
    assert all(address.endswith(".example") for address in addresses)
    assert len({account.role for account in TOLD}) == 5
