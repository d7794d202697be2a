"""The two campaigns of the demonstration: one that is over, one that members answer today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import insert

from procurement.demo import accounts, territory
from procurement.demo.demand import Demand, Line, shared, weight
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.members.models import MemberKind
from procurement.needs import operations, rules
from procurement.needs.models import Basis, Campaign, Need, NeedLine, NeedState, Strength

#: Lines of the campaign that is over, over the whole territory, and of the one under way.
SURVEYED, UNDER_WAY = 11_800, 2_600
_NIL_ANSWERS = 4
_RETURNED = "Merci de préciser l'école de livraison et de vérifier les quantités."
_REACHED = {
    NeedState.DRAFT: (),
    NeedState.SUBMITTED: (NeedState.SUBMITTED,),
    NeedState.RETURNED: (NeedState.SUBMITTED, NeedState.RETURNED),
    NeedState.VALIDATED: (NeedState.SUBMITTED, NeedState.VALIDATED),
}
_VERBS = {NeedState.VALIDATED: "needs.validate", NeedState.RETURNED: "needs.return_to_author"}


@dataclass(slots=True)
class _Answer:
    body: Body
    state: NeedState
    is_nil: bool = False
    lines: list[Line] = field(default_factory=list)


def survey(
    bodies: Sequence[Body], rng: Random, timetable: Timetable, share: float, *, buyer: Actor
) -> Campaign:
    """Run the campaign that is over: everybody answered, all but two answers are validated."""
    plan = operations.Plan(
        f"Équipements numériques et vidéoprotection {timetable.starts.year}",
        timetable.surveyed_from,
        timetable.surveyed_until,
        "Campagne inventée pour la démonstration. Indiquez pour chaque article la quantité, le lieu"
        " de livraison et le prix payé aujourd'hui.",
    )
    campaign = operations.prepare(plan, actor=buyer)
    db.session.flush()  # The campaign takes its first state, and its id.
    operations.open_campaign(campaign, actor=buyer, today=timetable.surveyed_from)
    asked = [one for one in bodies if one.siren != territory.SIGNED_LATE]
    answers = [_Answer(one, NeedState.VALIDATED) for one in asked]
    quiet = [one for one in answers if _is_small_without_account(one.body)]
    odd = rng.sample(quiet, min(_NIL_ANSWERS + 2, len(quiet)))
    for answer, state in zip(odd, (NeedState.SUBMITTED, NeedState.RETURNED), strict=False):
        answer.state = state
    for answer in odd[2:]:
        answer.is_nil = True
    _draw(answers, int(SURVEYED * share), Demand(rng, timetable.surveyed_from))
    _write(campaign, answers)
    operations.close_campaign(campaign, actor=buyer)
    return campaign


def begin_next(
    bodies: Sequence[Body], rng: Random, timetable: Timetable, share: float, *, buyer: Actor
) -> Campaign:
    """Open the campaign that members answer today: a third of them have begun."""
    plan = operations.Plan(
        f"Recensement {timetable.starts.year + 1}",
        timetable.opens,
        timetable.closes,
        "Campagne inventée pour la démonstration : elle est ouverte, répondez-y.",
    )
    campaign = operations.prepare(plan, actor=buyer)
    db.session.flush()  # The campaign takes its first state, and its id.
    operations.open_campaign(campaign, actor=buyer, today=timetable.opens)
    fixed = {accounts.DRAFTING: NeedState.DRAFT, accounts.VALIDATING: NeedState.SUBMITTED}
    states, odds = list(NeedState), (25, 25, 44, 6)
    answers = []
    for body in bodies:
        begun, nil = rng.randrange(3) == 0, rng.randrange(25) == 0
        state = fixed.get(body.siren) or rng.choices(states, odds)[0]
        if body.siren != territory.LEFT and (begun or body.siren in fixed):
            is_nil = nil and state is NeedState.VALIDATED
            answers.append(_Answer(body, state, is_nil))
    _draw(answers, int(UNDER_WAY * share), Demand(rng, timetable.opens))
    _write(campaign, answers)
    return campaign


def _is_small_without_account(body: Body) -> bool:
    is_village = body.kind is MemberKind.COMMUNE and body.population < 1500
    return is_village and body.siren not in (*accounts.DOMAINS, territory.LEFT)


def _draw(answers: Iterable[_Answer], total: int, demand: Demand) -> None:
    given = [one for one in answers if not one.is_nil]
    counts = shared(total, [weight(one.body) for one in given])
    for answer, count in zip(given, counts, strict=True):
        answer.lines = demand.lines(answer.body, count)


def _write(campaign: Campaign, answers: Sequence[_Answer]) -> None:
    needs = [_need(campaign, answer) for answer in answers]
    db.session.add_all(needs)
    db.session.flush()  # The lines name the needs.
    db.session.execute(
        insert(NeedLine),
        [row for need, answer in zip(needs, answers, strict=True) for row in _rows(need, answer)],
    )
    for need, answer in zip(needs, answers, strict=True):
        _journal(need, answer)


def _need(campaign: Campaign, answer: _Answer) -> Need:
    is_judged = answer.state in (NeedState.VALIDATED, NeedState.RETURNED)
    figure = rules.check_figure(
        (
            *(one.item_id, one.site_id, one.quantity, one.paid_price, one.paid_since),
            *(None, None, one.quantity, Basis.PERIOD, None),
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
    )


def _rows(need: Need, answer: _Answer) -> Iterable[dict[str, Any]]:
    for line in answer.lines:
        yield {
            "need_id": need.id,
            "campaign_id": need.campaign_id,
            "member_id": need.member_id,
            "departement": answer.body.departement,
            "item_id": line.item_id,
            "site_id": line.site_id,
            "declared_quantity": line.quantity,
            "basis": Basis.PERIOD,
            "quantity": line.quantity,
            "strength": Strength.INDICATIVE,
            "wanted_on": line.wanted_on,
            "paid_price": line.paid_price,
            "paid_since": line.paid_since,
            "is_validated": answer.state is NeedState.VALIDATED,
            "version": 1,
        }


def _journal(need: Need, answer: _Answer) -> None:
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
