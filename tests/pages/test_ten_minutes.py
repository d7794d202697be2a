"""A new agent declares five needs and submits them: on a phone, and by keyboard alone.

Nobody explains anything: each step uses only what the page shows by name. The stops, keys and taps
are counted, since ten minutes are worth nothing as a claim: a hundred taps or a thousand keys are
what ten minutes of a slow hand hold.
"""

import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Unit
from procurement.needs.models import Basis, NeedLine, NeedState
from tests.browser import Visitors, axe_check
from tests.databases import on_sqlite
from tests.make import PASSWORD, make_campaign, make_family, make_item, make_site
from tests.pages.seat import field, is_told, press, sign_in
from tests.people import People

pytestmark = [pytest.mark.browser, on_sqlite, pytest.mark.usefixtures("_survey")]

PHONE: ViewportSize = {"width": 375, "height": 740}
D = Decimal


@pytest.fixture
def _survey(session: Session, people: People) -> None:
    """A campaign, things of two families with accents in their names, and two places."""
    video = make_family(session, label_en="Video protection")
    school = make_family(session, label_en="Digital education")
    make_item(session, video, designation="Caméra dôme", specification="Vision nocturne.")
    make_item(session, video, designation="Câble réseau", unit=Unit.METRE, pack_size=100)
    make_item(session, school, designation="Tablette élève", pack_size=10)
    make_item(session, school, designation="Vidéoprojecteur", indicative_price=None)
    make_campaign(session, title="Survey of needs")
    make_site(session, people.first, "École du Bourg")
    session.commit()


def _declared(session: Session) -> list[tuple[object, ...]]:
    """Read what came of it: what, how much over 48 months, where, and the price of today."""
    lines = session.scalars(select(NeedLine).order_by(NeedLine.id)).all()
    assert {line.need.state for line in lines} == {NeedState.SUBMITTED}
    return [
        (
            line.words or (line.item and line.item.designation),
            line.declared_quantity,
            line.basis,
            line.quantity,
            line.site.name,
            line.paid_price,
        )
        for line in lines
    ]


HALL, SCHOOL = "Mairie", "École du Bourg"
EXPECTED = [
    ("Caméra dôme", D(4), Basis.PERIOD, D(4), HALL, None),
    ("Tablette élève", D(3), Basis.YEAR, D(12), SCHOOL, None),
    ("Vidéoprojecteur", D(2), Basis.PERIOD, D(2), SCHOOL, D("450.5")),
    ("Câble réseau", D(300), Basis.PERIOD, D(300), SCHOOL, None),
    ("Banc en bois de 1,80 m", D(6), Basis.PERIOD, D(6), HALL, None),
]


