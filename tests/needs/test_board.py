"""The answer board: who is where, its filters and figures, its workbook, and who reads it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.members.models import Member, MemberKind, Membership
from procurement.needs import operations, queries
from procurement.needs.board import SIZES, STATUS_LABELS, Counts, Part, Share, Status
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Entry,
    Exemption,
    NeedState,
    Occasion,
    Reminder,
)
from procurement.needs.queries import Filter
from tests.browse import tree
from tests.conftest import CountQueries
from tests.door import Door, refused
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
)
from tests.people import People


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that is open today, and asks everybody."""
    return make_campaign(session, title="Survey 2027")


@pytest.fixture
def statuses(session: Session) -> Callable[..., dict[str, str]]:
    """Give the status of each member on a board, by name."""

    def read(campaign: Campaign, chosen: Filter | None = None) -> dict[str, str]:
        rows = session.execute(queries.board_rows(campaign, today(), chosen or Filter()))
        return {row.name: row.status for row in rows}

    return read


def names_on(page: str) -> list[str]:
    """List the members that a board page shows."""
    return [one.text for one in tree(page).xpath("(//table)[last()]/tbody/tr/th/a")]


MADE: list[tuple[NeedState | None, bool, str, str]] = [
    (None, False, "no_answer", "late"),
    (NeedState.DRAFT, False, "draft", "late"),
    (NeedState.RETURNED, False, "returned", "late"),
    (NeedState.RETURNED, True, "returned", "late"),
    (NeedState.SUBMITTED, False, "answered", "answered"),
    (NeedState.VALIDATED, False, "answered", "answered"),
    (NeedState.SUBMITTED, True, "nil_return", "nil_return"),
    (NeedState.VALIDATED, True, "nil_return", "nil_return"),
]


@pytest.mark.parametrize("is_exempt", [False, True])
@pytest.mark.parametrize("state, is_nil, while_open, afterwards", MADE)
def test_each_member_has_one_status(
    session: Session,
    people: People,
    statuses: Callable[..., dict[str, str]],
    state: NeedState | None,
    is_nil: bool,
    while_open: str,
    afterwards: str,
    is_exempt: bool,
) -> None:
    """Who was marked as not concerned and answers all the same has answered."""
    stages = [
        (CampaignState.DRAFT, 0, while_open),
        (CampaignState.OPEN, 0, while_open),
        (CampaignState.OPEN, -1, afterwards),
        (CampaignState.CLOSED, 0, afterwards),
        (CampaignState.POOLED, 0, afterwards),
        (CampaignState.ARCHIVED, 0, afterwards),
    ]
    for stage, last_day, status in stages:
        campaign = make_campaign(session, stage, closes_on=today() + timedelta(days=last_day))
        if state is not None:
            make_need(session, campaign, people.ada, state, people.alix, is_nil=is_nil)
        if is_exempt:
            row = Exemption(campaign_id=campaign.id, member_id=people.first.id, reason="Because")
            session.add(row)
            session.flush()
        has_answered = status in ("answered", "nil_return")
        expected = "not_concerned" if is_exempt and not has_answered else status
        assert statuses(campaign)["Amboise-la-Petite"] == expected


def test_a_campaign_to_come_has_nobody_late(
    session: Session, people: People, statuses: Callable[..., dict[str, str]]
) -> None:
    to_come = make_campaign(session, opens_on=today() + timedelta(days=1))
    assert set(statuses(to_come).values()) == {"no_answer"}


def test_only_the_invited_are_on_the_board(
    session: Session, people: People, statuses: Callable[..., dict[str, str]]
) -> None:
    """Membership counts on the day, and on the last day once it is past."""
    make_member(session, "Never signed", is_member=False)
    left = make_member(session, "Left")
    binding = session.scalars(select(Membership).where(Membership.member_id == left.id)).one()
    binding.left_on = today()
    over = make_campaign(session, CampaignState.CLOSED, closes_on=today() - timedelta(days=1))
    assert set(statuses(make_campaign(session))) == {"Amboise-la-Petite", "Bourg-Neuf"}
    assert set(statuses(over)) == {"Amboise-la-Petite", "Bourg-Neuf", "Left"}


