"""What a body of some size would need, and what it pays for it today: all of it invented.

Only whole numbers are drawn, so that a seed gives the same figures on every machine.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import isqrt
from random import Random

from sqlalchemy import select

from procurement.agreements.rules import LONGEST_MONTHS
from procurement.catalogue.models import Family, Item, Unit
from procurement.demo.territory import Body
from procurement.demo.wordings import Wish
from procurement.extensions import db
from procurement.kernel.money import rounded
from procurement.members.models import MemberKind
from procurement.needs.models import Basis, Strength

#: How often a family is asked for; digital education most, school by school.
_WEIGHTS = {"VID": 9, "EDU": 14, "NET": 9, "TEL": 10, "WKS": 13, "SEC": 10, "CITY": 6}
#: In a hundred, how many lines of a family go to a school where the body has any.
_AT_SCHOOL = {"EDU": 100, "NET": 40, "WKS": 35, "SEC": 20, "CITY": 30, "TEL": 5, "VID": 10}
#: In a hundred, the lines whose price paid today is unknown: they stay out of the coverage.
_UNPRICED = 14
#: The contracts last so many years; what is paid by the year is mostly declared by the year.
_YEARS = LONGEST_MONTHS // 12
_YEARLY_UNITS = (Unit.YEAR, Unit.MONTH, Unit.LICENCE)
#: In a hundred, the quantities that are declared by the year, and those that are promised.
_YEARLY, _OTHERS_YEARLY, _FIRM = 80, 25, 18
#: In a hundred, the lines with a remark.
_REMARKED = 6
_REMARKS = (
    "Livraison pendant les vacances scolaires, si possible.",
    "Remplace du matériel de plus de six ans.",
    "Sous réserve du vote du budget.",
    "Accès par la cour : prévenir le gardien la veille.",
    "Prévoir la reprise de l'ancien matériel.",
)


@dataclass(frozen=True, slots=True)
class Ware:
    """An item of the catalogue, as plain values."""

    id: int
    family: str
    unit: Unit
    pack_size: int
    price: Decimal

    @property
    def step(self) -> int:
        """The quantities asked for are multiples of it: whole packs, whole years of months."""
        return 12 if self.unit is Unit.MONTH and self.pack_size == 1 else self.pack_size


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer. ``declared`` is for the period or a year, as ``basis`` says.

    A free line has words and a unit of its own instead of an item; its price is for that unit.
    """

    item_id: int | None
    site_id: int
    declared: Decimal
    basis: Basis
    strength: Strength
    wanted_on: date | None
    paid_price: Decimal | None
    paid_since: date | None
    remark: str | None = None
    words: str | None = None
    own_unit: str | None = None

    @property
    def quantity(self) -> Decimal:
        """For the whole period of the contract."""
        return self.declared * _YEARS if self.basis is Basis.YEAR else self.declared

    @property
    def own_price(self) -> Decimal | None:
        """What one of its own units costs; None for an item of the catalogue."""
        return self.paid_price if self.words else None


def wares() -> list[Ware]:
    """Read the catalogue, what has an indicative price, in its own order."""
    query = (
        select(Item.id, Family.code, Item.unit, Item.pack_size, Item.indicative_price)
        .join(Family, Family.id == Item.family_id)
        # By the catalogue's own order, which no database's alphabet changes.
        .order_by(Item.id)
    )
    return [
        Ware(item_id, family, unit, pack_size, price)
        for item_id, family, unit, pack_size, price in db.session.execute(query)
        if price is not None
    ]


def weight(body: Body) -> int:
    """How many lines a body has beside the others: as the square root of its inhabitants."""
    if body.kind is MemberKind.INTERCOMMUNALITY:
        return isqrt(body.population) // 6
    if body.kind is MemberKind.DEPARTEMENT:
        return isqrt(body.population) // 3
    return isqrt(body.population)


