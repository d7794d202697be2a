"""What awaits a buyer, from the answers of the members to the agreements that are nearly full."""

from datetime import date

from flask import url_for
from flask_babel import ngettext
from sqlalchemy import ScalarSelect, func, select

from procurement.agreements.models import Agreement, AgreementState
from procurement.kernel.access import Actor
from procurement.lots.models import Lot, LotState, Project
from procurement.needs.models import Campaign, CampaignState, Entry, Need, NeedLine
from procurement.tenders.models import Tender, TenderState
from procurement.web.waiting import Waiting, count_of, submitted_by_another


def buyer_steps(person: Actor, today: date) -> list[Waiting]:
    """List what may await a buyer, along the chain."""
    return [*_surveys(person, today), *_lots(), *_purchases(today)]


def _surveys(person: Actor, today: date) -> list[Waiting]:
    return [
        Waiting(
            count_of(Need, Need.objection.is_not(None), Need.visible_to(person)),
            lambda n: ngettext(
                "need that a member objects to", "needs that a member objects to", n
            ),
            url_for("needs.need_list", state="objected"),
        ),
        Waiting(
            count_of(Need, Need.entry == Entry.CENTRALE, *submitted_by_another(person)),
            lambda n: ngettext(
                "need entered for a member to validate",
                "needs entered for members to validate",
                n,
            ),
            url_for("needs.need_list", state="submitted"),
        ),
        Waiting(
            count_of(Campaign, Campaign.state == CampaignState.OPEN, Campaign.closes_on < today),
            lambda n: ngettext(
                "campaign to close or to extend", "campaigns to close or to extend", n
            ),
            url_for("needs.campaign_list"),
        ),
        Waiting(
            _to_pool(),
            lambda n: ngettext("campaign to pool into lots", "campaigns to pool into lots", n),
            url_for("needs.campaign_list"),
        ),
    ]


def _lots() -> list[Waiting]:
    return [
        Waiting(
            count_of(Lot, Lot.state == LotState.DRAFT),
            lambda n: ngettext("lot to freeze", "lots to freeze", n),
            url_for("lots.lot_list", state="draft"),
        ),
        Waiting(
            count_of(Project, Project.valued_on.is_(None)),
            lambda n: ngettext("purchase project to value", "purchase projects to value", n),
            url_for("lots.project_list"),
        ),
        Waiting(
            count_of(Lot, Lot.state == LotState.FROZEN),
            lambda n: ngettext("lot to put out to tender", "lots to put out to tender", n),
            url_for("lots.lot_list", state="frozen"),
        ),
        Waiting(
            _to_release(),
            lambda n: ngettext(
                "unsuccessful lot whose needs can go back to the pool",
                "unsuccessful lots whose needs can go back to the pool",
                n,
            ),
            url_for("lots.lot_list", state="unsuccessful"),
        ),
    ]


def _purchases(today: date) -> list[Waiting]:
    return [
        Waiting(
            count_of(Tender, Tender.state == TenderState.OPEN, Tender.answers_by < today),
            lambda n: ngettext("tender to award", "tenders to award", n),
            url_for("tenders.tender_list"),
        ),
        Waiting(
            count_of(Agreement, Agreement.state == AgreementState.DRAFT),
            lambda n: ngettext("agreement to notify", "agreements to notify", n),
            url_for("agreements.agreement_list"),
        ),
        nearly_full(),
    ]


def _to_pool() -> ScalarSelect[int]:
    return (
        select(func.count(NeedLine.campaign_id.distinct()))
        .join(Campaign, Campaign.id == NeedLine.campaign_id)
        .where(
            Campaign.state == CampaignState.CLOSED,
            NeedLine.is_pooled,
            NeedLine.allotted < NeedLine.pool_quantity,
        )
        .scalar_subquery()
    )


def _to_release() -> ScalarSelect[int]:
    return (
        select(func.count(Lot.id))
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .where(
            Lot.state == LotState.UNSUCCESSFUL,
            Lot.released_on.is_(None),
            Campaign.state != CampaignState.ARCHIVED,
        )
        .scalar_subquery()
    )


def nearly_full() -> Waiting:
    """Agreements of whose ceiling little is left."""
    taken = (Agreement.reserved + Agreement.consumed) * 100
    return Waiting(
        count_of(
            Agreement,
            Agreement.state == AgreementState.NOTIFIED,
            taken >= Agreement.ceiling * 85,
        ),
        lambda n: ngettext(
            "agreement has used 85 %% of its ceiling",
            "agreements have used 85 %% of their ceiling",
            n,
        ),
        url_for("agreements.agreement_list"),
    )
