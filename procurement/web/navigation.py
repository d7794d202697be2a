"""The main navigation, by role: short, and worked out once a role and language."""

from dataclasses import dataclass
from functools import lru_cache

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user
from markupsafe import Markup

from procurement.kernel import language
from procurement.kernel.access import ROLE_PERMISSIONS, Actor, Permission, Role

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


def panel() -> Markup:
    """Give the links of the header, for the person acting now and the room one is in."""
    person = current_user._get_current_object()
    known = person if isinstance(person, Actor) else None
    return _panel(known, language.current(), request.blueprint or "", request.script_root)


@lru_cache(maxsize=1024)
def _panel(actor: Actor | None, _language: str, room: str, _root: str) -> Markup:
    """Translate and build addresses once: both cost more than the rest of the layout."""
    entries = _entries(actor.role, room) if actor and actor.role else []
    # The template escapes what it is given.
    return Markup(render_template("web/panel.html", entries=entries))  # noqa: S704


def _entries(role: Role, room: str) -> list[Entry]:
    entries, marked = [], False
    for label, endpoint, permission in _ENTRIES:
        if permission not in ROLE_PERMISSIONS[role]:
            continue
        # The pages of one room share its first link.
        is_current = not marked and endpoint.partition(".")[0] == room
        marked = marked or is_current
        entries.append(Entry(str(label), url_for(endpoint), is_current))
    return entries


@lru_cache
def asset(room: str, filename: str) -> str:
    """Address of a static file of ``room``, worked out once."""
    return url_for(f"{room}.static", filename=filename)
