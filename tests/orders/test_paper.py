"""The order form, opened again."""

import subprocess
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from procurement.members.models import CentralBody
from procurement.orders.models import Order
from tests import system
from tests.conftest import SignIn, need
from tests.orders.scene import Scene, send_order


def words(text: str) -> str:
    """Make every space a plain one, and one of many."""
    return " ".join(text.split())


@pytest.fixture
def order(scene: Scene, sign_in: SignIn, session: Session) -> Order:
    """A confirmed order of three rates' worth, with what the invoice will quote."""
    session.add_all(
        [
            CentralBody(valid_from=scene.agreement.starts_on.replace(year=2016), name="Ancien nom"),
            CentralBody(valid_from=scene.agreement.starts_on, name="Centrale d'essai"),
        ]
    )
    session.commit()
    sent = send_order(
        sign_in(scene.people.ada),
        scene,
        "2",
        "30",
        "5",
        commitment_number="EJ-2026-77",
        service_code="FIN <&> 1",
        site_id=scene.school.id,
    )
    made = session.get_one(Order, int(sent.location.rpartition("/")[2]))
    return scene.confirm(scene.submit(made))


def download(client: FlaskClient, order: Order, session: Session) -> bytes:
    address = f"/orders/{order.id}/order.pdf"
    session.rollback()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return bytes(answer.data)


@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_it_prints_all_that_the_invoice_must_quote(
    order: Order, scene: Scene, sign_in: SignIn, session: Session, name: str
) -> None:
    expected = [
        order.number,
        "2026-VID-01",
        "Centrale d'essai",
        "Fournitures d'Essai",
        order.holder.supplier.siret,
        scene.people.first.name,
        scene.people.first.siren,
        "École Prévert",
        "EJ-2026-77",
        "FIN <&> 1",
        "Caméra IP",
        "2,505",
        "200,00",
        "75,15",
        "42,00",
        "317,15",
        # 20 % of 275.15 and 2.1 % of 42.
        "55,03",
        "0,88",
        "373,06",
        f"{order.confirmed_on:%d/%m/%Y}",
        "Alix",
    ]
    content = download(sign_in(getattr(scene.people, name)), order, session)
    text = words(" ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages))
    assert [one for one in expected if str(one) not in text] == []
    assert "Ancien nom" not in text


def test_it_carries_the_logo_of_its_day(
    order: Order, scene: Scene, sign_in: SignIn, session: Session
) -> None:
    now, old = session.scalars(select(CentralBody).order_by(CentralBody.valid_from.desc()))
    for body, size in ((now, (60, 20)), (old, (90, 30))):
        drawn = BytesIO()
        Image.new("RGB", size, "teal").save(drawn, "PNG")
        body.logo = drawn.getvalue()
    session.commit()
    content = download(sign_in(scene.people.ada), order, session)
    images = PdfReader(BytesIO(content)).pages[0].images
    assert [one.image.size for one in images if one.image] == [(60, 20)]


def test_another_reader_reads_the_same(
    order: Order, scene: Scene, sign_in: SignIn, session: Session, tmp_path: Path
) -> None:
    program, file = need(system.POPPLER), tmp_path / "order.pdf"
    file.write_bytes(download(sign_in(scene.people.ada), order, session))
    text = subprocess.run([program, "-layout", file, "-"], check=True, capture_output=True).stdout
    for figure in (order.number or "", "317,15", "373,06", "FIN <&> 1"):
        assert figure in words(text.decode())


def test_the_same_order_gives_the_same_file(
    order: Order, scene: Scene, sign_in: SignIn, session: Session
) -> None:
    ada = sign_in(scene.people.ada)
    first = download(ada, order, session)
    session.execute(update(type(scene.prices[0])).values(unit_price=Decimal(1)))
    session.commit()
    assert download(ada, order, session) == first


@pytest.mark.parametrize("made", ["place", "submitted"])
def test_before_it_is_confirmed(scene: Scene, sign_in: SignIn, session: Session, made: str) -> None:
    address = f"/orders/{getattr(scene, made)().id}/order.pdf"
    ada = sign_in(scene.people.ada)
    session.rollback()
    assert ada.get(address).status_code == 409


def test_after_it_is_cancelled(
    order: Order, scene: Scene, sign_in: SignIn, session: Session
) -> None:
    address, alix = f"/orders/{order.id}", sign_in(scene.people.alix)
    session.rollback()
    alix.post(f"{address}/cancel", data={"reason": "Rupture"})
    assert alix.get(f"{address}/order.pdf").status_code == 409


def test_a_stranger_finds_nothing(
    order: Order, scene: Scene, sign_in: SignIn, session: Session
) -> None:
    address = f"/orders/{order.id}/order.pdf"
    basile, eli = sign_in(scene.people.basile), sign_in(scene.people.eli)
    session.rollback()
    assert basile.get(address).status_code == 404
    assert eli.get(address).status_code == 403
