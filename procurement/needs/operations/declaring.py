"""What is written into a need while it may still change."""

from datetime import UTC, date, datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor, Permission, Role
from procurement.kernel.errors import Forbidden, Refused, Stale
from procurement.members import operations as members
from procurement.members.models import Site, SiteKind
from procurement.members.queries import has_mandate, has_membership
from procurement.needs import queries, rules
from procurement.needs.models import (
    Basis,
    Campaign,
    Entry,
    Need,
    NeedLine,
    Strength,
)
from procurement.needs.operations import checks
from procurement.needs.operations.checks import LineEntry


def begin(campaign: Campaign, *, actor: Actor, today: date) -> Need:
    """Give the actor's member its need in the campaign, begun now if it was not."""
    if actor.member_id is None or actor.person_id is None:
        raise Forbidden
    need = queries.need_of(campaign, actor.member_id)
    if need is None:
        need = begun(campaign, actor.member_id, Entry.OWN, actor, today)
    return need


def add_line(
    need: Need, item_id: int | None, entry: LineEntry, *, actor: Actor, today: date
) -> NeedLine:
    """Add an item, or with None for it a free line, to a need that is not submitted yet."""
    open_to_writing(need, actor, today)
    if item_id is not None:
        checks.check_item(need, item_id, today)
    line = NeedLine(
        campaign_id=need.campaign_id,
        member_id=need.member_id,
        departement=need.member.departement,
        item_id=item_id,
        allotted=Decimal(0),
    )
    checks.check_entry(need, line, entry, today)
    _write(need, line, entry)
    need.lines.append(line)
    need.is_nil = False
    audit.record(
        db.session(),
        actor,
        "needs.add_line",
        need,
        item_id=item_id,
        words=entry.words,
        quantity=entry.quantity,
    )
    return line


def change_line(
    line: NeedLine, entry: LineEntry, version: int, *, actor: Actor, today: date
) -> None:
    """Change a line of a need that is not submitted yet.

    Raises Stale when the line is no longer the ``version`` that its writer saw.
    """
    open_to_writing(line.need, actor, today)
    if line.version != version:
        raise Stale
    checks.check_words(line, entry)
    checks.check_entry(line.need, line, entry, today)
    before = _readable(line)
    _write(line.need, line, entry)
    after = _readable(line)
    named = {"line_id": line.id, "item_id": line.item_id, "words": line.words}
    audit.record(
        db.session(),
        actor,
        "needs.change_line",
        line.need,
        **named
        | {name: (before[name], after[name]) for name in before if before[name] != after[name]},
    )


def remove_line(line: NeedLine, version: int, *, actor: Actor, today: date) -> None:
    """Take a line out of a need that is not submitted yet.

    Raises Stale when the line is no longer the ``version`` that was seen.
    """
    need = line.need
    open_to_writing(need, actor, today)
    if line.version != version:
        raise Stale
    audit.record(
        db.session(),
        actor,
        "needs.remove_line",
        need,
        line_id=line.id,
        item_id=(line.item_id, None),
        words=(line.words, None),
        quantity=(line.declared_quantity, None),
    )
    need.lines.remove(line)


def delivery_place(need: Need, name: str, kind: SiteKind, *, actor: Actor) -> int:
    """Give the id of the member's place of this name; a new one is kept for the next times."""
    of_member = select(Site.id).where(Site.member_id == need.member_id, Site.name == name)
    site_id = db.session.scalar(of_member)
    if site_id is None:
        if not actor.may(Permission.SITE_KEEP):
            raise Refused(
                "no_new_place", _("Choose one of the places that this body keeps."), "new_place"
            )
        site = members.add_site(need.member, kind, name, need.member.name, None, None, actor=actor)
        db.session.flush()  # The line names it.
        site_id = site.id
    return site_id


def open_to_writing(need: Need, actor: Actor, today: date) -> None:
    """Keep the need from others and check that the actor may write in it now.

    Raises Refused ``campaign_closed``, ``no_membership``, ``need_frozen``, or for somebody else
    than the member ``objection_stands`` when it objects; Forbidden for whoever
    neither belongs to the member, nor has its mandate, nor enters it for the centrale.
    """
    db.session.flush()  # Reading again would drop what is not written yet.
    # Somebody may be submitting it: what counts is what it is now, and it stays so.
    db.session.refresh(need, _CHANGING, with_for_update=True)
    check_open(need.campaign, need.member_id, today)
    if not need.is_editable:
        raise Refused(
            "need_frozen",
            _("This need was submitted and no longer changes, unless its approver returns it."),
        )
    entered_as(need, _entry_of(need, actor), actor)
    if actor.person_id is None:
        raise Forbidden
    need.author_id, need.touched_at = actor.person_id, datetime.now(UTC)


