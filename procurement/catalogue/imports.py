"""The catalogue that the project ships: families, CPV codes and items, from its own files."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from procurement.catalogue import queries, rules
from procurement.catalogue.models import Cpv, Family, Item, Trade, Unit
from procurement.extensions import db

_FOLDER = Path(__file__).parent / "data"


def load_shipped() -> int:
    """Load the shipped catalogue into an empty one; give the number of items there are now."""
    already = queries.item_count()
    if already:
        return already
    cpv = {
        row["code"]: Cpv(code=row["code"], label_fr=row["label_fr"], trade=Trade(row["trade"]))
        for row in _rows("cpv")
    }
    families = {
        row["code"]: Family(
            code=row["code"],
            label_fr=row["label_fr"],
            label_en=row["label_en"],
            cpv=cpv[row["cpv"]],
        )
        for row in _rows("families")
    }
    items = [
        Item(
            code=row["code"],
            family=families[row["family"]],
            cpv=cpv[row["cpv"]],
            designation=row["designation"],
            specification=row["specification"],
            search_text=rules.search_text(row["code"], row["designation"], row["specification"]),
            unit=Unit(row["unit"]),
            pack_size=int(row["pack_size"]),
            vat_rate=Decimal(row["vat_rate"]),
            indicative_price=Decimal(row["indicative_price"]),
            priced_on=date.fromisoformat(row["priced_on"]),
        )
        for row in _rows("items")
    ]
    db.session.add_all([*cpv.values(), *families.values(), *items])
    return len(items)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
