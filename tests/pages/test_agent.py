"""The agent of a commune: by keyboard alone, without scripts, and signed out in between."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.needs.models import NeedLine, NeedState
from procurement.orders.models import Order, OrderState
from tests.browser import PHONE, Visitors, axe_check
from tests.databases import on_sqlite
from tests.make import PASSWORD, make_campaign, make_family, make_item, make_site
from tests.orders.scene import set_scene
from tests.pages.seat import field, follow, is_told, press, sign_in
from tests.people import People

pytestmark = [pytest.mark.browser, on_sqlite, pytest.mark.usefixtures("_survey")]

#: More stops than any of these pages has: whoever needs more goes round in circles.
_MANY = 80


@pytest.fixture
def _survey(session: Session, people: People) -> None:
    """An open campaign, a camera in the catalogue, and two places to deliver to."""
    family = make_family(session, label_en="Video protection")
    make_item(session, family, designation="Caméra dôme", code="VID-1")
    make_campaign(session, title="Survey of needs")
    make_site(session, people.first, "École du Bourg")
    session.commit()


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until what reads so has the focus, which must be seen at every stop."""
    for _stop in range(_MANY):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const here = document.activeElement, style = getComputedStyle(here);
                const label = here.labels && here.labels[0];
                // The calendar within a field for dates has a ring of the browser's own.
                const isInside = !here.matches(":focus");
                return {
                    words: (label || here).innerText.replace(/ \\*$/, "").replace(/\\s+/g, " "),
                    isSeen: isInside || style.outlineStyle !== "none" || style.boxShadow !== "none",
                };
            }"""
        )
        assert focus["isSeen"], f"{page.url}: the focus on {focus['words']!r} is not seen"
        if focus["words"] == words:
            return
    raise AssertionError(f"{page.url}: no Tab leads to {words!r}")


def _choose(page: Page, words: str) -> None:
    """Go to a link or a button by keyboard and press Enter; another page follows."""
    _tab_to(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _type(page: Page, label: str, text: str) -> None:
    """Go to a field by keyboard and type."""
    _tab_to(page, label)
    page.keyboard.type(text)


def _lose_session(page: Page) -> None:
    """End the session as its expiry would, while the page stands open; only English stays."""
    page.context.clear_cookies()
    other = page.context.new_page()
    other.goto("/language/en")
    other.close()


def test_a_need_by_keyboard_alone(visit: Visitors) -> None:
    page = visit()
    sign_in(page, "ada")
    _choose(page, "Survey of needs")
    _choose(page, "Begin your answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Need of Amboise-la-Petite")
    _type(page, "What do you need?", "camera")
    # Enter leads to the first field of what is found, and Enter again adds the line.
    page.keyboard.press("Enter")
    expect(field(page, "Quantity Caméra dôme")).to_be_focused()
    page.keyboard.type("12")
    _choose(page, "Add and give its price Caméra dôme")
    _tab_to(page, "Delivered to")
    page.keyboard.press("ArrowDown")
    _type(page, "Unit price paid today", "130,00")
    _choose(page, "Save the line")
    # The error is read out first, and leads to its field.
    expect(page.get_by_role("alert")).to_be_focused()
    _tab_to(page, "Since Since when is this price paid? The saving is measured on it.")
    page.keyboard.press("Enter")
    expect(field(page, "Since")).to_be_focused()
    page.keyboard.type("01012024")
    _choose(page, "Save the line")
    is_told(page, "The line is saved")
    expect(field(page, "What do you need?")).to_be_focused()
    expect(page.get_by_role("row", name="Caméra dôme")).to_contain_text("École du Bourg")
    expect(page.get_by_role("row", name="Caméra dôme")).to_contain_text("01/01/2024")
    _tab_to(page, "Submit")
    page.keyboard.press("Enter")
    # The question begins at its harmless answer.
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    axe_check(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Submit", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    is_told(page, "The need is submitted")


def test_the_first_stop_leads_past_the_menu(visit: Visitors) -> None:
    page = visit()
    sign_in(page, "ada")
    page.goto("/campaigns")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_need_without_scripts(visit: Visitors, session: Session) -> None:
    page = visit(scripts=False)
    sign_in(page, "ada")
    follow(page, "Survey of needs")
    press(page, "Begin your answer")
    field(page, "What do you need?").fill("camera dome")
    press(page, "Search")
    field(page, "Quantity Caméra dôme").fill("1 234,5")
    press(page, "Add Caméra dôme")
    is_told(page, "The line is saved")
    press(page, "Submit")
    is_told(page, "The need is submitted")
    line = session.scalars(select(NeedLine)).one()
    assert (line.quantity, line.need.state) == (Decimal("1234.5"), NeedState.SUBMITTED)


def test_an_order_without_scripts(visit: Visitors, session: Session, people: People) -> None:
    set_scene(session, people)
    ada, alix = visit(scripts=False), visit(scripts=False)
    sign_in(ada, "ada")
    ada.goto("/agreements")
    follow(ada, "2026-VID-01")
    follow(ada, "Place an order")
    field(ada, "Caméra IP").fill("2")
    press(ada, "Save the draft")
    press(ada, "Submit for confirmation")
    is_told(ada, "waits for an approver")
    sign_in(alix, "alix")
    alix.goto(ada.url)
    press(alix, "Confirm the order")
    is_told(alix, "The order is confirmed")
    order = session.scalars(select(Order)).one()
    assert (order.state, order.amount) == (OrderState.CONFIRMED, Decimal(200))


def test_the_menu_opens_on_a_phone_without_scripts(visit: Visitors) -> None:
    page = visit(PHONE, scripts=False)
    sign_in(page, "ada")
    entry = page.get_by_role("navigation", name="Main navigation").get_by_text("Orders")
    expect(entry).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    entry.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")


def test_a_form_sent_after_the_session_ended(visit: Visitors, session: Session) -> None:
    page = visit()
    sign_in(page, "ada")
    follow(page, "Survey of needs")
    press(page, "Begin your answer")
    need = page.url
    page.goto(f"{need}?q=camera")
    field(page, "Quantity Caméra dôme").fill("1 234,5")
    field(page, "Delivered to Caméra dôme").select_option("École du Bourg")
    _lose_session(page)
    press(page, "Add Caméra dôme")
    expect(page.get_by_role("main")).to_contain_text("What you typed is kept")
    axe_check(page)
    field(page, "E-mail").fill("ada@example.org")
    field(page, "Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("main")).to_contain_text("Nothing was sent yet")
    expect(page.get_by_role("main")).to_contain_text("1 234,5")
    axe_check(page)
    press(page, "Send it now")
    is_told(page, "The line is saved")
    line = session.scalars(select(NeedLine)).one()
    assert (line.quantity, line.site.name) == (Decimal("1234.5"), "École du Bourg")
