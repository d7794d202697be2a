"""Conservation, whatever buyers do: random needs, lots formed, dissolved and frozen."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import rollback, today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, Lot, LotLine
from procurement.lots.rules import Territory
from procurement.needs.models import CampaignState, NeedLine, NeedState
from tests.make import actor_for, make_campaign, make_item, make_line, make_need, make_site

QUANTITIES = st.decimals("0.001", 1000, places=3)
#: For each item, what the two members ask for at up to three places.
NEEDS = st.lists(
    st.tuples(st.lists(QUANTITIES, max_size=3), st.lists(QUANTITIES, max_size=3)),
    min_size=1,
    max_size=4,
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["form", "dissolve", "freeze"]),
        st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
        st.sampled_from(Territory),
    ),
    max_size=8,
)


def declare(session, people, needs):
    """Make a closed campaign with these needs; give it with its items."""
    campaign = make_campaign(session, CampaignState.CLOSED)
    answers = [
        make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix),
        make_need(session, campaign, people.basile, NeedState.VALIDATED, people.blanche),
    ]
    places = [[make_site(session, need.member) for _place in range(3)] for need in answers]
    items = [make_item(session) for _item in needs]
    for item, asked in zip(items, needs, strict=True):
        for need, sites, quantities in zip(answers, places, asked, strict=True):
            for site, quantity in zip(sites, quantities, strict=False):
                make_line(session, need, item, quantity, site_id=site.id)
    return campaign, items


def play(session, campaign, items, buyer, act, chosen, territory):
    """Do one act; what is refused leaves nothing behind."""
    lots = session.scalars(
        select(Lot).where(Lot.campaign_id == campaign.id).order_by(Lot.number)
    ).all()
    picked = sorted({items[place % len(items)].id for place in chosen})
    lot = lots[chosen[0] % len(lots)] if lots else None
    try:
        if act == "form":
            operations.form(
                campaign,
                "Lot",
                item_ids=picked,
                territory=territory,
                actor=buyer,
                today=today(),
            )
        elif act == "dissolve" and lot:
            operations.dissolve(lot, actor=buyer)
        elif act == "freeze" and lot:
            operations.freeze(lot, actor=buyer, today=today())
        session.commit()
    except Refused:
        rollback()


def check(session, campaign):
    """Nothing lost, nothing made up; and the verification agrees."""
    mine = NeedLine.campaign_id == campaign.id
    asked, allotted = session.execute(
        select(func.sum(NeedLine.quantity), func.sum(NeedLine.allotted)).where(mine)
    ).one()
    placed = session.scalar(
        select(func.sum(Allocation.quantity))
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(mine)
    )
    assert (allotted or 0) == (placed or 0) <= (asked or Decimal(0))
    assert list(verification.faults()) == []
    frozen = session.execute(
        select(LotLine.quantity, func.sum(Allocation.quantity))
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(Lot.campaign_id == campaign.id, Lot.sheet_version > 0)
        .group_by(LotLine.id, LotLine.quantity)
    ).all()
    assert all(quantity == total for quantity, total in frozen)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(needs=NEEDS, acts=ACTS)
def test_nothing_is_lost_or_made_up(session, people, needs, acts):
    buyer = actor_for(people.clara)
    campaign, items = declare(session, people, needs)
    session.commit()
    for act in acts:
        play(session, campaign, items, buyer, *act)
        check(session, campaign)
