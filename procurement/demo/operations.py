"""Load the demonstration: one territory, one story, one transaction."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from random import Random

from flask_babel import lazy_gettext as _
from sqlalchemy import delete

from procurement.demo import (
    accounts,
    answers,
    callings,
    pooling,
    purchases,
    queries,
    scenes,
    territory,
)
from procurement.demo.models import Demonstration
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel import audit, jobs
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.kernel.mail import Letter

SEED = 78092


def load(
    today: date,
    seed: int = SEED,
    share: float = 1.0,
    say: Callable[[str], None] = lambda _sentence: None,
) -> None:
    """Write the whole demonstration, as told on ``today``; the caller commits.

    The same seed and day give the same figures. ``share`` makes a smaller territory answer, for
    tests. Raises Refused ``not_a_demonstration`` where real bodies stand already, and
    ``already_loaded`` where the demonstration does.
    """
    check_empty()
    actor, rng, timetable = Actor.command("flask demo load"), Random(seed), Timetable(today)
    mark = Demonstration(id=1, seed=seed, told_on=today, loaded_at=datetime.now(UTC))
    db.session.add(mark)
    audit.record(db.session(), actor, "demo.load", mark, seed=seed, told_on=today)
    say("Territory: bodies, memberships, delivery places, people")
    bodies, buyer = territory.settle(rng, timetable, actor)
    taking_part = _part(bodies, share)
    say("Needs: the campaign that is over, the campaign under way")
    campaign = answers.survey(taking_part, rng, timetable, share, buyer=buyer)
    under_way = answers.begin_next(taking_part, rng, timetable, share, buyer=buyer)
    scenes.play(under_way, taking_part, rng, timetable, buyer=buyer)
    say("Purchases: lots, tenders, agreements")
    bought = purchases.buy(campaign, rng, timetable, buyer=buyer)
    say("Orders, one after the other")
    callings.call_off(bought, taking_part, rng, timetable)
    say("The campaign that is being pooled: its bench, its first lots")
    pooling.play(taking_part, seed, timetable, share, buyer=buyer)
    _send_nothing()


def check_empty() -> None:
    """Refuse to mix invented rows with others."""
    if queries.is_loaded():
        raise Refused("already_loaded", _("The demonstration is already loaded."))
    if queries.counted().members:
        raise Refused(
            "not_a_demonstration",
            _(
                "This database already holds members and is not a demonstration: nothing was"
                " loaded. Use an empty database."
            ),
        )


def _send_nothing() -> None:
    """Take back the letters that the acts of the story wrote: their days are past."""
    session = db.session()
    session.execute(delete(Letter))
    jobs.forget(session)


def _part(bodies: list[Body], share: float) -> list[Body]:
    every = max(1, round(1 / share))
    told_of = {*accounts.DOMAINS, *territory.CAST, territory.LEFT}
    return [one for at, one in enumerate(bodies) if at % every == 0 or one.siren in told_of]
