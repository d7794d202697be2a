"""Answers written at once, as the acts of the room of needs would have left them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert

from procurement.demo.demand import Line
from procurement.demo.territory import Body
from procurement.extensions import db
from procurement.kernel import audit
from procurement.needs import queries, rules
from procurement.needs.models import Campaign, Need, NeedLine, NeedState, NeedVersion

_RETURNED = "Merci de préciser l'école de livraison et de vérifier les quantités."
_REACHED = {
    NeedState.DRAFT: (),
    NeedState.SUBMITTED: (NeedState.SUBMITTED,),
    NeedState.RETURNED: (NeedState.SUBMITTED, NeedState.RETURNED),
    NeedState.VALIDATED: (NeedState.SUBMITTED, NeedState.VALIDATED),
}
_VERBS = {NeedState.VALIDATED: "needs.validate", NeedState.RETURNED: "needs.return_to_author"}
#: The hours, in universal time, in which people write.
_MORNING, _HOURS = 7, 10


@dataclass(slots=True)
class Answer:
    """What one body answers, and how far its answer came."""

    body: Body
    state: NeedState
    is_nil: bool = False
    lines: list[Line] = field(default_factory=list)


def write(
    campaign: Campaign, answers: Sequence[Answer], rng: Random, first: date, last: date
) -> None:
    """Write the answers, each on a day from the first to the last."""
    days = (last - first).days + 1
    needs = []
    for answer in answers:
        hour = time(_MORNING + rng.randrange(_HOURS), rng.randrange(60))
        day = first + timedelta(days=rng.randrange(days))
        needs.append(_need(campaign, answer, datetime.combine(day, hour, UTC)))
    db.session.add_all(needs)
    db.session.flush()  # The lines name the needs.
    db.session.execute(
        insert(NeedLine),
        [row for need, answer in zip(needs, answers, strict=True) for row in _rows(need, answer)],
    )
    db.session.execute(insert(NeedVersion), [_version(one) for one in needs if one.submissions])
    for need, answer in zip(needs, answers, strict=True):
        _journal(need, answer)


def _need(campaign: Campaign, answer: Answer, at: datetime) -> Need:
    is_judged = answer.state in (NeedState.VALIDATED, NeedState.RETURNED)
    figure = rules.check_figure(
        (
            *(one.item_id, one.site_id, one.quantity, one.paid_price, one.paid_since),
            *(one.words, one.own_unit, one.declared, one.basis, one.own_price),
        )
        for one in answer.lines
    )
    return Need(
        campaign_id=campaign.id,
        member_id=answer.body.id,
        author_id=answer.body.requester.person_id,
        approver_id=answer.body.approver.person_id if is_judged else None,
        state=answer.state,
        is_nil=answer.is_nil,
        return_reason=_RETURNED if answer.state is NeedState.RETURNED else None,
        check_figure=figure if answer.state is NeedState.VALIDATED else None,
        submissions=1 if _REACHED[answer.state] else 0,
        touched_at=at,
    )


def _rows(need: Need, answer: Answer) -> Iterable[dict[str, Any]]:
    is_validated = answer.state is NeedState.VALIDATED
    for line in answer.lines:
        is_pooled = is_validated and line.item_id is not None
        yield {
            "need_id": need.id,
            "campaign_id": need.campaign_id,
            "member_id": need.member_id,
            "departement": answer.body.departement,
            "item_id": line.item_id,
            "site_id": line.site_id,
            "declared_quantity": line.declared,
            "basis": line.basis,
            "quantity": line.quantity,
            "strength": line.strength,
            "wanted_on": line.wanted_on,
            "paid_price": line.paid_price,
            "paid_since": line.paid_since,
            "remark": line.remark,
            "words": line.words,
            "own_unit": line.own_unit,
            "own_price": line.own_price,
            "is_validated": is_validated,
            "is_pooled": is_pooled,
            "pool_item_id": line.item_id if is_pooled else None,
            "pool_quantity": line.quantity if is_pooled else None,
            "was_tendered": False,
            "version": 1,
        }


def _version(need: Need) -> dict[str, Any]:
    return {
        "need_id": need.id,
        "number": need.submissions,
        "person_id": need.author_id,
        "at": need.touched_at,
        "lines": json.dumps(queries.snapshot(queries.lines_of(need)), ensure_ascii=False),
    }


def _journal(need: Need, answer: Answer) -> None:
    """Enter the acts by which the answer came where it is, as the room of needs enters them."""
    session, state = db.session(), NeedState.DRAFT
    for reached in _REACHED[answer.state]:
        moved, state = (state, reached), reached
        if reached is NeedState.SUBMITTED:
            verb = "needs.declare_nil" if answer.is_nil else "needs.submit"
            audit.record(
                session,
                answer.body.requester,
                verb,
                need,
                state=moved,
                lines=len(answer.lines),
            )
            continue
        said = (
            {"check_figure": need.check_figure}
            if reached is NeedState.VALIDATED
            else {"reason": need.return_reason}
        )
        audit.record(session, answer.body.approver, _VERBS[reached], need, state=moved, **said)
