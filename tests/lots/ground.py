"""What lots are formed from: a closed campaign that both members answered. All invented."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from procurement.catalogue.models import Family, Item
from procurement.kernel.access import Actor
from procurement.kernel.pipeline import today
from procurement.lots import operations
from procurement.lots.models import Lot
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine, NeedState
from tests.make import (
    actor_for,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_need,
    make_site,
)
from tests.people import People


@dataclass
class Ground:
    """Two families, and the validated needs of the first (78) and the second member (92).

    Cameras: 10 and 4. Cable: 2.5 and 7.25 for the first, at two places. Tablets, of the other
    family: 30 for the second.
    """

    people: People
    campaign: Campaign
    video: Family
    camera: Item
    cable: Item
    tablet: Item
    first_need: Need
    second_need: Need
    lines: list[NeedLine]
    buyer: Actor

    def form(self, *items: Item, title: str = "Vidéoprotection", **over: object) -> Lot:
        """Form a lot of these items; of the video family when none is given."""
        chosen: dict[str, object] = {"item_ids": [item.id for item in items]}
        if not items:
            chosen = {"family_id": self.video.id}
        values = {"actor": self.buyer, "today": today(), **chosen, **over}
        return operations.form(self.campaign, title, **values)  # type: ignore[arg-type]  # as given

    def freeze(self, lot: Lot) -> Lot:
        """Freeze a lot today."""
        operations.freeze(lot, actor=self.buyer, today=today())
        return lot


def make_ground(session: Session, people: People) -> Ground:
    """Make the campaign and its needs."""
    video = make_family(session, label_en="Video protection")
    camera = make_item(session, video, code="VID-001", designation="Caméra fixe")
    cable = make_item(session, video, code="VID-002", designation="Câble")
    tablet = make_item(session, code="EDU-001", designation="Tablette")
    campaign = make_campaign(session, CampaignState.CLOSED)
    first = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    second = make_need(session, campaign, people.basile, NeedState.VALIDATED, people.blanche)
    school = make_site(session, people.first)
    lines = [
        make_line(session, first, camera, 10),
        make_line(session, first, cable, "2.5"),
        make_line(session, first, cable, "7.25", site_id=school.id),
        make_line(session, second, camera, 4),
        make_line(session, second, tablet, 30),
    ]
    buyer = actor_for(people.clara)
    return Ground(people, campaign, video, camera, cable, tablet, first, second, lines, buyer)
