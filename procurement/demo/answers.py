"""The two campaigns of the demonstration: one that is over, one that members answer today."""

from collections.abc import Iterable, Sequence
from random import Random

from sqlalchemy import select

from procurement.agreements.rules import LONGEST_MONTHS
from procurement.catalogue.models import Family
from procurement.demo import accounts, territory, wordings
from procurement.demo.declared import Answer, write
from procurement.demo.demand import Demand, shared, weight
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.members.models import MemberKind
from procurement.needs import operations
from procurement.needs.models import Campaign, NeedState

#: Lines of the campaign that is over, over the whole territory, and of the one under way.
SURVEYED, UNDER_WAY = 11_800, 2_600
_NIL_ANSWERS = 4
#: One body in so many says something in its own words, and how many things then.
_WORDY, _THEN_WORDY, _WISHES = 16, 4, 3


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
        contract_months=LONGEST_MONTHS,
        contract_starts_on=timetable.starts,
        families=dict.fromkeys(db.session.scalars(select(Family.id).order_by(Family.id))),
    )
    campaign = operations.prepare(plan, actor=buyer)
    operations.open_campaign(campaign, actor=buyer, today=timetable.surveyed_from)
    asked = [one for one in bodies if one.siren != territory.SIGNED_LATE]
    answers = [Answer(one, NeedState.VALIDATED) for one in asked]
    quiet = [one for one in answers if _is_small_without_account(one.body)]
    odd = rng.sample(quiet, min(_NIL_ANSWERS + 2, len(quiet)))
    for answer, state in zip(odd, (NeedState.SUBMITTED, NeedState.RETURNED), strict=False):
        answer.state = state
    for answer in odd[2:]:
        answer.is_nil = True
    demand = Demand(rng, timetable.surveyed_from)
    draw(answers, int(SURVEYED * share), demand)
    wishes = list(wordings.UNDERSTOOD)
    wordy = [one for one in answers if one.lines and one.state is NeedState.VALIDATED]
    for at, answer in enumerate(rng.sample(wordy, max(len(wishes), len(wordy) // _WORDY))):
        answer.lines.append(demand.wish(wishes[at % len(wishes)], answer.body))
    write(campaign, answers, rng, timetable.surveyed_from, timetable.surveyed_until)
    operations.close_campaign(campaign, actor=buyer)
    wordings.understand(campaign, actor=buyer, today=timetable.surveyed_until)
    return campaign


def begin_next(
    bodies: Sequence[Body], rng: Random, timetable: Timetable, share: float, *, buyer: Actor
) -> Campaign:
    """Open the campaign that members answer today: a third of them have begun."""
    plan = operations.Plan(
        f"Recensement {timetable.starts.year + 1}",
        timetable.opens,
        timetable.closes,
        "Campagne inventée pour la démonstration : elle est ouverte, répondez-y. Ce qui n'est pas"
        " au catalogue se demande avec vos mots.",
        contract_months=LONGEST_MONTHS,
    )
    campaign = operations.prepare(plan, actor=buyer)
    operations.open_campaign(campaign, actor=buyer, today=timetable.opens)
    answers = list(_begun(bodies, rng))
    demand = Demand(rng, timetable.opens)
    draw(answers, int(UNDER_WAY * share), demand)
    sent = (NeedState.SUBMITTED, NeedState.VALIDATED)
    wordy = [one for one in answers if one.lines and one.state in sent]
    wishes = wordings.WAITING
    fewest = min(len(wordy), len(wishes))
    for at, answer in enumerate(rng.sample(wordy, max(fewest, len(wordy) // _THEN_WORDY))):
        for place in range(_WISHES):
            wish = wishes[(at + place * _WISHES) % len(wishes)]
            answer.lines.append(demand.wish(wish, answer.body))
    write(campaign, answers, rng, timetable.opens, timetable.reminded)
    return campaign


def _begun(bodies: Iterable[Body], rng: Random) -> Iterable[Answer]:
    """Choose who has begun and how far it is; of those of the cast it is told elsewhere."""
    fixed = {accounts.DRAFTING: NeedState.DRAFT, accounts.VALIDATING: NeedState.SUBMITTED}
    states, odds = list(NeedState), (25, 25, 44, 6)
    for body in bodies:
        begun, nil = rng.randrange(3) == 0, rng.randrange(25) == 0
        state = fixed.get(body.siren) or rng.choices(states, odds)[0]
        if body.siren in (territory.LEFT, *territory.CAST):
            continue
        if begun or body.siren in fixed:
            yield Answer(body, state, nil and state is NeedState.VALIDATED)


def _is_small_without_account(body: Body) -> bool:
    is_village = body.kind is MemberKind.COMMUNE and body.population < 1500
    return is_village and body.siren not in (*accounts.DOMAINS, territory.LEFT)


def draw(answers: Iterable[Answer], total: int, demand: Demand) -> None:
    """Share so many lines between those who need something, and draw them."""
    given = [one for one in answers if not one.is_nil]
    counts = shared(total, [weight(one.body) for one in given])
    for answer, count in zip(given, counts, strict=True):
        answer.lines = demand.lines(answer.body, count)