@pytest.fixture
def land(session: Session, people: People) -> dict[str, Member]:
    """Bodies of each size, one of them an intercommunality with a commune."""
    group = make_member(
        session,
        "CC des Étangs",
        kind=MemberKind.INTERCOMMUNALITY,
        insee_code=None,
        population=30_000,
    )
    made = [group]
    for name, inhabitants in (("Édith", 999), ("Fay", 1_000), ("Gif", 4_999), ("Hem", 5_000)):
        made.append(make_member(session, name, population=inhabitants))
    for name, inhabitants in (("Igny", 19_999), ("Jouy", 20_000)):
        made.append(make_member(session, name, population=inhabitants, departement="92"))
    made[1].intercommunality_id = group.id
    session.flush()
    return {one.name: one for one in made}


@pytest.mark.parametrize(
    "chosen, names",
    [
        (Filter(departement="92"), {"Bourg-Neuf", "Igny", "Jouy"}),
        (Filter(departement="75"), set()),
        (Filter(size="hamlet"), {"Amboise-la-Petite", "Bourg-Neuf", "Édith"}),
        (Filter(size="village"), {"Fay", "Gif"}),
        (Filter(size="town"), {"Hem", "Igny"}),
        (Filter(size="city"), {"Jouy", "CC des Étangs"}),
        (Filter(text="EDI"), {"Édith"}),
        (Filter(text="%"), set()),
        (Filter(status="nil_return"), set()),
        (Filter(status="answered"), {"Bourg-Neuf"}),
        (Filter(status="answered", departement="78"), set()),
        (Filter(status="draft"), {"Amboise-la-Petite"}),
    ],
)
def test_the_board_is_filtered(
    session: Session,
    people: People,
    campaign: Campaign,
    land: dict[str, Member],
    statuses: Callable[..., dict[str, str]],
    chosen: Filter,
    names: set[str],
) -> None:
    make_need(session, campaign, people.ada)
    make_need(session, campaign, people.basile, NeedState.SUBMITTED)
    assert set(statuses(campaign, chosen)) == names
    counted = queries.counts(campaign, today(), chosen)
    assert counted.members() == len(statuses(campaign, replace(chosen, status="")))


def test_nonsense_filters_nothing(
    campaign: Campaign, people: People, statuses: Callable[..., dict[str, str]]
) -> None:
    everybody = statuses(campaign)
    assert statuses(campaign, Filter(status="nonsense", size="nonsense")) == everybody


def test_an_intercommunality_comes_with_its_communes(
    campaign: Campaign, land: dict[str, Member], statuses: Callable[..., dict[str, str]]
) -> None:
    group = land["CC des Étangs"]
    found = statuses(campaign, Filter(intercommunality_id=group.id))
    assert set(found) == {"CC des Étangs", "Édith"}


def test_size_bands_leave_no_gap() -> None:
    bounds = list(SIZES.values())
    assert [low for low, _limit in bounds[1:]] == [limit for _low, limit in bounds[:-1]]
    assert (bounds[0][0], bounds[-1][1]) == (0, None)


def test_completion_is_counted_by_members_and_by_inhabitants(
    session: Session, people: People, campaign: Campaign, land: dict[str, Member]
) -> None:
    """Inhabitants of an intercommunality live in its communes, and count once."""
    clerk = make_person(session, member=land["CC des Étangs"])
    make_need(session, campaign, people.basile, NeedState.SUBMITTED, is_nil=True)
    make_need(session, campaign, clerk, NeedState.SUBMITTED)
    make_need(session, campaign, people.ada)
    operations.exempt(campaign, land["Igny"].id, "Not theirs", actor=actor_for(people.clara))
    session.flush()
    counts = queries.counts(campaign, today(), Filter())
    assert counts.departements == ["78", "92"]
    assert counts.completion() == Share(2, 8)
    assert counts.completion("92") == Share(1, 2)
    assert counts.completion_by_inhabitants("78") == Share(0, 800 + 999 + 1_000 + 4_999 + 5_000)
    assert counts.completion_by_inhabitants("92") == Share(800, 20_800)
    assert counts.pending == 6


@pytest.mark.parametrize(
    "share, percent",
    [
        (Share(0, 0), 0),
        (Share(0, 3), 0),
        (Share(2, 3), 66),
        (Share(999, 1000), 99),
        (Share(5, 5), 100),
    ],
)
def test_a_hundred_percent_means_all(share: Share, percent: int) -> None:
    assert share.percent == percent


