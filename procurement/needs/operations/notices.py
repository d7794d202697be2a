"""What people are told of a need, by letters that leave with the act itself."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _

from procurement.extensions import db
from procurement.kernel import mail
from procurement.kernel.access import MEMBER_ROLES, Actor, Role
from procurement.kernel.mail import Draft
from procurement.members.models import Member, Person
from procurement.members.queries import addresses
from procurement.needs import queries
from procurement.needs.models import Entry, Need


def begun(need: Need, actor: Actor) -> None:
    """Tell a member that somebody else begins to declare its needs."""
    subject = _("Your needs are being declared for you: %(title)s", title=need.campaign.title)
    body = [_begun_sentence(need, actor), _YOURS]
    _tell(need, MEMBER_ROLES, subject, body)


def submitted(need: Need, actor: Actor) -> None:
    """Tell who validates that there is something to validate.

    A need that was entered for the member is told to all its people, who may object.
    """
    names = {"person": actor.name, "member": need.member.name, "title": need.campaign.title}
    subject = _("Needs of %(member)s to validate: %(title)s", **names)
    told = _("%(person)s has submitted the needs of %(member)s for “%(title)s”.", **names)
    if need.entry is Entry.OWN:
        body = [told, _("They are frozen until you validate or return them.")]
        _tell(need, {Role.APPROVER}, subject, body)
    else:
        _tell(need, MEMBER_ROLES, subject, [told, _YOURS])


def returned(need: Need, reason: str, actor: Actor) -> None:
    """Tell why the need comes back: its author, or the member's people where they go on with it."""
    names = {"person": actor.name, "member": need.member.name, "title": need.campaign.title}
    subject = _("Needs of %(member)s to correct: %(title)s", **names)
    body = [
        _("%(person)s has returned the needs of %(member)s for “%(title)s”.", **names),
        _("Reason: %(reason)s", reason=reason),
        _next_step(need.member),
    ]
    if _goes_on(need.author, need):
        _tell_author(need, subject, body)
    else:
        # What a mandate no longer covers is not for the former delegate to read.
        _tell(need, {Role.REQUESTER}, subject, body)


def objected(need: Need, reason: str, actor: Actor) -> None:
    """Tell whoever entered the need what the member says against it."""
    names = {"person": actor.name, "member": need.member.name, "title": need.campaign.title}
    subject = _("%(member)s objects to the needs entered for it: %(title)s", **names)
    body = [
        _("%(person)s objects to what was entered for %(member)s in “%(title)s”.", **names),
        _("Reason: %(reason)s", reason=reason),
    ]
    _tell_author(need, subject, body)


def _goes_on(author: Person, need: Need) -> bool:
    """Tell whether the author may still write in the need."""
    acting = Actor(author.id, author.name, author.role, author.member_id)
    return author.is_active and queries.writes(need, acting)


def _next_step(member: Member) -> object:
    if member.successor is None:
        return _("Correct them and submit them again.")
    return _(
        "%(member)s is now part of %(successor)s: declare what is still needed in the answer of"
        " %(successor)s.",
        member=member.name,
        successor=member.successor.name,
    )


_YOURS = _(
    "They are your needs: look at them, validate them, or object to them with your reason and take"
    " them over yourselves."
)


def _begun_sentence(need: Need, actor: Actor) -> object:
    names = {"person": actor.name, "title": need.campaign.title}
    if need.entry is Entry.CENTRALE:
        return _(
            "%(person)s, buyer of the centrale, enters your needs for “%(title)s” from a document"
            " that you sent.",
            **names,
        )
    return _(
        "%(person)s, of %(delegate)s which has your mandate, declares your needs for “%(title)s”.",
        delegate=actor.member_name,
        **names,
    )


def _tell(need: Need, roles: Collection[Role], subject: object, body: list[object]) -> None:
    # The people of a body that merged act for its successor.
    body_id = need.member.successor_id or need.member_id
    letters = [Draft(to, subject, body, f"/needs/{need.id}") for to in addresses(body_id, roles)]
    mail.write_all(db.session(), letters)


def _tell_author(need: Need, subject: object, body: list[object]) -> None:
    author = need.author
    if author.is_active:
        to = (author.name, author.email)
        mail.write(db.session(), to=to, subject=subject, body=body, path=f"/needs/{need.id}")
