"""The families that a campaign is about, some for those that transferred a competence alone."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Family, Item
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members.models import Competence, Mandate, Membership
from procurement.needs import operations, queries
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine, NeedState
from procurement.needs.operations import LineEntry, Plan
from procurement.needs.queries import Filter
from tests.browse import fields, tree
from tests.conftest import SignIn
from tests.databases import on_sqlite
from tests.door import Door, refused
from tests.make import (
    actor_for,
    list_family,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_member,
    make_need,
    make_site,
    make_transfer,
)
from tests.needs.trip import FIRST, Trip, counted, label, put, read
from tests.people import People

VIDEO, TELECOMS = Competence.VIDEO_PROTECTION, Competence.TELECOMS
SENTENCE = "This family is for the members that transferred Video protection."
NOT_CONCERNED = "The families of this campaign are for members that transferred a competence"
TYPED = {"title": "Survey 2027", "opens_on": "1/2/2027", "closes_on": "31/3/2027"}


def _day(days: int) -> date:
    return today() + timedelta(days=days)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that is open today."""
    return make_campaign(session, title="Survey 2026")


@pytest.fixture
def open_item(session: Session, campaign: Campaign) -> Item:
    """An item of a family that every member may declare."""
    item = make_item(session)
    list_family(session, campaign, item.family)
    return item


@pytest.fixture
def video_item(session: Session, campaign: Campaign) -> Item:
    """An item of a family that is for those that transferred video protection."""
    item = make_item(session, designation="Caméra")
    list_family(session, campaign, item.family, VIDEO)
    return item


#: When transfers begin and end, from today; which families the member may declare then.
IN_FORCE = (VIDEO, -100, None)
TABLE: list[tuple[list[tuple[Competence, int, int | None]], set[str]]] = [
    ([], {"open"}),
    ([IN_FORCE], {"open", "video"}),
    ([(VIDEO, 0, None)], {"open", "video"}),
    ([(VIDEO, 1, None)], {"open"}),
    ([(VIDEO, -100, 0)], {"open"}),
    ([(VIDEO, -100, 1)], {"open", "video"}),
    ([(VIDEO, -100, -50), (VIDEO, -10, None)], {"open", "video"}),
    ([(VIDEO, -100, -50), (VIDEO, 10, None)], {"open"}),
    ([(TELECOMS, -100, None)], {"open", "telecoms"}),
    ([IN_FORCE, (TELECOMS, -100, None)], {"open", "video", "telecoms"}),
    ([IN_FORCE, (TELECOMS, -100, -1)], {"open", "video"}),
    ([(Competence.SMART_CITY, -100, None)], {"open"}),
]


@pytest.mark.parametrize("has_open_family", [True, False])
@pytest.mark.parametrize("is_member", [True, False])
@pytest.mark.parametrize("transfers, allowed", TABLE)
def test_which_families_a_member_may_declare(
    session: Session,
    people: People,
    campaign: Campaign,
    transfers: list[tuple[Competence, int, int | None]],
    allowed: set[str],
    is_member: bool,
    has_open_family: bool,
) -> None:
    """The transfers of the day decide which; the membership decides, apart from them, who."""
    families = {"video": VIDEO, "telecoms": TELECOMS} | ({"open": None} if has_open_family else {})
    ids = {}
    for name, competence in families.items():
        family = make_family(session)
        list_family(session, campaign, family, competence)
        ids[name] = family.id
    for competence, first, end in transfers:
        until = None if end is None else _day(end)
        make_transfer(session, people.first, competence, _day(first), until)
    if not is_member:
        query = select(Membership).where(Membership.member_id == people.first.id)
        session.scalars(query).one().left_on = today()
    session.flush()
    expected = frozenset(ids[name] for name in allowed if name in ids)
    assert queries.family_ids(campaign, people.first.id, today()) == expected
    assert queries.listed_family_ids(campaign) == frozenset(ids.values())
    read = queries.choices(campaign, [people.first.id], today())
    assert read.families == {people.first.id: expected}
    row = queries.board_row(campaign, people.first.id, today())
    assert (row is not None) == is_member
    if row is not None:
        assert row.status == ("no_answer" if expected else "not_concerned")
    concerned = set(session.scalars(queries.concerned(campaign, today())))
    assert (people.first.id in concerned) == (is_member and bool(expected))
    act: dict[str, Any] = {"actor": actor_for(people.ada), "today": today()}
    if not is_member or not expected:
        with refused("not_concerned" if is_member else "no_membership"):
            operations.begin(campaign, **act)
        return
    need = operations.begin(campaign, **act)
    session.flush()
    for name, family_id in ids.items():
        item = make_item(session, session.get_one(Family, family_id))
        entry = LineEntry(quantity=Decimal(10), site_id=people.first.sites[0].id)
        if name in allowed:
            operations.add_line(need, item.id, entry, **act)
        else:
            with refused("not_transferred"):
                operations.add_line(need, item.id, entry, **act)


