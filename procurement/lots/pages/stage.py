"""The blueprint of this room, which each of its page modules fills."""

from procurement.kernel.pipeline import Stage
from procurement.lots.rules import printed, segments

stage = Stage("lots", "procurement.lots", template_folder="templates")
stage.add_app_template_filter(printed, "check_figure")
stage.add_app_template_global(segments, "segments")
