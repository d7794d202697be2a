"""Rounding up to whole packs: the rule as a table and by hypothesis, the acts, the pages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit
from procurement.lots import operations, queries, verification
from procurement.lots.models import Allocation, AllocationKind, LotLine
from procurement.lots.rules import pack_surplus, share_surplus
from tests.door import refused
from tests.make import make_line, make_site

WHY = "Par cartons de dix"


@pytest.mark.parametrize(
    "total,pack,surplus",
    [
        ("14", 10, "6"),
        ("20", 10, "0"),
        ("1", 1, "0"),
        ("9.75", 1, "0.25"),
        ("9.75", 4, "2.25"),
        ("0.001", 500, "499.999"),
        ("1000000000.999", 7, "0.001"),
    ],
)
def test_the_surplus(total, pack, surplus):
    assert pack_surplus(Decimal(total), pack) == Decimal(surplus)
    assert (Decimal(total) + Decimal(surplus)) % pack == 0


@pytest.mark.parametrize(
    "surplus,needs,tolerance,shared,stock",
    [
        # Nothing to the members: all of it to the stock.
        ("6", ["10", "4"], "0", [0, 0], "6"),
        # In proportion, by largest remainder: 4.29 and 1.71.
        ("6", ["10", "4"], "100", [4, 2], "0"),
        # Nobody beyond its tolerance: 20 % of 10 and of 4.
        ("6", ["10", "4"], "20", [2, 0], "4"),
        # What one may not take goes to the other, as far as it may.
        ("6", ["10", "4"], "55", [4, 2], "0"),
        ("6", ["10", "4"], "45", [4, 1], "1"),
        # Ties: to the larger need, then to the lower id.
        ("1", ["5", "5"], "100", [1, 0], "0"),
        ("3", ["5", "5"], "100", [2, 1], "0"),
        ("2", ["1", "3"], "100", [0, 2], "0"),
        # Small needs get nothing, however large the surplus.
        ("9", ["1", "1", "1"], "99", [0, 0, 0], "9"),
        ("9", ["1", "1", "1"], "100", [1, 1, 1], "6"),
        # One need with decimals: thousandths.
        ("0.25", ["2.5", "7.25"], "100", ["0.064", "0.186"], "0"),
        ("0.25", ["2.5", "7.25"], "2", ["0.05", "0.145"], "0.055"),
        ("6", [], "100", [], "6"),
    ],
)
def test_the_shares(surplus, needs, tolerance, shared, stock):
    asked = {at: Decimal(need) for at, need in enumerate(needs)}
    given_ = share_surplus(Decimal(surplus), asked, Decimal(tolerance))
    assert [given_.shared.get(at, 0) for at in asked] == [Decimal(one) for one in shared]
    assert given_.stock == Decimal(stock)


WHOLE = st.integers(1, 5000).map(Decimal)
EXACT = st.decimals("0.001", 5000, places=3)
NEEDS = st.one_of(
    st.dictionaries(st.integers(1, 999), WHOLE, max_size=20),
    st.dictionaries(st.integers(1, 999), EXACT, max_size=20),
)


@given(needs=NEEDS, pack=st.integers(1, 600), tolerance=st.decimals(0, 100, places=2))
def test_whatever_the_needs(needs, pack, tolerance):
    surplus = pack_surplus(sum(needs.values(), Decimal(0)), pack)
    result = share_surplus(surplus, needs, tolerance)
    assert sum(result.shared.values(), Decimal(0)) + result.stock == surplus
    assert result.stock >= 0
    for need, more in result.shared.items():
        assert 0 < more <= needs[need] * tolerance / 100
    is_whole = all(one % 1 == 0 for one in needs.values())
    assert all(more % 1 == 0 for more in result.shared.values()) or not is_whole
    # The order in which the needs come decides nothing.
    turned = dict(reversed(needs.items()))
    assert share_surplus(surplus, turned, tolerance) == result
    # Stock is kept only when nobody may take one more step.
    step = Decimal(1) if is_whole else Decimal("0.001")
    if result.stock:
        for need, asked in needs.items():
            assert result.shared.get(need, 0) + step > asked * tolerance / 100


@pytest.fixture
def camera(session, ground):
    """A lot line of 10 and 4 cameras, sold by ten."""
    ground.camera.pack_size = 10
    return ground.form(ground.camera).lines[0]


def held(session, line):
    """What a line holds, by kind and need line."""
    query = select(Allocation.kind, Allocation.need_line_id, Allocation.quantity, Allocation.reason)
    rows = session.execute(query.where(Allocation.lot_line_id == line.id))
    return {(row.kind, row.need_line_id): (row.quantity, row.reason) for row in rows}


def test_it_works(session, ground, camera):
    first, second = ground.lines[0], ground.lines[3]
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    assert held(session, camera) == {
        (AllocationKind.NEED, first.id): (10, None),
        (AllocationKind.NEED, second.id): (4, None),
        (AllocationKind.SHARED, first.id): (2, WHY),
        (AllocationKind.SHARED, second.id): (1, WHY),
        (AllocationKind.STOCK, None): (3, WHY),
    }
    session.expire_all()
    # What is added is no need: it is not counted as allotted.
    assert [first.allotted, second.allotted] == [10, 4]
    line = queries.lot_lines(LotLine.id == camera.id)[0]
    assert (line.needed, line.added, line.stock, line.quantity) == (14, 3, 3, 20)
    assert list(verification.faults()) == []


def test_a_frozen_lot_counts_what_was_added(session, ground, camera):
    operations.round_up(camera, Decimal(0), WHY, actor=ground.buyer)
    ground.freeze(camera.lot)
    session.expire_all()
    assert camera.quantity == 20
    assert list(verification.faults()) == []


def test_a_whole_lot(session, ground):
    ground.camera.pack_size, ground.cable.pack_size = 7, 4
    lot = ground.form()
    assert operations.round_up_lot(lot, Decimal(0), WHY, actor=ground.buyer) == 1
    totals = {line.item.code: line.quantity for line in queries.lot_lines(LotLine.lot_id == lot.id)}
    assert totals == {"VID-001": 14, "VID-002": 12}
    with refused("nothing_to_round"):
        operations.round_up_lot(lot, Decimal(0), WHY, actor=ground.buyer)
    operations.unround_lot(lot, actor=ground.buyer)
    totals = {line.item.code: line.quantity for line in queries.lot_lines(LotLine.lot_id == lot.id)}
    assert totals == {"VID-001": 14, "VID-002": Decimal("9.75")}


def test_whole_packs_are_refused(ground):
    line = ground.form(ground.camera).lines[0]
    with refused("nothing_to_round"):
        operations.round_up(line, Decimal(0), WHY, actor=ground.buyer)


def test_twice_is_refused(ground, camera):
    operations.round_up(camera, Decimal(0), WHY, actor=ground.buyer)
    with refused("nothing_to_round"):
        operations.round_up(camera, Decimal(100), WHY, actor=ground.buyer)


@pytest.mark.parametrize(
    "pack_size,stock", [(8, {(AllocationKind.STOCK, None): (2, "De 8")}), (7, {})]
)
def test_packs_that_changed_are_rounded_up_to_anew(session, ground, camera, pack_size, stock):
    needs = held(session, camera)
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    ground.camera.pack_size = pack_size
    # What makes 20 cameras of 14 makes no whole packs any more: it is taken back first.
    operations.round_up(camera, Decimal(0), "De 8", actor=ground.buyer)
    assert held(session, camera) == {**needs, **stock}
    assert list(verification.faults()) == []


def test_it_is_taken_back(session, ground, camera):
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    operations.unround(camera, actor=ground.buyer)
    assert {kind for kind, _need in held(session, camera)} == {AllocationKind.NEED}
    with refused("not_rounded"):
        operations.unround(camera, actor=ground.buyer)


def test_a_frozen_lot_is_refused(ground, camera):
    ground.freeze(camera.lot)
    for act in (operations.unround, operations.unround_lot):
        with refused("lot_frozen"):
            act(camera.lot if act is operations.unround_lot else camera, actor=ground.buyer)
    with refused("lot_frozen"):
        operations.round_up(camera, Decimal(0), WHY, actor=ground.buyer)
    with refused("lot_frozen"):
        operations.round_up_lot(camera.lot, Decimal(0), WHY, actor=ground.buyer)


def test_a_rounded_lot_may_be_dissolved(session, ground, camera):
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    operations.dissolve(camera.lot, actor=ground.buyer)
    session.flush()
    session.expire_all()
    assert session.scalars(select(Allocation.id)).all() == []
    assert ground.lines[0].allotted == 0
    assert list(verification.faults()) == []


def test_it_is_in_the_journal(session, ground, camera):
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    operations.unround(camera, actor=ground.buyer)
    commit()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    done = {entry.verb: entry for entry in entries}
    assert WHY in done["lots.round_up"].changes
    assert (done["lots.unround"].object_type, done["lots.unround"].object_id) == (
        "lot_line",
        camera.id,
    )


def test_the_number_of_queries_does_not_grow_with_the_lines(session, ground, count_queries):
    def round_up(lot):
        with count_queries() as sent:
            operations.round_up_lot(lot, Decimal(25), WHY, actor=ground.buyer)
        return len(sent)

    for item in (ground.camera, ground.cable, ground.tablet):
        item.pack_size = 500
    for _place in range(20):
        site = make_site(session, ground.people.first)
        make_line(session, ground.first_need, ground.camera, 7, site_id=site.id)
    few = round_up(ground.form(ground.tablet))
    assert round_up(ground.form()) == few


FIELDS = {"tolerance": "25", "reason": WHY}


@pytest.mark.parametrize("address", ["/lot-lines/{line}/{act}", "/lots/{lot}/{act}"])
def test_by_the_page(session, ground, door, camera, address):
    clara, lot = ground.people.clara, camera.lot_id

    def path(act):
        return address.format(line=camera.id, lot=lot, act=act)

    answer = door.post(clara, path("round"), **FIELDS)
    assert answer.location in (f"/lot-lines/{camera.id}", f"/lots/{lot}")
    page = door.get(clara, f"/lot-lines/{camera.id}").text
    for expected in (WHY, "Added for the members", "Added for the stock", "Take the rounding back"):
        assert expected in page
    assert door.post(clara, path("round"), **FIELDS).status_code == 409
    assert door.post(clara, path("unround")).status_code == 302
    assert door.post(clara, path("unround")).status_code == 409
    assert "Round up to whole packs" in door.get(clara, f"/lot-lines/{camera.id}").text


def test_a_member_reads_what_was_added_for_it_and_not_the_stock(ground, door, camera):
    operations.round_up(camera, Decimal(25), WHY, actor=ground.buyer)
    page = door.get(ground.people.basile, f"/lot-lines/{camera.id}").text
    assert "Added for you" in page
    assert "<dt>Your total</dt><dd>5</dd>" in page
    assert "stock" not in page


ROUTES = [
    "/lot-lines/{line}/round",
    "/lot-lines/{line}/unround",
    "/lots/{lot}/round",
    "/lots/{lot}/unround",
]


@pytest.mark.parametrize("route", ROUTES)
def test_who_and_where(ground, door, camera, route):
    fields = {} if "unround" in route else FIELDS
    address = route.format(line=camera.id, lot=camera.lot_id)
    for name in ("ada", "alix", "dora", "eli"):
        assert door.post(getattr(ground.people, name), address, **fields).status_code == 403
    missing = route.format(line=999, lot=999)
    assert door.post(ground.people.clara, missing, **fields).status_code == 404
    assert door.post(ground.people.clara, address, extra=1).status_code == 422


@pytest.mark.parametrize("route", ROUTES[::2])
@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"tolerance": "101", "reason": WHY}, "at most 100"),
        ({"tolerance": "-1", "reason": WHY}, "At least 0"),
        ({"tolerance": "1,234", "reason": WHY}, "At most 2 decimals."),
        ({"tolerance": "5"}, "This field is needed."),
        ({"reason": WHY}, "This field is needed."),
        ({"tolerance": "5", "reason": "x" * 501}, "At most 500 characters."),
    ],
)
def test_bad_input(session, ground, door, camera, route, fields, sentence):
    address = route.format(line=camera.id, lot=camera.lot_id)
    answer = door.post(ground.people.clara, address, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert len(held(session, camera)) == 2
