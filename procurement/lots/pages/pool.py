"""The pool of a campaign: its bench, and each total opened down to who asked for it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.database import LARGEST_ID
from procurement.kernel.lists import SIZE, Page, asked_id, page_of
from procurement.kernel.pipeline import find, today
from procurement.lots import operations, queries
from procurement.lots.pages.stage import stage
from procurement.lots.queries import OUTSIDE, OpenFilter, PoolFilter
from procurement.lots.rules import DEPARTEMENTS
from procurement.needs.models import STRENGTH_LABELS, Campaign, NeedLine
from procurement.needs.queries import INTERCOMMUNALITIES, answers_by_state
from procurement.needs.queries.harmonising import unharmonised

#: What the address of the bench may ask for, beside the page.
_ASKED = ("q", "family", "departement", "intercommunality", "show", "sort")
#: What is left out of an item is read apart once it is more than this.
_FEW = 20


@stage.get("/campaigns/<id:campaign_id>/pool", allow=Permission.POOL_READ)
def pool(campaign_id: int) -> ResponseReturnValue:
    """Show what the members ask for in a campaign, and the form of a lot of it."""
    campaign, chosen = find(Campaign, campaign_id), _pool_filter()
    left_out = queries.omission_counts(campaign.id)
    found = queries.find_pooled(campaign.id, chosen, list(left_out))
    address = url_for("lots.pool", campaign_id=campaign_id)
    page = _page(found.items, address)
    shown: Sequence[Any] = page.rows
    return render_template(
        "lots/pool.html",
        campaign=campaign,
        chosen=chosen,
        found=found,
        page=page,
        page_size=SIZE,
        pool=queries.with_members(campaign.id, chosen, shown),
        merged=queries.merged_into(campaign.id),
        left_out=left_out,
        answers=answers_by_state(campaign),
        unharmonised=unharmonised(campaign.id),
        can_form=operations.can_form(campaign, today()),
        departements=DEPARTEMENTS,
        intercommunalities=db.session.execute(INTERCOMMUNALITIES).all(),
        address=address,
        filters=_filters(),
    )


@stage.get("/campaigns/<id:campaign_id>/pool/<id:item_id>", allow=Permission.POOL_READ)
def pool_item(campaign_id: int, item_id: int) -> ResponseReturnValue:
    """Open the total of an item: by territory, then need line by need line, with their words."""
    campaign, item, chosen = find(Campaign, campaign_id), find(Item, item_id), _open_filter()
    page = page_of(queries.contributions_to(campaign.id, item.id, chosen))
    parts = queries.parts(campaign.id, item.id)
    left_out = queries.omissions(campaign.id, item.id).limit(_FEW + 1)
    return render_template(
        "lots/pool_item.html",
        campaign=campaign,
        item=item,
        chosen=chosen,
        whole=queries.item_total(item, parts),
        parts=parts,
        page=page,
        shown=queries.contributed(campaign.id, item.id, chosen),
        lots_taking=queries.lots_taking([row.id for row in page.rows]),
        merged=queries.merged_into(campaign.id).get(item.id, []),
        merge=queries.merge_of(campaign.id, item.id),
        left_out=db.session.execute(left_out).all(),
        few=_FEW,
        can_form=operations.can_form(campaign, today()),
        departements=DEPARTEMENTS,
        strengths=STRENGTH_LABELS,
    )


@stage.get("/campaigns/<id:campaign_id>/pool/left-out", allow=Permission.POOL_READ)
def left_out(campaign_id: int) -> ResponseReturnValue:
    """List the lines that are left out of a pool, and why."""
    campaign, item_id = find(Campaign, campaign_id), asked_id("item")
    return render_template(
        "lots/pool_left_out.html",
        campaign=campaign,
        item=find(Item, item_id) if item_id else None,
        page=page_of(queries.omissions(campaign.id, item_id)),
        can_form=operations.can_form(campaign, today()),
    )


@stage.get("/campaigns/<id:campaign_id>/pool/merges", allow=Permission.POOL_READ)
def merges(campaign_id: int) -> ResponseReturnValue:
    """List the items that are pooled as another, and those that could be."""
    campaign = find(Campaign, campaign_id)
    address = url_for("lots.merges", campaign_id=campaign_id)
    return render_template(
        "lots/pool_merges.html",
        campaign=campaign,
        merges=queries.merges(campaign.id),
        page=_page(queries.suggestions(campaign.id), address),
        can_form=operations.can_form(campaign, today()),
    )


@stage.get("/need-lines/<id:line_id>/pool", allow=Permission.POOL_READ)
def pool_line(line_id: int) -> ResponseReturnValue:
    """Show what the pool makes of one need line: it can be left out of it, or put back."""
    line = find(NeedLine, line_id)
    return render_template(
        "lots/pool_line.html",
        line=line,
        campaign=line.need.campaign,
        lots=queries.lots_taking([line.id]).get(line.id, []),
        omission=queries.omission_of(line),
        acts=queries.acts_on(line),
        can_form=operations.can_form(line.need.campaign, today()),
    )


def _page(rows: Sequence[Any], path: str) -> Page:
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    shown = rows[(number - 1) * SIZE : number * SIZE]
    return Page(shown, number, len(rows) > number * SIZE, path)


def _pool_filter() -> PoolFilter:
    return PoolFilter(
        family_id=asked_id("family"),
        departement=_word("departement", DEPARTEMENTS),
        intercommunality=_intercommunality(),
        show=_word("show", queries.POOL_SHOWS),
        text=request.args.get("q", "").strip(),
        sort=_word("sort", [f"{sign}{one}" for one in queries.POOL_SORTS for sign in ("", "-")]),
    )


def _open_filter() -> OpenFilter:
    return OpenFilter(
        departement=_word("departement", DEPARTEMENTS),
        intercommunality=_intercommunality(),
        strength=_word("strength", [one.value for one in STRENGTH_LABELS]),
        state=_word("state", queries.OPEN_STATES),
    )


def _word(name: str, words: Sequence[str]) -> str:
    """Read one of some words from the address; anything else asks for nothing."""
    asked = request.args.get(name, "")
    return asked if asked in words else ""


def _intercommunality() -> str:
    asked = request.args.get("intercommunality", "")
    is_id = asked.isascii() and asked.isdigit() and 0 < int(asked[:12]) <= LARGEST_ID
    return asked if is_id or asked == OUTSIDE else ""


def _filters() -> str:
    """What the address asks for, to be asked for again; nothing when it asks for everything."""
    asked = [(name, request.args[name]) for name in _ASKED if request.args.get(name)]
    page = request.args.get("page", 1, type=int)
    asked += [("page", str(page))] if page > 1 else []
    return f"?{urlencode(asked)}" if asked else ""
