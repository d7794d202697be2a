"""Routes on which the pipeline is tried, in every way that a request can go."""

from datetime import date

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.orm.exc import StaleDataError

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Audience, Permission
from procurement.kernel.errors import Absent, Forbidden, Refused
from procurement.kernel.forms import Input, Text
from procurement.kernel.pipeline import Stage, actor, find, form, shown_form
from procurement.members.models import Site
from procurement.needs.models import Campaign
from tests.make import make_campaign

trial = Stage("trial", __name__)


class TitleInput(Input):
    title = Text(required=True, most=20)


@trial.get("/trial", allow=Audience.EVERYONE)
def everyone() -> ResponseReturnValue:
    return "come in"


@trial.get("/trial/signed-in", allow=Audience.SIGNED_IN)
def signed_in() -> ResponseReturnValue:
    return actor().name


@trial.get("/trial/campaigns", allow=Permission.CAMPAIGN_RUN)
def page() -> ResponseReturnValue:
    state = shown_form(title="known")
    return jsonify(title=state.value("title"), errors=state.errors, refusal=state.refusal)


@trial.post("/trial/<mode>", allow=Permission.CAMPAIGN_RUN)
@form(TitleInput, shown_by=lambda mode: page())
def act(mode: str, title: str) -> ResponseReturnValue:
    campaign = Campaign(title=title, opens_on=date(2026, 1, 2), closes_on=date(2026, 1, 3))
    db.session.add(campaign)
    audit.record(db.session(), actor(), "trial.act", campaign)
    db.session.flush()
    if mode in FAULTS:
        raise FAULTS[mode]
    if mode == "check":
        campaign.closes_on = date(2026, 1, 1)
    return "done", 422 if mode == "late" else 201


@trial.get("/trial/sites/<id:site_id>", allow=Permission.SITE_KEEP)
def site(site_id: int) -> ResponseReturnValue:
    return find(Site, site_id).name


@trial.get("/trial/find/<int:site_id>", allow=Permission.SITE_KEEP)
def any_number(site_id: int) -> ResponseReturnValue:
    return find(Site, site_id).name


@trial.get("/trial/write-on-get", allow=Audience.EVERYONE)
def forgetful() -> ResponseReturnValue:
    make_campaign(db.session())
    return "nothing is kept of this"


FAULTS: dict[str, Exception] = {
    "refused": Refused("no", "Not today."),
    "beside": Refused("no", "Not this one.", "title"),
    "absent": Absent(),
    "forbidden": Forbidden(),
    "invalid": ValidationError({"title": ["Not like this."]}),
    "stale": StaleDataError("somebody was first"),
    "broken": RuntimeError("broken"),
}