@pytest.mark.parametrize(
    "state, opens, closes, from_on, until_on, is_for",
    [
        # Over: what held on its last day holds for ever.
        (CampaignState.CLOSED, -60, -30, -100, -10, True),
        (CampaignState.CLOSED, -60, -30, -20, None, False),
        # To come: what holds on its first day.
        (CampaignState.OPEN, 10, 20, 10, None, True),
        (CampaignState.OPEN, 10, 20, -100, 10, False),
    ],
)
def test_the_day_is_within_those_of_the_campaign(
    session: Session,
    people: People,
    state: CampaignState,
    opens: int,
    closes: int,
    from_on: int,
    until_on: int | None,
    is_for: bool,
) -> None:
    campaign = make_campaign(session, state, opens_on=_day(opens), closes_on=_day(closes))
    family = make_family(session)
    list_family(session, campaign, family, VIDEO)
    until = None if until_on is None else _day(until_on)
    make_transfer(session, people.first, VIDEO, _day(from_on), until)
    found = queries.family_ids(campaign, people.first.id, today())
    assert found == ({family.id} if is_for else frozenset())
    status = queries.board_row(campaign, people.first.id, today())
    assert status is not None
    assert (status.status == "not_concerned") != is_for


def test_a_campaign_about_everything_is_for_everybody(
    session: Session, people: People, campaign: Campaign
) -> None:
    assert queries.family_ids(campaign, people.first.id, today()) is None
    assert queries.listed_family_ids(campaign) is None
    assert queries.reserved_for(campaign) == {}
    assert queries.choices(campaign, [people.first.id], today()).families is None


def test_the_form_says_whom_each_family_is_for(
    door: Door, session: Session, people: People
) -> None:
    video, phones = make_family(session), make_family(session)
    blank = fields(door.get(people.clara, "/campaigns/new").text, -1)
    assert blank["families-0-competence"] == ""
    ticked = {
        "families-0-family_id": video.id,
        "families-0-competence": "video_protection",
        "families-1-family_id": phones.id,
        "families-1-competence": "",
    }
    answer = door.post(people.clara, "/campaigns", **{**blank, **TYPED, **ticked})
    assert answer.status_code == 302, answer.text
    made = session.scalars(select(Campaign)).one()
    assert queries.reserved_for(made) == {video.id: VIDEO, phones.id: None}
    page = door.get(people.clara, "/campaigns/1").text
    said = [
        " ".join(one.text_content().split())
        for one in tree(page).xpath("//ul[@class='list-unstyled mb-0']/li")
    ]
    restricted = f"{video.label_en} only for the members that transferred Video protection"
    assert said == [restricted, phones.label_en]
    shown = fields(door.get(people.clara, "/campaigns/1/edit").text, -1)
    assert shown["families-0-competence"] == "video_protection"
    changed = {**shown, "families-0-competence": "", "families-1-competence": "telecoms"}
    assert door.post(people.clara, "/campaigns/1/edit", **changed).status_code == 302
    session.expire_all()
    assert queries.reserved_for(made) == {video.id: None, phones.id: TELECOMS}
    told = session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id.desc())).first()
    assert told is not None
    assert f'"{phones.id}":"telecoms"' in told.replace(" ", "")


