"""The words of the platform's lists, as filters of the templates: ``{{ row.state|lot_state }}``."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask

from procurement.agreements.models import AGREEMENT_STATE_LABELS
from procurement.catalogue.models import UNIT_LABELS
from procurement.kernel import language
from procurement.kernel.access import PERMISSION_LABELS, ROLE_LABELS
from procurement.kernel.exports import EXPORT_STATE_LABELS
from procurement.lots.models import LOT_STATE_LABELS
from procurement.members.models import COMPETENCE_LABELS, MEMBER_KIND_LABELS, SITE_KIND_LABELS
from procurement.needs.models import (
    CAMPAIGN_STATE_LABELS,
    ENTRY_LABELS,
    NEED_STATE_LABELS,
    PURPOSE_LABELS,
)
from procurement.orders.models import ORDER_STATE_LABELS
from procurement.tenders.models import TENDER_STATE_LABELS

_LABELS: dict[str, Mapping[Any, object]] = {
    "agreement_state": AGREEMENT_STATE_LABELS,
    "campaign_state": CAMPAIGN_STATE_LABELS,
    "competence": COMPETENCE_LABELS,
    "export_state": EXPORT_STATE_LABELS,
    "lot_state": LOT_STATE_LABELS,
    "member_kind": MEMBER_KIND_LABELS,
    "need_entry": ENTRY_LABELS,
    "need_state": NEED_STATE_LABELS,
    "order_state": ORDER_STATE_LABELS,
    "permission": PERMISSION_LABELS,
    "purpose": PURPOSE_LABELS,
    "role": ROLE_LABELS,
    "site_kind": SITE_KIND_LABELS,
    "tender_state": TENDER_STATE_LABELS,
    "unit": UNIT_LABELS,
}


def register(app: Flask) -> None:
    """Give the templates one filter for each list of words."""
    for name, labels in _LABELS.items():
        app.jinja_env.filters[name] = language.as_filter(_writer(labels))


def _writer(labels: Mapping[Any, object]) -> Any:
    @lru_cache
    def write(word: Any, _locale: str) -> str:
        """Translate each word once a language: lists write the same few on every row."""
        return str(labels[word])

    return write
