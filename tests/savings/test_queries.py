"""Savings in the database: every grouping adds up to the same total, to the cent."""

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.orders.models import OrderState
from procurement.savings import queries
from procurement.savings.queries import Scope
from procurement.savings.rules import Saving, line_saving, summed
from tests.savings.scene import Scene, Wanted

PRICES = st.decimals(0, 2000, places=4).map(str)
LINES = st.tuples(st.decimals("0.001", 5000, places=3).map(str), PRICES, st.none() | PRICES)
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 1),
        st.lists(LINES, min_size=1, max_size=2),
        st.sampled_from([OrderState.CONFIRMED, OrderState.CONFIRMED, OrderState.CANCELLED]),
        st.sampled_from([date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]),
    ),
    max_size=8,
)
Placed = list[tuple[int, int, list[Wanted], OrderState, date]]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ORDERS, st.sampled_from([None, 2025, 2026]))
def test_every_grouping_adds_up(scene: Scene, placed: Placed, year: int | None) -> None:
    orders = [scene.order(*one) for one in placed]
    asked = [2025, 2026] if year is None else [year]
    counted = [
        Saving(line.amount, line.amount, line.reference_amount, 1, 1)
        if line.reference_amount is not None
        else Saving(line.amount, lines=1)
        for order in orders
        if order.state is OrderState.CONFIRMED and order.created_on.year in asked
        for line in order.lines
    ]
    found = queries.report(Scope(year=year), "fr")
    assert found.summary.saving == summed(counted)
    for parts in (found.departements, found.lots, found.agreements, found.families, found.members):
        assert summed(part.saving for part in parts) == found.summary.saving
    assert found.agrees
    # What each member is told adds up to what finance is told.
    own = [
        queries.statement(Scope(one.member.id, year), "fr").summary.saving for one in scene.buyers
    ]
    assert summed(own) == found.summary.saving
    scene.session.rollback()


def test_only_confirmed_orders_count(ordered: Scene) -> None:
    found = queries.summary(Scope())
    assert found.saving.lines == 6
    assert found.orders == 4
    assert found.saving.ordered == Decimal("47.50") + Decimal("7.01") + 13000 + 4875 + Decimal(
        "0.01"
    )
    assert found.saving.saving == 10 - Decimal("0.01") - 600 + 345
    assert found.paid_since == (date(2024, 1, 1), date(2024, 1, 4))


def test_the_largest_saving_comes_first_and_losses_last(ordered: Scene) -> None:
    found = queries.report(Scope(), "fr")
    assert [part.label for part in found.members] == [
        "Saint-Rémy & <Fils>",
        "Amboise-la-Petite",
        "Bourg-Neuf",
    ]
    assert [part.label for part in found.losers] == ["Bourg-Neuf"]
    assert [(part.id, part.label, part.mark) for part in found.departements] == [
        ("78", "Yvelines", "78"),
        ("92", "Hauts-de-Seine", "92"),
    ]
    assert [(part.mark, part.context) for part in found.lots] == [
        ("2", "Besoins 2026"),
        ("1", "Besoins 2026"),
    ]


def test_a_family_is_named_in_the_readers_language(ordered: Scene) -> None:
    french = {part.label for part in queries.by_family(Scope(), "fr")}
    english = {part.label for part in queries.by_family(Scope(), "en")}
    assert (french, english) == ({"Réseaux", "Téléphonie"}, {"Networks", "Telecoms"})


def test_a_year_is_that_of_the_confirmation(ordered: Scene) -> None:
    first = ordered.people.first.id
    assert queries.years() == queries.years(first) == [2026, 2025]
    assert queries.years(ordered.people.second.id) == [2026]
    assert queries.summary(Scope(first, 2025)).saving.saving == Decimal("-0.01")
    assert queries.summary(Scope(first, 2026)).saving.saving == 10
    assert queries.summary(Scope(first, 2024)).saving == Saving()


def test_each_line_comes_with_its_proof(ordered: Scene) -> None:
    who = ordered.buyers[0]
    lines = queries.lines(Scope(who.member.id))
    assert [line.confirmed_on.year for line in lines] == [2025, 2026, 2026]
    proofs = {proof.id: proof for proof in who.proofs.values()}
    for line in lines[:2]:
        assert line.paid_since == proofs[line.reference_line_id].paid_since
    assert (lines[2].reference_line_id, lines[2].paid_since) == (None, None)
    gains = [line_saving(line.amount, line.reference_amount) for line in lines]
    assert gains == [Decimal("-0.01"), Decimal("10.00"), None]


def test_nothing_ordered_is_nothing_saved(scene: Scene) -> None:
    found = queries.report(Scope(), "fr")
    assert found.summary == queries.Summary(Saving(), 0, None)
    assert (found.members, found.agrees, queries.years()) == ([], True, [])
