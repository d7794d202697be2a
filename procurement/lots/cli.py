"""``flask lots``: check that nothing was lost or made up between needs and lots."""

from flask.cli import AppGroup

from procurement.kernel.cli import report
from procurement.lots import verification

lot_commands = AppGroup("lots", help="The pooled lots.")


@lot_commands.command("verify")
def verify() -> None:
    """Recompute sums and check figures, and name each row that does not fit."""
    report(list(verification.faults()), verification.counted())
