"""Whose needs a lot pools."""

from enum import StrEnum

from flask_babel import lazy_gettext as _

#: Both départements, in the order in which they are always shown.
DEPARTEMENTS = ("78", "92")


class Territory(StrEnum):
    """Whose needs a lot pools."""

    ALL = "all"
    YVELINES = "78"
    HAUTS_DE_SEINE = "92"
    #: The bodies that belong to no intercommunality, such as the départements.
    OUTSIDE = "outside"


TERRITORY_LABELS = {
    Territory.ALL: _("Both départements together"),
    Territory.YVELINES: _("Yvelines (78) alone"),
    Territory.HAUTS_DE_SEINE: _("Hauts-de-Seine (92) alone"),
    Territory.OUTSIDE: _("Bodies outside any intercommunality"),
}