@on_sqlite
@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"families-0-competence": "telecoms"}, "Tick the family too"),
        (
            {"families-0-family_id": "1", "families-0-competence": "water"},
            "Choose one of the listed values.",
        ),
    ],
)
def test_a_competence_goes_with_a_family(
    door: Door, session: Session, people: People, typed: dict[str, str], sentence: str
) -> None:
    make_family(session)
    answer = door.post(people.clara, "/campaigns", **{**TYPED, **typed})
    assert answer.status_code == 422
    assert f'id="families-0-competence-error">{sentence}' in answer.text
    assert session.scalar(select(Campaign.id)) is None


def test_only_families_for_the_member_are_found_and_added(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    open_item: Item,
    video_item: Item,
) -> None:
    need = make_need(session, campaign, people.ada)
    list_family(session, campaign, make_family(session))
    page = door.get(people.ada, f"/needs/{need.id}?q=camera").text
    assert f'id="quantity-{video_item.id}"' not in page
    assert video_item.family.label_en not in page
    assert open_item.family.label_en in page
    typed = {"item_id": video_item.id, "quantity": "1", "site_id": people.first.sites[0].id}
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **typed)
    assert answer.status_code == 409
    assert SENTENCE in answer.text
    foreign = make_item(session)
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **{**typed, "item_id": foreign.id})
    assert answer.status_code == 409
    assert "This campaign is not about items of this family." in answer.text
    make_transfer(session, people.first, VIDEO)
    page = door.get(people.ada, f"/needs/{need.id}?q=camera").text
    assert f'id="quantity-{video_item.id}"' in page
    assert door.post(people.ada, f"/needs/{need.id}/lines", **typed).status_code == 302


def test_a_line_that_stands_may_still_be_changed(
    session: Session, people: People, campaign: Campaign, video_item: Item
) -> None:
    """Its family was for the member when it was added."""
    need = make_need(session, campaign, people.ada)
    line = make_line(session, need, video_item)
    act: dict[str, Any] = {"actor": actor_for(people.ada), "today": today()}
    entry = LineEntry(quantity=Decimal(10), site_id=line.site_id)
    operations.change_line(line, entry, line.version, **act)
    session.flush()
    assert line.declared_quantity == 10
    assert operations.begin(campaign, **act) is need


def test_a_member_without_any_family_does_not_begin(
    door: Door, session: Session, people: People, campaign: Campaign, video_item: Item
) -> None:
    """Neither by itself, nor by its delegate, nor by the centrale."""
    mandate = Mandate(
        member_id=people.first.id, delegate_id=people.second.id, granted_on=date(2025, 1, 1)
    )
    session.add(mandate)
    session.flush()
    address = f"/campaigns/{campaign.id}"
    page = door.get(people.ada, address).text
    assert "Begin your answer" not in page
    assert "No family of this campaign is for your body" in page
    assert campaign.title not in door.get(people.ada, "/").text
    board_row = f"{address}/members/{people.first.id}"
    for person, way in (
        (people.ada, f"{address}/need"),
        (people.basile, f"{address}/mandates/{mandate.id}/need"),
        (people.clara, f"{board_row}/need"),
    ):
        answer = door.post(person, way)
        assert answer.status_code == 409, way
        assert NOT_CONCERNED in answer.text
    assert session.scalar(select(Need.id)) is None
    page = door.get(people.clara, board_row).text
    assert "No family of this campaign is for it." in page
    assert "Mark as not concerned" not in page
    assert "Enter its need" not in page
    make_transfer(session, people.first, VIDEO)
    assert "Begin your answer" in door.get(people.ada, address).text
    assert campaign.title in door.get(people.ada, "/").text
    assert door.post(people.ada, f"{address}/need").status_code == 302


