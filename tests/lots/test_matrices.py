"""Members by item, the whole campaign as one workbook, and the files that are asked for."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from procurement.kernel import exports, pipeline
from procurement.kernel.errors import Absent
from procurement.lots import operations
from procurement.lots.models import Allocation, AllocationKind
from procurement.lots.operations.projects import price_lines
from procurement.needs.models import NeedState, Omission
from tests.databases import on_sqlite
from tests.door import refused
from tests.make import make_line, make_member, make_need, make_person

KINDS = ["lot-supplier", "lot-buyer", "lot-matrix", "campaign-matrix", "campaign-workbook"]


@pytest.fixture
def make(english, tmp_path):
    """Make a file of a kind; give its name and its place."""

    def made(kind, subject_id, tell=lambda _done, _total: None):
        target = tmp_path / "made.xlsx"
        name = exports.kind_of(kind).make(subject_id, target, tell)
        return name, target

    return made


def grid(path, name):
    return CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()


@pytest.mark.libreoffice
@on_sqlite
def test_the_matrix_of_a_lot_makes_its_quantities(session, ground, make, libreoffice):
    lot = ground.form(title="Vidéoprotection")
    stock = {"kind": AllocationKind.STOCK, "quantity": Decimal(6), "reason": "Cartons of 20"}
    session.add(Allocation(lot_line_id=lot.lines[0].id, **stock))
    session.flush()
    name, path = make("lot-matrix", lot.id)
    assert name == "lot-01-videoprotection-member-by-item-draft.xlsx"
    rows = grid(libreoffice.recalculate(path), "Member by item")
    assert rows[2][0] == "Draft: the quantities may still change."
    assert rows[4][3:] == ["VID-001 Caméra fixe", "VID-002 Câble"]
    assert [row[2:] for row in rows[5:]] == [
        ["Amboise-la-Petite", 10, 9.75],
        ["Bourg-Neuf", 4, ""],
        ["Stock of the centrale", 6, ""],
        ["Total", 20, 9.75],
        ["Quantity of the lot", 20, 9.75],
        ["Difference", 0, 0],
    ]
    ground.freeze(lot)
    assert make("lot-matrix", lot.id)[0].endswith("-v1.xlsx")


@pytest.mark.libreoffice
@on_sqlite
def test_the_matrix_of_a_campaign_makes_its_pool(ground, make, libreoffice):
    name, path = make("campaign-matrix", ground.campaign.id)
    assert name.endswith("-member-by-item.xlsx")
    rows = grid(libreoffice.recalculate(path), "Member by item")
    assert rows[3][3:] == ["VID-001 Caméra fixe", "VID-002 Câble", "EDU-001 Tablette"]
    assert [row[2:] for row in rows[4:]] == [
        ["Amboise-la-Petite", 10, 9.75, ""],
        ["Bourg-Neuf", 4, "", 30],
        ["Total", 14, 9.75, 30],
        ["Quantity in the pool", 14, 9.75, 30],
        ["Difference", 0, 0, 0],
    ]


@pytest.fixture
def campaign(session, ground):
    """A frozen lot of cameras, a draft one of cable, tablets in the pool, and two lines in none."""
    ground.freeze(ground.form(ground.camera, title="Caméras"))
    ground.form(ground.cable, title="Câbles")
    out = make_line(session, ground.second_need, ground.cable, 8, is_pooled=False)
    words = {"words": "une grande échelle", "own_unit": "pièce"}
    make_line(session, ground.second_need, None, 1, **words)
    when = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    clara = ground.people.clara.id
    session.add(Omission(need_line_id=out.id, reason="Bought last year", person_id=clara, at=when))
    session.commit()
    return ground.campaign


def test_the_whole_campaign_is_one_workbook(campaign, make):
    _name, path = make("campaign-workbook", campaign.id)
    names = ["Lots", "Lot lines", "By member", "Still in the pool", "Left out of the pool"]
    assert load_workbook(path).sheetnames == names
    lots, lines, members, pool, out = (grid(path, name)[4:] for name in names)
    assert [[*row[:2], *row[3:5], *row[7:11]] for row in lots[:2]] == [
        [1, "Caméras", "Frozen", 1, 1, 2, 140, 0],
        [2, "Câbles", "Draft", "", 1, 1, 97.5, 0],
    ]
    assert [[row[0], row[4], *row[8:]] for row in lines] == [
        [1, "VID-001", 14, 10, 140],
        [2, "VID-002", 9.75, 10, 97.5],
    ]
    assert [[row[0], *row[5:8], *row[10:]] for row in members] == [
        [1, "Amboise-la-Petite", 1, "VID-001", 10, "", 10],
        [1, "Bourg-Neuf", 1, "VID-001", 4, "", 4],
        [2, "Amboise-la-Petite", 1, "VID-002", 9.75, "", 9.75],
    ]
    assert [[row[0], *row[5:]] for row in pool] == [["EDU-001", "Bourg-Neuf", 30, 0, 30]]
    assert [row[2:] for row in out] == [
        ["Bourg-Neuf", "Mairie", "VID-002", "Câble", "piece", 8, "Bought last year", "Clara",
         "02/11/2026 10:30"],
        ["Bourg-Neuf", "Mairie", "", "une grande échelle", "pièce", 1,
         "Not harmonised yet: no item of the catalogue.", "", ""],
    ]  # fmt: skip


def test_a_campaign_without_lots_nor_needs_has_its_workbook_too(session, ground, make):
    ground.campaign.title = "Campagne vide"
    for line in ground.lines:
        session.delete(line)
    session.flush()
    for kind in ("campaign-matrix", "campaign-workbook"):
        name, path = make(kind, ground.campaign.id)
        assert name.startswith("campagne-vide-")
        assert load_workbook(path).sheetnames


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_named_marked_and_tells_how_far_it_is(campaign, ground, make, kind):
    lot_id = 1 if kind.startswith("lot") else campaign.id
    known = exports.kind_of(kind)
    assert known.title(lot_id)
    assert len(known.mark(lot_id)) == 64
    told = []
    name, path = make(kind, lot_id, lambda *one: told.append(one))
    assert name.endswith(".xlsx")
    assert path.stat().st_size > 4000
    assert told[-1][0] == told[-1][1] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_gone_is_absent(english, kind):
    with pytest.raises(Absent):
        exports.kind_of(kind).mark(999)


@pytest.mark.parametrize("kind", ["lot-supplier", "lot-buyer"])
def test_a_draft_has_no_sheet_to_mark(ground, english, kind):
    with refused("lot_not_frozen"):
        exports.kind_of(kind).mark(ground.form().id)


@pytest.mark.parametrize("kind", ["lot-supplier", "lot-buyer"])
def test_the_page_of_a_draft_says_so_instead_of_offering_its_sheet(
    session, ground, door, people, kind
):
    lot = ground.form()
    session.commit()
    shown = door.get(people.clara, f"/lots/{lot.id}").text
    assert shown.count("Freeze it first: its sheet comes then.") == 2
    # Only the table of members and items is there to be asked for.
    assert shown.count("Prepare the file") == 1
    assert door.post(people.clara, f"/lots/{lot.id}/exports", kind=kind).status_code == 409


def marks(ground, lot):
    subjects = {"lot": lot.id, "campaign": ground.campaign.id}
    return {
        kind: exports.kind_of(kind).mark(subjects[kind.split("-")[0]])
        for kind in KINDS
        if not (lot.is_draft and kind in ("lot-supplier", "lot-buyer"))
    }


def test_a_mark_changes_with_what_the_file_is_made_of(session, ground, english):
    lot = ground.form()
    by = {"actor": ground.buyer}
    drafts = {"lot-matrix", "campaign-workbook"}

    def changed(act):
        pipeline.commit()
        before = marks(ground, lot)
        act()
        pipeline.commit()
        after = marks(ground, lot)
        return {kind for kind in before if before[kind] != after[kind]}

    def take_less():
        line = lot.lines[0]
        operations.take(line, [operations.Take(ground.lines[0].id, Decimal(9), Decimal(10))], **by)

    assert changed(lambda: None) == set()
    assert changed(take_less) == drafts
    assert changed(lambda: price_lines(lot, {lot.lines[0].id: Decimal(7)}, **by)) == drafts
    more = partial(make_line, session, ground.second_need, ground.cable, 2)
    assert changed(more) == {"campaign-matrix", "campaign-workbook"}
    words = {"words": "une grande échelle", "own_unit": "pièce"}
    waiting = partial(make_line, session, ground.second_need, None, 1, **words)
    assert changed(waiting) == {"campaign-workbook"}
    assert changed(lambda: make_member(session)) == set()
    neighbour = make_person(session, member=make_member(session))
    need = make_need(session, ground.campaign, neighbour, NeedState.VALIDATED, ground.people.alix)
    pair = [make_line(session, one, ground.tablet, 5) for one in (ground.first_need, need)]

    def shift():
        # One of them had it by mistake: no sum by item and département tells.
        for line, quantity in zip(pair, (Decimal(3), Decimal(7)), strict=True):
            line.quantity = line.pool_quantity = quantity

    assert pair[0].departement == pair[1].departement
    assert changed(shift) == {"campaign-matrix", "campaign-workbook"}
    left_out = Omission(need_line_id=ground.lines[4].id, reason="Bought", at=datetime.now(UTC))
    left_out.person_id = ground.people.clara.id
    assert changed(partial(session.add, left_out)) == {"campaign-workbook"}
    assert changed(partial(session.delete, left_out)) == {"campaign-workbook"}
    assert changed(lambda: ground.form(ground.tablet)) == {"campaign-workbook"}
    assert changed(lambda: ground.freeze(lot)) == drafts
    assert set(marks(ground, lot)) == set(KINDS)


def test_to_tell_the_mark_of_a_lot_its_allocations_are_not_read(ground, english, count_queries):
    lot = ground.freeze(ground.form())
    pipeline.commit()
    with count_queries() as statements:
        marks(ground, lot)
    assert not [one for one in statements if "allocation" in one]
