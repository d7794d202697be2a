"""What happens in the campaign under way beside the answers: by the acts that the pages use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from procurement.demo import accounts, letters, territory
from procurement.demo.demand import Demand, Line
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.members import mandates
from procurement.members.models import Mandate, Member
from procurement.needs import operations
from procurement.needs.models import Campaign, Need, Purpose
from procurement.needs.operations import LineEntry
from procurement.needs.pages import store

#: How many lines each answer has that is told of here.
_LINES = 5
_RETURNED = "La quantité du premier article paraît faible pour quatre ans : à vérifier."
_CORRECTED = "Quantité revue après le retour du valideur."
_EXEMPTED = "N'achète rien de cette campagne cette année (motif inventé)."
_DAY = timedelta(days=1)


def play(
    campaign: Campaign, bodies: Sequence[Body], rng: Random, timetable: Timetable, *, buyer: Actor
) -> None:
    """Tell what the answers alone do not: documents, mandates, a return, a letter, a reminder."""
    by_siren, demand = {one.siren: one for one in bodies}, Demand(rng, timetable.opens)
    opens = timetable.opens
    operations.attach(
        campaign,
        Purpose.INSTRUCTIONS,
        "Mode d'emploi (inventé).pdf",
        letters.instructions(campaign),
        folder=store.folder(),
        actor=buyer,
        today=opens,
    )
    _correct(campaign, by_siren[territory.CORRECTED], demand, opens + _DAY)
    delegate = by_siren[accounts.DELEGATE]
    given = [
        _mandate(by_siren[siren], delegate, timetable.mandated)
        for siren in (territory.ANSWERED_FOR, territory.TO_ANSWER_FOR)
    ]
    need = operations.begin_by_mandate(
        campaign, given[0], actor=delegate.requester, today=opens + 3 * _DAY
    )
    _fill(need, by_siren[territory.ANSWERED_FOR], demand, delegate.requester, opens + 3 * _DAY)
    operations.submit(need, actor=delegate.requester, today=opens + 4 * _DAY)
    _enter(campaign, by_siren[territory.WROTE_A_LETTER], demand, buyer, opens + 6 * _DAY)
    operations.exempt(campaign, by_siren[territory.EXEMPT].id, _EXEMPTED, actor=buyer)
    operations.remind(campaign, actor=buyer, today=timetable.reminded)


def _correct(campaign: Campaign, body: Body, demand: Demand, on: date) -> None:
    """Have an answer submitted, returned, corrected and validated."""
    author, approver = body.requester, body.approver
    need = operations.begin(campaign, actor=author, today=on)
    lines = _fill(need, body, demand, author, on)
    operations.submit(need, actor=author, today=on)
    operations.return_to_author(need, _RETURNED, actor=approver, today=on + _DAY)
    # The journal dates its entries as it is sealed: the return comes before the second version.
    audit.seal(db.session())
    first, entry = need.lines[0], _entry(lines[0])
    more = replace(entry, quantity=2 * entry.quantity, remark=_CORRECTED)
    operations.change_line(first, more, first.version, actor=author, today=on + 2 * _DAY)
    db.session.flush()  # The next act reads the need again, and would drop what is not written.
    operations.submit(need, actor=author, today=on + 2 * _DAY)
    operations.validate(need, actor=approver)


def _mandate(body: Body, delegate: Body, on: date) -> Mandate:
    giver = db.session.get_one(Member, body.id)
    mandate = mandates.grant(giver, delegate.id, actor=body.approver, today=on)
    db.session.flush()  # The need is begun by it.
    return mandate


def _enter(campaign: Campaign, body: Body, demand: Demand, buyer: Actor, on: date) -> None:
    """Have the centrale enter an answer from the letter of a body, whose approver decides on it."""
    need = operations.enter_for(campaign, body.id, actor=buyer, today=on)
    lines = _fill(need, body, demand, buyer, on)
    operations.attach(
        need,
        Purpose.SOURCE,
        f"Courrier {body.name} (inventé).pdf",
        letters.letter(body, lines, on),
        folder=store.folder(),
        actor=buyer,
        today=on,
    )
    operations.submit(need, actor=buyer, today=on)


def _fill(need: Need, body: Body, demand: Demand, actor: Actor, on: date) -> list[Line]:
    lines = demand.lines(body, _LINES)
    db.session.flush()  # Each act reads the need again, and would drop what is not written.
    for line in lines:
        operations.add_line(need, line.item_id, _entry(line), actor=actor, today=on)
        db.session.flush()
    return lines


def _entry(line: Line) -> LineEntry:
    return LineEntry(
        line.declared,
        line.site_id,
        line.basis,
        line.strength,
        line.wanted_on,
        line.paid_price,
        line.paid_since,
        remark=line.remark,
    )
