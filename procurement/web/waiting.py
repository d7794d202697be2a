"""What may await a person, as a count within one query with all the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select

from procurement.kernel.access import Actor
from procurement.needs.models import Campaign, Need, NeedState
from procurement.needs.queries import TAKES_VALIDATION, written_by


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that may await a role: how many, said how (without the number), and where."""

    count: ScalarSelect[int]
    sentence: Callable[[int], str]
    url: str


def count_of(model: Any, *conditions: Any) -> ScalarSelect[int]:
    """Count the rows of a model that meet the conditions, within one query with others."""
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()


def submitted_by_another(person: Actor) -> tuple[ColumnElement[bool], ...]:
    """Conditions of the needs that somebody else submitted and that may still be validated."""
    of_campaign = select(Campaign.id).where(Campaign.state.in_(TAKES_VALIDATION))
    return (
        Need.state == NeedState.SUBMITTED,
        Need.author_id != person.person_id,
        Need.campaign_id.in_(of_campaign),
        ~written_by(person),
    )
