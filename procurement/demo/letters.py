"""The files of the demonstration: each says on every page that it is invented."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from procurement.catalogue.models import Item
from procurement.demo.demand import Line
from procurement.demo.territory import Body
from procurement.extensions import db
from procurement.kernel import paper
from procurement.kernel.paper import Column, Cover, Letterhead
from procurement.needs.models import Basis, Campaign

_MARK = "Document inventé pour la démonstration : personne n'a rien écrit de tel."
_PER = {Basis.PERIOD: "pour quatre ans", Basis.YEAR: "par an"}


def instructions(campaign: Campaign) -> bytes:
    """Make the PDF that tells members how to answer a campaign."""
    steps = (
        "Cherchez chaque article dans le catalogue ; les fautes de frappe sont pardonnées.",
        "Donnez la quantité par an ou pour toute la durée du contrat, et le lieu de livraison.",
        "Donnez le prix payé aujourd'hui : c'est lui qui prouve l'économie.",
        "Ce qui n'est pas au catalogue se demande avec vos mots.",
        "Qui n'a besoin de rien le dit aussi.",
    )
    cover = _cover(
        Letterhead("Centrale de démonstration"),
        "Comment répondre au recensement",
        campaign.title,
        campaign.opens_on,
    )
    return paper.build(cover, [paper.paragraph(f"{at}. {one}") for at, one in enumerate(steps, 1)])


def letter(body: Body, lines: Sequence[Line], on: date) -> bytes:
    """Make the PDF of the letter in which a body states its needs."""
    ids = [one.item_id for one in lines]
    asked = select(Item.id, Item.designation).where(Item.id.in_(ids))
    names: dict[int | None, str] = {row[0]: row[1] for row in db.session.execute(asked)}
    columns = (Column("Article", 4, is_number=False), Column("Quantité"), Column("", 2, False))
    rows = [(names[one.item_id], one.declared, _PER[one.basis]) for one in lines]
    cover = _cover(
        Letterhead(f"{body.name} (courrier inventé)"),
        "Nos besoins",
        "Merci de les saisir pour nous dans la campagne en cours.",
        on,
    )
    return paper.build(cover, [paper.ledger(columns, rows)])


def _cover(head: Letterhead, title: str, subject: str, on: date) -> Cover:
    return Cover(head, title, subject, "Démonstration", f"{on:%d/%m/%Y}", "fr", _MARK)