def shared(total: int, weights: list[int]) -> list[int]:
    """Split ``total`` lines by weight, one at least each, by largest remainder."""
    rest, whole = max(0, total - len(weights)), sum(weights)
    parts = [rest * one // whole for one in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(rest * weights[at] % whole), at))
    for at in by_remainder[: rest - sum(parts)]:
        parts[at] += 1
    return [part + 1 for part in parts]


class Demand:
    """Draws the lines of one body after the other."""

    def __init__(
        self,
        rng: Random,
        since: date,
        families: Collection[str] = tuple(_WEIGHTS),
        *,
        in_packs: bool = True,
    ) -> None:
        self._rng, self._since, self._in_packs = rng, since, in_packs
        self._wares = [one for one in wares() if one.family in families]

    def lines(self, body: Body, count: int) -> list[Line]:
        """Draw ``count`` lines, no item twice for one place; fewer where there are no more."""
        most = _budget(body) * 4
        fitting = [one for one in self._wares if one.price * one.step <= most]
        drawn: dict[tuple[int | None, int], Line] = {}
        for ware in self._picked(fitting, count):
            site = self._site(body, ware)
            if len(drawn) == count:
                break
            if (ware.id, site) not in drawn:
                drawn[ware.id, site] = self._line(body, ware, site)
        return list(drawn.values())

    def wish(self, wish: Wish, body: Body) -> Line:
        """Draw how many of a wish a body asks for at its office, and what it pays for one."""
        is_paid = self._rng.randrange(100) >= _UNPRICED
        price = rounded(Decimal(wish.price * self._rng.randint(92, 125)) / 100, 2)
        ago = timedelta(days=self._rng.randint(40, 900))
        return Line(
            item_id=None,
            site_id=body.office,
            declared=Decimal(self._rng.randint(1, wish.most)),
            basis=Basis.YEAR if self._rng.randrange(2) else Basis.PERIOD,
            strength=Strength.INDICATIVE,
            wanted_on=None,
            paid_price=price if is_paid else None,
            paid_since=self._since - ago if is_paid else None,
            words=wish.words,
            own_unit=wish.own_unit,
        )

    def _picked(self, fitting: list[Ware], count: int) -> Iterator[Ware]:
        weights = [_WEIGHTS[one.family] for one in fitting]
        return iter(self._rng.choices(fitting, weights, k=12 * count + 200))

    def _site(self, body: Body, ware: Ware) -> int:
        if body.schools and self._rng.randrange(100) < _AT_SCHOOL[ware.family]:
            return self._rng.choice(body.schools)
        return body.office

    def _line(self, body: Body, ware: Ware, site: int) -> Line:
        budget = _budget(body) if site == body.office else min(_budget(body), 2500)
        worth = Decimal(budget * self._rng.randint(25, 175) // 100)
        step = ware.step if self._in_packs else 1
        steps = max(1, int(worth / (ware.price * step)))
        paid, since = self._paid(body, ware)
        wanted = self._rng.randrange(100) < 60
        ahead = timedelta(days=self._rng.randint(120, 420))
        odds = _YEARLY if ware.unit in _YEARLY_UNITS else _OTHERS_YEARLY
        is_yearly = steps % _YEARS == 0 and self._rng.randrange(100) < odds
        is_firm = self._rng.randrange(100) < _FIRM
        is_remarked = self._rng.randrange(100) < _REMARKED
        return Line(
            item_id=ware.id,
            site_id=site,
            declared=Decimal(steps * step // (_YEARS if is_yearly else 1)),
            basis=Basis.YEAR if is_yearly else Basis.PERIOD,
            strength=Strength.FIRM if is_firm else Strength.INDICATIVE,
            wanted_on=self._since + ahead if wanted else None,
            paid_price=paid,
            paid_since=since,
            remark=self._rng.choice(_REMARKS) if is_remarked else None,
        )

    def _paid(self, body: Body, ware: Ware) -> tuple[Decimal | None, date | None]:
        """What it pays alone: small bodies pay more, and some have found a good price."""
        draw, bargain = self._rng.randrange(100), self._rng.randrange(100)
        percent = self._rng.randint(99, 134) - min(12, isqrt(body.population) // 15)
        if bargain < 9:
            percent = self._rng.randint(68, 86)
        ago = timedelta(days=self._rng.randint(40, 1700))
        if draw < _UNPRICED:
            return None, None
        places = 2 if ware.price >= 5 else 4
        return rounded(ware.price * percent / 100, places), self._since - ago


def _budget(body: Body) -> int:
    """What a line is worth, in euros: with the inhabitants, but slower than they."""
    people = body.population
    if body.kind is not MemberKind.COMMUNE:
        people //= 4
    return 300 + isqrt(people * isqrt(people))
