"""The pages of this room: campaigns, and the form by which a member answers one."""

from procurement.needs.pages import approving, campaigns, declaring
from procurement.needs.pages.stage import stage

__all__ = ["approving", "campaigns", "declaring", "stage"]
