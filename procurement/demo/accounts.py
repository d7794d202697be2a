"""Who can sign in to the demonstration, and with which password.

The addresses end in ``.example``, a domain reserved by RFC 2606 that can belong to nobody.
"""

from typing import NamedTuple

from procurement.kernel.access import Role

#: One for all of them, printed for whoever starts the demonstration.
PASSWORD = "demonstration-2026"  # noqa: S105  it opens invented data alone

#: Bodies of all sizes whose two people sign in, by SIREN, with the domain of their addresses.
DOMAINS = {
    "217800036": "ablis.example",
    "217800051": "acheres.example",
    "217800069": "adainville.example",
    "217803105": "houdan.example",
    "217803618": "mantes-la-jolie.example",
    "217804988": "poissy.example",
    "217805175": "rambouillet.example",
    "217806405": "velizy-villacoublay.example",
    "217806462": "versailles.example",
    "219200128": "boulogne-billancourt.example",
    "219200474": "marnes-la-coquette.example",
    "219200508": "nanterre.example",
    "219200722": "sevres.example",
    "200073344": "rambouillet-territoires.example",
    "227806460": "yvelines.example",
    "229200506": "hauts-de-seine.example",
}
#: Has a draft to finish in the open campaign, and an order to confirm.
DRAFTING = "217800036"
#: Has a need to validate in the open campaign.
VALIDATING = "217800051"
#: Holds the mandate of two communes, and has the needs of one of them to declare.
DELEGATE = "200073344"

CENTRAL = {
    Role.BUYER: ("buyer@centrale.example", "Acheteur de démonstration"),
    Role.FINANCE: ("finance@centrale.example", "Finances de démonstration"),
    Role.ADMINISTRATOR: ("administrator@centrale.example", "Administrateur de démonstration"),
}


class Account(NamedTuple):
    """An account that a visitor is told of, and what waits for it."""

    role: Role
    email: str
    waiting: str


TOLD = (
    Account(Role.REQUESTER, f"agent@{DOMAINS[DRAFTING]}", "Ablis: a draft need to finish"),
    Account(Role.APPROVER, f"approver@{DOMAINS[VALIDATING]}", "Achères: a need to validate"),
    Account(Role.REQUESTER, f"agent@{DOMAINS[DELEGATE]}", "Orphin: a need to declare by mandate"),
    Account(Role.BUYER, CENTRAL[Role.BUYER][0], "a campaign to pool, lots to freeze"),
    Account(Role.FINANCE, CENTRAL[Role.FINANCE][0], "the savings of the territory"),
    Account(Role.ADMINISTRATOR, CENTRAL[Role.ADMINISTRATOR][0], "people, and the journal"),
)
