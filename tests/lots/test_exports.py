"""The files of lots and campaigns: asked for on their page, followed, cancelled, downloaded."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel import exports, language, making, pipeline
from procurement.kernel.access import Role
from procurement.kernel.exports import Export, ExportState, Kind, Tell
from procurement.lots import operations, zipping
from procurement.lots.models import Lot
from procurement.members.models import Person
from tests.browser import PHONE, Visitors, axe_check, serving
from tests.conftest import KeepApp
from tests.databases import on_sqlite
from tests.door import Door, refused
from tests.lots.ground import Ground
from tests.make import make_person

LOT, CAMPAIGN = "lot-trial", "campaign-trial"


class Figures:
    """What the files are made of."""

    def __init__(self) -> None:
        self.mark = "1"

    def kind(self, title: str) -> Kind:
        """Make workbooks of one cell, which tells the language and the figures."""

        def make(subject_id: int, target: Path, tell: Tell) -> str:
            book = Workbook()
            book.worksheets[0].append([language.current(), self.mark, pipeline.mark() or "real"])
            book.save(target)
            tell(1, 1)
            return f"{title.lower()}.xlsx"

        return Kind(lambda subject_id: title, make, lambda subject_id: self.mark)


@pytest.fixture
def figures(app: Flask) -> Iterator[Figures]:
    """Two kinds of files of the test's own."""
    made = Figures()
    exports.register_kind(app, LOT, made.kind("Trial"))
    exports.register_kind(app, CAMPAIGN, made.kind("Great trial"))
    yield made
    for kind in (LOT, CAMPAIGN):
        app.extensions["export_kinds"].pop(kind)


@pytest.fixture
def lot(ground: Ground, session: Session) -> Lot:
    """A frozen lot."""
    frozen = ground.freeze(ground.form())
    session.commit()
    return frozen


def make_export(session: Session, lot: Lot, person: Person, **over: object) -> Export:
    """Make a row as it stands while, or after, its file is made."""
    values = {
        "kind": LOT,
        "subject_id": lot.id,
        "title": "Trial",
        "language": "en",
        "person_id": person.id,
        "asked_at": datetime.now(UTC),
    }
    export = Export(**values | over)
    session.add(export)
    session.flush()
    return export


def running(session: Session, ground: Ground, lot: Lot, **over: object) -> Export:
    """Make one that is being made."""
    values = {"state": ExportState.RUNNING, "told_at": datetime.now(UTC), "attempts": 1}
    return make_export(session, lot, ground.people.clara, **values | over)