def test_the_board_and_its_reminders_leave_out_who_has_no_family(
    door: Door, session: Session, people: People, campaign: Campaign, video_item: Item
) -> None:
    make_transfer(session, people.first, VIDEO)
    counts = queries.counts(campaign, today(), Filter())
    assert (counts.members("no_answer"), counts.members("not_concerned")) == (1, 1)
    assert (counts.pending, counts.completion().total) == (1, 1)
    assert [row.members for row in queries.unanswered(today())] == [1]
    done = operations.remind(campaign, actor=actor_for(people.clara), today=today())
    assert done.members == 1
    session.flush()
    assert session.scalars(select(Letter.to_address)).all() == ["ada@example.org"]
    # Who answered while it was concerned has answered.
    make_need(session, campaign, people.basile, NeedState.SUBMITTED)
    counts = queries.counts(campaign, today(), Filter())
    assert (counts.members("answered"), counts.members("not_concerned")) == (1, 0)


def test_only_who_has_a_family_is_told_that_a_campaign_opens(
    session: Session, people: People
) -> None:
    family = make_family(session)
    clara = actor_for(people.clara)
    plan = Plan("Survey 2028", _day(0), _day(30), families={family.id: VIDEO})
    campaign = operations.prepare(plan, actor=clara)
    session.flush()
    with refused("nobody_concerned"):
        operations.open_campaign(campaign, actor=clara, today=today())
    make_transfer(session, people.first, VIDEO)
    operations.open_campaign(campaign, actor=clara, today=today())
    session.flush()
    told = set(session.scalars(select(Letter.to_address)))
    assert told == {"ada@example.org", "alix@example.org"}


def test_what_is_for_others_is_not_copied(
    session: Session,
    people: People,
    campaign: Campaign,
    open_item: Item,
    video_item: Item,
    sign_in: SignIn,
) -> None:
    before = make_campaign(session, opens_on=_day(-400), closes_on=_day(-300))
    last = make_need(session, before, people.ada, NeedState.VALIDATED, people.alix)
    for item in (open_item, video_item, make_item(session)):
        make_line(session, last, item)
    make_line(session, last, video_item, site_id=make_site(session, people.first).id)
    need = make_need(session, campaign, people.ada)
    session.commit()
    client = sign_in(people.ada)
    with client.session_transaction() as cookie:
        cookie["language"] = "en"
    page = client.post(f"/needs/{need.id}/copy", follow_redirects=True).text
    assert "2 lines were left out: their families are for members that transferred" in page
    assert "1 line was left out: this campaign is not about its family." in page
    session.rollback()
    copied = select(NeedLine.item_id).where(NeedLine.need_id == need.id)
    assert session.scalars(copied).all() == [open_item.id]


@pytest.fixture
def trip(app: Flask, session: Session) -> Trip:
    """The way of a workbook."""
    return Trip(app, session)


def _offered(book: Any) -> list[str]:
    return [row[0].value for row in book["Catalogue"].iter_rows(min_row=FIRST)]


