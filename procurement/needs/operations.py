"""The acts of this room: campaigns, and each member's need."""

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Forbidden, Refused
from procurement.members.models import Member, Site
from procurement.members.queries import has_membership
from procurement.needs import queries, rules
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine, NeedState


def prepare(
    title: str, opens_on: date, closes_on: date, instructions: str | None, *, actor: Actor
) -> Campaign:
    """Prepare a campaign; members see it once it is opened."""
    if db.session.scalar(select(Campaign.id).where(Campaign.title == title)) is not None:
        raise Refused("title_taken", _("Another campaign has this title."), "title")
    campaign = Campaign(
        title=title, opens_on=opens_on, closes_on=closes_on, instructions=instructions
    )
    db.session.add(campaign)
    audit.record(
        db.session(), actor, "needs.prepare", campaign, opens_on=opens_on, closes_on=closes_on
    )
    return campaign


def open_campaign(campaign: Campaign, *, actor: Actor, today: date) -> None:
    """Open a campaign to the members, from its opening date on."""
    if campaign.closes_on < today:
        raise Refused("campaign_over", _("The closing date of this campaign is past."))
    moved = campaign.move(CampaignState.OPEN)
    audit.record(db.session(), actor, "needs.open_campaign", campaign, state=moved)


def close_campaign(campaign: Campaign, *, actor: Actor) -> None:
    """Close a campaign: what is validated may be pooled, and nothing more is answered."""
    moved = campaign.move(CampaignState.CLOSED)
    audit.record(db.session(), actor, "needs.close_campaign", campaign, state=moved)


def begin(campaign: Campaign, *, actor: Actor, today: date) -> Need:
    """Give the actor's member its need in the campaign, begun now if it was not."""
    if actor.member_id is None or actor.person_id is None:
        raise Forbidden
    need = queries.need_of(campaign, actor.member_id)
    if need is None:
        _check_open(campaign, actor.member_id, today)
        need = Need(
            campaign=campaign, member_id=actor.member_id, author_id=actor.person_id, is_nil=False
        )
        db.session.add(need)
        audit.record(db.session(), actor, "needs.begin", need, campaign_id=campaign.id)
    return need


def add_line(
    need: Need,
    item_id: int,
    quantity: Decimal,
    site_id: int,
    wanted_on: date | None,
    paid_price: Decimal | None,
    paid_since: date | None,
    *,
    actor: Actor,
    today: date,
) -> NeedLine:
    """Add an item to a need that is not submitted yet."""
    _check_editable(need, actor, today)
    if db.session.get(Item, item_id) is None:
        raise Refused("no_such_item", _("This item is not in the catalogue."), "item_id")
    _check_entry(need, item_id, None, site_id, wanted_on, paid_since, today)
    line = NeedLine(
        campaign_id=need.campaign_id,
        member_id=need.member_id,
        departement=need.member.departement,
        item_id=item_id,
        site_id=site_id,
        quantity=quantity,
        wanted_on=wanted_on,
        paid_price=paid_price,
        paid_since=paid_since,
    )
    need.lines.append(line)
    need.is_nil = False
    audit.record(db.session(), actor, "needs.add_line", need, item_id=item_id, quantity=quantity)
    return line


def change_line(
    line: NeedLine,
    quantity: Decimal,
    site_id: int,
    wanted_on: date | None,
    paid_price: Decimal | None,
    paid_since: date | None,
    *,
    actor: Actor,
    today: date,
) -> None:
    """Change a line of a need that is not submitted yet."""
    _check_editable(line.need, actor, today)
    _check_entry(line.need, line.item_id, line, site_id, wanted_on, paid_since, today)
    before = (line.quantity, line.site_id, line.wanted_on, line.paid_price, line.paid_since)
    after = (quantity, site_id, wanted_on, paid_price, paid_since)
    line.quantity, line.site_id, line.wanted_on, line.paid_price, line.paid_since = after
    audit.record(
        db.session(),
        actor,
        "needs.change_line",
        line.need,
        line_id=line.id,
        line=(list(before), list(after)),
    )


def remove_line(line: NeedLine, *, actor: Actor, today: date) -> None:
    """Take a line out of a need that is not submitted yet."""
    need = line.need
    _check_editable(need, actor, today)
    audit.record(
        db.session(),
        actor,
        "needs.remove_line",
        need,
        item_id=(line.item_id, None),
        quantity=(line.quantity, None),
    )
    need.lines.remove(line)