@pytest.mark.parametrize("of", ["lots", "campaigns"])
def test_a_file_is_asked_for_made_and_downloaded(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session, of: str
) -> None:
    clara = ground.people.clara
    page, kind, name = {
        "lots": (f"/lots/{lot.id}", LOT, "trial.xlsx"),
        "campaigns": (f"/campaigns/{lot.campaign_id}/pool", CAMPAIGN, "great trial.xlsx"),
    }[of]
    owner = page.removesuffix("/pool")
    assert "Prepare the file" in door.get(clara, page).text
    answer = door.post(clara, f"{owner}/exports", kind=kind)
    assert (answer.status_code, answer.location) == (302, f"{page}#exports")
    shown = door.get(clara, page).text
    assert name in shown
    download = re.search(r'href="(/exports/\d+/download)"', shown)
    assert download
    file = door.get(clara, download[1])
    content = file.data
    file.close()
    assert [cell.value for cell in load_workbook(BytesIO(content)).worksheets[0][1]] == [
        "en",
        "1",
        "real",
    ]
    assert "attachment" in file.headers["Content-Disposition"]
    assert name in file.headers["Content-Disposition"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Cache-Control"] == "private, no-store"
    # Of the same figures, it is not made twice, whoever asks.
    door.post(ground.people.dora, f"{owner}/exports", kind=kind)
    assert len(session.scalars(select(Export)).all()) == 1


def test_it_is_stale_when_the_figures_have_changed(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session
) -> None:
    clara, page = ground.people.clara, f"/lots/{lot.id}"
    door.post(clara, f"{page}/exports", kind=LOT)
    first = session.scalars(select(Export)).one().id
    for address in (page, f"/exports/{first}"):
        assert "the figures have not changed since" in door.get(clara, address).text
        assert "Make it again" not in door.get(clara, address).text
    figures.mark = "2"
    for address in (page, f"/exports/{first}"):
        shown = door.get(clara, address).text
        assert "which have changed since" in shown
        assert "Stale" in shown
        assert "Make it again" in shown
        assert f"/exports/{first}/download" in shown
    door.post(clara, f"{page}/exports", kind=LOT)
    shown = door.get(clara, page).text
    assert f"/exports/{first + 1}/download" in shown
    assert "Stale" not in shown


def test_what_cannot_be_made_says_why_and_is_refused(
    ground: Ground, lot: Lot, door: Door, app: Flask, session: Session
) -> None:
    session.refresh(lot)
    campaign = lot.campaign_id
    operations.thaw(lot, "To change", actor=ground.buyer, today=pipeline.today())
    shown = door.get(ground.people.clara, f"/campaigns/{campaign}/pool")
    assert "No lot of this campaign is frozen yet" in shown.text
    answer = door.post(ground.people.clara, f"/campaigns/{campaign}/exports", kind="campaign-zip")
    assert answer.status_code == 409
    assert "No lot of this campaign is frozen yet" in answer.text
    assert session.scalars(select(Export)).all() == []


def test_the_sheets_of_a_draft_say_why_they_cannot_be_made(ground: Ground, door: Door) -> None:
    draft, clara = ground.form(), ground.people.clara
    shown = door.get(clara, f"/lots/{draft.id}").text
    assert shown.count("Freeze it first: its sheet comes then.") == 2
    assert shown.count("Prepare the file") == 1
    for kind in ("lot-supplier", "lot-buyer"):
        refusal = door.post(clara, f"/lots/{draft.id}/exports", kind=kind)
        assert refusal.status_code == 409


@pytest.mark.parametrize("kind", ["", "nothing", CAMPAIGN, "x" * 50])
def test_a_kind_must_be_one_of_the_lots(
    ground: Ground, lot: Lot, door: Door, figures: Figures, kind: str
) -> None:
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/exports", kind=kind)
    assert answer.status_code == 422


def test_one_that_is_being_made_shows_how_far_it_is(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session
) -> None:
    export = running(session, ground, lot, done=3, total=7)
    for page in (f"/lots/{lot.id}", f"/exports/{export.id}"):
        shown = door.get(ground.people.dora, page).text
        assert "42 % made" in shown
        assert '<progress max="100" value="42" aria-label="Trial">' in shown
        assert f'data-export="/exports/{export.id}"' in shown
        assert "<noscript>" in shown
        assert "exports.js" in shown
    assert door.get(ground.people.dora, f"/exports/{export.id}/download").status_code == 404
    # Asked for again, it is the same one.
    door.post(ground.people.dora, f"/lots/{lot.id}/exports", kind=LOT)
    assert session.scalars(select(Export.id)).all() == [export.id]


def test_one_that_is_being_made_can_be_cancelled_once(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session
) -> None:
    export = running(session, ground, lot)
    address = f"/exports/{export.id}/cancel"
    answer = door.post(ground.people.clara, address)
    assert (answer.status_code, answer.location) == (302, f"/lots/{lot.id}#exports")
    session.refresh(export)
    assert export.state is ExportState.CANCELLED
    again = door.post(ground.people.clara, address)
    assert again.status_code == 409
    assert "no longer being made" in again.text
    assert "Prepare the file" in door.get(ground.people.clara, f"/lots/{lot.id}").text
    assert "Make it again" in door.get(ground.people.clara, f"/exports/{export.id}").text


def test_one_that_failed_says_why(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session
) -> None:
    fault = "Something broke."
    over = {"state": ExportState.FAILED, "fault": fault, "ended_at": datetime.now(UTC)}
    export = running(session, ground, lot, **over)
    for page in (f"/lots/{lot.id}", f"/exports/{export.id}"):
        shown = door.get(ground.people.clara, page).text
        assert fault in shown
        assert "Make it again" in shown


def test_a_file_whose_subject_is_gone_is_still_shown(
    ground: Ground, lot: Lot, door: Door, session: Session
) -> None:
    over = {"state": ExportState.DONE, "place": "1-x", "file_name": "x.zip", "size": 10}
    over |= {"ended_at": datetime.now(UTC), "kind": "campaign-zip", "subject_id": 99999}
    export = make_export(session, lot, ground.people.clara, **over)
    shown = door.get(ground.people.clara, f"/exports/{export.id}").text
    assert "What it was made of is gone." in shown
    assert "<dd>gone</dd>" in shown
    # Its row is there and its file is not: another machine made it, or somebody took it away.
    assert door.get(ground.people.clara, f"/exports/{export.id}/download").status_code == 404


def test_the_list_tells_mine_and_others(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session, count_queries
) -> None:
    clara, dora = ground.people.clara, ground.people.dora
    assert "No file was asked for yet" in door.get(clara, "/exports").text
    door.post(clara, f"/lots/{lot.id}/exports", kind=LOT)
    door.post(dora, f"/campaigns/{lot.campaign_id}/exports", kind=CAMPAIGN)
    everybody, own = door.get(clara, "/exports").text, door.get(clara, "/exports?own=1").text
    for title in ("Trial", "Great trial"):
        assert f">{title}</a>" in everybody
    assert "Dora" in everybody
    assert ">Trial</a>" in own
    assert "Great trial" not in own
    with count_queries() as few:
        door.get(clara, "/exports")
    for number in range(20):
        make_export(session, lot, dora, subject_id=1000 + number)
    with count_queries() as many:
        door.get(clara, "/exports")
    assert len(many) - len(few) <= 1 + 1


def test_only_the_centrale_has_these_files(
    ground: Ground, lot: Lot, door: Door, figures: Figures, session: Session
) -> None:
    export = running(session, ground, lot)
    pages = ["/exports", f"/exports/{export.id}", f"/exports/{export.id}/download"]
    acts = [
        f"/exports/{export.id}/cancel",
        f"/lots/{lot.id}/exports",
        f"/campaigns/{lot.campaign_id}/exports",
    ]
    administrator = make_person(session, Role.ADMINISTRATOR)
    for person in (ground.people.ada, ground.people.alix, administrator):
        assert [door.get(person, page).status_code for page in pages] == [403] * 3
        assert [door.post(person, act).status_code for act in acts] == [403] * 3
    assert "exports" not in door.get(ground.people.ada, f"/lots/{lot.id}").text
    for page in ("/exports/99999", "/exports/99999/download"):
        assert door.get(ground.people.clara, page).status_code == 404
    assert door.post(ground.people.clara, "/exports/99999/cancel").status_code == 404
    for act in ("/lots/99999/exports", "/campaigns/99999/exports"):
        assert door.post(ground.people.clara, act, kind=LOT).status_code in {404, 422}


def test_the_zip_of_a_campaign_holds_both_editions_of_each_frozen_lot(
    app: Flask, ground: Ground, lot: Lot, door: Door, session: Session, tmp_path: Path
) -> None:
    ground.freeze(ground.form(ground.tablet, title="Tablettes"))
    session.commit()
    told: list[tuple[int, int]] = []
    with app.test_request_context("/"), language.reading("en"):
        target = tmp_path / "all"
        name = zipping.make(lot.campaign_id, target, lambda done, total: told.append((done, total)))
        first = zipping.mark(lot.campaign_id)
    assert name.endswith("-lot-sheets.zip")
    # Twice two lines of the one lot, and one of the other.
    assert told[-1] == (6, 6)
    assert told == sorted(told)
    assert list(tmp_path.iterdir()) == [target]
    with ZipFile(target) as archive:
        names = archive.namelist()
        books = [load_workbook(BytesIO(archive.read(one))) for one in names]
    assert names == sorted(names, key=lambda one: (one[:6], "buyer" in one))
    assert [one[:6] for one in names] == ["lot-01", "lot-01", "lot-02", "lot-02"]
    assert all(len(book.sheetnames) >= 3 for book in books)
    clara = ground.people.clara
    door.post(clara, f"/campaigns/{lot.campaign_id}/exports", kind="campaign-zip")
    export = session.scalars(select(Export)).one()
    assert (export.state, export.done, export.total) == (ExportState.DONE, 6, 6)
    made = door.get(clara, f"/exports/{export.id}/download")
    assert made.mimetype == "application/zip"
    with ZipFile(BytesIO(made.data)) as archive:
        assert archive.testzip() is None
    made.close()
    # A lot that is frozen anew makes it stale.
    operations.thaw(lot, "To change", actor=ground.buyer, today=pipeline.today())
    session.flush()
    assert zipping.mark(lot.campaign_id) != first
    ground.freeze(lot)
    session.flush()
    assert zipping.mark(lot.campaign_id) not in {first}
    session.rollback()


def test_a_zip_that_stops_leaves_nothing_beside_it(
    app: Flask, lot: Lot, session: Session, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise making.Halted

    with app.test_request_context("/"), pytest.raises(making.Halted):
        zipping.make(lot.campaign_id, tmp_path / "all", stop)
    assert {one.name for one in tmp_path.iterdir()} <= {"all"}


def test_a_campaign_without_frozen_lot_has_no_zip(ground: Ground, session: Session) -> None:
    with refused("no_frozen_lot"):
        zipping.mark(ground.campaign.id)
    with refused("not_found"):
        zipping.mark(99999)


@pytest.fixture
def watched(keep_app: KeepApp, figures: Figures) -> Iterator[str]:
    """Address of an application where files wait for a worker that the test plays."""
    app = keep_app(JOBS_IMMEDIATE=False, WTF_CSRF_ENABLED=True, TESTING=True)
    exports.register_kind(app, LOT, figures.kind("Trial"))
    with serving(app) as address:
        yield address


def enter(page: Page, app: Flask, person: Person, address: str) -> None:
    """Give a browser the cookie of a person."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(_user_id=str(person.id), _fresh=True, language="en")
    kept = client.get_cookie("session")
    assert kept is not None
    page.context.add_cookies([{"name": "session", "value": kept.value, "url": address}])


@on_sqlite
@pytest.mark.browser
@pytest.mark.parametrize("viewport", [None, PHONE])
def test_the_bar_moves_and_becomes_the_download(
    browser, watched: str, app: Flask, ground: Ground, lot: Lot, session: Session, viewport
) -> None:
    export = running(session, ground, lot, done=10, total=100)
    session.commit()

    def tell(**values: object) -> None:
        session.refresh(export)
        for name, value in values.items():
            setattr(export, name, value)
        session.commit()

    visitors = Visitors(browser, watched)
    page = visitors(viewport) if viewport else visitors()
    enter(page, app, ground.people.clara, watched)
    session.rollback()
    page.goto(f"/lots/{lot.id}")
    bar = page.get_by_role("progressbar", name="Trial")
    expect(page.get_by_text("10 % made")).to_be_visible()
    assert bar.get_attribute("value") == "10"
    axe_check(page)
    cancel = page.get_by_role("button", name="Cancel Trial")
    cancel.focus()
    tell(done=60)
    expect(page.get_by_text("60 % made")).to_be_visible()
    assert bar.evaluate("bar => bar.value") == 60
    # Whoever stands on the button still does.
    expect(cancel).to_be_focused()
    over = {"place": "1-x", "file_name": "x.zip", "size": 10, "mark": "1"}
    tell(state=ExportState.DONE, ended_at=datetime.now(UTC), **over)
    download = page.get_by_role("link", name="Download Trial")
    expect(download).to_be_visible()
    expect(download).to_be_focused()
    expect(page.locator("[data-exports-told]")).to_have_text("Trial: Ready")
    expect(bar).to_have_count(0)
    axe_check(page)
    visitors.leave()


@on_sqlite
@pytest.mark.browser
def test_without_scripts_a_link_says_how_far_it_is(
    browser, watched: str, app: Flask, ground: Ground, lot: Lot, session: Session
) -> None:
    export = running(session, ground, lot, done=10, total=100)
    session.commit()
    visitors = Visitors(browser, watched)
    page = visitors(scripts=False)
    enter(page, app, ground.people.clara, watched)
    page.goto(f"/lots/{lot.id}")
    page.get_by_role("link", name="Refresh").click()
    assert page.url.endswith(f"/exports/{export.id}")
    page.get_by_role("button", name="Cancel Trial").click()
    expect(page.get_by_text("The file is no longer being made.")).to_be_visible()
    page.get_by_role("button", name="Prepare the file").first.click()
    expect(page.get_by_text("It is made as soon as the files before it are.")).to_be_visible()
    visitors.leave()
