"""When an order may be written, submitted or printed: the questions that more than one act asks."""

from datetime import date

from flask_babel import lazy_gettext as _

from procurement.agreements.models import Agreement
from procurement.kernel.access import Actor
from procurement.kernel.errors import Forbidden, Refused
from procurement.members.queries import has_membership
from procurement.orders import queries
from procurement.orders.models import Order, OrderState


def check_editable(order: Order) -> None:
    """Refuse to change what is submitted."""
    if not order.is_editable:
        raise Refused("not_draft", _("This order was submitted and no longer changes."))


def check_open(agreement: Agreement, today: date) -> None:
    """Refuse an order outside the life of the agreement (R2162-5)."""
    if not agreement.is_in_force(today):
        raise Refused(
            "agreement_not_in_force",
            _(
                "This agreement takes no orders today: they may be issued while it is in force,"
                " from %(first)s to %(last)s.",
                first=f"{agreement.starts_on:%d/%m/%Y}",
                last=f"{agreement.ends_on:%d/%m/%Y}",
            ),
        )


def check_beneficiary(agreement_id: int, member_id: int) -> None:
    """Refuse a member that the agreement does not name (R2162-6)."""
    if queries.beneficiary(agreement_id, member_id) is None:
        raise Refused(
            "not_a_beneficiary",
            _("Your body is not named in this agreement: only the named members may order."),
        )


def check_membership(member_id: int, today: date) -> None:
    """Refuse a body whose membership is not in force."""
    if not has_membership(member_id, today):
        raise Refused(
            "no_membership",
            _("Your body is not a member of the centrale today; ask it to sign the membership."),
        )


def writer(order: Order, actor: Actor) -> int:
    """Give who writes; nobody in the order of another body, or of one that merged into theirs."""
    if actor.person_id is None or not order.is_of(actor):
        raise Forbidden
    return actor.person_id


def check_decider(order: Order, actor: Actor) -> None:
    """Refuse to decide on the order of another body than one's own, or one that merged into it."""
    if actor.person_id is None or not order.member.is_acted_for_by(actor):
        raise Forbidden


def check_approver(order: Order, actor: Actor) -> None:
    """Refuse an order that does not wait for this actor's word: four eyes see each."""
    check_decider(order, actor)
    if order.state is not OrderState.SUBMITTED:
        raise not_submitted()
    if not order.can_confirm(actor):
        raise Refused(
            "own_order", _("Somebody other than its author must confirm or refuse this order.")
        )


def check_printable(order: Order) -> None:
    """Refuse the paper of what is not, or no longer, an order to the holder."""
    if not order.is_printable:
        raise Refused(
            "not_confirmed", _("The order form can be printed once the order is confirmed.")
        )


def not_submitted() -> Refused:
    """Build the refusal of an act on what does not wait to be confirmed."""
    return Refused("not_submitted", _("This order is not, or no longer, waiting to be confirmed."))


def no_line() -> Refused:
    """Build the refusal of an order of nothing."""
    return Refused("no_line", _("Type a quantity for at least one item."))