class _Hand:
    """A thumb on a phone: taps what has a name, types what is asked, and is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.keys = page, 0, 0

    def tap(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).tap()
        self.taps += 1

    def write(self, label: str, text: str) -> None:
        field(self.page, label).tap()
        # What stands there is written over, as a phone's keyboard is told by a long press.
        field(self.page, label).fill("")
        self.page.keyboard.type(text)
        self.taps, self.keys = self.taps + 1, self.keys + len(text)

    def choose(self, label: str, option: str) -> None:
        field(self.page, label).select_option(option)
        self.taps += 2

    def search(self, words: str, item: str) -> None:
        self.write("What do you need?", words)
        expect(field(self.page, f"Quantity {item}")).to_be_visible()
        axe_check(self.page)

    def is_saved(self, what: str) -> None:
        is_told(self.page, f"The line is saved in your draft: {what}.")
        expect(field(self.page, "What do you need?")).to_be_focused()
        axe_check(self.page)


def test_five_needs_on_a_phone(
    browser: Browser, live_server: str, visit: Visitors, session: Session
) -> None:
    visitor = visit(PHONE)
    sign_in(visitor, "ada")
    context = browser.new_context(
        base_url=live_server,
        viewport=PHONE,
        has_touch=True,
        is_mobile=True,
        storage_state=visitor.context.storage_state(),
    )
    page = context.new_page()
    hand = _Hand(page)
    page.goto("/")
    page.get_by_role("link", name="Survey of needs").first.tap()
    hand.tap("Begin your answer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Need of Amboise-la-Petite")
    axe_check(page)
    hand.search("camera dome", "Caméra dôme")
    hand.write("Quantity Caméra dôme", "4")
    hand.tap("Add Caméra dôme")
    hand.is_saved("Caméra dôme")
    # A typo, a quantity for each year, and the school.
    hand.search("tablete eleve", "Tablette élève")
    hand.write("Quantity Tablette élève", "3")
    hand.choose("This quantity is Tablette élève", "each year")
    hand.choose("Delivered to Tablette élève", SCHOOL)
    hand.tap("Add Tablette élève")
    hand.is_saved("Tablette élève")
    # The invoice is at hand; the school is still the usual place.
    hand.search("video projecteur", "Vidéoprojecteur")
    hand.write("Quantity Vidéoprojecteur", "2")
    hand.tap("Add and give its price Vidéoprojecteur")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vidéoprojecteur")
    axe_check(page)
    hand.write("Unit price paid today", "450,50")
    field(page, "Since").fill("2025-03-01")
    hand.taps, hand.keys = hand.taps + 1, hand.keys + 8
    hand.tap("Save the line")
    hand.is_saved("Vidéoprojecteur")
    hand.search("cable", "Câble réseau")
    hand.write("Quantity Câble réseau", "300")
    hand.tap("Add Câble réseau")
    hand.is_saved("Câble réseau")
    page.get_by_text("Not in the catalogue? Write it in your own words").tap()
    hand.write("What you need, in your own words", "Banc en bois de 1,80 m")
    hand.write("How many", "6")
    hand.write("Counted in", "pièce")
    field(page, "Delivered to").select_option(HALL)
    axe_check(page)
    hand.tap("Add in your own words")
    hand.is_saved("Banc en bois de 1,80 m")
    table = page.locator("#lines")
    expect(table).to_contain_text("3 each year, 12 over 48 months")
    expect(table).to_contain_text("not whole packs of 10: 20 would be")
    expect(table).to_contain_text("Lines without an indicative price, left out of it: 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    hand.tap("Submit")
    page.get_by_role("dialog").get_by_role("button", name="Submit").tap()
    is_told(page, "The need is submitted")
    axe_check(page)
    context.close()
    assert _declared(session) == EXPECTED
    assert hand.taps + 5 <= 50
    assert hand.keys <= 150


class _Keys:
    """A keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.presses += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.presses += len(text)

    def tab_to(self, words: str) -> None:
        """Press Tab until what reads so has the focus."""
        for _stop in range(60):
            self.press("Tab")
            here = self.page.evaluate(
                """() => {
                    const here = document.activeElement, label = here.labels && here.labels[0];
                    return (label || here).innerText;
                }"""
            )
            if " ".join(re.sub(r" \*$", "", here).split()) == words:
                return
        raise AssertionError(f"{self.page.url}: no Tab leads to {words!r}")

    def enter(self) -> None:
        """Press Enter where another page follows."""
        with self.page.expect_navigation():
            self.press("Enter")

    def search(self, words: str, item: str) -> None:
        """Type into the search, which has the focus, and Enter: on to the quantity."""
        expect(field(self.page, "What do you need?")).to_be_focused()
        self.type(words)
        self.press("Enter")
        expect(field(self.page, f"Quantity {item}")).to_be_focused()
        axe_check(self.page)

    def is_saved(self, what: str) -> None:
        is_told(self.page, f"The line is saved in your draft: {what}.")
        axe_check(self.page)