def entered_as(need: Need, entry: Entry, actor: Actor) -> None:
    """Note in whose name a need goes on, where that was another's until now."""
    if need.entry is entry:
        return
    audit.record(db.session(), actor, "needs.take_over", need, entry=(need.entry, entry))
    need.entry = entry


#: What of a need somebody else may have changed; its campaign and its member stay the same.
_CHANGING = [*Need.__table__.columns.keys(), "lines"]


def check_open(campaign: Campaign, member_id: int, today: date) -> None:
    """Check that the member may answer the campaign now."""
    if not campaign.takes_answers(today):
        raise Refused(
            "campaign_closed",
            _(
                "This campaign takes no answers today: it is open from %(first)s to %(last)s.",
                first=f"{campaign.opens_on:%d/%m/%Y}",
                last=f"{campaign.closes_on:%d/%m/%Y}",
            ),
        )
    if queries.is_invited(campaign, member_id, today):
        return
    if has_membership(member_id, campaign.membership_day(today)):
        raise Refused("not_invited", _("This campaign does not ask this body."))
    raise Refused(
        "no_membership",
        _("This body is not a member of the centrale today: it has to sign the membership first."),
    )


def begun(campaign: Campaign, member_id: int, entry: Entry, actor: Actor, today: date) -> Need:
    """Begin a member's need, in whose name ``entry`` says.

    Raises Refused ``not_concerned``, and what keeps the member from answering now.
    """
    check_open(campaign, member_id, today)
    families = queries.family_ids(campaign, member_id, today)
    if families is not None and not families:
        raise Refused(
            "not_concerned",
            _(
                "The families of this campaign are for members that transferred a competence; this"
                " body did not. If it did, tell the centrale."
            ),
        )
    need = Need(
        campaign=campaign,
        member_id=member_id,
        author_id=actor.person_id,
        is_nil=False,
        entry=entry,
        submissions=0,
        touched_at=datetime.now(UTC),
    )
    db.session.add(need)
    audit.record(db.session(), actor, "needs.begin", need, campaign_id=campaign.id, entry=entry)
    return need


def _entry_of(need: Need, actor: Actor) -> Entry:
    """Tell in which name the actor writes: the member's own people always may."""
    if actor.member_id == need.member_id:
        return Entry.OWN
    if need.objection is not None:
        raise Refused(
            "objection_stands",
            _("This member objects to what was entered for it, and takes its need over itself."),
        )
    if actor.member_id is not None and has_mandate(need.member_id, actor.member_id):
        return Entry.DELEGATE
    if actor.role is Role.BUYER and need.entry is Entry.CENTRALE:
        return Entry.CENTRALE
    raise Forbidden


def _write(need: Need, line: NeedLine, entry: LineEntry) -> None:
    """Put what is typed into the line, with the quantity and the price that it comes to."""
    if (line.words, line.own_unit) != (entry.words, entry.own_unit) and line.words is not None:
        # Other words may mean another item: the buyer looks at them again.
        line.item_id = line.units_each = None
    months = need.campaign.contract_months
    for_period = rules.period_quantity(entry.quantity, entry.basis is Basis.YEAR, months)
    if line.units_each and not rules.fits(for_period, entry.paid_price, line.units_each):
        # Too little or too much to be counted in units of the item: here too.
        line.item_id = line.units_each = None
    line.words, line.own_unit = entry.words, entry.own_unit
    line.site_id, line.wanted_on, line.remark = entry.site_id, entry.wanted_on, entry.remark
    line.paid_since, line.evidence_id = entry.paid_since, entry.evidence_id
    line.declared_quantity, line.basis = entry.quantity, entry.basis
    is_firm = need.campaign.commitment is Strength.FIRM
    line.strength = Strength.FIRM if is_firm else entry.strength
    line.own_price = None if entry.words is None else entry.paid_price
    each = line.units_each or Decimal(1)
    line.quantity = rules.in_units(for_period, each)
    line.paid_price = rules.price_of_one(entry.paid_price, each)


def _readable(line: NeedLine) -> dict[str, object]:
    kept = ("site_id", "declared_quantity", "basis", "strength", "wanted_on", "remark")
    paid = ("paid_price", "paid_since", "evidence_id", "words", "own_unit")
    return {name: getattr(line, name) for name in kept + paid}
