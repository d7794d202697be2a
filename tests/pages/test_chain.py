"""The chain in a real Chromium: every role at its part of one purchase, at both widths."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from procurement.catalogue.models import Unit
from procurement.kernel.pipeline import today
from procurement.needs.models import NeedState
from tests.browser import DESKTOP, PHONE, Visitors, axe_check
from tests.make import (
    know_the_law,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_need,
    some_siret,
)
from tests.pages.seat import (
    field,
    follow,
    follow_the_thread,
    is_told,
    press,
    press_and_agree,
    sign_in,
)
from tests.people import People

pytestmark = pytest.mark.browser


@pytest.fixture
def _survey(session: Session, people: People) -> None:
    """A campaign that the second member has answered: 4 cameras, paid 128.50, and 900 masts."""
    know_the_law(session)
    video = make_family(session, label_en="Video protection")
    camera = make_item(session, video, code="VID-1", designation="Caméra dôme")
    in_tens = {"unit": Unit.METRE, "pack_size": 10}
    make_item(session, video, code="VID-2", designation="Câble réseau", **in_tens)
    mast = make_item(session, video, code="VID-3", designation="Mât")
    campaign = make_campaign(session, title="Survey of needs")
    need = make_need(session, campaign, people.basile, NeedState.VALIDATED, people.blanche)
    price = {"paid_price": Decimal("128.50"), "paid_since": today() - timedelta(days=90)}
    make_line(session, need, camera, 4, **price)
    make_line(session, need, mast, 900)
    session.commit()


def _downloaded(page: Page, link: str, folder: Path) -> Path:
    with page.expect_download() as expected:
        follow(page, link)
    target = folder / expected.value.suggested_filename
    expected.value.save_as(target)
    return target


def _rows(workbook: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(workbook)).get_sheet_by_name(sheet).to_python()


@pytest.mark.usefixtures("_survey")
@pytest.mark.parametrize(
    "database,viewport",
    [("sqlite", DESKTOP), ("sqlite", PHONE), ("postgresql", DESKTOP)],
    ids=["sqlite-desktop", "sqlite-phone", "postgresql-desktop"],
    indirect=["database"],
)
def test_a_purchase_in_the_browser(visit: Visitors, viewport: ViewportSize, tmp_path: Path) -> None:
    ada, alix, clara, dora = (visit(viewport) for _person in range(4))

    # The agent declares a need: found without its accent, kept when the quantity makes no sense.
    sign_in(ada, "ada")
    follow(ada, "Survey of needs")
    press(ada, "Begin your answer")
    field(ada, "What do you need?").press_sequentially("camera dome")
    field(ada, "Quantity Caméra dôme").fill("a dozen")
    press(ada, "Add Caméra dôme")
    expect(ada.get_by_role("alert")).to_contain_text("Write a number such as 1 234,56.")
    expect(field(ada, "Quantity")).to_have_value("a dozen")
    field(ada, "Unit price paid today").fill("130,00")
    field(ada, "Since").fill("2024-09-01")
    press(ada, "Save the line")
    expect(ada.get_by_role("alert")).to_contain_text("Write a number such as 1 234,56.")
    expect(field(ada, "Quantity")).to_have_value("a dozen")
    expect(field(ada, "Unit price paid today")).to_have_value("130,00")
    expect(field(ada, "Since")).to_have_value("2024-09-01")
    axe_check(ada)
    field(ada, "Quantity").fill("10")
    press(ada, "Save the line")
    is_told(ada, "The line is saved")
    field(ada, "What do you need?").press_sequentially("cable")
    field(ada, "Quantity Câble réseau").fill("25")
    press(ada, "Add Câble réseau")
    is_told(ada, "The line is saved")
    press_and_agree(ada, "Submit")
    is_told(ada, "The need is submitted")

    # The approver finds it on the home page and validates it.
    sign_in(alix, "alix")
    follow(alix, "1 need to validate")
    follow(alix, "Amboise-la-Petite")
    press(alix, "Validate")
    is_told(alix, "The need is validated")

    # The buyer closes, and leaves a mistake out of the pool.
    sign_in(clara, "clara")
    clara.goto("/campaigns")
    follow(clara, "Survey of needs")
    press_and_agree(clara, "Close the campaign")
    follow(clara, "Pool the needs")
    follow(clara, "Mât")
    follow(clara, "Leave out Bourg-Neuf, Mairie")
    field(clara, "Why is it left out of the pool?").fill("The commune meant 9.")
    press(clara, "Leave out")
    is_told(clara, "The line is left out of the pool")
    follow(clara, "Back to the pool")

    # She forms the lot that is proposed, makes whole packs of it and freezes it.
    follow(clara, "See which lots the campaign could be cut into")
    clara.get_by_label(re.compile("^Title of the lot")).fill("Cameras")
    axe_check(clara)
    press(clara, "Form the ticked lots")
    is_told(clara, "1 lot is formed.")
    follow(clara, "1. Cameras")
    field(clara, "Tolerance").fill("0")
    field(clara, "Reason").fill("Reels of ten metres.")
    press(clara, "Round up to whole packs")
    is_told(clara, "1 line was rounded up to whole packs.")
    axe_check(clara)
    press_and_agree(clara, "Freeze the lot")
    is_told(clara, "The lot is frozen")
    sheet = _downloaded(clara, "For buyers, by member (Excel)", tmp_path)
    total = {row[2]: row[4] for row in _rows(sheet, "Quantity estimate")}
    assert (total["Caméra dôme"], total["Câble réseau"], "Mât" in total) == (14, 30, False)
    asked = {(row[2], row[5]): row[7:10] for row in _rows(sheet, "By member")}
    assert asked["Amboise-la-Petite", "Caméra dôme"] == [10, "", 10]
    assert asked["Bourg-Neuf", "Caméra dôme"] == [4, "", 4]
    assert asked["Amboise-la-Petite", "Câble réseau"] == [25, "", 25]
    assert asked["Stock of the centrale", "Câble réseau"] == ["", 5, 5]

    # The buyer values the purchase: what it is worth says how it is passed.
    follow(clara, "Launch the tender")
    follow(clara, "Form a purchase project")
    field(clara, "Title").fill("Cameras")
    field(clara, "Case of the law").select_option("Lots would restrict competition (2°)")
    field(clara, "Why it is one lot only").fill("Few firms would answer smaller lots.")
    field(clara, "Environmental clause").fill("Packaging is taken back.")
    field(clara, "Environmental criterion").fill("Lifetime, 15 points.")
    press(clara, "Form the project")
    is_told(clara, "The purchase project is formed")
    press(clara, "Value the project")
    is_told(clara, "The purchase project is valued")
    follow(clara, "1. Cameras")

    # Two firms answer; the buyer compares, awards, and drafts the agreement.
    follow(clara, "Launch the tender")
    field(clara, "Last day to answer").fill(str(today()))
    press(clara, "Launch the tender")
    is_told(clara, "The tender is launched")
    tender = clara.url
    for firm, camera, metre in (("Alpha", "100", "3,105"), ("Beta", "104,90", "2,95")):
        clara.goto("/suppliers")
        field(clara, "SIRET").fill(some_siret())
        field(clara, "Name").fill(firm)
        press(clara, "Register")
        is_told(clara, "is registered")
        clara.goto(tender)
        choice = field(clara, "Supplier").locator("option", has_text=firm)
        field(clara, "Supplier").select_option(choice.get_attribute("value"))
        press(clara, "Enter the offer")
        field(clara, "Unit price of Caméra dôme").fill(camera)
        field(clara, "Unit price of Câble réseau").fill(metre)
        press(clara, "Save the prices")
        is_told(clara, "are saved")
    field(clara, "Offer").select_option("1. Alpha, 1,493.15 €")
    press_and_agree(clara, "Award the tender")
    is_told(clara, "The lot is awarded to Alpha")
    follow(clara, "Draft the agreement")
    field(clara, "Number").fill("2026-VID-01")
    field(clara, "Ceiling").fill("2 000")
    field(clara, "First day").fill(str(today()))
    field(clara, "Last day").fill(str(today() + timedelta(days=700)))
    press(clara, "Draft the agreement")
    press_and_agree(clara, "Notify the agreement")
    is_told(clara, "The agreement is notified")

    # The agent orders from its price list, and the approver confirms.
    ada.goto("/agreements")
    follow(ada, "2026-VID-01")
    follow(ada, "Place an order")
    field(ada, "Show only the items with these words").fill("dôme")
    expect(field(ada, "Câble réseau")).to_be_hidden()
    field(ada, "Caméra dôme").fill("8")
    press(ada, "Save the draft")
    is_told(ada, "The draft is saved")
    press(ada, "Submit for confirmation")
    is_told(ada, "waits for an approver")
    alix.goto("/")
    follow(alix, "1 order to confirm")
    alix.locator("main table").get_by_role("link").first.click()
    press_and_agree(alix, "Confirm the order")
    is_told(alix, "The order is confirmed")

    # Finance downloads the report: it has the figure of the page.
    sign_in(dora, "dora")
    dora.goto("/savings")
    tile = dora.locator(".figure-tile", has_text="Difference").locator(".figure-value")
    expect(tile).to_have_text("240.00 €")
    paper = _downloaded(dora, "Download the report (PDF)", tmp_path)
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(paper).pages]
    assert len(pages) >= 2
    assert "240.00 €" in pages[0]

    # From the need line down to the saving, and from the saving back up to the need line.
    ada.goto("/needs")
    follow(ada, "Amboise-la-Petite")
    follow(ada, "Caméra dôme")
    line = ada.url
    expect(ada.locator("main table")).to_contain_text("800.00")
    expect(ada.locator("main table")).to_contain_text("240.00")
    for stage in ("Lot", "Agreement", "Order", "Saving"):
        ada.goto(line)
        follow_the_thread(ada, stage)
    follow(ada, "130.00")
    expect(ada).to_have_url(line)
