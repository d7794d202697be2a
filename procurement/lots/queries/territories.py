"""Whose needs are looked at: those of a département, or of an intercommunality."""

from sqlalchemy import ColumnElement, or_, select

from procurement.lots.rules import DEPARTEMENTS
from procurement.members.models import Member, MemberKind
from procurement.needs.models import NeedLine

#: What an address says for the bodies that belong to no intercommunality.
OUTSIDE = "outside"


def territory(departement: str, intercommunality: str) -> list[ColumnElement[bool]]:
    """Conditions on NeedLine: asked for in a département, or by the members of a body and itself.

    A body stands where it does today; ``OUTSIDE`` is for those of no intercommunality.
    """
    found: list[ColumnElement[bool]] = []
    if departement in DEPARTEMENTS:
        found.append(NeedLine.departement == departement)
    if intercommunality:
        inside = select(Member.id).where(_belongs(intercommunality))
        found.append(NeedLine.member_id.in_(inside))
    return found


def _belongs(intercommunality: str) -> ColumnElement[bool]:
    is_group = Member.kind == MemberKind.INTERCOMMUNALITY
    if intercommunality == OUTSIDE:
        return Member.intercommunality_id.is_(None) & ~is_group
    body = int(intercommunality)
    return or_(Member.id == body, (Member.intercommunality_id == body) & ~is_group)
