"""The pages in a real browser: the drawing is seen under the strict policy, at both widths."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from procurement.members.models import Person
from tests.browser import DESKTOP, PHONE, Visitors, axe_check
from tests.conftest import SignIn
from tests.databases import on_sqlite
from tests.savings.scene import Scene

pytestmark = [pytest.mark.browser]


def enter(page: Page, sign_in: SignIn, person: Person, address: str) -> None:
    """Give the browser the session of a person who is signed in."""
    client = sign_in(person)
    with client.session_transaction() as cookie:
        cookie["language"] = "en"
    session = client.get_cookie("session")
    assert session is not None
    page.context.add_cookies([{"name": "session", "value": session.value, "url": address}])


@on_sqlite
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_a_member_and_finance_see_their_savings_drawn(
    ordered: Scene, sign_in: SignIn, visit: Visitors, live_server: str, viewport: ViewportSize
) -> None:
    paths = {
        f"/savings/members/{ordered.people.first.id}": (ordered.people.ada, 1),
        "/savings/territory": (ordered.people.dora, 2),
    }
    ordered.session.rollback()
    for path, (person, drawings) in paths.items():
        page = visit(viewport)
        enter(page, sign_in, person, live_server)
        page.goto(path)
        drawn = page.locator("figure.chart svg")
        expect(drawn).to_have_count(drawings)
        for one in drawn.all():
            box = one.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= viewport["width"]
            # A bar has its colour from a presentation attribute, which no policy takes away.
            fills = one.locator("rect").evaluate_all(
                "bars => bars.map(bar => getComputedStyle(bar).fill)"
            )
            assert "rgb(0, 0, 0)" not in fills
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        axe_check(page)
