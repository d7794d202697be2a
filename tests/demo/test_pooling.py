"""The campaign of the demonstration that is being pooled: its bench, lots, project, comparison."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from procurement.catalogue.models import Item
from procurement.lots import operations as lots_operations
from procurement.lots import queries, verification
from procurement.lots.models import (
    Allocation,
    AllocationKind,
    Comparison,
    Lot,
    LotLine,
    LotState,
    Project,
    SheetVersion,
)
from procurement.lots.rules.law import Procedure
from procurement.lots.rules.questions import opened
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Equivalence,
    Need,
    NeedLine,
    NeedState,
    Omission,
)
from tests.demo.conftest import TODAY


@pytest.fixture
def campaign(story):
    return story.scalars(select(Campaign).where(Campaign.state == CampaignState.CLOSED)).one()


@pytest.fixture
def formed(story, campaign):
    query = select(Lot).where(Lot.campaign_id == campaign.id).order_by(Lot.number)
    return story.scalars(query).all()


def test_its_needs_are_in_and_part_of_them_is_in_lots(story, campaign):
    assert lots_operations.can_form(campaign, TODAY)
    assert "inventée" in campaign.instructions
    states = select(Need.state).where(Need.campaign_id == campaign.id).distinct()
    assert set(story.scalars(states)) == {NeedState.VALIDATED}
    pooled = select(func.count()).where(NeedLine.campaign_id == campaign.id, NeedLine.is_pooled)
    whole = story.scalar(pooled.where(NeedLine.allotted == NeedLine.pool_quantity))
    assert 0 < whole < story.scalar(pooled)
    assert list(verification.faults()) == []


def test_two_lines_are_left_out_each_for_its_reason(story, campaign):
    found = story.execute(
        select(NeedLine, Omission.reason).join(Omission, Omission.need_line_id == NeedLine.id)
    ).all()
    assert len(found) == 2
    for line, reason in found:
        assert line.campaign_id == campaign.id
        assert (line.is_validated, line.is_pooled, line.allotted) == (True, False, 0)
        assert "inventé" in reason


def test_two_items_are_pooled_as_one(story, campaign):
    merged = story.scalars(select(Equivalence)).one()
    assert (merged.campaign_id, merged.item.code) == (campaign.id, "EDU-005")
    assert (merged.into_item.code, merged.units_each) == ("EDU-006", 2)
    assert "inventée" in merged.reason
    lines = select(NeedLine).where(
        NeedLine.campaign_id == campaign.id,
        NeedLine.item_id == merged.item_id,
        NeedLine.is_pooled,
    )
    found = story.scalars(lines).all()
    assert found
    for line in found:
        assert line.pool_item_id == merged.into_item_id
        assert line.pool_quantity == 2 * line.quantity


def test_its_lots_stand_where_the_life_of_a_lot_leads(story, formed):
    assert [lot.state for lot in formed] == [LotState.FROZEN, LotState.DRAFT, LotState.DRAFT]
    assert [lot.sheet_version for lot in formed] == [2, 0, 0]
    equipment, content, objects = formed
    first, second = story.scalars(
        select(SheetVersion).where(SheetVersion.lot_id == equipment.id).order_by(SheetVersion.id)
    )
    assert first.frozen_on < first.thawed_on <= second.frozen_on < TODAY
    assert "inventé" in first.thaw_reason
    assert second.thawed_on is None
    assert first.check_figure != second.check_figure == equipment.check_figure
    assert [tier.from_quantity for tier in content.tiers] == [50, 500]
    assert objects.project_id is None
    # What stands in one lot stands in no other.
    by_lot = [{line.item_id for line in lot.lines} for lot in formed]
    assert all(by_lot)
    assert not by_lot[0] & by_lot[1]


def test_quantities_are_rounded_up_to_whole_packs_and_what_is_added_is_told_apart(story, formed):
    equipment = formed[0]
    sums = dict(
        story.execute(
            select(Allocation.kind, func.sum(Allocation.quantity))
            .join(LotLine, LotLine.id == Allocation.lot_line_id)
            .where(LotLine.lot_id == equipment.id)
            .group_by(Allocation.kind)
        ).all()
    )
    assert sums.keys() > {AllocationKind.NEED}
    assert sum(sums.values()) == sum(line.quantity for line in equipment.lines)
    packs = story.execute(
        select(LotLine.quantity, Item.pack_size)
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == equipment.id)
    ).all()
    assert all(quantity % pack == 0 for quantity, pack in packs)
    assert max(pack for _quantity, pack in packs) > 1


def test_one_project_is_valued_and_waits_for_its_launch(story, formed):
    project = story.scalars(
        select(Project).join(Campaign).where(Campaign.state == CampaignState.CLOSED)
    ).one()
    assert {lot.id for lot in project.lots} == {lot.id for lot in formed[:2]}
    assert project.launch_on == TODAY + timedelta(days=30)
    standing = lots_operations.standing(project)
    assert standing.kept.procedure is Procedure.FORMAL
    assert standing.kept.value == project.value > Decimal(0)
    assert project.nature_value >= project.value
    assert "inventé" in project.environmental_clause
    # It has two lots: L2113-11 asks for nothing.
    assert (project.undivided_ground, project.undivided_reason) == (None, None)


def test_the_figures_it_was_valued_on_still_hold(story):
    project = story.scalars(
        select(Project).join(Campaign).where(Campaign.state == CampaignState.CLOSED)
    ).one()
    found = lots_operations.standing(project)
    assert found.now == found.kept


def test_plans_were_compared_and_one_was_chosen(story, campaign):
    kept = story.scalars(select(Comparison)).one()
    assert (kept.campaign_id, kept.chosen, kept.chosen_on) == (campaign.id, "departement", TODAY)
    assert "inventé" in kept.choice_reason
    found = {one["key"]: one for one in opened(kept.results)["outcomes"]}
    assert found.keys() > {"one", "departement"}
    # The more bidders matter, the more is gained by having more of them.
    one, two = found["one"], found["departement"]
    assert one["low"] == one["central"] == one["high"]
    assert two["high"] < two["central"] < two["low"]
    assert two["central"] < one["central"]


def test_the_bench_and_its_proposals_have_something_to_show(story, campaign):
    pooled = queries.find_pooled(campaign.id, queries.PoolFilter(), [])
    assert 0 < pooled.left < pooled.asked