def test_counts_add_up() -> None:
    counts = Counts((Part("78", Status.DRAFT, 2, 9, 1), Part("92", Status.LATE, 3, 5, 3)))
    assert (counts.members(), counts.members("late"), counts.members("late", "78")) == (5, 3, 0)
    # Who is late can no longer be reminded.
    assert (counts.pending, counts.unreachable) == (2, 1)


def test_the_page_shows_all_of_it(
    door: Door, session: Session, people: People, campaign: Campaign, land: dict[str, Member]
) -> None:
    need = make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    need.touched_at = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    for _two in range(2):
        make_line(session, need, make_item(session))
    sent = Reminder(
        campaign_id=campaign.id,
        member_id=people.second.id,
        occasion=Occasion.BY_HAND,
        about_on=date(2026, 11, 5),
        sent_on=date(2026, 11, 5),
    )
    session.add(sent)
    page = tree(door.get(people.dora, f"/campaigns/{campaign.id}/board").text)
    first, second = page.xpath("(//table)[last()]/tbody/tr")[:2]
    cells = [one.text_content().strip() for one in first.xpath("td")]
    assert cells == ["Answered", "78", "", "800", "2", "03/11/2026 10:30", ""]
    assert first.xpath(f".//a[@href='/needs/{need.id}']")
    assert second.xpath("td")[-1].text_content() == "05/11/2026"
    assert page.xpath("//figure[@class='chart']/svg/title")
    status_links = page.xpath("(//table)[1]/tbody//a/@href")
    assert status_links == [
        f"/campaigns/{campaign.id}/board?status=answered",
        f"/campaigns/{campaign.id}/board?status=no_answer",
    ]