def test_a_workbook_of_one_member_offers_its_own_families(
    trip: Trip,
    session: Session,
    people: People,
    campaign: Campaign,
    open_item: Item,
    video_item: Item,
) -> None:
    need = make_need(session, campaign, people.ada)
    standing = make_line(session, need, video_item, 5)
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    assert _offered(book) == [label(open_item)]
    # What stands already is written and taken back as it is, or with another quantity.
    assert read(book, FIRST)["item"] == label(video_item)
    put(book, FIRST, {"quantity": 6})
    other = make_site(session, people.first).name
    put(book, FIRST + 1, {"item": label(video_item), "quantity": 1, "site": other})
    put(book, FIRST + 2, {"item": label(open_item), "quantity": 1, "site": "Mairie"})
    preview = trip.preview(people.ada, f"/needs/{need.id}/uploads", book)
    assert trip.counts(people.ada, preview) == counted(new=1, changed=1, refused=1)
    assert SENTENCE in trip.get(people.ada, preview).text
    trip.apply(people.ada, preview)
    session.expire_all()
    lines = {(one.item_id, one.quantity) for one in session.scalars(select(NeedLine))}
    assert lines == {(video_item.id, Decimal(6)), (open_item.id, Decimal(1))}
    assert session.get_one(NeedLine, standing.id).quantity == 6
    errors = trip.book(people.ada, f"{preview}/errors.xlsx")
    assert SENTENCE in read(errors, FIRST)["errors"]
    assert errors.worksheets[0].cell(FIRST, 3).value == label(video_item)
    # Another item on the line that stands is a choice made now.
    second = make_item(session, video_item.family)
    fresh = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    put(fresh, FIRST, {"item": label(second)})
    preview = trip.preview(people.ada, f"/needs/{need.id}/uploads", fresh)
    assert trip.counts(people.ada, preview) == counted(unchanged=1, refused=1)


def test_a_workbook_of_several_members_refuses_row_by_row(
    trip: Trip, session: Session, people: People, campaign: Campaign, video_item: Item
) -> None:
    """It offers what one of them may declare, and leaves out who may declare nothing."""
    phones = make_item(session)
    list_family(session, campaign, phones.family, TELECOMS)
    make_transfer(session, people.first, VIDEO)
    make_transfer(session, people.second, TELECOMS)
    lonely = make_member(session, "Without any family")
    book = trip.book(people.clara, f"/campaigns/{campaign.id}/needs.xlsx")
    assert set(_offered(book)) == {label(video_item), label(phones)}
    bodies = [str(row[0].value) for row in book["Bodies"].iter_rows(min_row=FIRST)]
    assert [one.split(" · ")[1] for one in bodies] == ["Amboise-la-Petite", "Bourg-Neuf"]
    rows = [(member, item) for member in bodies for item in (video_item, phones)]
    for number, (body, item) in enumerate(rows, FIRST):
        place = f"{body.split(' · ')[1]} · Mairie"
        put(book, number, {"member": body, "item": label(item), "quantity": 1, "site": place})
    address = f"/campaigns/{campaign.id}/uploads"
    preview = trip.preview(people.clara, address, book)
    assert trip.counts(people.clara, preview) == counted(new=2, refused=2)
    page = trip.get(people.clara, preview).text
    assert SENTENCE in page
    assert "This family is for the members that transferred Telecoms." in page
    trip.apply(people.clara, preview)
    written = {(one.member_id, one.item_id) for one in session.scalars(select(NeedLine))}
    assert written == {(people.first.id, video_item.id), (people.second.id, phones.id)}
    assert session.scalar(select(Need.id).where(Need.member_id == lonely.id)) is None


def test_a_workbook_of_a_member_that_lost_its_families_begins_nothing(
    trip: Trip, session: Session, people: People, campaign: Campaign, video_item: Item
) -> None:
    transfer = make_transfer(session, people.first, VIDEO)
    address = f"/campaigns/{campaign.id}"
    book = trip.book(people.ada, f"{address}/needs.xlsx")
    free = {"words": "Serveur vocal", "own_unit": "lot", "quantity": 1, "site": "Mairie"}
    put(book, FIRST, free)
    transfer.until_on = today()
    preview = trip.preview(people.ada, f"{address}/uploads", book)
    assert trip.counts(people.ada, preview) == counted(refused=1)
    assert "You may not answer this campaign for this body." in trip.get(people.ada, preview).text
    trip.apply(people.ada, preview)
    assert session.scalar(select(Need.id)) is None
