"""What members are told of a campaign, by letters that leave with the act itself."""

from collections.abc import Iterator
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, literal, select, union_all

from procurement.extensions import db
from procurement.kernel import mail
from procurement.kernel.access import Role
from procurement.kernel.mail import Draft
from procurement.members.models import Mandate, Person
from procurement.needs import queries
from procurement.needs.models import Campaign

#: Name and address of a person.
Recipient = tuple[str, str]


def tell_invited(campaign: Campaign, subject: object, body: list[object], today: date) -> int:
    """Write to all who request or approve for the members that the campaign asks and concerns.

    Gives how many letters.
    """
    query = (
        select(Person.name, Person.email)
        .where(
            Person.member_id.in_(queries.concerned(campaign, today)),
            Person.role.in_((Role.REQUESTER, Role.APPROVER)),
            Person.is_active,
        )
        .order_by(Person.id)
    )
    path = f"/campaigns/{campaign.id}"
    letters = [
        Draft((row.name, row.email), subject, body, path) for row in db.session.execute(query)
    ]
    mail.write_all(db.session(), letters)
    return len(letters)


def recipients(member_ids: list[int]) -> dict[int, list[Recipient]]:
    """Give by member whom a reminder is for.

    That is those who request for it; where there are none, those who approve; where there are
    none either, those who request for the body that has its mandate.
    """
    found: dict[int, tuple[int, list[Recipient]]] = {}
    for row in db.session.execute(_people(member_ids)):
        rank, people = found.setdefault(row.member_id, (row.rank, []))
        if rank == row.rank:
            people.append((row.name, row.email))
    return {member_id: people for member_id, (_rank, people) in found.items()}


def _people(member_ids: list[int]) -> Select[tuple[int, int, str, str]]:
    own = [
        select(
            Person.member_id.label("member_id"),
            literal(rank).label("rank"),
            Person.name,
            Person.email,
        ).where(Person.member_id.in_(member_ids), Person.role == role, Person.is_active)
        for rank, role in ((1, Role.REQUESTER), (2, Role.APPROVER))
    ]
    delegated = (
        select(Mandate.member_id, literal(3).label("rank"), Person.name, Person.email)
        .join(Person, Person.member_id == Mandate.delegate_id)
        .where(
            Mandate.member_id.in_(member_ids),
            Mandate.revoked_on.is_(None),
            Person.role == Role.REQUESTER,
            Person.is_active,
        )
    )
    every = union_all(*own, delegated).subquery()
    return select(every).order_by(every.c.member_id, every.c.rank, every.c.email)


def opened(campaign: Campaign) -> tuple[object, list[object]]:
    """Say that a campaign is open: subject and paragraphs."""
    subject = _("A survey of needs is open: %(title)s", title=campaign.title)
    body = [
        _("Hello,"),
        _(
            "The centrale asks your body what it needs: “%(title)s”. You may answer from"
            " %(first)s until the end of %(last)s.",
            title=campaign.title,
            first=_day(campaign.opens_on),
            last=_day(campaign.closes_on),
        ),
        _("Who needs nothing says so too: it takes one click. The campaign and its form are here:"),
    ]
    return subject, body


def extended(campaign: Campaign, reason: str) -> tuple[object, list[object]]:
    """Say that there is more time: subject and paragraphs."""
    subject = _("More time to answer: %(title)s", title=campaign.title)
    body = [
        _("Hello,"),
        _(
            "The survey of needs “%(title)s” is extended: you may answer until the end of"
            " %(last)s.",
            title=campaign.title,
            last=_day(campaign.closes_on),
        ),
        _("Reason given by the centrale: %(reason)s", reason=reason),
        _("The campaign and your answer are here:"),
    ]
    return subject, body


def reopened(campaign: Campaign, reason: str) -> tuple[object, list[object]]:
    """Say that answers are taken again: subject and paragraphs."""
    subject = _("A survey of needs is open again: %(title)s", title=campaign.title)
    body = [
        _("Hello,"),
        _(
            "The survey of needs “%(title)s” was closed and is open again: you may answer until"
            " the end of %(last)s.",
            title=campaign.title,
            last=_day(campaign.closes_on),
        ),
        _("Reason given by the centrale: %(reason)s", reason=reason),
        _("The campaign and your answer are here:"),
    ]
    return subject, body


def reminder(campaign: Campaign, state: str, return_reason: str) -> tuple[object, list[object]]:
    """Remind a member: subject and paragraphs that say what is missing.

    ``state`` is that of its need, empty where none was begun.
    """
    subject = _(
        "Your answer is awaited until %(last)s: %(title)s",
        last=_day(campaign.closes_on),
        title=campaign.title,
    )
    return subject, [_("Hello,"), *_missing(campaign, state, return_reason), _("It is here:")]


def _missing(campaign: Campaign, state: str, return_reason: str) -> Iterator[object]:
    yield _(
        "The survey of needs “%(title)s” takes answers until the end of %(last)s.",
        title=campaign.title,
        last=_day(campaign.closes_on),
    )
    if state == "draft":
        yield _("Your body has begun its answer and has not submitted it yet.")
    elif state == "returned":
        yield _("The answer of your body was returned and awaits its correction.")
        yield _("Reason of the return: %(reason)s", reason=return_reason)
    else:
        yield _(
            "Your body has not begun its answer. If it needs nothing this time, say so: it takes"
            " one click."
        )


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
