"""Whom a campaign asks by name, and whom it does not concern after all."""

import re
from collections import defaultdict

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.members.models import Member
from procurement.members.rules import plain
from procurement.needs.models import Campaign, CampaignState, Exemption, Need, NeedState

_SIREN = re.compile(r"(?<!\d)\d{3}[ \u00a0\u202f]?\d{3}[ \u00a0\u202f]?\d{3}(?!\d)")
#: Lines that a refusal repeats; a longer list is of another kind altogether.
_TOLD = 5


def guests_named(text: str) -> list[int]:
    """Give the ids of the bodies that a list names, one a line, by SIREN or by name.

    A line may come from a spreadsheet: its SIREN counts and the rest is left. Accents,
    capitals and hyphens do not matter. A body that merged stands for its successor. Raises Refused
    ``unknown_guests``, with the lines that name nobody, or more than one body.
    """
    by_siren: dict[str, int] = {}
    by_name: defaultdict[str, set[int]] = defaultdict(set)
    query = select(Member.id, Member.siren, Member.sort_name, Member.successor_id)
    for row in db.session.execute(query):
        by_siren[row.siren] = row.successor_id or row.id
        by_name[_key(row.sort_name)].add(row.successor_id or row.id)
    found: set[int] = set()
    unknown: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        siren = _SIREN.search(line)
        if siren:
            member_id = by_siren.get(re.sub(r"\D", "", siren[0]))
            named = set() if member_id is None else {member_id}
        else:
            named = by_name.get(_key(re.split("[\t;]", line)[0]), set())
        if len(named) == 1:
            found |= named
        else:
            unknown.append(line)
    if unknown:
        raise Refused("unknown_guests", _nobody(unknown), "guests")
    return sorted(found)


def exempt(campaign: Campaign, member_id: int, reason: str, *, actor: Actor) -> None:
    """Mark a member that a campaign asks as not concerned, with the reason: it is not reminded.

    It may answer all the same. Raises Refused ``already_answered``, ``already_exempt``,
    ``campaign_archived``.
    """
    _check_not_archived(campaign)
    answer = select(Need.state).where(Need.campaign_id == campaign.id, Need.member_id == member_id)
    if db.session.scalar(answer) in (NeedState.SUBMITTED, NeedState.VALIDATED):
        raise Refused("already_answered", _("This member has answered: it is concerned."))
    if _exemption(campaign, member_id) is not None:
        raise Refused("already_exempt", _("This member is marked as not concerned already."))
    db.session.add(Exemption(campaign_id=campaign.id, member_id=member_id, reason=reason))
    audit.record(db.session(), actor, "needs.exempt", campaign, member_id=member_id, reason=reason)


def unexempt(campaign: Campaign, member_id: int, *, actor: Actor) -> None:
    """Count a member among those concerned again.

    Raises Refused ``not_exempt``, ``campaign_archived``.
    """
    _check_not_archived(campaign)
    exemption = _exemption(campaign, member_id)
    if exemption is None:
        raise Refused("not_exempt", _("This member is not marked as not concerned."))
    audit.record(
        db.session(),
        actor,
        "needs.unexempt",
        campaign,
        member_id=member_id,
        reason=(exemption.reason, None),
    )
    db.session.delete(exemption)


def _check_not_archived(campaign: Campaign) -> None:
    if campaign.state is CampaignState.ARCHIVED:
        raise Refused("campaign_archived", _("This campaign is archived and no longer changes."))


def _key(name: str) -> str:
    """Give a name without what people leave out or write in another way."""
    return re.sub("[^a-z0-9]+", " ", plain(name)).strip()


def _exemption(campaign: Campaign, member_id: int) -> Exemption | None:
    query = select(Exemption).where(
        Exemption.campaign_id == campaign.id, Exemption.member_id == member_id
    )
    return db.session.scalar(query)


def _nobody(lines: list[str]) -> object:
    return _(
        "Write the SIREN of each body. These lines name none, or several: %(lines)s",
        lines=", ".join(f"“{one[:60]}”" for one in lines[:_TOLD]) + (" …" if lines[_TOLD:] else ""),
    )
