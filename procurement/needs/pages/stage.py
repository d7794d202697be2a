"""The blueprint of this room, which each of its page modules fills."""

from procurement.kernel.pipeline import Stage

stage = Stage("needs", "procurement.needs", template_folder="templates")
