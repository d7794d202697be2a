"""The check figure of a validated need."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

#: Item, site, quantity, unit price paid today net of VAT and since when.
CheckedLine = tuple[int, int, Decimal, Decimal | None, date | None]


def check_figure(lines: Iterable[CheckedLine]) -> str:
    """Hash of the lines of a need, in any order: 64 hexadecimal digits."""
    written = sorted(
        f"{item}|{site}|{quantity.normalize():f}|"
        f"{'' if paid is None else format(paid.normalize(), 'f')}|{since or ''}"
        for item, site, quantity, paid, since in lines
    )
    return hashlib.sha256("\n".join(written).encode()).hexdigest()