def submit(need: Need, *, actor: Actor, today: date) -> None:
    """Send the need to the member's approver; its lines are frozen from here on."""
    _check_editable(need, actor, today)
    if not need.lines:
        raise Refused(
            "nothing_declared",
            _("There is no line yet. Add one, or answer that nothing is needed."),
        )
    _send(need, actor, is_nil=False)


def declare_nil(need: Need, *, actor: Actor, today: date) -> None:
    """Answer that the member needs nothing: an answer too, validated like the others."""
    _check_editable(need, actor, today)
    if need.lines:
        raise Refused(
            "lines_declared",
            _("This need has lines. Remove them before answering that nothing is needed."),
        )
    _send(need, actor, is_nil=True)


def validate(need: Need, *, actor: Actor) -> None:
    """Validate a submitted need: from here on it may be pooled."""
    _approve(need, actor)
    figure = rules.check_figure(
        (one.item_id, one.site_id, one.quantity, one.paid_price, one.paid_since)
        for one in need.lines
    )
    moved = need.move(NeedState.VALIDATED)
    need.check_figure = figure
    db.session.execute(
        update(NeedLine).where(NeedLine.need_id == need.id).values(is_validated=True)
    )
    audit.record(db.session(), actor, "needs.validate", need, state=moved, check_figure=figure)


def return_to_author(need: Need, reason: str, *, actor: Actor, today: date) -> None:
    """Send a submitted need back to its author, saying why, while it can still be corrected."""
    _approve(need, actor)
    if need.state is NeedState.SUBMITTED and not need.can_return(today):
        raise Refused(
            "too_late_to_return",
            _(
                "The campaign takes no more answers: a returned need could not be corrected."
                " Validate it, or ask the buyer."
            ),
        )
    moved = need.move(NeedState.RETURNED)
    need.return_reason = reason
    audit.record(db.session(), actor, "needs.return_to_author", need, state=moved, reason=reason)


def _check_open(campaign: Campaign, member_id: int, today: date) -> None:
    if not campaign.takes_answers(today):
        raise Refused(
            "campaign_closed",
            _(
                "This campaign takes no answers today: it is open from %(first)s to %(last)s.",
                first=f"{campaign.opens_on:%d/%m/%Y}",
                last=f"{campaign.closes_on:%d/%m/%Y}",
            ),
        )
    if not has_membership(member_id, today):
        raise Refused(
            "no_membership",
            _("Your body is not a member of the centrale today; ask it to sign the membership."),
        )


def _check_editable(need: Need, actor: Actor, today: date) -> None:
    # Somebody may be submitting it: what counts is what it is now, and it stays so.
    db.session.refresh(need, with_for_update=True)
    _check_open(need.campaign, need.member_id, today)
    if not need.is_editable:
        raise Refused(
            "need_frozen",
            _("This need was submitted and no longer changes, unless its approver returns it."),
        )
    if actor.person_id is None:
        raise Forbidden
    need.author_id = actor.person_id


def _check_entry(
    need: Need,
    item_id: int,
    line: NeedLine | None,
    site_id: int,
    wanted_on: date | None,
    paid_since: date | None,
    today: date,
) -> None:
    """Check what is typed for a line, new when ``line`` is None."""
    site = db.session.get(Site, site_id)
    if site is None or site.member_id != need.member_id:
        raise Refused("foreign_site", _("Choose one of your own delivery places."), "site_id")
    if paid_since is not None and paid_since > today:
        raise Refused("paid_later", _("A price paid today started today or before."), "paid_since")
    if wanted_on is not None and wanted_on < today:
        raise Refused("wanted_past", _("Choose a day that is still to come."), "wanted_on")
    others = ((one.item_id, one.site_id) for one in need.lines if one is not line)
    if (item_id, site_id) in others:
        raise Refused(
            "same_item_and_site",
            _("This item is already declared for this place: change its quantity instead."),
            "site_id",
        )


def _send(need: Need, actor: Actor, *, is_nil: bool) -> None:
    member = db.session.get_one(Member, need.member_id)
    for line in need.lines:
        line.departement = member.departement
    need.is_nil, need.return_reason, need.approver_id = is_nil, None, None
    moved = need.move(NeedState.SUBMITTED)
    audit.record(
        db.session(),
        actor,
        "needs.declare_nil" if is_nil else "needs.submit",
        need,
        state=moved,
        lines=len(need.lines),
    )


def _approve(need: Need, actor: Actor) -> None:
    if actor.person_id is None or actor.member_id != need.member_id:
        raise Forbidden
    if actor.person_id == need.author_id:
        raise Refused(
            "own_need", _("Somebody other than its author must validate or return this need.")
        )
    need.approver_id = actor.person_id
