"""Conservation, whatever buyers do: random needs, and every act that moves them, in any order."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import rollback, today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState
from procurement.lots.operations import Take
from procurement.lots.rules import Territory
from procurement.needs.models import CampaignState, Equivalence, NeedLine, NeedState
from tests.make import actor_for, make_campaign, make_item, make_line, make_need, make_site

QUANTITIES = st.one_of(
    st.integers(1, 1000).map(Decimal), st.decimals("0.001", 1000, places=3, allow_nan=False)
)
#: For each item, what the two members ask for at up to three places.
NEEDS = st.lists(
    st.tuples(st.lists(QUANTITIES, max_size=3), st.lists(QUANTITIES, max_size=3)),
    min_size=1,
    max_size=4,
)
TERRITORIES = list(Territory)
WHY = "Essai"


class Bench:
    """A closed campaign, and a buyer who does things to it. Numbers choose what and how much."""

    def __init__(self, session, people, needs):
        self.session, self.buyer = session, actor_for(people.clara)
        self.campaign = make_campaign(session, CampaignState.CLOSED)
        answers = [
            make_need(session, self.campaign, people.ada, NeedState.VALIDATED, people.alix),
            make_need(session, self.campaign, people.basile, NeedState.VALIDATED, people.blanche),
        ]
        places = [[make_site(session, need.member) for _place in range(3)] for need in answers]
        self.items = [make_item(session, pack_size=1 + 7 * at) for at, _item in enumerate(needs)]
        for item, asked in zip(self.items, needs, strict=True):
            for need, sites, quantities in zip(answers, places, asked, strict=True):
                for site, quantity in zip(sites, quantities, strict=False):
                    make_line(session, need, item, quantity, site_id=site.id)
        self.on = {"actor": self.buyer, "today": today()}

    def _pick(self, table, number, *conditions):
        """Give one row of the campaign, or refuse as an act on nothing would."""
        query = select(table).order_by(table.id)
        if table is LotLine:
            query = query.join(Lot, Lot.id == LotLine.lot_id)
        owner = Lot if table is LotLine else table
        rows = self.session.scalars(
            query.where(owner.campaign_id == self.campaign.id, *conditions)
        ).all()
        if not rows:
            raise Refused("nothing", "Nothing to act on.")
        return rows[number % len(rows)]

    def form(self, which, how, much):
        """Form a lot of one or two items, in a territory, of all that is left or a share of it."""
        chosen = {self.items[at % len(self.items)].id for at in (which, how)}
        operations.form(
            self.campaign,
            "Lot",
            item_ids=sorted(chosen),
            territory=TERRITORIES[how % len(TERRITORIES)],
            share=100 if much % 2 else 1 + much % 100,
            **self.on,
        )

    def form_rest(self, _which, _how, _much):
        """Form a lot of everything that is left."""
        operations.form(self.campaign, "Reste", **self.on)

    def take(self, which, how, much):
        """Set what a line takes of a need, often more than there is."""
        line = self._pick(LotLine, which)
        need = self._pick(NeedLine, how, NeedLine.pool_item_id == line.item_id)
        was = self.session.scalar(
            select(Allocation.quantity).where(
                Allocation.lot_line_id == line.id,
                Allocation.need_line_id == need.id,
                Allocation.kind == AllocationKind.NEED,
            )
        ) or Decimal(0)
        quantity = (need.pool_quantity * (much % 13) / 10).quantize(Decimal("0.001"))
        operations.take(line, [Take(need.id, quantity, was)], actor=self.buyer)

    def move(self, which, how, _much):
        """Move a line to a lot."""
        operations.move(self._pick(LotLine, which), self._pick(Lot, how), actor=self.buyer)

    def round_up(self, which, how, much):
        """Round up a line, or a lot."""
        tolerance = Decimal(much % 101)
        if how % 2:
            operations.round_up_lot(self._pick(Lot, which), tolerance, WHY, actor=self.buyer)
        else:
            operations.round_up(self._pick(LotLine, which), tolerance, WHY, actor=self.buyer)

    def unround(self, which, _how, _much):
        """Take the rounding of a line back."""
        operations.unround(self._pick(LotLine, which), actor=self.buyer)

    def freeze(self, which, _how, _much):
        """Freeze a lot."""
        operations.freeze(self._pick(Lot, which), **self.on)

    def thaw(self, which, _how, _much):
        """Thaw a lot."""
        operations.thaw(self._pick(Lot, which, Lot.state == LotState.FROZEN), WHY, **self.on)

    def release(self, which, _how, _much):
        """Give back the needs of a lot that no firm won."""
        lot = self._pick(Lot, which, Lot.state == LotState.FROZEN)
        lot.move(LotState.TENDERED)
        lot.move(LotState.UNSUCCESSFUL)
        operations.release(lot, **self.on)

    def dissolve(self, which, _how, _much):
        """Dissolve a lot."""
        operations.dissolve(self._pick(Lot, which), actor=self.buyer)

    def leave_out(self, which, _how, _much):
        """Leave a need out of the pool."""
        operations.leave_out(self._pick(NeedLine, which), WHY, **self.on)

    def put_back(self, which, _how, _much):
        """Put a need back."""
        left_out = self._pick(NeedLine, which, ~NeedLine.is_pooled)
        operations.put_back(left_out, WHY, **self.on)

    def merge(self, which, how, much):
        """Pool an item as another."""
        item, into = (self.items[at % len(self.items)] for at in (which, how))
        each = Decimal(1 + much % 12)
        operations.merge(self.campaign, item, into, each, WHY, **self.on)

    def unmerge(self, which, _how, _much):
        """Pool an item as itself again."""
        merged = self._pick(Equivalence, which)
        operations.unmerge(self.campaign, merged.item, **self.on)

    def play(self, act, *numbers):
        """Do one act; what is refused leaves nothing behind."""
        try:
            getattr(self, act)(*numbers)
            self.session.commit()
        except Refused:
            rollback()

    def check(self):
        """Nothing lost, nothing made up; and the verification agrees."""
        self.session.expire_all()
        held = (Allocation.kind == AllocationKind.NEED) & ~Allocation.is_released
        query = (
            select(NeedLine, func.sum(Allocation.quantity), Equivalence.units_each)
            .outerjoin(Allocation, (Allocation.need_line_id == NeedLine.id) & held)
            .outerjoin(
                Equivalence,
                (Equivalence.campaign_id == NeedLine.campaign_id)
                & (Equivalence.item_id == NeedLine.item_id),
            )
            .where(NeedLine.campaign_id == self.campaign.id)
            .group_by(NeedLine.id, Equivalence.units_each)
        )
        for line, placed, units_each in self.session.execute(query):
            asked = line.quantity * (units_each or 1) if line.is_pooled else Decimal(0)
            assert (line.pool_quantity or 0) == asked
            assert line.allotted == (placed or 0) <= asked
        lines = (
            select(Lot.state, LotLine.quantity, func.sum(Allocation.quantity))
            .join(LotLine, LotLine.lot_id == Lot.id)
            .outerjoin(Allocation, Allocation.lot_line_id == LotLine.id)
            .where(Lot.campaign_id == self.campaign.id)
            .group_by(LotLine.id, Lot.state, LotLine.quantity)
        )
        for state, quantity, total in self.session.execute(lines):
            # A line that nothing feeds does not stand, and a draft's quantity is not written.
            assert total > 0
            assert quantity == (None if state is LotState.DRAFT else total)
        assert list(verification.faults()) == []


#: Acts that make something to act on come more often.
NAMES = (
    "form form form_rest take take move round_up round_up unround freeze freeze thaw release"
    " dissolve leave_out put_back merge unmerge"
)
ACTS = st.lists(st.tuples(st.sampled_from(NAMES.split()), *[st.integers(0, 999)] * 3), max_size=14)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(needs=NEEDS, acts=ACTS)
def test_nothing_is_lost_or_made_up(session, people, needs, acts):
    bench = Bench(session, people, needs)
    session.commit()
    for act in acts:
        bench.play(*act)
        bench.check()


def test_each_act_of_the_walk_does_something(session, people):
    """The walk would prove nothing if its acts were always refused."""
    bench = Bench(session, people, [([Decimal(10)], [Decimal(4)]), ([Decimal("2.5")], [])])
    session.commit()
    acts = ["form_rest", "take", "round_up", "unround", "freeze", "thaw", "dissolve"]
    acts += ["leave_out", "put_back", "merge", "unmerge", "form", "freeze", "release"]
    for act in acts:
        numbers = {"take": (1, 0, 5), "round_up": (1, 0, 0), "unround": (1, 0, 0)}
        numbers |= {"merge": (0, 1, 1), "form": (0, 0, 1)}
        getattr(bench, act)(*numbers.get(act, (0, 0, 0)))
        session.commit()
        bench.check()
