"""What is ticked on the bench stays ticked while other items are looked for."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from procurement.lots.models import Lot, LotLine
from tests.browser import Visitors, axe_check, serving
from tests.databases import on_sqlite


@on_sqlite
@pytest.mark.browser
def test_a_search_forgets_nothing_that_is_ticked(browser, keep_app, ground, session):
    session.commit()
    app = keep_app(WTF_CSRF_ENABLED=True, TESTING=True)
    with serving(app) as address:
        visitors = Visitors(browser, address)
        page = visitors()
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(ground.people.clara.id), _fresh=True, language="en")
        kept = client.get_cookie("session")
        page.context.add_cookies([{"name": "session", "value": kept.value, "url": address}])
        page.goto(f"/campaigns/{ground.campaign.id}/pool")
        box = page.locator("#pool").get_by_role("checkbox")
        for item in ("Caméra fixe", "Tablette"):
            page.get_by_role("checkbox", name=f"Take {item} into the lot").check()
        page.get_by_role("searchbox").fill("Câble")
        expect(box).to_have_count(1)
        others = page.get_by_role("group", name="Ticked too")
        expect(others.get_by_role("checkbox", checked=True)).to_have_count(2)
        axe_check(page)
        # One of the others is not wanted any more, and what is found is wanted too.
        others.get_by_role("checkbox", name="Tablette").uncheck()
        box.check()
        page.get_by_role("searchbox").fill("")
        expect(box).to_have_count(3)
        expect(others).to_be_hidden()
        expect(page.locator("#pool :checked")).to_have_count(2)
        page.get_by_role("searchbox").fill("Tablette")
        expect(box).to_have_count(1)
        page.get_by_label("Title of the lot").fill("Chosen")
        page.get_by_role("button", name="Form the lot", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Chosen")
        visitors.leave()
    session.rollback()
    lines = select(LotLine.item_id).join(Lot).where(Lot.title == "Chosen")
    assert set(session.scalars(lines)) == {ground.camera.id, ground.cable.id}
