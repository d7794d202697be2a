"""The purchase projects of the demonstration: the lots of a family, described and valued."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.lots import operations as lots
from procurement.lots import queries
from procurement.lots.models import Lot, Project, Threshold, UndividedGround
from procurement.lots.operations import ProjectPlan
from procurement.lots.rules.law import Nature, unknown

_INVENTED = "(texte inventé pour la démonstration)"
_ALONE = (
    "Les mêmes firmes répondent pour toute la famille, et un second lot n’en attirerait pas"
    f" d’autres {_INVENTED}."
)
_CLAUSE = (
    "Le titulaire reprend les emballages et les équipements remplacés, et rend compte chaque année"
    f" de ce qu’ils deviennent {_INVENTED}."
)
_CRITERION = (
    "Réparabilité et durée de disponibilité des pièces ou des mises à jour, 10 points sur 100"
    f" {_INVENTED}."
)
_SOCIAL = (
    f"Cinq pour cent des heures travaillées sont confiées à des personnes en insertion {_INVENTED}."
)
#: By how much, in percent, the maximum is above the estimate.
_MARGIN = Decimal(30)


def value_lots(formed: Sequence[tuple[Lot, str]], timetable: Timetable, buyer: Actor) -> None:
    """Put the lots of each family into a project of their own, and value it before the launch."""
    know_the_law(timetable.launched, buyer)
    families: dict[str, list[Lot]] = {}
    for lot, family in formed:
        families.setdefault(family, []).append(lot)
    made = [
        _project(parts, parts[0].title.partition(" – ")[0], timetable.launched, buyer)
        for parts in families.values()
    ]
    db.session.flush()
    for project in made:
        lots.value_project(project, actor=buyer, today=timetable.frozen)
    db.session.flush()  # The launches read what was valued.


def value_together(parts: Sequence[Lot], title: str, timetable: Timetable, buyer: Actor) -> None:
    """Put lots that are still to be launched into one project, and value it."""
    know_the_law(timetable.next_launch, buyer)
    project = _project(parts, title, timetable.next_launch, buyer)
    db.session.flush()
    lots.value_project(project, actor=buyer, today=timetable.today)


def _project(parts: Sequence[Lot], title: str, launch_on: date, buyer: Actor) -> Project:
    is_alone = len(parts) == 1
    plan = ProjectPlan(
        title=title,
        nature=Nature.SUPPLIES,
        launch_on=launch_on,
        initial_months=24,
        renewals=2,
        renewal_months=12,
        margin=_MARGIN,
        undivided_ground=UndividedGround.COMPETITION if is_alone else None,
        undivided_reason=_ALONE if is_alone else None,
        environmental_clause=_CLAUSE,
        environmental_criterion=_CRITERION,
        social_clause=_SOCIAL,
    )
    return lots.form_project(parts[0].campaign, plan, [lot.id for lot in parts], actor=buyer)


def know_the_law(day: date, buyer: Actor) -> None:
    """Carry over the last values known, so that the story can be told in any later year."""
    for rule in unknown(queries.law_on(day, Nature.SUPPLIES)):
        last = db.session.scalars(
            select(Threshold)
            .where(Threshold.rule == rule, Threshold.nature == Nature.SUPPLIES)
            .order_by(Threshold.valid_from.desc())
        ).first()
        if last is None or last.valid_until is None:
            continue
        lots.add_threshold(
            rule,
            Nature.SUPPLIES,
            last.valid_until + timedelta(days=1),
            value=last.amount or last.percent,
            valid_until=None,
            article=last.article,
            source="Valeur d’avant, reprise pour la démonstration : à vérifier",
            actor=buyer,
        )
