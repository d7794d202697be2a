"""What a purchase is worth, part by part, and the statement that is kept of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from procurement.kernel.money import line_amount, rounded
from procurement.lots.rules import law as legal
from procurement.lots.rules.law import Law, LegalRule, Limit, Nature, Procedure, Publicity

_ZERO = Decimal(0)
#: L2125-1 1°: four years, renewals included, but for a written reason.
LONGEST_MONTHS = 48


class Span(NamedTuple):
    """The months a lot is bought for, the months its quantities are for, the margin in percent."""

    months: int
    of_months: int
    margin: Decimal


#: Quantity and estimated unit price net of VAT of a line.
Priced = tuple[Decimal, Decimal]


def lot_value(lines: Iterable[Priced], span: Span) -> Decimal:
    """Maximum value of a lot over its whole duration, in euros before VAT (R2121-1, R2121-8).

    Each line is rounded half-up to the cent; so is the sum, once it is brought to the duration
    and to the maximum.
    """
    total = sum((line_amount(quantity, price) for quantity, price in lines), _ZERO)
    maximum = total * span.months * (100 + span.margin)
    return rounded(maximum / (span.of_months * 100))


class OtherKind(StrEnum):
    """Where needs of the same nature stand outside a purchase."""

    LOT = "lot"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class LotPart:
    """A lot of the purchase, with its value in euros before VAT."""

    id: int
    number: int
    title: str
    lines: int
    value: Decimal
    is_small: bool
    procedure: Procedure


@dataclass(frozen=True, slots=True)
class OtherPart:
    """Needs of the same families elsewhere: their value, and the lines that have no price."""

    kind: OtherKind
    #: Of the lot, or of the campaign whose pool it is.
    id: int
    label: str
    campaign: str
    value: Decimal
    unpriced: int


@dataclass(frozen=True, slots=True)
class Valuation:
    """The parts, the sums and the limits of a valuation. Euros before VAT."""

    nature: Nature
    launch_on: date
    months: int
    of_months: int
    margin: Decimal
    options: Decimal
    #: Labels of the purchase families that are summed: French and English.
    families: tuple[tuple[str, str], ...]
    lots: tuple[LotPart, ...]
    others: tuple[OtherPart, ...]
    value: Decimal
    nature_value: Decimal
    procedure: Procedure
    publicity: Publicity
    limits: tuple[Limit, ...]

    @property
    def law(self) -> Law:
        """The limits by rule."""
        return {limit.rule: limit for limit in self.limits}

    @property
    def figures(self) -> tuple[object, ...]:
        """What must still be the same for the valuation to hold, whatever things are called."""
        lots = tuple((one.id, one.value, one.is_small) for one in self.lots)
        duration = self.months, self.of_months, self.margin
        sums = self.options, self.value, self.nature_value, self.procedure
        limits = frozenset((one.rule, one.valid_from, one.value) for one in self.limits)
        return self.nature, self.launch_on, *duration, *sums, lots, limits

    def to_json(self) -> str:
        """Write it as it is kept."""
        kept = asdict(self) | {"limits": [limit._asdict() for limit in self.limits]}
        return json.dumps(kept, default=str, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is known of a purchase before it is valued."""

    nature: Nature
    launch_on: date
    span: Span
    options: Decimal


@dataclass(frozen=True, slots=True)
class ValuedLot:
    """A lot and its value, before it is known how it is passed."""

    id: int
    number: int
    title: str
    lines: int
    value: Decimal
    is_small: bool


def valued(
    purchase: Purchase,
    lots: Sequence[ValuedLot],
    others: Sequence[OtherPart],
    families: Iterable[tuple[str, str]],
    law: Law,
) -> Valuation:
    """Sum the parts of a purchase, and tell how it is passed under the law of its day.

    The procedure goes by the needs of the same nature together (R2121-6). Raises KeyError when
    the law lacks one of :data:`law.NEEDED`.
    """
    value = sum((one.value for one in lots), purchase.options)
    nature_value = sum((one.value for one in others), value)
    how = legal.procedure(nature_value, law)
    parts = (
        LotPart(
            one.id,
            one.number,
            one.title,
            one.lines,
            one.value,
            one.is_small,
            legal.lot_procedure(one.value, how, one.is_small, law),
        )
        for one in lots
    )
    return Valuation(
        nature=purchase.nature,
        launch_on=purchase.launch_on,
        months=purchase.span.months,
        of_months=purchase.span.of_months,
        margin=purchase.span.margin,
        options=purchase.options,
        families=tuple(families),
        lots=tuple(parts),
        others=tuple(others),
        value=value,
        nature_value=nature_value,
        procedure=how,
        publicity=legal.publicity(nature_value, how, law),
        limits=tuple(sorted(law.values(), key=lambda limit: limit.rule)),
    )


def kept(text: str) -> Valuation:
    """Read a valuation as :meth:`Valuation.to_json` wrote it."""
    found: dict[str, Any] = json.loads(text)
    found |= {name: Decimal(found[name]) for name in _AMOUNTS}
    return Valuation(
        **found
        | {
            "nature": Nature(found["nature"]),
            "launch_on": date.fromisoformat(found["launch_on"]),
            "families": tuple((french, english) for french, english in found["families"]),
            "lots": tuple(_lot_part(one) for one in found["lots"]),
            "others": tuple(_other_part(one) for one in found["others"]),
            "procedure": Procedure(found["procedure"]),
            "publicity": Publicity(found["publicity"]),
            "limits": tuple(_limit(one) for one in found["limits"]),
        }
    )


_AMOUNTS = ("margin", "options", "value", "nature_value")


def _lot_part(found: dict[str, Any]) -> LotPart:
    how, value = Procedure(found["procedure"]), Decimal(found["value"])
    return LotPart(**found | {"procedure": how, "value": value})


def _other_part(found: dict[str, Any]) -> OtherPart:
    return OtherPart(**found | {"kind": OtherKind(found["kind"]), "value": Decimal(found["value"])})


def _limit(found: dict[str, Any]) -> Limit:
    until, value = found["valid_until"], found["value"]
    return Limit(
        LegalRule(found["rule"]),
        date.fromisoformat(found["valid_from"]),
        None if until is None else date.fromisoformat(until),
        None if value is None else Decimal(value),
        found["article"],
    )
