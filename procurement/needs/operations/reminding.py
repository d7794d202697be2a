"""Members that have not answered are reminded: by the buyer, and by themselves near the end."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import literal, select
from sqlalchemy.dialects import postgresql, sqlite

from procurement.extensions import db
from procurement.kernel import audit, mail
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.kernel.mail import Draft
from procurement.members.models import Member
from procurement.needs import queries
from procurement.needs.models import Campaign, CampaignState, NeedState, Occasion, Reminder
from procurement.needs.operations import telling

#: Days before the end at which members are reminded, the second time at the eve of it.
WEEK, EVE = 7, 2


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many members were reminded, and by how many letters."""

    members: int = 0
    letters: int = 0

    def __add__(self, other: "Reminded") -> "Reminded":
        return Reminded(self.members + other.members, self.letters + other.letters)


def remind(campaign: Campaign, *, actor: Actor, today: date) -> Reminded:
    """Remind all who have not answered, once a day.

    Whoever cannot be written to is not reminded; the board names them. Raises Refused
    ``campaign_closed`` while the campaign takes no answers.
    """
    if not campaign.takes_answers(today):
        raise Refused(
            "campaign_closed", _("This campaign takes no answers today: there is nobody to remind.")
        )
    return _remind(campaign, Occasion.BY_HAND, today, actor, today)


def remind_due(*, actor: Actor, today: date) -> Reminded:
    """Send the reminders that are due by themselves, in all campaigns; each only once.

    It may run at any time, and twice at once: a member is reminded by whoever writes the row.
    """
    query = select(Campaign).where(
        Campaign.state == CampaignState.OPEN,
        Campaign.opens_on <= today,
        Campaign.closes_on.between(today, today + timedelta(days=WEEK)),
    )
    done = Reminded()
    for campaign in db.session.scalars(query.order_by(Campaign.id)):
        occasion = due(campaign, today)
        if occasion is not None:
            done += _remind(campaign, occasion, campaign.closes_on, actor, today)
    return done


def due(campaign: Campaign, today: date) -> Occasion | None:
    """Tell which reminder a campaign that takes answers is due on ``today``.

    The first is for campaigns that were open seven days before their end already: who has just
    been told that one opens is not reminded of it.
    """
    left = (campaign.closes_on - today).days
    if 0 <= left <= EVE:
        return Occasion.EVE
    was_open = campaign.opens_on <= campaign.closes_on - timedelta(days=WEEK)
    return Occasion.WEEK if EVE < left <= WEEK and was_open else None


def _remind(
    campaign: Campaign, occasion: Occasion, about_on: date, actor: Actor, today: date
) -> Reminded:
    member_ids = _note(campaign, occasion, about_on, today)
    if not member_ids:
        return Reminded()
    letters = _letters(campaign, member_ids)
    mail.write_all(db.session(), letters)
    done = Reminded(len(member_ids), len(letters))
    audit.record(
        db.session(),
        actor,
        "needs.remind",
        campaign,
        occasion=occasion,
        members=done.members,
        letters=done.letters,
    )
    return done


def _note(campaign: Campaign, occasion: Occasion, about_on: date, today: date) -> list[int]:
    """Write who is reminded, and give those that nobody had written before."""
    kept = ("campaign_id", "member_id", "occasion", "about_on", "sent_on")
    table = Reminder.__table__.c
    awaited = queries.pending(campaign, today).with_only_columns(
        literal(campaign.id),
        Member.id,
        literal(occasion, table.occasion.type),
        literal(about_on),
        literal(today),
    )
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    written = (
        dialect.insert(Reminder)
        .from_select(kept, awaited)
        .on_conflict_do_nothing()
        .returning(Reminder.member_id)
    )
    return sorted(db.session.scalars(written))


def _letters(campaign: Campaign, member_ids: list[int]) -> list[Draft]:
    needs = queries.missing(campaign, member_ids)
    letters = []
    for member_id, people in telling.recipients(member_ids).items():
        need = needs.get(member_id)
        state = need.state.value if need else ""
        reason = need.return_reason if need and need.state is NeedState.RETURNED else ""
        subject, body = telling.reminder(campaign, state, reason)
        path = f"/needs/{need.id}" if need else f"/campaigns/{campaign.id}"
        letters += [Draft(person, subject, body, path) for person in people]
    return letters
