"""Where a lot is delivered: firms read areas, and no name that gives a member away."""

from html import unescape
from io import BytesIO
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from procurement.lots import editions
from procurement.lots.editions import Edition
from procurement.lots.rules import Area, Body, may_be_coded, may_be_named
from procurement.members.models import Member, MemberKind, Site
from procurement.needs.models import NeedState
from tests.make import make_line, make_member, make_need, make_person, make_site


@pytest.mark.parametrize(
    "name, members, told, is_named",
    [
        ("Plaine aux Bœufs", 2, ["Amboise-la-Petite", "Mairie"], True),
        # One body alone would be told by its area.
        ("Plaine aux Bœufs", 1, ["Amboise-la-Petite"], False),
        # The area bears the name of one of its communes, of one of its places, or its own.
        ("Amboise-la-Petite Grand Parc", 5, ["Bourg-Neuf", "Amboise-la-Petite"], False),
        ("AMBOISE LA PETITE grand parc", 5, ["Amboise-la-Petite"], False),
        ("Vallée de l'Écluse", 5, ["Ecluse"], False),
        ("Plaine aux Bœufs", 5, ["Plaine aux Boeufs"], False),
        # A name within a word, or in another order, is another name.
        ("Bucolique Plateau", 5, ["Buc"], True),
        ("Grand Parc d'Amboise", 5, ["Amboise-la-Petite"], True),
        (None, 5, [], False),
    ],
)
def test_an_area_is_named_when_that_tells_nobody(name, members, told, is_named):
    key = 7 if name else None
    found = may_be_named([Area("78", key, name, members)], told)
    assert found == ({("78", 7)} if is_named else set())


@pytest.mark.parametrize(
    "bodies, communes, coded",
    [
        # Two bodies of a start that several communes have.
        ([(7, 1, "781"), (8, 2, "781")], {"781": 38}, {("78", "781")}),
        # The same body twice, two bodies of a start that one commune alone has, or nobody knows.
        ([(7, 1, "781"), (7, 1, "781")], {"781": 38}, set()),
        ([(7, 1, "780"), (None, 2, "780")], {"780": 1}, set()),
        ([(7, 1, "782"), (8, 2, "782")], {"781": 38}, set()),
        ([(7, 1, None), (8, 2, None)], {"781": 38}, set()),
        # Where one of them is told by the name of its area, the other stands alone.
        ([(5, 1, "781"), (8, 2, "781")], {"781": 38}, set()),
    ],
)
def test_postcodes_are_told_when_they_tell_nobody(bodies, communes, coded):
    rows = [Body("78", *one) for one in bodies]
    assert may_be_coded(rows, {("78", 5)}, communes) == coded