def test_nothing_of_a_draft_is_read_by_the_centrale(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    draft = make_need(session, campaign, people.ada)
    make_line(session, draft, make_item(session), 77)
    theirs = make_need(session, campaign, people.basile, entry=Entry.CENTRALE)
    make_line(session, theirs, make_item(session))
    page = tree(door.get(people.clara, f"/campaigns/{campaign.id}/board").text)
    first, second = page.xpath("(//table)[last()]/tbody/tr")
    assert first.xpath("td")[4].text_content() == ""
    assert not first.xpath(f".//a[@href='/needs/{draft.id}']")
    # What the centrale enters itself, it knows.
    assert second.xpath("td")[4].text_content() == "1"
    assert second.xpath(f".//a[@href='/needs/{theirs.id}']")


def test_filters_stay_from_page_to_page(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    for number in range(60):
        make_member(session, f"Village {number:02}")
    address = f"/campaigns/{campaign.id}/board"
    page = door.get(people.clara, f"{address}?q=village&status=no_answer&departement=78").text
    assert len(names_on(page)) == 50
    [following] = tree(page).xpath("//a[@rel='next']/@href")
    assert names_on(door.get(people.clara, following).text) == [
        f"Village {number:02}" for number in range(50, 60)
    ]
    assert tree(page).xpath("(//table)[1]/tbody//a/@href") == [
        f"{address}?status=no_answer&departement=78&q=village"
    ]
    assert f"{address}.xlsx?status=no_answer&amp;departement=78&amp;q=village" in page


def test_a_search_that_finds_nobody_says_so(door: Door, people: People, campaign: Campaign) -> None:
    page = door.get(people.clara, f"/campaigns/{campaign.id}/board?q=nowhere").text
    assert "No member here" in page


def test_the_board_costs_the_same_whatever_there_is(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    count_queries: CountQueries,
) -> None:
    def cost(path: str) -> int:
        session.commit()
        door.get(people.clara, path)
        with count_queries() as statements:
            door.get(people.clara, path)
        return len(statements)

    paths = [f"/campaigns/{campaign.id}{end}" for end in ("/board", "/board.xlsx", "")]
    paths.append("/")
    few = [cost(path) for path in paths]
    for _one in range(40):
        make_need(session, campaign, make_person(session), NeedState.SUBMITTED)
    make_campaign(session)
    assert [cost(path) for path in paths] == few
    assert max(few) <= 12


@pytest.mark.parametrize("name", ["ada", "alix", "eli"])
def test_only_the_centrale_reads_the_board(
    door: Door, people: People, campaign: Campaign, name: str
) -> None:
    ends = ("/board", "/board.xlsx", f"/members/{people.first.id}")
    for end in ends:
        address = f"/campaigns/{campaign.id}{end}"
        assert door.get(getattr(people, name), address).status_code == 403
        for reader in (people.clara, people.dora):
            assert door.get(reader, address).status_code == 200
        assert door.get(people.clara, f"/campaigns/99{end}").status_code == 404


def sheet_of(content: bytes) -> Any:
    return load_workbook(BytesIO(content)).active


def test_the_workbook_holds_what_the_page_shows(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    make_member(session, "=1+1", population=1200)
    need = make_need(session, campaign, people.basile, NeedState.SUBMITTED)
    make_line(session, need, make_item(session))
    operations.exempt(campaign, people.first.id, "Bought alone", actor=actor_for(people.clara))
    answer = door.get(people.dora, f"/campaigns/{campaign.id}/board.xlsx")
    name = f"board-survey-2027-{today():%Y-%m-%d}.xlsx"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    sheet = sheet_of(answer.data)
    assert sheet["A1"].value == "Survey 2027"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    assert [(row[0], row[5], row[6], row[7], row[10]) for row in rows] == [
        ("=1+1", 1200, "No answer", None, None),
        ("Amboise-la-Petite", 800, "Not concerned", None, "Bought alone"),
        ("Bourg-Neuf", 800, "Answered", 1, None),
    ]
    assert sheet["A5"].data_type == "s"
    filtered = door.get(people.dora, f"/campaigns/{campaign.id}/board.xlsx?departement=92")
    assert sheet_of(filtered.data).max_row == 5


def test_a_member_is_marked_as_not_concerned(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    address = f"/campaigns/{campaign.id}/members/{people.first.id}"
    assert "Mark as not concerned" in door.get(people.clara, address).text
    assert "Mark as not concerned" not in door.get(people.dora, address).text
    assert door.post(people.clara, f"{address}/exempt", reason=" ").status_code == 422
    answer = door.post(people.clara, f"{address}/exempt", reason="Bought alone")
    assert (answer.status_code, answer.location) == (302, address)
    page = door.get(people.clara, address).text
    assert "Bought alone" in page
    assert "It is concerned after all" in page
    again = door.post(people.clara, f"{address}/exempt", reason="Twice")
    assert again.status_code == 409
    assert door.post(people.clara, f"{address}/unexempt").status_code == 302
    assert door.post(people.clara, f"{address}/unexempt").status_code == 409
    assert session.scalar(select(Exemption.id)) is None
    verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs == ["needs.exempt", "needs.unexempt"]


def test_who_has_answered_is_concerned(
    people: People, session: Session, campaign: Campaign
) -> None:
    make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    with refused("already_answered"):
        operations.exempt(campaign, people.first.id, "Why", actor=actor_for(people.clara))


@pytest.mark.parametrize("act", ["exempt", "unexempt"])
def test_acts_on_a_member_are_the_buyer_s(
    door: Door, session: Session, people: People, campaign: Campaign, act: str
) -> None:
    stranger = make_member(session, is_member=False)
    typed = {"reason": "Why"} if act == "exempt" else {}
    for name in ("ada", "alix", "dora", "eli"):
        address = f"/campaigns/{campaign.id}/members/{people.first.id}/{act}"
        assert door.post(getattr(people, name), address, **typed).status_code == 403
    for member_id in (stranger.id, 999):
        address = f"/campaigns/{campaign.id}/members/{member_id}"
        assert door.post(people.clara, f"{address}/{act}", **typed).status_code == 404
        assert door.get(people.clara, address).status_code == 404


def test_the_page_of_a_member_says_whom_to_write_to(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    make_person(session, member=people.first, name="Gone", is_active=False)
    page = door.get(people.clara, f"/campaigns/{campaign.id}/members/{people.first.id}").text
    for said in ("ada@example.org", "alix@example.org", "No answer"):
        assert said in page
    assert "Gone" not in page
    lonely = make_member(session)
    page = door.get(people.clara, f"/campaigns/{campaign.id}/members/{lonely.id}").text
    assert "Nobody of this member signs in" in page


def test_every_status_has_its_word() -> None:
    assert set(STATUS_LABELS) == set(Status)
