"""What members ask for in their own words: invented, as people write when nothing fits."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.needs import operations
from procurement.needs.likeness import key_of
from procurement.needs.models import Campaign
from procurement.needs.operations import Decision


class Wish(NamedTuple):
    """Words with a unit, what one of it costs in euros, and how many are asked for at most."""

    words: str
    own_unit: str
    price: int
    most: int


class Meaning(NamedTuple):
    """The item that a wish turned out to be, and how many of it one of its own units holds."""

    code: str
    units_each: int


#: Asked for in the campaign that is over, and understood there: remembered for the next one.
UNDERSTOOD = {
    Wish("Câble réseau catégorie 6A", "touret de 500 m", 395, 6): Meaning("NET-003", 500),
    Wish("Bobines de filament 3D, 1 kg", "carton de 5", 96, 4): Meaning("EDU-014", 5),
}
#: Asked for in the campaign under way. The first is remembered; several mean the same; paper is
#: no item of the catalogue at all.
WAITING = (
    next(iter(UNDERSTOOD)),
    Wish("Ramettes de papier A4 80 g", "ramette", 5, 400),
    Wish("ramette papier A4 80g", "carton de 5 ramettes", 24, 80),
    Wish("cable réseau cat 6A", "m", 1, 900),
    Wish("Papier A4 blanc 80 g", "palette", 920, 2),
    Wish("Casques audio pour salle de langues", "carton de 24", 380, 4),
    Wish("Papier blanc A4, ramettes de 80 g", "ramette", 5, 250),
    Wish("Casque audio salle de langues", "pièce", 17, 60),
    Wish("Câble réseau catégorie 6 A", "ml", 1, 1200),
    Wish("Ensemble clavier et souris", "carton de 10", 178, 5),
    Wish("clavier souris filaire (lot)", "lot", 18, 40),
)


def understand(campaign: Campaign, *, actor: Actor, today: date) -> None:
    """Decide what the wishes of the campaign that is over mean, as the buyer does on its page."""
    ids = {row[0]: row[1] for row in db.session.execute(select(Item.code, Item.id))}
    for wish, meaning in UNDERSTOOD.items():
        decision = Decision(key_of(wish.words, wish.own_unit), Decimal(meaning.units_each))
        operations.harmonise(campaign, ids[meaning.code], [decision], actor=actor, today=today)
