"""A workbook of needs that comes back: read, compared with what stands, and planned."""

from procurement.needs.imports.planning import Change, Plan, planned
from procurement.needs.imports.reading import Sent, sent

__all__ = ["Change", "Plan", "Sent", "planned", "sent"]