def test_five_needs_by_keyboard_alone(visit: Visitors, session: Session) -> None:
    page = visit()
    page.goto("/language/en")
    page.goto("/sign-in")
    keys = _Keys(page)
    keys.tab_to("E-mail")
    keys.type("ada@example.org")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.enter()
    keys.presses = 0
    keys.tab_to("Survey of needs")
    keys.enter()
    keys.tab_to("Begin your answer")
    keys.enter()
    axe_check(page)
    keys.tab_to("What do you need?")
    keys.search("camera dome", "Caméra dôme")
    keys.type("4")
    keys.enter()
    keys.is_saved("Caméra dôme")
    keys.search("tablete eleve", "Tablette élève")
    keys.type("3")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.tab_to("Add Tablette élève")
    keys.enter()
    keys.is_saved("Tablette élève")
    keys.search("video projecteur", "Vidéoprojecteur")
    keys.type("2")
    keys.tab_to("Add and give its price Vidéoprojecteur")
    keys.enter()
    axe_check(page)
    keys.tab_to("Unit price paid today")
    keys.type("450,50")
    keys.press("Tab")
    # The field asks for the month first or last, as the browser is set up.
    keys.type("03032025")
    keys.tab_to("Save the line")
    keys.enter()
    keys.is_saved("Vidéoprojecteur")
    keys.search("cable", "Câble réseau")
    keys.type("300")
    keys.enter()
    keys.is_saved("Câble réseau")
    keys.tab_to("Not in the catalogue? Write it in your own words")
    keys.press("Enter")
    keys.press("Tab")
    keys.type("Banc en bois de 1,80 m")
    keys.press("Tab")
    keys.type("6")
    keys.press("Tab")
    keys.type("pièce")
    keys.tab_to("Delivered to")
    keys.press("ArrowUp")
    keys.tab_to("Add in your own words")
    axe_check(page)
    keys.enter()
    keys.is_saved("Banc en bois de 1,80 m")
    keys.tab_to("Submit")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    keys.press("Shift+Tab")
    keys.enter()
    is_told(page, "The need is submitted")
    axe_check(page)
    assert _declared(session) == EXPECTED
    assert session.scalars(
        select(NeedLine.paid_since).where(NeedLine.paid_since.is_not(None))
    ).all() == [date(2025, 3, 3)]
    # One a second would still leave most of the ten minutes.
    assert keys.presses <= 300


def test_what_is_typed_outlives_a_reload_and_is_forgotten_once_saved(visit: Visitors) -> None:
    page = visit(PHONE)
    sign_in(page, "ada")
    page.get_by_role("link", name="Survey of needs").first.click()
    press(page, "Begin your answer")
    need = page.url
    field(page, "What do you need?").fill("camera dome")
    field(page, "Quantity Caméra dôme").fill("4")
    press(page, "Add and give its price Caméra dôme")
    line = page.url
    field(page, "Remark").fill("Près de l’école")
    field(page, "Unit price paid today").fill("99")
    page.reload()
    expect(field(page, "Remark")).to_have_value("Près de l’école")
    expect(page.get_by_role("main")).to_contain_text("What you had typed here is restored.")
    axe_check(page)
    # What is refused comes back from the server, with what was typed.
    press(page, "Save the line")
    expect(page.get_by_role("alert")).to_contain_text("Since when is this price paid?")
    expect(field(page, "Remark")).to_have_value("Près de l’école")
    field(page, "Since").fill("2025-03-01")
    press(page, "Save the line")
    is_told(page, "The line is saved")
    assert page.evaluate("Object.keys(sessionStorage)") == []
    page.goto(line)
    field(page, "Remark").fill("Autre chose")
    page.goto(need)
    page.goto(line)
    press(page, "Forget it")
    expect(field(page, "Remark")).to_have_value("Près de l’école")
    page.goto(need)
    page.get_by_text("Not in the catalogue?").click()
    field(page, "What you need, in your own words").fill("Un banc")
    page.reload()
    expect(field(page, "What you need, in your own words")).to_have_value("Un banc")
    field(page, "How many").fill("2")
    field(page, "Counted in").fill("pièce")
    press(page, "Add it and give its price")
    expect(field(page, "Unit price paid today")).to_be_visible()
    page.goto(need)
    page.get_by_text("Not in the catalogue?").click()
    expect(field(page, "What you need, in your own words")).to_have_value("")
