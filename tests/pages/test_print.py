"""A page on paper: its figures are there, and nothing that only a screen can do."""

from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from tests.browser import Visitors
from tests.databases import on_sqlite
from tests.orders.scene import set_scene
from tests.pages.seat import sign_in
from tests.people import People

pytestmark = [pytest.mark.browser, on_sqlite]


def test_an_order_is_printed_without_the_menu(
    visit: Visitors, session: Session, people: People
) -> None:
    order = set_scene(session, people).confirmed(8)
    path, number = f"/orders/{order.id}", order.number or ""
    session.rollback()
    page = visit()
    sign_in(page, "alix")
    page.goto(path)
    shown = page.locator("body").inner_text()
    printed = " ".join(one.extract_text() for one in PdfReader(BytesIO(page.pdf())).pages)
    words = " ".join(printed.split())
    for kept in (number, "Caméra IP", "800.00", "960.00", "Fournitures d'Essai", "Mairie"):
        assert kept in shown
        assert kept in words
    for left_out in ("Campaigns", "Help", "Order form (PDF)", "Cancel the order", "Accessibility"):
        assert left_out in shown
        assert left_out not in words
