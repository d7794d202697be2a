"""Writing long lot sheets from the database, against openpyxl writing the same cells.

The buyers' edition has a row for each member and item. Ours reads them, names them and writes the
file; the bare limit is given the cells, and writes a value and a number format for each in
openpyxl's fastest mode. How much memory ours takes is measured in a process of its own.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from sqlalchemy import insert, select

from procurement import create_app
from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.lots import editions
from procurement.lots.editions import Edition
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState
from procurement.members.models import Member
from procurement.needs.models import CampaignState, Need, NeedLine, NeedState, Strength
from tests.bench.measure import Result, compared
from tests.make import make_campaign, make_family, make_item, make_member, make_person

#: Members of each of the lots, rows of their breakdowns, and megabytes that writing may take.
_MEMBERS, _ROWS, _MOST = 500, (50_000, 300_000), 25
_RATIO = 0.95
_SETTINGS = {"SECRET_KEY": "only to measure", "JOBS_IMMEDIATE": True}

Written = tuple[str, list[list[tuple[Any, str]]]]


@dataclass(frozen=True, slots=True)
class Grown:
    """By how many megabytes the process grew at most that wrote a sheet of so many rows."""

    rows: int
    megabytes: float

    @property
    def is_kept(self) -> bool:
        """Tell whether that is within the limit, however many rows there are."""
        return self.megabytes <= _MOST

    def line(self) -> str:
        """Write the result as one line of the report."""
        verdict = "kept" if self.is_kept else "TOO MUCH"
        name = f"memory to write a lot sheet of {self.rows} rows"
        return f"{name:<58} {self.megabytes:>9.1f} MB  limit {_MOST} MB  {verdict}"


def run() -> Iterator[Result | Grown]:
    """Measure the time of the shorter sheet, and the memory of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address = f"sqlite:///{folder / 'lots.sqlite'}"
        with _app(address, folder).app_context():
            db.create_all()
            lot_ids = [_lot(rows) for rows in _ROWS]
            db.session.commit()
            yield _timed(db.session.get_one(Lot, lot_ids[0]), folder)
            db.session.remove()
            db.engine.dispose()
        for rows, lot_id in zip(_ROWS, lot_ids, strict=True):
            command = [sys.executable, "-m", __name__, address, name, str(lot_id)]
            grown = subprocess.run(command, check=True, capture_output=True, text=True)
            yield Grown(rows, float(grown.stdout))


def _app(address: str, folder: Path) -> Flask:
    places = {"SQLALCHEMY_DATABASE_URI": address, "INSTANCE_PATH": str(folder)}
    return create_app({**_SETTINGS, **places})


def _timed(lot: Lot, folder: Path) -> Result:
    target = folder / "lot.xlsx"
    editions.write(lot, Edition.BUYER, target)
    tables = _cells(target)
    count = sum(len(row) for _title, rows in tables for row in rows)
    return compared(
        f"lot sheet of {_ROWS[0]} rows, {count} cells",
        _RATIO,
        lambda: editions.write(lot, Edition.BUYER, target),
        lambda: _bare(tables, folder / "bare.xlsx"),
        3,
    )


def _lot(rows: int) -> int:
    """Make a frozen lot of which each of the members asks for each item. All of it is invented."""
    session = db.session()
    family = make_family(session)
    campaign = make_campaign(session, CampaignState.CLOSED)
    members = session.scalars(select(Member.id).order_by(Member.id)).all() or [
        make_member(session, f"Commune numéro {number}").id for number in range(_MEMBERS)
    ]
    items = [
        make_item(session, family, designation=f"Article de la famille, modèle {number}")
        for number in range(rows // _MEMBERS)
    ]
    lot = Lot(campaign_id=campaign.id, number=1, title="Lot", state=LotState.FROZEN)
    lot.sheet_version, lot.frozen_on, lot.check_figure = 1, date(2026, 11, 2), "0" * 64
    session.add(lot)
    session.flush()
    lines = [
        LotLine(lot_id=lot.id, item_id=item.id, position=position, quantity=Decimal(1))
        for position, item in enumerate(items, 1)
    ]
    session.add_all(lines)
    session.flush()
    for member_id in members:
        _ask(campaign.id, member_id, lines)
    return lot.id


def _ask(campaign_id: int, member_id: int, lines: list[LotLine]) -> None:
    session = db.session()
    member = session.get_one(Member, member_id)
    author = make_person(session, Role.REQUESTER, member)
    need = Need(campaign_id=campaign_id, member_id=member_id, author_id=author.id)
    need.state = NeedState.SUBMITTED
    session.add(need)
    session.flush()
    quantity, place = Decimal(member_id) / 4, member.sites[0].id
    asked = [
        {
            "need_id": need.id,
            "campaign_id": campaign_id,
            "member_id": member_id,
            "departement": member.departement,
            "item_id": line.item_id,
            "site_id": place,
            "declared_quantity": quantity,
            "quantity": quantity,
            "strength": Strength.FIRM,
            "version": 1,
        }
        for line in lines
    ]
    making = insert(NeedLine).returning(NeedLine.id, sort_by_parameter_order=True)
    fed = [
        {
            "lot_line_id": line.id,
            "need_line_id": need_line_id,
            "kind": AllocationKind.NEED,
            "quantity": quantity,
        }
        for line, need_line_id in zip(lines, session.scalars(making, asked), strict=True)
    ]
    session.execute(insert(Allocation), fed)


def _cells(path: Path) -> list[Written]:
    book = load_workbook(path)
    return [
        (sheet.title, [[(cell.value, cell.number_format) for cell in row] for row in sheet.rows])
        for sheet in book.worksheets
    ]


def _bare(tables: list[Written], target: Path) -> None:
    """Write the cells, a value and a number format each, in openpyxl's fastest mode."""
    book = Workbook(write_only=True)
    for title, rows in tables:
        sheet = book.create_sheet(title)
        for row in rows:
            cells = []
            for value, number_format in row:
                cell = WriteOnlyCell(sheet, value)
                cell.number_format = number_format
                cells.append(cell)
            sheet.append(cells)
    book.save(target)


def _grown(address: str, folder: Path, lot_id: int) -> float:
    """Write a sheet; give by how many megabytes the process grew at its largest.

    An edition for suppliers is written before: what the program itself takes is no growth.
    """
    with _app(address, folder).app_context():
        lot = db.session.get_one(Lot, lot_id)
        editions.write(lot, Edition.SUPPLIER, folder / "before.xlsx")
        # Linux forgets the largest size so far.
        Path("/proc/self/clear_refs").write_text("5")
        before = _size("VmRSS")
        editions.write(lot, Edition.BUYER, folder / "grown.xlsx")
        return (_size("VmHWM") - before) / 1024


def _size(name: str) -> int:
    """Kilobytes of the process, as Linux counts them."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])


if __name__ == "__main__":
    print(_grown(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
