"""The acts of this room: a lot is formed, perhaps dissolved, then frozen."""

from procurement.lots.operations.forming import can_form, dissolve, form
from procurement.lots.operations.living import freeze

__all__ = ["can_form", "dissolve", "form", "freeze"]
