"""The pages of this room: campaigns, and the form by which a member answers one."""

from procurement.needs.pages import (
    approving,
    board,
    campaigns,
    declaring,
    delegating,
    documents,
    harmonising,
    history,
    importing,
    lines,
)
from procurement.needs.pages.stage import stage

__all__ = [
    "approving",
    "board",
    "campaigns",
    "declaring",
    "delegating",
    "documents",
    "harmonising",
    "history",
    "importing",
    "lines",
    "stage",
]
