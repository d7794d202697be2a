"""``flask orders``: check the orders and their ledger."""

from flask.cli import AppGroup

from procurement.kernel.cli import report
from procurement.orders import verification

order_commands = AppGroup("orders", help="Orders and the ledger of the ceilings.")


@order_commands.command("verify")
def verify() -> None:
    """Compute every figure of the orders again and name each row that differs."""
    orders, lines, entries, levels = verification.counted()
    report(
        list(verification.faults()),
        f"{orders} orders, {lines} lines, {entries} ledger entries and {levels} balances checked",
    )
