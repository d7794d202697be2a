"""The main navigation, by role: short, and worked out once a role and language."""

from dataclasses import dataclass
from functools import lru_cache

from flask import request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user

from procurement.kernel import language
from procurement.kernel.access import ROLE_PERMISSIONS, Permission, Role

_ENTRIES = (
    (_("Campaigns"), "needs.campaign_list", Permission.CAMPAIGN_READ),
    (_("Needs"), "needs.need_list", Permission.NEED_READ),
    (_("Lots"), "lots.lot_list", Permission.POOL_READ),
    (_("Tenders"), "tenders.tender_list", Permission.TENDER_READ),
    (_("Agreements"), "agreements.agreement_list", Permission.AGREEMENT_READ),
    (_("Orders"), "orders.order_list", Permission.ORDER_READ),
    (_("Savings"), "savings.own", Permission.SAVING_READ),
    (_("Catalogue"), "catalogue.item_list", Permission.CATALOGUE_READ),
    (_("Members"), "members.member_list", Permission.MEMBER_READ),
    (_("People"), "members.person_list", Permission.PERSON_KEEP),
    (_("Centrale"), "members.central_body", Permission.CENTRAL_BODY_KEEP),
    (_("Journal"), "members.journal", Permission.JOURNAL_READ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    label: str
    url: str
    is_current: bool = False


def navigation() -> tuple[Entry, ...]:
    """List the links of the person acting now; the one that leads to this room is current."""
    room = request.blueprint or ""
    return _entries(current_user.role, language.current(), room, request.script_root)


@lru_cache(maxsize=512)
def _entries(role: Role, _language: str, room: str, _root: str) -> tuple[Entry, ...]:
    """Translate and build addresses once: both cost more than the rest of the layout."""
    entries, marked = [], False
    for label, endpoint, permission in _ENTRIES:
        if permission not in ROLE_PERMISSIONS[role]:
            continue
        # The pages of one room share its first link.
        is_current = not marked and endpoint.partition(".")[0] == room
        marked = marked or is_current
        entries.append(Entry(str(label), url_for(endpoint), is_current))
    return tuple(entries)
