"""Identifiers of bodies and firms, checked; addresses of people, made comparable."""

import unicodedata

from stdnum.exceptions import ValidationError as NumberInvalid
from stdnum.fr import siren, siret


def plain(text: str) -> str:
    """Lower case without accents: ``Écquevilly`` is sorted, and ``Caméra`` found, as people do."""
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(one for one in decomposed if not unicodedata.combining(one)).lower()


def compact_siren(text: str) -> str:
    """Nine digits of a SIREN typed with or without spaces.

    Raises ValueError when the length, a character or the Luhn key is wrong.
    """
    try:
        return str(siren.validate(text))
    except NumberInvalid as fault:
        raise ValueError(text) from fault


def compact_siret(text: str) -> str:
    """Fourteen digits of a SIRET typed with or without spaces.

    Raises ValueError when the length, a character or the key is wrong.
    """
    try:
        return str(siret.validate(text))
    except NumberInvalid as fault:
        raise ValueError(text) from fault


def spaced(number: str) -> str:
    """Write a SIREN or SIRET by groups, as people read it: ``217 800 036 00012``."""
    return " ".join(filter(None, (number[0:3], number[3:6], number[6:9], number[9:])))
