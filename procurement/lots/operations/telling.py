"""What members are told of the lots that their needs feed, by letters that leave with the act."""

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from procurement.extensions import db
from procurement.kernel import mail
from procurement.kernel.mail import Draft
from procurement.lots.models import Allocation, Lot, LotLine
from procurement.members.models import Member
from procurement.needs.models import NeedLine
from procurement.needs.operations.telling import recipients


def tell_thawed(lot: Lot, reason: str) -> int:
    """Tell the members whose needs feed a lot that it is a draft again; give how many letters.

    Each person gets one, which leads to the page that says where the need is.
    """
    needs = _needs_by_body(lot)
    subject = _("A lot with your needs is being changed: %(title)s", title=lot.campaign.title)
    body = [
        _("Hello,"),
        _(
            "Lot %(number)s, “%(title)s”, in which the centrale pools needs of yours, was frozen"
            " and is open to changes again.",
            number=lot.number,
            title=lot.title,
        ),
        _("Reason given by the centrale: %(reason)s", reason=reason),
        _(
            "You have nothing to do: your validated quantities stay as they are. Where each of"
            " your needs is now stands here:"
        ),
    ]
    letters: dict[str, Draft] = {}
    for member_id, people in recipients(list(needs)).items():
        path = f"/needs/{needs[member_id]}/whereabouts"
        for to in people:
            letters.setdefault(to[1], Draft(to, subject, body, path))
    mail.write_all(db.session(), letters.values())
    return len(letters)


def _needs_by_body(lot: Lot) -> dict[int, int]:
    """Give by body one need of the lot; the people of a body that merged act for its successor."""
    body = func.coalesce(Member.successor_id, Member.id)
    query = (
        select(body, func.min(NeedLine.need_id))
        .join(NeedLine, NeedLine.member_id == Member.id)
        .join(Allocation, Allocation.need_line_id == NeedLine.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .where(LotLine.lot_id == lot.id)
        .group_by(body)
        .order_by(body)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}
