"""Campaigns, who is asked, and what each member declares."""

from procurement.needs.models.campaigns import (
    CAMPAIGN_STATE_LABELS,
    INVITATION_LABELS,
    STRENGTH_LABELS,
    Campaign,
    CampaignFamily,
    CampaignGuest,
    CampaignState,
    Exemption,
    Invitation,
    Occasion,
    Reminder,
    Strength,
)
from procurement.needs.models.declarations import (
    BASIS_LABELS,
    ENTRY_LABELS,
    NEED_STATE_LABELS,
    Basis,
    Entry,
    Need,
    NeedLine,
    NeedState,
)
from procurement.needs.models.documents import PURPOSE_LABELS, Document, Purpose, Upload
from procurement.needs.models.harmonising import Equivalence, Omission, Wording
from procurement.needs.models.versions import NeedVersion

__all__ = [
    "BASIS_LABELS",
    "CAMPAIGN_STATE_LABELS",
    "ENTRY_LABELS",
    "INVITATION_LABELS",
    "NEED_STATE_LABELS",
    "PURPOSE_LABELS",
    "STRENGTH_LABELS",
    "Basis",
    "Campaign",
    "CampaignFamily",
    "CampaignGuest",
    "CampaignState",
    "Document",
    "Entry",
    "Equivalence",
    "Exemption",
    "Invitation",
    "Need",
    "NeedLine",
    "NeedState",
    "NeedVersion",
    "Occasion",
    "Omission",
    "Purpose",
    "Reminder",
    "Strength",
    "Upload",
    "Wording",
]
