"""Submitting an order: what it refuses, what it freezes, what it reserves."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from procurement.agreements.models import AgreementPrice, AgreementState
from procurement.catalogue.models import Item
from procurement.kernel import pipeline
from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import today
from procurement.members.models import Membership
from procurement.needs.models import NeedLine
from procurement.orders import operations
from procurement.orders.models import EntryKind, Order, OrderLine, OrderSeries, OrderState
from tests.conftest import SignIn
from tests.make import actor_for, make_site
from tests.orders.conftest import SetScene
from tests.orders.scene import Scene, balances, begin, end_period, entries, history


def refused(scene: Scene, order: Order, code: str) -> Refused:
    """Submit it, and give the refusal that is expected; nothing of it may remain."""
    begin()
    with pytest.raises(Refused) as raised:
        operations.submit(order, actor=actor_for(scene.people.ada), today=today())
    pipeline.rollback()
    assert raised.value.code == code
    assert (order.state, order.number) == (OrderState.DRAFT, None)
    assert entries(order) == []
    return raised.value


def test_it_works(sign_in: SignIn, scene: Scene, session: Session) -> None:
    order, ada = scene.place(3, 10), sign_in(scene.people.ada)
    address = f"/orders/{order.id}"
    session.rollback()
    assert ada.post(f"{address}/submit").location == address
    assert (order.state, order.number) == (OrderState.SUBMITTED, f"{today().year}-00001")
    assert order.submitted_on == today()
    assert len(order.check_figure or "") == 64
    assert entries(order) == [(EntryKind.RESERVE, Decimal("325.05"))]
    assert balances() == (Decimal("325.05"), 0)
    assert history(order) == ["orders.place", "orders.submit"]


def test_numbers_follow_each_other_without_a_gap(
    scene: Scene, session: Session, set_up: SetScene
) -> None:
    first = scene.submitted(1)
    too_much = scene.place(1000)
    refused(scene, too_much, "over_ceiling")
    second = scene.submitted(1)
    year = today().year
    assert [first.number, second.number] == [f"{year}-00001", f"{year}-00002"]
    assert session.scalars(select(OrderSeries.last)).one() == 2


def test_the_reference_is_the_price_of_the_same_place(scene: Scene) -> None:
    line = scene.submit(scene.place(2, site=scene.school)).lines[0]
    assert line.reference_line_id == scene.school_need.id
    assert [line.reference_price, line.reference_amount] == [120, 240]


def test_else_it_is_the_price_paid_since_the_latest_day(scene: Scene, session: Session) -> None:
    scene.school_need.paid_since, scene.town_need.paid_since = date(2023, 1, 1), date(2022, 1, 1)
    other = make_site(session, scene.people.first, "Gymnase")
    session.commit()
    line = scene.submit(scene.place(2, site=other)).lines[0]
    assert line.reference_line_id == scene.school_need.id


def test_a_price_paid_that_nobody_declared_is_unknown_and_not_zero(scene: Scene) -> None:
    order = scene.submit(scene.place(None, 10))
    line = order.lines[0]
    assert (line.reference_price, line.reference_amount, line.reference_line_id) == (None,) * 3


def test_a_free_price_is_a_price(scene: Scene, session: Session) -> None:
    scene.town_need.paid_price = Decimal(0)
    session.commit()
    assert scene.submitted(2).lines[0].reference_amount == 0


def test_a_need_that_is_not_validated_proves_nothing(scene: Scene, session: Session) -> None:
    for need in (scene.town_need, scene.school_need):
        need.allotted, need.is_validated, need.is_pooled = Decimal(0), False, False
        need.pool_item_id = need.pool_quantity = None
    session.commit()
    assert scene.submitted(2).lines[0].reference_price is None


def test_what_is_frozen_moves_with_no_price(scene: Scene, session: Session) -> None:
    order = scene.submitted(2)
    for table in (AgreementPrice, NeedLine, Item):
        column = {"agreement_price": "unit_price", "need_line": "paid_price"}
        name = column.get(table.__tablename__, "indicative_price")
        values = {getattr(table, name): Decimal(1)}
        session.execute(update(table).where(getattr(table, name).is_not(None)).values(values))
    session.commit()
    line = order.lines[0]
    assert [line.unit_price, line.reference_price, line.vat_rate] == [100, 130, 20]
    assert order.amount == 200


def test_a_stranger_finds_nothing(sign_in: SignIn, scene: Scene, session: Session) -> None:
    address, basile = f"/orders/{scene.place().id}/submit", sign_in(scene.people.basile)
    session.rollback()
    assert basile.post(address).status_code == 404
    assert balances() == (0, 0)


@pytest.mark.parametrize("name", ["alix", "clara", "dora", "eli"])
def test_the_wrong_role(sign_in: SignIn, scene: Scene, session: Session, name: str) -> None:
    address, person = f"/orders/{scene.place().id}/submit", sign_in(getattr(scene.people, name))
    session.rollback()
    assert person.post(address).status_code == 403
    assert balances() == (0, 0)


def test_twice(sign_in: SignIn, scene: Scene, session: Session) -> None:
    order, ada = scene.submitted(), sign_in(scene.people.ada)
    address = f"/orders/{order.id}/submit"
    session.rollback()
    assert ada.post(address).status_code == 409
    assert balances() == (200, 0)
    assert entries(order) == [(EntryKind.RESERVE, 200)]


def test_an_unexpected_field(sign_in: SignIn, scene: Scene, session: Session) -> None:
    address, ada = f"/orders/{scene.place().id}/submit", sign_in(scene.people.ada)
    session.rollback()
    assert ada.post(address, data={"amount": "1"}).status_code == 422
    assert balances() == (0, 0)


def test_without_a_line(scene: Scene, session: Session) -> None:
    order = scene.place()
    session.execute(delete(OrderLine))
    session.commit()
    refused(scene, order, "no_line")


@pytest.mark.parametrize("days", [-1, 701])
def test_outside_the_period(scene: Scene, days: int) -> None:
    order = scene.place()
    day = (scene.agreement.starts_on if days < 0 else today()) + timedelta(days=days)
    begin()
    with pytest.raises(Refused, match="agreement_not_in_force"):
        operations.submit(order, actor=actor_for(scene.people.ada), today=day)


def test_on_the_first_and_the_last_day(scene: Scene) -> None:
    ada, days = actor_for(scene.people.ada), (scene.agreement.starts_on, scene.agreement.ends_on)
    for day in days:
        order = scene.place(1)
        begin()
        operations.submit(order, actor=ada, today=day)
        pipeline.commit()
        assert order.state is OrderState.SUBMITTED


def test_after_the_end(scene: Scene) -> None:
    order = scene.place()
    end_period(scene)
    refused(scene, order, "agreement_not_in_force")


def test_on_a_closed_agreement(scene: Scene, session: Session) -> None:
    order = scene.place()
    scene.agreement.state = AgreementState.CLOSED
    session.commit()
    refused(scene, order, "agreement_not_in_force")


def test_on_an_agreement_closed_since_it_was_read(scene: Scene, session: Session) -> None:
    order = scene.place()
    begin()
    assert scene.agreement.state is AgreementState.NOTIFIED
    # Closed by somebody else: the copy in memory does not know.
    statement = update(type(scene.agreement)).values(state=AgreementState.CLOSED)
    session.execute(statement.execution_options(synchronize_session=False))
    with pytest.raises(Refused, match="agreement_closed"):
        operations.submit(order, actor=actor_for(scene.people.ada), today=today())


def test_without_a_membership(scene: Scene, session: Session) -> None:
    order = scene.place()
    session.execute(update(Membership).values(left_on=today()))
    session.commit()
    refused(scene, order, "no_membership")


def test_when_the_price_list_changed(scene: Scene, session: Session) -> None:
    order, old = scene.place(), scene.prices[0]
    session.add(
        AgreementPrice(
            agreement_id=old.agreement_id,
            lot_line_id=old.lot_line_id,
            item_id=old.item_id,
            position=1,
            price_version=2,
            valid_from=today(),
            unit_price=Decimal(95),
            vat_rate=old.vat_rate,
        )
    )
    session.commit()
    refused(scene, order, "price_changed")


@pytest.mark.parametrize(
    "ceilings",
    [{"ceiling": 1000}, {"quota": 1000}, {"holder_ceiling": 1000}],
    ids=["agreement", "quota", "holder"],
)
def test_above_a_ceiling(set_up: SetScene, ceilings: dict[str, int]) -> None:
    scene = set_up(**ceilings)
    scene.confirmed(4)
    scene.submitted(5)
    refusal = refused(scene, scene.place(2), "over_ceiling")
    assert "200,00\u00a0€" in str(refusal.sentence)
    assert "100,00\u00a0€" in str(refusal.sentence)
    assert balances() == (500, 400)
    # Exactly what remains is accepted.
    scene.submitted(1)
    assert balances() == (600, 400)


def test_the_three_sentences_differ(set_up: SetScene) -> None:
    from procurement.orders.ledger import _OVER

    assert len({str(sentence) for sentence in _OVER.values()}) == 3


def test_the_refusal_stands_on_the_page(
    sign_in: SignIn, set_up: SetScene, session: Session
) -> None:
    scene = set_up(ceiling=150)
    address, ada = f"/orders/{scene.place(2).id}/submit", sign_in(scene.people.ada)
    session.rollback()
    answer = ada.post(address)
    assert answer.status_code == 409
    assert "150,00\u00a0€" in answer.text
    assert balances() == (0, 0)


def test_a_quota_of_nothing_is_not_the_absence_of_a_quota(set_up: SetScene) -> None:
    scene = set_up(quota=0)
    refused(scene, scene.place(1), "over_ceiling")


def test_lines_are_summed_before_the_test(set_up: SetScene) -> None:
    scene = set_up(ceiling=210)
    # Each line fits, both together do not.
    refused(scene, scene.place(2, 10), "over_ceiling")


def test_gifts_alone_are_an_order_too(scene: Scene, session: Session) -> None:
    session.execute(update(AgreementPrice).values(unit_price=Decimal(0)))
    session.commit()
    order = scene.submitted(1)
    assert entries(order) == [(EntryKind.RESERVE, 0)]
