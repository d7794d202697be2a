"""Confirming, refusing, withdrawing and cancelling an order."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from procurement.agreements.models import AgreementState
from procurement.kernel.access import Role
from procurement.kernel.errors import Forbidden, Refused
from procurement.kernel.pipeline import today
from procurement.orders import operations
from procurement.orders.models import EntryKind, Order, OrderState
from tests.conftest import SignIn
from tests.make import actor_for, make_person
from tests.orders.scene import Scene, balances, begin, end_period, entries, history

WHY = {"reason": "Trop tôt"}
#: Each act with who does it, on what, and where the order, reserved and consumed end.
ACTS = {
    "confirm": ("alix", "submitted", {}, OrderState.CONFIRMED, EntryKind.CONFIRM, (0, 200)),
    "refuse": ("alix", "submitted", WHY, OrderState.REFUSED, EntryKind.RELEASE, (0, 0)),
    "withdraw": ("ada", "submitted", WHY, OrderState.CANCELLED, EntryKind.RELEASE, (0, 0)),
    "cancel": ("alix", "confirmed", WHY, OrderState.CANCELLED, EntryKind.CANCEL, (0, 0)),
}
WITH_REASON = ["refuse", "withdraw", "cancel"]
each_act = pytest.mark.parametrize("act", ACTS)


class Stage:
    """One act, its order and those who try it."""

    def __init__(self, scene: Scene, sign_in: SignIn, act: str) -> None:
        self.who, made, self.form, self.state, self.kind, self.after = ACTS[act]
        self.order: Order = getattr(scene, made)()
        self.before = balances()
        self.clients = {
            name: sign_in(getattr(scene.people, name))
            for name in ("ada", "alix", "basile", "blanche", "clara", "dora", "eli")
        }
        self.act = act
        self.address = f"/orders/{self.order.id}/{act}"

    @property
    def actor(self) -> FlaskClient:
        """Who may do it."""
        return self.clients[self.who]

    def nothing_moved(self) -> bool:
        """Tell whether the order and the balances stand as before."""
        return balances() == self.before and self.order.state is not self.state


@pytest.fixture
def stage(scene: Scene, sign_in: SignIn, act: str, session: Session) -> Stage:
    """The act ready to be done."""
    stage = Stage(scene, sign_in, act)
    session.rollback()
    return stage


@each_act
def test_it_works(stage: Stage) -> None:
    answer = stage.actor.post(stage.address, data=stage.form)
    assert answer.status_code == 302
    assert balances() == stage.after
    order = stage.order
    assert order.state is stage.state
    assert entries(order)[-1] == (stage.kind, Decimal(200))
    assert history(order)[-1] == f"orders.{stage.act}"
    assert order.reason == stage.form.get("reason")
    page = stage.actor.get(f"/orders/{order.id}").text
    assert page.count("<td data-label") > 0
    assert stage.form.get("reason", "") in page


@each_act
def test_a_stranger_finds_nothing(stage: Stage, act: str) -> None:
    stranger = stage.clients["basile" if stage.who == "ada" else "blanche"]
    assert stranger.post(stage.address, data=stage.form).status_code == 404
    assert stage.nothing_moved()


@each_act
def test_the_wrong_role(stage: Stage, act: str) -> None:
    other = "alix" if stage.who == "ada" else "ada"
    for name in (other, "clara", "dora", "eli"):
        answer = stage.clients[name].post(stage.address, data=stage.form)
        assert answer.status_code == 403
    assert stage.nothing_moved()


@each_act
def test_twice(stage: Stage, act: str) -> None:
    stage.actor.post(stage.address, data=stage.form)
    assert stage.actor.post(stage.address, data=stage.form).status_code == 409
    assert balances() == stage.after


@each_act
def test_a_draft_is_not_there_to_be_decided(
    scene: Scene, sign_in: SignIn, session: Session, act: str
) -> None:
    order, client = scene.place(), sign_in(getattr(scene.people, ACTS[act][0]))
    session.rollback()
    answer = client.post(f"/orders/{order.id}/{act}", data=ACTS[act][2])
    assert answer.status_code == 409
    assert balances() == (0, 0)


@pytest.mark.parametrize("act", WITH_REASON)
@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_reason_is_needed(stage: Stage, act: str, reason: str) -> None:
    answer = stage.actor.post(stage.address, data={"reason": reason})
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    assert stage.nothing_moved()


@pytest.mark.parametrize("act", ["confirm"])
def test_an_unexpected_field(stage: Stage, act: str) -> None:
    assert stage.actor.post(stage.address, data=WHY).status_code == 422
    assert stage.nothing_moved()


def test_its_author_does_not_decide(scene: Scene, session: Session) -> None:
    order = scene.submitted()
    scene.people.ada.role = Role.APPROVER
    session.commit()
    begin()
    ada = actor_for(scene.people.ada)
    with pytest.raises(Refused, match="own_order"):
        operations.confirm(order, actor=ada, today=today())
    with pytest.raises(Refused, match="own_order"):
        operations.refuse(order, "Non", actor=ada)


def test_an_approver_who_wrote_it_is_told_why_there_is_no_button(
    scene: Scene, sign_in: SignIn, session: Session
) -> None:
    order = scene.submitted()
    scene.people.ada.role = Role.APPROVER
    session.commit()
    ada = sign_in(scene.people.ada)
    session.rollback()
    assert f"/orders/{order.id}/confirm" not in ada.get(f"/orders/{order.id}").text
    assert ada.post(f"/orders/{order.id}/confirm").status_code == 409


def test_an_approver_of_another_member_decides_nothing(scene: Scene) -> None:
    order = scene.submitted()
    with pytest.raises(Forbidden):
        operations.confirm(order, actor=actor_for(scene.people.blanche), today=today())


def test_nothing_is_confirmed_after_the_period(
    scene: Scene, sign_in: SignIn, session: Session
) -> None:
    order, alix = scene.submitted(), sign_in(scene.people.alix)
    end_period(scene)
    assert alix.post(f"/orders/{order.id}/confirm").status_code == 409
    # It can still be refused, which frees its amount.
    assert alix.post(f"/orders/{order.id}/refuse", data=WHY).status_code == 302
    assert balances() == (0, 0)


def test_a_confirmed_order_is_cancelled_even_after_the_agreement(
    scene: Scene, sign_in: SignIn, session: Session
) -> None:
    order, alix = scene.confirmed(), sign_in(scene.people.alix)
    scene.agreement.state = AgreementState.CLOSED
    session.commit()
    assert alix.post(f"/orders/{order.id}/cancel", data=WHY).status_code == 302
    assert balances() == (0, 0)


def test_who_confirmed_it_is_known(scene: Scene) -> None:
    order = scene.confirmed()
    assert (order.approver_id, order.confirmed_on) == (scene.people.alix.id, today())


def test_another_approver_may_cancel(scene: Scene, session: Session) -> None:
    order = scene.confirmed()
    other = make_person(session, Role.APPROVER, scene.people.first)
    session.commit()
    begin()
    operations.cancel(order, "Rupture", actor=actor_for(other))
    assert order.approver_id == scene.people.alix.id
