"""The orders of the demonstration, through the acts that the pages use, day after day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import func, select

from procurement.agreements.models import Agreement, AgreementPrice, Beneficiary
from procurement.catalogue.models import Item
from procurement.demo import accounts, territory
from procurement.demo.purchases import Bought
from procurement.demo.territory import Body
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.money import line_amount
from procurement.lots.models import Allocation
from procurement.members.models import Site
from procurement.needs.models import NeedLine
from procurement.orders import operations
from procurement.orders.models import Order, OrderState
from procurement.orders.operations import Draft, Wanted

#: In a hundred places of delivery, how many have ordered from the agreement of a family.
_PACE = {"VID": 8, "EDU": 6, "NET": 9, "TEL": 30, "WKS": 18, "SEC": 9, "CITY": 8}
#: Bodies whose people sign in have more to show.
_PACE_OF_ACCOUNTS, _PACE_OF_TOLD = 45, 85
#: Quantities ordered, in hundredths of those declared: telecoms go faster than foreseen.
_PARTS = {"TEL": (220, 360)}
_PART = (50, 100)
_LONGEST_ORDER = 12
#: An agreement is never ordered to its last euro, so that a visitor may order too.
_SPARED = Decimal("0.94")
_LAST_DAYS = 12
#: How many days ago the orders were written that wait for those told of at the start.
_DESK = ((4, OrderState.SUBMITTED), (1, OrderState.DRAFT))
_REFUSED = "Crédits insuffisants sur cet exercice (motif inventé)."
_CANCELLED = "Commande en double (motif inventé)."


@dataclass(frozen=True, slots=True)
class _Place:
    """A place of delivery under one agreement, with (price, quantity, pack, unit price) asked."""

    bought: Bought
    body: Body
    site_id: int
    asked: list[tuple[int, Decimal, int, Decimal]]


@dataclass(frozen=True, slots=True)
class _Call:
    """What one place is going to order, and what becomes of it."""

    place: _Place
    on: date
    end: OrderState | None


def call_off(
    bought: Sequence[Bought], bodies: Iterable[Body], rng: Random, timetable: Timetable
) -> int:
    """Order from every agreement, in the order of the days; give the number of orders."""
    by_id = {one.id: one for one in bodies}
    places = [place for one in bought for place in _places(one, by_id)]
    calls = [*_planned(places, rng, timetable), *_waiting(places, timetable)]
    calls.sort(key=lambda call: call.on)
    sites = {site.id: site for site in db.session.scalars(select(Site))}
    room = {one.agreement.id: (one.agreement.ceiling or 0) * _SPARED for one in bought}
    made = 0
    for call in calls:
        lines, amount = _lines(call.place, rng)
        agreement_id = call.place.bought.agreement.id
        if amount > room[agreement_id]:
            continue
        room[agreement_id] -= amount
        _order(call, Draft(sites[call.place.site_id], lines, *_quoted(rng)), rng, timetable.today)
        made += 1
    return made


def _places(bought: Bought, bodies: dict[int, Body]) -> list[_Place]:
    """Read what each place of a beneficiary declared of the items of an agreement."""
    query = (
        select(
            NeedLine.member_id,
            NeedLine.site_id,
            AgreementPrice.id,
            # Words of its own may mean what the place asks for from the catalogue too.
            func.sum(Allocation.quantity),
            Item.pack_size,
            AgreementPrice.unit_price,
        )
        .join(Allocation, Allocation.lot_line_id == AgreementPrice.lot_line_id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(Item, Item.id == AgreementPrice.item_id)
        .join(
            Beneficiary,
            (Beneficiary.agreement_id == AgreementPrice.agreement_id)
            & (Beneficiary.member_id == NeedLine.member_id),
        )
        .where(AgreementPrice.agreement_id == bought.agreement.id)
        .group_by(
            NeedLine.member_id,
            NeedLine.site_id,
            AgreementPrice.id,
            AgreementPrice.position,
            Item.pack_size,
            AgreementPrice.unit_price,
        )
        .order_by(NeedLine.member_id, NeedLine.site_id, AgreementPrice.position)
    )
    found: dict[tuple[int, int], _Place] = {}
    for member_id, site_id, price_id, quantity, pack_size, unit_price in db.session.execute(query):
        place = found.setdefault(
            (member_id, site_id), _Place(bought, bodies[member_id], site_id, [])
        )
        place.asked.append((price_id, quantity, pack_size, unit_price))
    return list(found.values())


def _planned(places: list[_Place], rng: Random, timetable: Timetable) -> list[_Call]:
    """Choose who orders and when; every beneficiary orders once at least."""
    chosen = [place for place in places if rng.randrange(100) < _pace(place)]
    served = {place.body.id for place in chosen}
    others: dict[int, list[_Place]] = {}
    for place in places:
        if place.body.id not in served:
            others.setdefault(place.body.id, []).append(place)
    calls = [
        _Call(rng.choice(one), _day(one[0].body, rng, timetable), OrderState.CONFIRMED)
        for one in others.values()
    ]
    for place in chosen:
        on = _day(place.body, rng, timetable)
        calls.append(_Call(place, on, _end(on, rng, timetable)))
    return calls


def _pace(place: _Place) -> int:
    siren, pace = place.body.siren, _PACE[place.bought.family]
    if siren not in accounts.DOMAINS or place.site_id != place.body.office:
        return pace
    is_told = siren in (accounts.DRAFTING, accounts.VALIDATING)
    return max(pace, _PACE_OF_TOLD if is_told else _PACE_OF_ACCOUNTS)


def _waiting(places: list[_Place], timetable: Timetable) -> list[_Call]:
    """What the people told of at the start find on their desks: one to confirm, one to finish."""
    calls = []
    for siren in (accounts.DRAFTING, accounts.VALIDATING):
        own = [place for place in places if place.body.siren == siren]
        for place, (days, end) in zip(own, _DESK, strict=False):
            calls.append(_Call(place, timetable.today - timedelta(days=days), end))
    return calls


def _day(body: Body, rng: Random, timetable: Timetable) -> date:
    last = timetable.today - timedelta(days=1)
    if body.siren == territory.LEFT:
        last = timetable.opens - timedelta(days=_LAST_DAYS)
    return timetable.starts + timedelta(days=rng.randint(0, (last - timetable.starts).days))


def _end(on: date, rng: Random, timetable: Timetable) -> OrderState | None:
    """What becomes of an order; None when it is confirmed first and cancelled later."""
    draw = rng.randrange(100)
    if on > timetable.today - timedelta(days=_LAST_DAYS):
        if draw < 30:
            return OrderState.SUBMITTED
        return OrderState.DRAFT if draw < 38 else OrderState.CONFIRMED
    if draw < 2:
        return OrderState.REFUSED
    if draw < 4:
        return OrderState.CANCELLED
    return None if draw < 6 else OrderState.CONFIRMED


def _lines(place: _Place, rng: Random) -> tuple[list[Wanted], Decimal]:
    low, high = _PARTS.get(place.bought.family, _PART)
    lines, amount = [], Decimal(0)
    for price_id, declared, pack_size, unit_price in place.asked[:_LONGEST_ORDER]:
        packs = max(1, int(declared) // pack_size * rng.randint(low, high) // 100)
        quantity = Decimal(packs * pack_size)
        lines.append(Wanted(price_id, quantity))
        amount += line_amount(quantity, unit_price)
    return lines, amount


def _quoted(rng: Random) -> tuple[str, str | None]:
    service_code = f"SERVICE-{rng.randint(1, 9)}" if rng.randrange(3) == 0 else None
    return f"EJ{rng.randint(1, 99_999):05}", service_code


def _order(call: _Call, draft: Draft, rng: Random, today: date) -> None:
    agreement: Agreement = call.place.bought.agreement
    body = call.place.body
    order = operations.place(agreement, draft, actor=body.requester, today=call.on)
    if call.end is not OrderState.DRAFT:
        operations.submit(order, actor=body.requester, today=call.on)
        confirmed_on = min(today, call.on + timedelta(days=rng.randint(0, 6)))
        _finish(order, body, call.end, confirmed_on)


def _finish(order: Order, body: Body, end: OrderState | None, on: date) -> None:
    if end is OrderState.REFUSED:
        operations.refuse(order, _REFUSED, actor=body.approver)
    elif end is OrderState.CANCELLED:
        operations.withdraw(order, _CANCELLED, actor=body.requester)
    elif end is not OrderState.SUBMITTED:
        operations.confirm(order, actor=body.approver, today=on)
        if end is None:
            operations.cancel(order, _CANCELLED, actor=body.approver)
