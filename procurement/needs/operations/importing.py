"""A workbook of needs comes in: kept as it is, looked at, then written as a whole."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError
from sqlalchemy import delete, insert, select

from procurement.extensions import db
from procurement.kernel import audit, files
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Forbidden, Refused
from procurement.kernel.intake import Unreadable
from procurement.needs import queries, rules
from procurement.needs.imports import Change, Plan, planned, sent
from procurement.needs.models import (
    Basis,
    Campaign,
    Entry,
    Need,
    NeedLine,
    Upload,
)
from procurement.needs.operations import notices
from procurement.needs.operations.declaring import entered_as
from procurement.needs.operations.sourcing import attach_sources
from procurement.needs.queries import Written

#: Ids in one statement: SQLite takes at most 32,766.
_AT_ONCE = 20_000


def receive(
    campaign: Campaign, name: str, content: bytes, *, folder: Path, actor: Actor, today: date
) -> Upload:
    """Keep a workbook that can be read and is of this campaign; nothing else is written yet.

    ``folder`` is the store of contents. Raises ValidationError at ``file`` with all that is wrong.
    """
    if actor.person_id is None:
        raise Forbidden
    try:
        look(campaign, content, actor=actor, today=today)
    except Unreadable as fault:
        raise ValidationError({"file": [str(one.sentence) for one in fault.faults]}) from None
    except Refused as refusal:
        raise ValidationError({"file": [str(refusal.sentence)]}) from None
    kept = files.keep(folder, content)
    upload = Upload(
        campaign_id=campaign.id,
        member_id=actor.member_id,
        person_id=actor.person_id,
        digest=kept.digest,
        name=files.download_name(name, kept.media_type),
        at=datetime.now(UTC),
    )
    db.session.add(upload)
    audit.record(
        db.session(), actor, "needs.receive", campaign, name=upload.name, digest=upload.digest
    )
    return upload


def look(campaign: Campaign, content: bytes, *, actor: Actor, today: date) -> Plan:
    """Tell what a workbook would change now. Raises Unreadable, Refused ``other_campaign``."""
    file = sent(content)
    writable = queries.writable(campaign, actor, today, file.bodies)
    answers = queries.answers(campaign, writable)
    choices = queries.choices(campaign, [one.member_id for one in answers], today)
    return planned(file, campaign, answers, choices, member_id=actor.member_id, today=today)


def apply(
    upload: Upload, content: bytes, *, folder: Path, confirmed: bool, actor: Actor, today: date
) -> dict[str, int]:
    """Write the good rows of a workbook, all at once; give how many lines were of each kind.

    ``folder`` is the store of contents. Raises Refused ``removal_unconfirmed`` when lines would go
    that nobody agreed to let go.
    """
    if actor.person_id is None:
        raise Forbidden
    _hold(upload.campaign)
    plan = look(upload.campaign, content, actor=actor, today=today)
    if plan.removed and not confirmed:
        raise Refused(
            "removal_unconfirmed",
            _("Lines are missing in the file. Confirm that they are to be removed."),
            "confirmed",
        )
    if plan.changes:
        needs = _needs(upload.campaign, plan, actor)
        _write(upload.campaign, plan, needs)
        attach_sources(upload, content, plan, needs.values(), folder=folder, actor=actor)
        _record(upload, plan, needs, actor)
        upload.applied_at = datetime.now(UTC)
        upload.outcome = json.dumps(plan.counts)
    return plan.counts


def _hold(campaign: Campaign) -> None:
    """Keep everybody else from the needs of the campaign: what is planned is what is written."""
    db.session.execute(
        select(Need.id).where(Need.campaign_id == campaign.id).order_by(Need.id).with_for_update()
    )
    db.session.refresh(campaign)


def _needs(campaign: Campaign, plan: Plan, actor: Actor) -> dict[int, Need]:
    """Give the needs that are written in, by member; those that were not begun are."""
    touched = {one.answer.member_id: one.answer for one in plan.changes}
    query = select(Need).where(Need.campaign_id == campaign.id, Need.member_id.in_(touched))
    needs = {
        one.member_id: one
        for one in db.session.scalars(query.execution_options(populate_existing=True))
    }
    fresh = [
        Need(
            campaign=campaign,
            member_id=member_id,
            entry=_entry(member_id, actor),
            submissions=0,
        )
        for member_id in sorted(touched.keys() - needs.keys())
    ]
    db.session.add_all(fresh)
    needs |= {one.member_id: one for one in fresh}
    now = datetime.now(UTC)
    for member_id, need in needs.items():
        entered_as(need, _entry(member_id, actor), actor)
        need.author_id, need.touched_at, need.is_nil = actor.person_id or 0, now, False
    db.session.flush()
    _tell(campaign, fresh, actor)
    return needs


def _tell(campaign: Campaign, fresh: Iterable[Need], actor: Actor) -> None:
    """Note which needs are begun, and tell the members for whom somebody else does it."""
    for need in fresh:
        audit.record(
            db.session(),
            actor,
            "needs.begin",
            need,
            campaign_id=campaign.id,
            entry=need.entry,
        )
        if need.entry is not Entry.OWN:
            notices.begun(need, actor)


def _entry(member_id: int, actor: Actor) -> Entry:
    if actor.member_id is None:
        return Entry.CENTRALE
    return Entry.OWN if actor.member_id == member_id else Entry.DELEGATE


def _write(campaign: Campaign, plan: Plan, needs: Mapping[int, Need]) -> None:
    """Write the lines. What goes or changes is taken out first: two lines may swap their places."""
    kept = _kept(campaign, {one.line_id for one in plan.changed})
    gone = [one.line_id for one in (*plan.removed, *plan.changed)]
    for first in range(0, len(gone), _AT_ONCE):
        part = gone[first : first + _AT_ONCE]
        db.session.execute(delete(NeedLine).where(NeedLine.id.in_(part)))
    changed = [
        {"id": one.line_id, **_row(campaign, one, needs, kept[one.line_id or 0])}
        for one in plan.changed
    ]
    new = [_row(campaign, one, needs, None) for one in plan.new]
    for rows in (changed, new):
        if rows:
            db.session.execute(insert(NeedLine.__table__), rows)  # type: ignore[arg-type]  # it is a table
    # What the session knew of these lines is gone.
    db.session.expire_all()


def _kept(campaign: Campaign, line_ids: set[int | None]) -> dict[int, Record]:
    """Read what a workbook does not say of the lines that it changes."""
    if not line_ids:
        return {}
    query = select(
        NeedLine.id,
        NeedLine.item_id,
        NeedLine.units_each,
        NeedLine.evidence_id,
        NeedLine.version,
    ).where(NeedLine.campaign_id == campaign.id)
    return {row.id: row for row in db.session.execute(query) if row.id in line_ids}


def _row(
    campaign: Campaign, change: Change, needs: Mapping[int, Need], kept: Record | None
) -> dict[str, object]:
    """Give the columns of a line, with the quantity and the price that what is typed comes to."""
    answer, line = change.answer, change.after
    if line is None:
        raise LookupError("a line that goes has no columns")
    of_same = (
        kept is not None and change.before is not None and _named(change.before) == _named(line)
    )
    quantity = rules.period_quantity(
        line.quantity, line.basis is Basis.YEAR, campaign.contract_months
    )
    each = kept.units_each if kept and of_same and line.words is not None else None
    if each and not rules.fits(quantity, line.paid_price, each):
        # Too little or too much to be counted in units of the item: the buyer looks at it again.
        each = None
    item_id = kept.item_id if kept and each else line.item_id
    is_free = line.words is not None
    return {
        "need_id": needs[answer.member_id].id,
        "campaign_id": campaign.id,
        "member_id": answer.member_id,
        "departement": answer.departement,
        "item_id": item_id,
        "units_each": each,
        "words": line.words,
        "own_unit": line.own_unit,
        "site_id": line.site_id,
        "declared_quantity": line.quantity,
        "basis": line.basis,
        "quantity": rules.in_units(quantity, each) if each else quantity,
        "strength": line.strength,
        "wanted_on": line.wanted_on,
        "own_price": line.paid_price if is_free else None,
        "paid_price": rules.price_of_one(line.paid_price, each) if each else line.paid_price,
        "paid_since": line.paid_since,
        "evidence_id": kept.evidence_id if kept and of_same else None,
        "remark": line.remark,
        "is_validated": False,
        "is_pooled": False,
        "was_tendered": False,
        "allotted": Decimal(0),
        "version": kept.version + 1 if kept else 1,
    }


def _named(line: Written) -> tuple[object, ...]:
    """What a line is about: what the buyer understood and the evidence go with it."""
    return line.item_id, line.words, line.own_unit


def _record(upload: Upload, plan: Plan, needs: Mapping[int, Need], actor: Actor) -> None:
    """Note one act for each need, with all its lines: old to new, what did not change left out."""
    by_member: dict[int, dict[str, list[Change]]] = {}
    for kind in ("new", "changed", "removed"):
        for one in getattr(plan, kind):
            by_member.setdefault(one.answer.member_id, {}).setdefault(kind, []).append(one)
    for member_id, kinds in by_member.items():
        audit.record(
            db.session(),
            actor,
            "needs.import_lines",
            needs[member_id],
            upload_id=upload.id,
            file=upload.name,
            lines=[_told(one) for ones in kinds.values() for one in ones],
            **{kind: len(ones) for kind, ones in kinds.items()},
        )


def _told(change: Change) -> dict[str, object]:
    before = change.before._asdict() if change.before else {}
    after = change.after._asdict() if change.after else {}
    told: dict[str, object] = {"line_id": change.line_id} if change.line_id else {}
    for name in Written._fields:
        old, new = before.get(name), after.get(name)
        if old != new:
            told[name] = [audit.plain(old), audit.plain(new)] if before else audit.plain(new)
    return told
