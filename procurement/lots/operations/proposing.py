"""Several lots formed at once, as the buyer chose them among those that were proposed."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots.models import Lot
from procurement.lots.operations.forming import Cut, form_cut
from procurement.needs.models import Campaign


class Chosen(NamedTuple):
    """A lot to form, and the field of the form beside which a refusal of it belongs."""

    title: str
    cut: Cut
    field: str | None = None


def form_all(
    campaign: Campaign,
    chosen: Sequence[Chosen],
    *,
    project_id: int | None = None,
    actor: Actor,
    today: date,
) -> list[Lot]:
    """Form each of the chosen lots, or none. Refuses as :func:`form_cut` does."""
    lots: list[Lot] = []
    for one in chosen:
        try:
            lot = form_cut(
                campaign, one.title, one.cut, project_id=project_id, actor=actor, today=today
            )
        except Refused as refused:
            if refused.code != "already_allotted":
                raise
            raise Refused(refused.code, refused.sentence, one.field) from refused
        lots.append(lot)
    return lots
