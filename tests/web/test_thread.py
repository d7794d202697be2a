"""The thread: from any page of a purchase to what made it and to what it became."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.needs.models import CampaignState, NeedState
from procurement.orders import operations as orders
from tests.browse import tree
from tests.chain import Chain, make_chain
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import actor_for, make_campaign, make_item, make_line, make_need
from tests.people import People

Strip = dict[str, str | None]
STAGES = ["need", "lot", "tender", "agreement", "order", "saving"]


@pytest.fixture
def chain(session: Session, people: People) -> Chain:
    """A purchase of the second body."""
    return make_chain(session, people)


@pytest.fixture
def strip(door: Door, people: People) -> Callable[[str, str], tuple[str, Strip]]:
    """Read the strip of a page: where it stands, and where each stage leads."""

    def read(name: str, address: str) -> tuple[str, Strip]:
        answer = door.get(getattr(people, name), address)
        assert answer.status_code == 200
        items = tree(answer.text).xpath("//nav[contains(@class, 'thread')]//li")
        urls: Strip = {}
        current = []
        for item in items:
            stage = item.get("class").split()[0].removeprefix("thread-")
            urls[stage] = next(iter(item.xpath("a/@href")), None)
            current += [stage] if item.xpath("*[@aria-current='step']") else []
        assert list(urls) == STAGES
        return current[0], urls

    return read


Read = Callable[[str, str], tuple[str, Strip]]


def _pages(chain: Chain) -> dict[str, str]:
    return {
        f"/campaigns/{chain.campaign.id}": "need",
        f"/needs/{chain.need.id}": "need",
        f"/need-lines/{chain.need_line.id}": "need",
        f"/lots/{chain.lot.id}": "lot",
        f"/lot-lines/{chain.lot_line.id}": "lot",
        f"/tenders/{chain.tender.id}": "tender",
        f"/offers/{chain.offer.id}": "tender",
        f"/agreements/{chain.agreement.id}": "agreement",
        f"/orders/{chain.order.id}": "order",
    }


def test_every_page_of_a_purchase_leads_to_all_of_it(chain: Chain, strip: Read) -> None:
    for address, stage in _pages(chain).items():
        current, urls = strip("clara", address)
        assert current == stage, address
        assert urls["need"] in {f"/campaigns/{chain.campaign.id}", f"/needs/{chain.need.id}"}
        assert urls["lot"] == f"/lots/{chain.lot.id}", address
        assert urls["tender"] == f"/tenders/{chain.tender.id}", address
        assert urls["agreement"] == f"/agreements/{chain.agreement.id}", address
        assert (urls["order"] or "").startswith("/orders"), address
        assert urls["saving"] == "/savings", address


def test_a_member_follows_its_own_and_no_offer(chain: Chain, strip: Read) -> None:
    for address, stage in _pages(chain).items():
        if stage == "tender":
            continue
        current, urls = strip("basile", address)
        assert current == stage
        assert urls["tender"] is None
        assert None not in {urls[one] for one in STAGES if one != "tender"}, address


def test_a_member_is_not_led_to_what_others_bought(chain: Chain, strip: Read) -> None:
    current, urls = strip("ada", f"/campaigns/{chain.campaign.id}")
    assert current == "need"
    assert {urls[one] for one in STAGES[1:]} == {None}


def test_what_is_not_reached_leads_nowhere(session: Session, people: People, strip: Read) -> None:
    campaign = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    line = make_line(session, need, make_item(session), 3)
    session.commit()
    for address in (f"/needs/{need.id}", f"/need-lines/{line.id}"):
        assert {strip("ada", address)[1][one] for one in STAGES[1:]} == {None}
    urls = strip("clara", f"/needs/{need.id}")[1]
    assert urls["lot"] == f"/campaigns/{campaign.id}/pool"


def test_several_lots_lead_to_their_list(
    session: Session, people: People, door: Door, strip: Read
) -> None:
    campaign = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    for _two in range(2):
        item = make_item(session)
        line = make_line(session, need, item, 3)
        lots.form(
            campaign,
            f"Lot of {item.id}",
            item_ids=[item.id],
            actor=actor_for(people.clara),
            today=today(),
        )
        pipeline.commit()
    for name in ("ada", "clara"):
        urls = strip(name, f"/needs/{need.id}")[1]
        assert urls["lot"] == f"/lots?campaign={campaign.id}"
    assert "2 lots" in door.get(people.ada, f"/needs/{need.id}").text
    assert strip("ada", f"/need-lines/{line.id}")[1]["lot"] == "/lots/2"


def test_lists_lead_to_the_lists_a_role_may_open(people: People, strip: Read) -> None:
    assert strip("clara", "/lots") == (
        "lot",
        {
            "need": "/campaigns",
            "lot": "/lots",
            "tender": "/tenders",
            "agreement": "/agreements",
            "order": "/orders",
            "saving": "/savings",
        },
    )
    assert strip("ada", "/needs")[1]["tender"] is None
    administrator = strip("eli", "/campaigns")[1]
    assert {name for name, url in administrator.items() if url} == {"need", "agreement"}


def test_one_need_line_tells_its_whole_story(door: Door, people: People, chain: Chain) -> None:
    page = tree(door.get(people.basile, f"/need-lines/{chain.need_line.id}").text)
    text = " ".join(page.xpath("string(//main)").split())
    for told in (
        "Caméra",
        "130.00 € since 01/09/2024",
        "10 of this line",
        "in a total of 10",
        "Awarded",
        chain.agreement.number,
        str(chain.order.number),
    ):
        assert told in text
    [row] = page.xpath("//section//tbody/tr")
    cells = [cell.text_content().strip() for cell in row.xpath("td")]
    assert cells == ["Confirmed", "4", "100.00", "400.00", "520.00", "120.00"]
    links = set(page.xpath("//main//a/@href"))
    assert links >= {
        f"/needs/{chain.need.id}",
        f"/catalogue/{chain.item.id}",
        f"/lots/{chain.lot.id}",
        f"/lot-lines/{chain.lot_line.id}",
        f"/agreements/{chain.agreement.id}",
        f"/orders/{chain.order.id}",
        f"/savings/members/{chain.member.id}",
    }


def test_a_loss_is_shown_as_a_loss(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    chain.order_line.reference_price = Decimal(90)
    chain.order_line.reference_amount = Decimal(360)
    session.commit()
    page = door.get(people.basile, f"/need-lines/{chain.need_line.id}").text
    assert "-40.00" in page


def test_a_draft_order_is_shown_to_nobody_else(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    wanted = [orders.Wanted(chain.agreement.prices[0].id, Decimal(1))]
    draft = orders.place(
        chain.agreement,
        orders.Draft(chain.site, wanted),
        actor=actor_for(people.basile),
        today=today(),
    )
    pipeline.commit()
    address, link = f"/need-lines/{chain.need_line.id}", f'"/orders/{draft.id}"'
    assert link in door.get(people.basile, address).text
    assert link not in door.get(people.clara, address).text


def test_a_line_that_is_not_pooled_says_so(door: Door, session: Session, people: People) -> None:
    need = make_need(session, make_campaign(session), people.ada, NeedState.SUBMITTED)
    line = make_line(session, need, make_item(session), 3)
    assert "Not pooled yet" in door.get(people.ada, f"/need-lines/{line.id}").text
    assert "not declared" in door.get(people.clara, f"/need-lines/{line.id}").text


def test_the_story_costs_the_same_whatever_its_length(
    door: Door, session: Session, people: People, chain: Chain, count_queries: CountQueries
) -> None:
    def cost() -> list[int]:
        counts = []
        for address in _pages(chain):
            session.commit()
            door.get(people.clara, address)
            with count_queries() as statements:
                assert door.get(people.clara, address).status_code == 200
            counts.append(len(statements))
        return counts

    few = cost()
    for _row in range(20):
        wanted = [orders.Wanted(chain.agreement.prices[0].id, Decimal(1))]
        order = orders.place(
            chain.agreement,
            orders.Draft(chain.site, wanted),
            actor=actor_for(people.basile),
            today=today(),
        )
        session.flush()
        orders.submit(order, actor=actor_for(people.basile), today=today())
        pipeline.commit()
    assert cost() == few
    assert max(few) <= 16