@pytest.fixture
def territory(session, ground):
    """Add to the ground's two members three intercommunalities, and more members in each.

    The Plaine has two communes that ask. The Grand Parc bears the name of one of its communes. The
    Vallée asks for something itself. One commune of the Plateau asks alone.
    """

    def area(name, *communes, asks=False):
        whole = make_member(session, name, kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
        for commune in communes:
            body = make_member(session, commune, intercommunality_id=whole.id)
            ask(body)
        if asks:
            ask(whole)

    def ask(body):
        approver = make_person(session, member=body)
        need = make_need(
            session,
            ground.campaign,
            make_person(session, member=body),
            NeedState.VALIDATED,
            approver,
        )
        school = make_site(session, body, f"École de {body.name}", address="3 rue du Lavoir")
        make_line(session, need, ground.camera, 3)
        make_line(session, need, ground.camera, 2, site_id=school.id)

    area("Plaine aux Bœufs", "Creux-Joly", "Dol-en-Plaine")
    area("Fontaine-Haute Grand Parc", "Fontaine-Haute", "Gué-Saint-Pré")
    area("Vallée des Forges", "Hameau-Long", "Île-Basse", asks=True)
    area("Plateau des Vents", "Jouy-le-Clos")
    return ground


def places(content):
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("Delivery places")
    return [row for row in rows.to_python() if "VID-001" in row]


def raw(content):
    """Everything that a workbook holds, the names of its parts included."""
    with ZipFile(BytesIO(content)) as parts:
        held = [name + parts.read(name).decode("utf-8", "replace") for name in parts.namelist()]
    # Accents may stand in it as numbers.
    return unescape("\n".join(held))


def test_the_suppliers_edition_counts_places_by_area(territory, english):
    lot = territory.freeze(territory.form())
    rows = places(editions.lot_sheet(lot, Edition.SUPPLIER))
    assert [[*row[:2], *row[6:]] for row in rows] == [
        ["78", "Plaine aux Bœufs", 4, 10],
        # Fontaine-Haute and Gué-Saint-Pré, the Vallée and its two, Jouy-le-Clos, and the first.
        ["78", "Elsewhere in département 78", 13, 40],
        ["92", "Département 92", 1, 4],
    ]
    assert sum(row[7] for row in rows) == 54


def test_what_no_name_may_tell_is_told_by_the_start_of_its_postcodes(session, territory, english):
    codes = {
        "Fontaine-Haute": "78120",
        "Gué-Saint-Pré": "78124",
        "Hameau-Long": "78330",
        "Jouy-le-Clos": "78000",
    }
    for name, postcode in codes.items():
        body = session.query(Member).filter_by(name=name).one()
        body.postcode = postcode
        for site in body.sites:
            site.postcode = postcode
    lot = territory.freeze(territory.form())
    content = editions.lot_sheet(lot, Edition.SUPPLIER)
    rows = places(content)
    assert [[*row[:2], *row[6:]] for row in rows] == [
        ["78", "Plaine aux Bœufs", 4, 10],
        ["78", "Postcodes that start with 781", 4, 10],
        ["78", "Elsewhere in département 78", 9, 30],
        ["92", "Département 92", 1, 4],
    ]
    held = raw(content)
    for trace in (*codes.values(), "780", "783"):
        assert f">{trace}" not in held


@pytest.mark.parametrize("name", ["en", "fr"])
def test_the_suppliers_edition_names_nobody(app, session, territory, name):
    lot = territory.freeze(territory.form())
    with app.test_request_context():
        from flask import session as cookie

        cookie["language"] = name
        held = raw(editions.lot_sheet(lot, Edition.SUPPLIER))
        inside = raw(editions.lot_sheet(lot, Edition.BUYER))
    asking = {line.member_id for line in session.query(territory.lines[0].__class__)}
    bodies = session.query(Member).filter(Member.id.in_(asking)).all()
    assert len(bodies) == 10
    sites = session.query(Site).filter(Site.member_id.in_(asking)).all()
    for body in bodies:
        for trace in (body.name, body.siren):
            assert trace not in held
        assert body.name in inside
    for site in sites:
        for trace in (site.name, site.city, site.address):
            assert trace is None or trace not in held
    # An area that gives nobody away is told.
    assert "Plaine aux Bœufs" in held


def test_the_buyer_may_choose_that_they_are_named(territory, english):
    lot = territory.form()
    lot.names_members = True
    territory.freeze(lot)
    rows = places(editions.lot_sheet(lot, Edition.SUPPLIER))
    assert len(rows) == 18
    assert rows[1] == [
        "78", "Fontaine-Haute Grand Parc", "Fontaine-Haute", "Mairie", "", "",
        "Fontaine-Haute", 1, "VID-001", "Caméra fixe", "piece", 3,
    ]  # fmt: skip
    assert sum(row[11] for row in rows) == 54
    # Named as who is delivered to, they are still not told how much each asked for.
    assert "By member" not in raw(editions.lot_sheet(lot, Edition.SUPPLIER))


@pytest.mark.parametrize("is_named", [False, True])
def test_its_queries_do_not_grow_with_the_territory(
    session, territory, english, count_queries, is_named
):
    counts = []
    for item in (territory.tablet, territory.camera):
        lot = territory.form(item)
        lot.names_members = is_named
        territory.freeze(lot)
        session.commit()
        with count_queries() as statements:
            editions.lot_sheet(lot, Edition.BUYER)
        counts.append(len(statements))
    assert counts[0] == counts[1]
