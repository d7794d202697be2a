"""The proposal of lots: how what is left of a campaign could be cut, and forming them at once."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from procurement.catalogue.models import Trade, Unit
from procurement.kernel.pipeline import today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, Lot, Project
from procurement.lots.operations import Chosen, Cut
from procurement.lots.proposals import proposals
from procurement.lots.rules import Cutting, Spread, Territory
from procurement.members.models import MemberKind
from procurement.needs.models import CampaignState, NeedState
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_member, make_need, make_person


def address(ground, cutting="family", spread="together"):
    return f"/campaigns/{ground.campaign.id}/lots/propose?cut={cutting}&spread={spread}"


def cut(ground, cutting=Cutting.FAMILY, spread=Spread.TOGETHER):
    return proposals(ground.campaign.id, cutting, spread)


@pytest.fixture
def body(session, ground):
    """An intercommunality of the first member, which asks for cameras itself."""
    body = make_member(session, "Communauté", kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    ground.people.first.intercommunality_id = body.id
    author = make_person(session, member=body)
    need = make_need(
        session, ground.campaign, author, NeedState.VALIDATED, approver=ground.people.alix
    )
    make_line(session, need, ground.camera, 6)
    return body


def test_by_family(session, ground):
    ground.cable.unit, ground.cable.indicative_price = Unit.METRE, Decimal("1.3333")
    ground.tablet.indicative_price = None
    session.flush()
    video, tablets = cut(ground)
    assert (video.family_id, video.trade, video.territory) == (ground.video.id, None, "all")
    assert (video.title, video.items, video.members) == (ground.video.label_fr, 2, 2)
    assert video.quantities == {
        "78": {Unit.PIECE: 10, Unit.METRE: Decimal("9.75")},
        "92": {Unit.PIECE: 4},
    }
    # 14 × 10 € and 9.75 × 1.3333 €, rounded line by line.
    assert (video.value, video.unpriced, video.share) == (Decimal("153.00"), 0, 1)
    assert (tablets.value, tablets.unpriced, tablets.share) == (0, 1, 0)


def test_shares_are_of_the_whole(ground):
    video, tablets = cut(ground)
    assert (video.value, tablets.value) == (Decimal("237.50"), Decimal("300.00"))
    assert video.share + tablets.share == 1
    assert tablets.share == Decimal("300") / Decimal("537.50")


def test_without_any_price_no_share_is_known(session, ground):
    for item in (ground.camera, ground.cable, ground.tablet):
        item.indicative_price = None
    session.flush()
    assert [one.share for one in cut(ground)] == [None, None]


def test_by_trade(session, ground):
    ground.tablet.cpv.trade = Trade.PUBLISHER
    session.flush()
    found = cut(ground, Cutting.TRADE)
    assert [(one.trade, one.items) for one in found] == [
        (Trade.DISTRIBUTOR, 2),
        (Trade.PUBLISHER, 1),
    ]


def test_all_in_one(ground):
    (one,) = cut(ground, Cutting.WHOLE)
    assert (one.family_id, one.trade, one.items, one.members, one.share) == (None, None, 3, 2, 1)


def test_each_departement_apart(ground):
    found = cut(ground, Cutting.FAMILY, Spread.APART)
    assert [(one.territory, one.items) for one in found] == [("78", 2), ("92", 1), ("92", 1)]
    assert found[0].title == f"{ground.video.label_fr} – 78"


def test_each_intercommunality_apart(ground, body):
    found = cut(ground, Cutting.WHOLE, Spread.INTERCOMMUNALITY)
    assert [(one.territory, one.members, one.items) for one in found] == [
        (f"body-{body.id}", 2, 2),
        ("outside", 1, 2),
    ]
    assert "Communauté" in found[0].title


def test_only_of_what_is_left(ground):
    ground.form(ground.camera, share=50)
    ground.form(ground.tablet)
    (video,) = cut(ground)
    assert video.quantities["78"] == {Unit.PIECE: Decimal("14.75")}


@pytest.mark.parametrize("cutting", Cutting)
@pytest.mark.parametrize("spread", Spread)
def test_forming_all_of_a_proposal_leaves_nothing(session, ground, body, door, cutting, spread):
    fields = {}
    for at, one in enumerate(cut(ground, cutting, spread)):
        sent = {"territory": one.territory, "title": one.title, "is_chosen": 1}
        sent |= {"family_id": one.family_id} if one.family_id else {}
        sent |= {"trade": one.trade.value} if one.trade else {}
        fields |= {f"lots-{at}-{name}": value for name, value in sent.items()}
        # Each proposed lot is what forming it makes.
    answer = door.post(ground.people.clara, address(ground, cutting, spread), **fields)
    assert answer.location == f"/lots?campaign={ground.campaign.id}"
    assert cut(ground, cutting, spread) == []
    assert sum(session.scalars(select(Allocation.quantity))) == Decimal("59.75")
    assert len(session.scalars(select(Lot.id)).all()) == len(fields) // (
        3 + (cutting is not Cutting.WHOLE)
    )
    assert list(verification.faults()) == []


def test_all_or_nothing(session, ground):
    video = Chosen("Vidéo", Cut(family_id=ground.video.id), "first")
    again = Chosen("Encore", Cut(territory=Territory.YVELINES), "second")
    with refused("already_allotted") as caught:
        operations.form_all(ground.campaign, [video, again], actor=ground.buyer, today=today())
    assert caught.value.field == "second"


def test_a_refusal_by_the_page_forms_none(session, ground, door):
    fields = {
        "lots-0-title": "Vidéo",
        "lots-0-family_id": ground.video.id,
        "lots-0-territory": "all",
        "lots-0-is_chosen": 1,
        "lots-1-title": "Encore la vidéo",
        "lots-1-family_id": ground.video.id,
        "lots-1-territory": "78",
        "lots-1-is_chosen": 1,
    }
    answer = door.post(ground.people.clara, address(ground), **fields)
    assert answer.status_code == 409
    assert 'id="lots-1-title-error"' in answer.text
    assert 'value="Encore la vidéo"' in answer.text
    assert session.scalars(select(Lot)).all() == []


def test_unticked_lots_are_not_formed_and_titles_are_the_buyers(session, ground, door):
    page = door.get(ground.people.clara, address(ground)).text
    assert page.count('name="lots-') == 8
    fields = {
        "lots-0-title": "Caméras",
        "lots-0-family_id": ground.video.id,
        "lots-0-territory": "all",
        "lots-0-is_chosen": 1,
        "lots-1-title": "Tablettes",
        "lots-1-family_id": ground.tablet.family_id,
        "lots-1-territory": "all",
    }
    door.post(ground.people.clara, address(ground), **fields)
    assert [lot.title for lot in session.scalars(select(Lot))] == ["Caméras"]


def test_they_may_join_a_purchase_project(session, ground, door):
    project = Project(
        campaign_id=ground.campaign.id, title="Achat 2027", launch_on=today(), initial_months=24
    )
    session.add(project)
    session.flush()
    assert "Achat 2027" in door.get(ground.people.clara, address(ground)).text
    fields = {"lots-0-title": "Tout", "lots-0-territory": "all", "lots-0-is_chosen": 1}
    door.post(ground.people.clara, address(ground), **fields, project_id=project.id)
    assert session.scalars(select(Lot)).one().project_id == project.id


def test_one_lot_alone_is_told_what_the_law_asks(ground, door):
    assert "L2113-11" in door.get(ground.people.clara, address(ground, "whole")).text
    assert "L2113-11" not in door.get(ground.people.clara, address(ground)).text


def test_missing_prices_are_counted_and_told(session, ground, door):
    ground.cable.indicative_price = None
    page = door.get(ground.people.clara, address(ground)).text
    assert "1 item without a price" in page


def test_nothing_left_says_so(ground, door):
    ground.form(family_id=None)
    assert "Nothing is left to cut" in door.get(ground.people.clara, address(ground)).text


def test_before_it_is_closed_it_can_be_seen_but_not_formed(session, ground, door):
    ground.campaign.state = CampaignState.OPEN
    page = door.get(ground.people.clara, address(ground)).text
    assert "lots are formed once it is closed" in page
    assert "Form the ticked lots" not in page
    fields = {"lots-0-title": "Tout", "lots-0-territory": "all", "lots-0-is_chosen": 1}
    assert door.post(ground.people.clara, address(ground), **fields).status_code == 409


def test_nonsense_in_the_address_asks_for_the_usual_cut(ground, door):
    assert door.get(ground.people.clara, address(ground, "x", "y")).status_code == 200


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({}, "Tick one lot at least."),
        ({"lots-0-title": "X", "lots-0-territory": "all"}, "Tick one lot at least."),
        ({"lots-0-is_chosen": 1}, "This field is needed."),
        (
            {"lots-0-title": "X", "lots-0-territory": "75", "lots-0-is_chosen": 1},
            "Choose one of the listed values.",
        ),
        ({"lots-0-title": "X" * 161, "lots-0-is_chosen": 1}, "At most 160 characters."),
    ],
)
def test_bad_input(session, ground, door, fields, sentence):
    answer = door.post(ground.people.clara, address(ground), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalars(select(Lot)).all() == []


def test_who_and_where(session, ground, door):
    fields = {"lots-0-title": "X", "lots-0-is_chosen": 1}
    for name in ("ada", "alix", "dora", "eli"):
        person = getattr(ground.people, name)
        assert door.get(person, address(ground)).status_code == 403
        assert door.post(person, address(ground), **fields).status_code == 403
    elsewhere = "/campaigns/999/lots/propose"
    assert door.get(ground.people.clara, elsewhere).status_code == 404
    assert door.post(ground.people.clara, elsewhere, **fields).status_code == 404


def test_queries_do_not_grow_with_the_lots(session, ground, sign_in, count_queries):
    client = sign_in(ground.people.clara)
    session.commit()
    with count_queries() as few:
        assert client.get(address(ground, "whole")).status_code == 200
    for _family in range(8):
        make_line(session, ground.first_need, make_item(session), 3)
    session.commit()
    with count_queries() as many:
        assert client.get(address(ground)).status_code == 200
    assert len(many) == len(few)


def test_another_campaign_counts_for_nothing(session, ground):
    other = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, other, ground.people.ada, NeedState.VALIDATED, ground.people.alix)
    make_line(session, need, ground.camera, 1000)
    assert cut(ground)[0].quantities["92"] == {Unit.PIECE: 4}
