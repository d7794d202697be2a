"""How a campaign may be cut into lots: what each buys, and for whom."""

from enum import StrEnum

from flask_babel import lazy_gettext as _


class Cutting(StrEnum):
    """What a proposed lot is made of."""

    FAMILY = "family"
    TRADE = "trade"
    WHOLE = "whole"


CUTTING_LABELS = {
    Cutting.FAMILY: _("By family"),
    Cutting.TRADE: _("By kind of firm"),
    Cutting.WHOLE: _("All in one lot"),
}


class Spread(StrEnum):
    """For whom a proposed lot buys."""

    TOGETHER = "together"
    APART = "apart"
    INTERCOMMUNALITY = "intercommunality"


SPREAD_LABELS = {
    Spread.TOGETHER: _("All together"),
    Spread.APART: _("By département"),
    Spread.INTERCOMMUNALITY: _("By intercommunality"),
}
