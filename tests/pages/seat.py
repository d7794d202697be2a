"""A person in front of the browser, who reads English."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.make import PASSWORD


def sign_in(page: Page, name: str) -> None:
    """Sign in by the form, as somebody of the tests' people."""
    page.goto("/language/en")
    page.goto("/sign-in")
    field(page, "E-mail").fill(f"{name}@example.org")
    field(page, "Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("heading", name="What awaits you")).to_be_visible()


def field(page: Page, label: str) -> Locator:
    """Find a field by its label, with or without the mark of what is required."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$"))


def follow(page: Page, link: str) -> None:
    """Follow a link of the page itself, above which the frame and the thread stand."""
    page.locator("main > :not(.thread)").get_by_role("link", name=link, exact=True).click()


def follow_the_thread(page: Page, stage: str) -> None:
    """Go along the thread of the purchase, and arrive there."""
    thread = page.get_by_role("navigation", name="The thread of this purchase")
    thread.get_by_role("link", name=stage, exact=True).click()
    expect(thread.locator("[aria-current=step]")).to_have_text(stage)


def press(page: Page, button: str) -> None:
    """Press a button of the page."""
    page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def press_and_agree(page: Page, button: str) -> None:
    """Press a button whose act asks first, and say yes."""
    press(page, button)
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


def is_told(page: Page, sentence: str) -> None:
    """Wait for the page to say that an act was done."""
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(sentence)
