"""The ledger under any sequence of acts: sums of entries, and never above a ceiling."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.agreements import operations as agreements
from procurement.agreements.models import Agreement, Beneficiary, CeilingKind, Holder
from procurement.kernel import audit, database
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import today
from procurement.orders import operations, verification
from procurement.orders.ledger import LEVELS
from procurement.orders.models import Order, OrderState
from procurement.orders.operations import Draft, Wanted
from tests.make import actor_for
from tests.orders.scene import Scene

AMOUNT = CeilingKind.AMOUNT
SIDES = {"first": ("ada", "alix"), "second": ("basile", "blanche")}

acts = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "confirm", "refuse", "withdraw", "cancel", "quota"]),
        st.sampled_from(list(SIDES)),
        st.integers(0, 12),
    ),
    min_size=3,
    max_size=14,
)


class Play:
    """A sequence of acts; each is undone as a request would be when it is refused."""

    def __init__(self, scene: Scene, session: Session) -> None:
        self.scene, self.session, self.orders = scene, session, list[Order]()

    def act(self, name: str, side: str, number: int) -> None:
        """Try one act."""
        point = self.session.begin_nested()
        try:
            self._do(name, side, number)
            self.session.flush()
        except Refused:
            point.rollback()
            audit.forget(self.session)
        else:
            point.commit()
            audit.seal(self.session)

    def _do(self, name: str, side: str, number: int) -> None:
        requester, approver = (
            actor_for(getattr(self.scene.people, person)) for person in SIDES[side]
        )
        mine = [one for one in self.orders if one.member_id == requester.member_id]
        if name == "submit":
            self._submit(side, requester, number)
        elif name == "quota":
            self._quota(side, number)
        elif mine:
            order = mine[number % len(mine)]
            deeds: dict[str, Callable[[], None]] = {
                "confirm": lambda: operations.confirm(order, actor=approver, today=today()),
                "refuse": lambda: operations.refuse(order, "Non", actor=approver),
                "withdraw": lambda: operations.withdraw(order, "Non", actor=requester),
                "cancel": lambda: operations.cancel(order, "Non", actor=approver),
            }
            deeds[name]()

    def _submit(self, side: str, requester: Actor, number: int) -> None:
        site = getattr(self.scene.people, side).sites[0]
        wanted = [Wanted(self.scene.prices[0].id, Decimal(number))]
        wanted.append(Wanted(self.scene.prices[1].id, Decimal(10)))
        order = operations.place(
            self.scene.agreement, Draft(site, wanted), actor=requester, today=today()
        )
        operations.submit(order, actor=requester, today=today())
        self.orders.append(order)

    def _quota(self, side: str, number: int) -> None:
        member = getattr(self.scene.people, side)
        named = self.session.scalars(select(Beneficiary).filter_by(member_id=member.id)).one()
        quota = Decimal(number * 100) if number else None
        agreements.set_quota(named, quota, actor=actor_for(self.scene.people.clara))

    def check(self) -> None:
        """Compare each level with the states of the orders, its ceiling and the ledger."""
        for level, column in LEVELS:
            for row in self.session.execute(
                select(level.id, level.reserved, level.consumed, level.ceiling)
            ):
                counted = [one for one in self.orders if self._key(one, column) == row.id]
                assert row.reserved == self._sum(counted, OrderState.SUBMITTED)
                assert row.consumed == self._sum(counted, OrderState.CONFIRMED)
                assert row.ceiling is None or row.reserved + row.consumed <= row.ceiling
        assert list(verification.faults()) == []

    def _key(self, order: Order, column: str) -> int | None:
        if column != "beneficiary_id":
            return int(getattr(order, column))
        query = select(Beneficiary.id).filter_by(member_id=order.member_id)
        return self.session.scalar(query)

    def _sum(self, orders: list[Order], state: OrderState) -> Decimal:
        return sum((one.amount for one in orders if one.state is state), Decimal(0))


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ceiling=st.integers(0, 40), holder_ceiling=st.none() | st.integers(0, 40), sequence=acts)
def test_balances_are_the_sum_of_entries_and_never_above(
    scene: Scene,
    session: Session,
    ceiling: int,
    holder_ceiling: int | None,
    sequence: list[tuple[str, str, int]],
) -> None:
    session.rollback()
    database.begin_write(session)
    session.execute(update(Agreement).values(ceiling=Decimal(ceiling * 100 + 1)))
    if holder_ceiling is not None:
        most = Decimal(holder_ceiling * 100)
        session.execute(update(Holder).values(ceiling=most, ceiling_kind=AMOUNT))
    play = Play(scene, session)
    try:
        for name, side, number in sequence:
            play.act(name, side, number)
        play.check()
    finally:
        session.rollback()
        audit.forget(session)


@pytest.mark.parametrize("level", [Agreement, Holder, Beneficiary])
def test_the_database_itself_refuses_to_pass_a_ceiling(
    scene: Scene, session: Session, level: type[Agreement]
) -> None:
    for values in ({"reserved": Decimal("10000.01")}, {"consumed": Decimal("-0.01")}):
        capped: dict[str, object] = {"ceiling": Decimal(10_000)}
        if level is not Agreement:
            capped["ceiling_kind"] = AMOUNT
        with pytest.raises(IntegrityError):
            session.execute(update(level).values(**values, **capped))
        session.rollback()


def test_an_order_has_one_entry_of_each_kind(scene: Scene, session: Session) -> None:
    order = scene.submitted()
    # What two people who confirm at once would do, if the version of the order let them.
    session.execute(update(Order).values(state=OrderState.SUBMITTED))
    scene.confirm(order)
    query = "INSERT INTO ledger_entry (at, kind, order_id, agreement_id, holder_id, beneficiary_id,"
    query += " amount) SELECT at, kind, order_id, agreement_id, holder_id, beneficiary_id, amount"
    with pytest.raises(IntegrityError):
        session.connection().exec_driver_sql(query + " FROM ledger_entry WHERE kind = 'confirm'")
    session.rollback()


def test_holders_and_beneficiaries_are_counted_apart(scene: Scene, session: Session) -> None:
    scene.confirmed(2)
    basile, blanche = actor_for(scene.people.basile), actor_for(scene.people.blanche)
    wanted = [Wanted(scene.prices[0].id, Decimal(3))]
    site = scene.people.second.sites[0]
    session.rollback()
    database.begin_write(session)
    order = operations.place(scene.agreement, Draft(site, wanted), actor=basile, today=today())
    operations.submit(order, actor=basile, today=today())
    session.flush()
    operations.confirm(order, actor=blanche, today=today())
    session.flush()
    rows = select(Beneficiary.consumed).order_by(Beneficiary.id)
    assert list(session.scalars(rows)) == [200, 300]
    assert session.scalar(select(func.sum(Holder.consumed))) == 500
    session.rollback()
    audit.forget(session)
