"""Makers: plain functions with sensible defaults, for the rows that a test stands on.

Everything they make is invented. Each adds to the session and flushes, so that ids are known;
the test commits when a request must see the rows.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from stdnum import luhn

from procurement.catalogue import rules as catalogue
from procurement.catalogue.models import Cpv, Family, Item, Unit
from procurement.kernel.access import Actor, Role
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import Lot, Project, Threshold, UndividedGround
from procurement.lots.operations import ProjectPlan
from procurement.lots.rules.law import Nature
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Member,
    MemberKind,
    Membership,
    Person,
    Site,
    SiteKind,
)
from procurement.needs import rules as needs
from procurement.needs.models import (
    Basis,
    Campaign,
    CampaignFamily,
    CampaignState,
    Need,
    NeedLine,
    NeedState,
    Strength,
)
from procurement.needs.queries import checked_lines

_numbers = count(1)

#: Cheap to check: the tests do not wait for argon2 to be slow.
PASSWORD = "a long enough password"


def some_siren() -> str:
    """Give another SIREN that passes its check and belongs to nobody: it starts with 000."""
    body = f"000{next(_numbers):05d}"
    return body + luhn.calc_check_digit(body)


def some_siret() -> str:
    """Give another SIRET that passes its checks and belongs to nobody."""
    body = some_siren() + "0001"
    return body + luhn.calc_check_digit(body)


def make_member(session: Session, name: str = "", *, is_member: bool = True, **over) -> Member:
    """Make a commune with a town hall, a member of the centrale since 2020."""
    number = next(_numbers)
    values = {
        "kind": MemberKind.COMMUNE,
        "siren": some_siren(),
        "insee_code": f"{number:05d}",
        "name": name or f"Commune {number:05d}",
        "departement": "78",
        "postcode": "78000",
        "population": 800,
    }
    member = Member(**values | over)
    member.sites.append(Site(kind=SiteKind.TOWN_HALL, name="Mairie", city=member.name))
    session.add(member)
    session.flush()
    if is_member:
        session.add(
            Membership(member_id=member.id, signed_on=date(2020, 1, 1), terms_version="1.0")
        )
        session.flush()
    return member


def make_site(session: Session, member: Member, name: str = "", **over) -> Site:
    """Make another delivery place of a member."""
    name = name or f"École {next(_numbers)}"
    values = {"kind": SiteKind.SCHOOL, "name": name, "city": member.name}
    site = Site(member_id=member.id, **values | over)
    session.add(site)
    session.flush()
    return site


def make_person(
    session: Session, role: Role = Role.REQUESTER, member: Member | None = None, **over
) -> Person:
    """Make a person; those of a role on the member side get a member when none is given."""
    number = next(_numbers)
    if member is None and role in (Role.REQUESTER, Role.APPROVER):
        member = make_member(session)
    values = {
        "email": f"person{number}@example.org",
        "name": f"Person {number}",
        "password_hash": "no password opens this",
        "role": role,
        "member_id": member.id if member else None,
    }
    person = Person(**values | over)
    session.add(person)
    session.flush()
    return person


def actor_for(person: Person) -> Actor:
    """Give the actor that a person is when signed in."""
    member = person.member.name if person.member else None
    return Actor(person.id, person.name, person.role, person.member_id, member)


def make_family(session: Session, **over) -> Family:
    """Make a purchase family with its CPV code."""
    number = next(_numbers)
    cpv = Cpv(code=f"{number:08d}-1", label_fr=f"Vocabulaire {number}")
    values = {
        "code": f"F{number:05d}",
        "label_fr": f"Famille {number}",
        "label_en": f"Family {number}",
        "cpv": cpv,
    }
    family = Family(**values | over)
    session.add(family)
    session.flush()
    return family


def make_item(session: Session, family: Family | None = None, **over) -> Item:
    """Make an item at 20 % VAT, sold by the piece."""
    family = family or make_family(session)
    number = next(_numbers)
    values = {
        "code": f"IT-{number:05d}",
        "family": family,
        "cpv_id": family.cpv_id,
        "designation": f"Article {number:05d}",
        "specification": "Décrit sans marque.",
        "unit": Unit.PIECE,
        "pack_size": 1,
        "vat_rate": Decimal(20),
        "indicative_price": Decimal("10"),
        "priced_on": date(2026, 1, 15),
    }
    values |= over
    texts = (str(values[name]) for name in ("code", "designation", "specification"))
    item = Item(search_text=catalogue.search_text(*texts), **values)
    session.add(item)
    session.flush()
    return item


def make_campaign(session: Session, state: CampaignState = CampaignState.OPEN, **over) -> Campaign:
    """Make a campaign that is open today, in the given state."""
    values = {
        "title": f"Campaign {next(_numbers)}",
        "opens_on": today() - timedelta(days=30),
        "closes_on": today() + timedelta(days=30),
        "state": state,
    }
    campaign = Campaign(**values | over)
    session.add(campaign)
    session.flush()
    return campaign


def list_family(
    session: Session, campaign: Campaign, family: Family, competence: Competence | None = None
) -> None:
    """Make a campaign be about a family, for all or for those that transferred a competence."""
    campaign.every_family = False
    session.add(CampaignFamily(campaign_id=campaign.id, family_id=family.id, competence=competence))
    session.flush()


def make_transfer(
    session: Session,
    member: Member,
    competence: Competence,
    from_on: date = date(2020, 1, 1),
    until_on: date | None = None,
) -> CompetenceTransfer:
    """Make a member transfer a competence, since 2020."""
    transfer = CompetenceTransfer(
        member_id=member.id, competence=competence, from_on=from_on, until_on=until_on
    )
    session.add(transfer)
    session.flush()
    return transfer


def make_need(
    session: Session,
    campaign: Campaign,
    author: Person,
    state: NeedState = NeedState.DRAFT,
    approver: Person | None = None,
    **over,
) -> Need:
    """Make a need without lines; give an approver for a validated or returned one."""
    need = Need(
        campaign=campaign,
        member_id=author.member_id,
        author_id=author.id,
        approver_id=approver.id if approver else None,
        state=state,
        return_reason="To correct" if state is NeedState.RETURNED else None,
        check_figure=needs.check_figure([]) if state is NeedState.VALIDATED else None,
        **over,
    )
    session.add(need)
    session.flush()
    return need


def make_line(
    session: Session, need: Need, item: Item | None, quantity: object = 1, **over
) -> NeedLine:
    """Make a line of a need, at the member's first place, validated if the need is.

    Without an item it is a free line: give its ``words`` and ``own_unit``.
    """
    values = {
        "site_id": need.member.sites[0].id,
        "quantity": Decimal(str(quantity)),
        "declared_quantity": Decimal(str(quantity)),
        "basis": Basis.PERIOD,
        "strength": Strength.INDICATIVE,
        "departement": need.member.departement,
        "is_validated": need.state is NeedState.VALIDATED,
    }
    if values["is_validated"] and item is not None and "is_pooled" not in over:
        pooled = {"pool_item_id": item.id, "pool_quantity": over.get("quantity", quantity)}
        values |= {"is_pooled": True, **pooled, "pool_quantity": values["quantity"]}
    line = NeedLine(
        campaign_id=need.campaign_id,
        member_id=need.member_id,
        item_id=item.id if item else None,
        **values | over,
    )
    need.lines.append(line)
    session.flush()
    if need.state is NeedState.VALIDATED:
        need.check_figure = needs.check_figure(checked_lines(need))
        session.flush()
    return line


def know_the_law(session: Session) -> None:
    """Have the last values that are known hold for ever, so that no test ends with them."""
    latest = Threshold.valid_until >= date(2027, 12, 31)
    session.execute(update(Threshold).where(latest).values(valid_until=None))


def make_plan(**over: Any) -> ProjectPlan:
    """Make what a buyer writes of a purchase: four years from today on, nothing missing."""
    values: dict[str, Any] = {
        "title": f"Achat {next(_numbers)}",
        "nature": Nature.SUPPLIES,
        "launch_on": today(),
        "initial_months": 48,
        "undivided_ground": UndividedGround.COMPETITION,
        "undivided_reason": "Peu de firmes répondraient à des lots plus petits.",
        "environmental_clause": "Emballages repris et recyclés.",
        "environmental_criterion": "Durée de vie du matériel, 15 points.",
        "social_clause": "Heures d'insertion.",
    }
    return ProjectPlan(**values | over)


def make_project(session: Session, made_of: Sequence[Lot], **over: Any) -> Project:
    """Make a purchase project of lots of one campaign, valued today and ready to be launched."""
    know_the_law(session)
    who, ids = Actor.command("tests"), [lot.id for lot in made_of]
    project = lots.form_project(made_of[0].campaign, make_plan(**over), ids, actor=who)
    lots.value_project(project, actor=who, today=today())
    session.flush()
    return project
