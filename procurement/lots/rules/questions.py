"""What a buyer asks when plans of lots are compared, and how it is kept word for word."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast

from flask_babel import lazy_gettext as _

from procurement.lots.rules.plans import Firm, Outcome, Verdict
from procurement.lots.rules.scale import Basis, Curve, Point

#: The plans that cut by what is known of a need, of an item or of the lots, in their order.
CUTS = {
    "departement": _("By département"),
    "intercommunality": _("By intercommunality"),
    "family": _("By family"),
    "trade": _("By kind of firm"),
    "lots": _("The lots as they stand"),
}
#: What stands in no lot yet, or outside any intercommunality.
OUTSIDE = "outside"


_SCOPE = re.compile(r"pool|(family|item)-([1-9]\d{0,8})", re.ASCII)


class ScopeKind(StrEnum):
    """What a comparison is about."""

    POOL = "pool"
    FAMILY = "family"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole pool, one family or one item of it; written ``pool``, ``family-3``, ``item-7``."""

    kind: ScopeKind
    id: int | None = None

    @classmethod
    def read(cls, text: str) -> "Scope":
        """Read what :meth:`__str__` writes. Raises ValueError on anything else."""
        found = _SCOPE.fullmatch(text)
        if found is None:
            raise ValueError(text)
        return cls(ScopeKind(found[1]), int(found[2])) if found[1] else cls(ScopeKind.POOL)

    def __str__(self) -> str:
        return self.kind.value if self.id is None else f"{self.kind}-{self.id}"

    @property
    def is_priced_by_unit(self) -> bool:
        """Tell whether quantities are units of one item; otherwise euros of reference value."""
        return self.kind is ScopeKind.ITEM


@dataclass(frozen=True, slots=True)
class Question:
    """What the buyer typed: nothing of it is known to the platform, all of it is shown."""

    scope: Scope
    #: The curve that was typed, if one was, the observed prices, and what is made of both.
    typed: Curve | None
    points: Sequence[Point]
    basis: Basis
    elasticities: tuple[Decimal, Decimal, Decimal]
    reference_bidders: Decimal
    #: The bidders expected for a lot of each plan, by its key, and of any other plan.
    bidders: Mapping[str, Decimal]
    otherwise: Decimal
    cost_per_lot: Decimal
    firms: Sequence[Firm]


@dataclass(frozen=True, slots=True)
class Used:
    """An item of the pool as it was compared: its quantity, and its indicative price if known."""

    id: int
    code: str
    designation: str
    unit: str
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a comparison stood on. ``quantity``: units of the item, or euros of reference value.

    ``figure`` is the hash of the pool's quantities then; ``months`` is what they are for;
    ``turnover_percent`` is what the law let a buyer ask of firms on ``day``.
    """

    question: Question
    day: str
    name_fr: str
    name_en: str
    quantity: Decimal
    used: Sequence[Used]
    unpriced: int
    months: int
    turnover_percent: Decimal | None
    figure: str


@dataclass(frozen=True, slots=True)
class Results:
    """What came of it. ``gains``: how much the price falls at so many times the quantity."""

    outcomes: Sequence[Outcome]
    verdict: Verdict
    gains: Mapping[str, Decimal]


def kept(value: Any) -> str:
    """Write a dataclass, or plain values, as JSON that :func:`opened` gives back digit by digit."""
    plain = value if isinstance(value, Mapping) else asdict(value)
    return json.dumps(plain, default=_exact, ensure_ascii=False)


def _exact(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {_NUMBER: f"{value:f}"}
    raise TypeError(f"{value!r} is not kept")


def opened(text: str) -> dict[str, Any]:
    """Read what :func:`kept` wrote, as plain values with exact numbers."""
    return cast(dict[str, Any], json.loads(text, object_hook=_number))


def _number(read: dict[str, Any]) -> Any:
    return Decimal(read[_NUMBER]) if read.keys() == {_NUMBER} else read


_NUMBER = "number"
