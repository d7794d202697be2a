"""Letters: kept with their act, sent after it by a real SMTP server or into a folder."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.kernel import database, mail, pipeline
from procurement.kernel.access import Permission
from procurement.kernel.errors import Refused
from procurement.kernel.mail import Draft, Letter, Round
from procurement.kernel.pipeline import Stage
from tests.conftest import CountQueries, KeepApp, MakeApp
from tests.databases import on_sqlite
from tests.people import People
from tests.post_office import HOST, PostOffice, running

ADA = ("Ada Élise", "ada@example.org")
LAZY = lazy_gettext("Sign in to continue")

post = Stage("post", __name__)


@post.post("/post/<mode>", allow=Permission.CAMPAIGN_RUN)
def act(mode: str) -> ResponseReturnValue:
    mail.write(db.session(), to=ADA, subject=LAZY, body=["Bonjour,", LAZY], path="/needs/12")
    if mode == "refused":
        raise Refused("no", "Not today.")
    return "done", 422 if mode == "late" else 201


@pytest.fixture(scope="module")
def running_office() -> Iterator[PostOffice]:
    with running(PostOffice()) as office:
        yield office


@pytest.fixture
def office(running_office: PostOffice) -> PostOffice:
    """The SMTP server, with nothing in it."""
    running_office.empty()
    return running_office


@pytest.fixture
def by_smtp(keep_app: KeepApp, office: PostOffice) -> Flask:
    """The application that hands its letters to the server."""
    return keep_app(
        MAIL_SERVER=HOST,
        MAIL_PORT=office.port,
        MAIL_DEFAULT_SENDER="Centrale d’achat <nepasrepondre@centrale.example>",
        PUBLIC_URL="https://achats.example/",
    )


@pytest.fixture
def posting(keep_app: KeepApp) -> Flask:
    """The application with the act that writes a letter."""
    return keep_app(post)


def drafts(count: int) -> list[Draft]:
    return [
        Draft((f"Person {one}", f"person{one}@example.org"), f"Letter {one}", "Words.")
        for one in range(count)
    ]


def written(app: Flask, *letters: Draft) -> None:
    """Write letters that wait: committed without the pipeline, which would have them sent."""
    with app.app_context():
        mail.write_all(db.session(), letters)
        db.session.commit()


def delivered(app: Flask, **limit: int) -> Round:
    with app.app_context():
        return mail.deliver(**limit)


def later(app: Flask, **values: Any) -> None:
    """Let the time come when every letter that waits is due again."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with app.app_context():
        waits = Letter.due_at.is_not(None) if not values else Letter.id > 0
        db.session.execute(update(Letter).where(waits).values(due_at=past, **values))
        db.session.commit()


def kept(app: Flask) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(Letter.__table__).order_by(Letter.id)))


def outbox(app: Flask) -> list[EmailMessage]:
    """Read the letters in the folder."""
    files = sorted((Path(app.instance_path) / "outbox").glob("*"))
    found = [message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]
    assert all(one.suffix == ".eml" for one in files)
    return [one for one in found if isinstance(one, EmailMessage)]


def lines(letter: EmailMessage) -> list[str]:
    """Give the lines of a letter: mail ends them as Windows does, and has a last one always."""
    return str(letter.get_content()).rstrip().splitlines()


def knock(app: Flask, people: People, mode: str) -> int:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(_user_id=str(people.clara.id), _fresh=True, language="en")
    return client.post(f"/post/{mode}").status_code


def test_a_letter_arrives_as_it_was_written(by_smtp: Flask, office: PostOffice) -> None:
    body = "Déclarez vos besoins : « caméras », 1 234,56 €.\n\n" + "Une longue ligne à lire. " * 60
    subject = "Rappel : la campagne « Vidéoprotection 2027 » se clôt dans deux jours, à Élancourt"
    written(by_smtp, Draft(("Zoé d’Été", "zoe@example.org"), subject, body, "/needs/12"))
    assert delivered(by_smtp) == Round(sent=1)
    (found,) = office.received
    assert found["Subject"] == subject
    assert lines(found) == [*body.strip().split("\n"), "", "https://achats.example/needs/12"]
    (to,), (sender,) = found["To"].addresses, found["From"].addresses
    assert (to.display_name, to.addr_spec) == ("Zoé d’Été", "zoe@example.org")
    assert (sender.display_name, sender.addr_spec) == (
        "Centrale d’achat",
        "nepasrepondre@centrale.example",
    )
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Message-ID"].endswith("@centrale.example>")
    assert abs(found["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    # Every server takes it: plain ASCII, in lines that no standard finds too long.
    assert office.raw[0].isascii()
    assert max(map(len, office.raw[0].splitlines())) <= 78
    (row,) = kept(by_smtp)
    assert (row.attempts, row.due_at, row.fault) == (1, None, None)
    assert row.sent_at is not None


def test_a_letter_without_a_page_has_no_link(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, Draft(ADA, "Bonjour", "Rien à faire."))
    delivered(by_smtp)
    assert lines(office.received[0]) == ["Rien à faire."]


def test_many_letters_take_one_connection(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, *drafts(300))
    assert len(kept(by_smtp)) == 300
    assert delivered(by_smtp, limit=40) == Round(sent=40)
    assert len(office.connections) == 1
    # Oldest first, and each its own.
    assert [one["Subject"] for one in office.received] == [f"Letter {one}" for one in range(40)]
    assert len({one["Message-ID"] for one in office.received}) == 40


def test_three_hundred_letters_are_written_in_one_statement(
    app: Flask, session: Session, count_queries: CountQueries
) -> None:
    with count_queries() as statements:
        mail.write_all(session, drafts(300))
    assert len(statements) == 1


def test_no_letter_is_no_statement(session: Session, count_queries: CountQueries) -> None:
    with count_queries() as statements:
        mail.write_all(session, [])
    assert statements == []


def test_nothing_is_sent_twice(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, *drafts(3))
    assert delivered(by_smtp) == Round(sent=3)
    later(by_smtp)
    assert delivered(by_smtp) == Round()
    assert len(office.received) == 3


def test_a_refused_person_keeps_nobody_waiting(by_smtp: Flask, office: PostOffice) -> None:
    office.answers["person1@example.org"] = "550 No such person"
    written(by_smtp, *drafts(4))
    assert delivered(by_smtp) == Round(sent=3, failed=1)
    assert len(office.connections) == 1
    refused = kept(by_smtp)[1]
    assert (refused.sent_at, refused.attempts) == (None, 1)
    assert refused.fault == "550 No such person"
    assert delivered(by_smtp) == Round()
    office.answers.clear()
    later(by_smtp)
    assert delivered(by_smtp) == Round(sent=1)
    assert kept(by_smtp)[1].fault is None


def test_a_refused_letter_is_tried_ever_later_and_then_given_up(
    by_smtp: Flask, office: PostOffice
) -> None:
    office.answers["person0@example.org"] = "450 Come back later"
    written(by_smtp, *drafts(1))
    pauses = []
    for attempt in range(1, mail.MOST_ATTEMPTS + 1):
        assert delivered(by_smtp) == Round(failed=1)
        (row,) = kept(by_smtp)
        assert row.attempts == attempt
        if row.due_at is not None:
            pauses.append(row.due_at - datetime.now(UTC))
        later(by_smtp)
    assert len(pauses) == mail.MOST_ATTEMPTS - 1
    assert pauses == sorted(pauses)
    assert timedelta(minutes=2) < pauses[0] < timedelta(minutes=4)
    assert timedelta(days=1) < sum(pauses, timedelta()) < timedelta(days=2)
    assert (row.due_at, row.sent_at, row.fault) == (None, None, "450 Come back later")
    office.answers.clear()
    assert delivered(by_smtp) == Round()
    assert office.received == []


@pytest.mark.parametrize(
    "name, address",
    [
        ("Nobody", ""),
        ("Nobody", "no address"),
        ("Nobody", "élise"),
        ("Nobody", "a@é" + "x" * 80 + ".example"),
        ("Nobody", "a@b.example, c@d.example"),
        ("Nobody", "a@b.example>\r\nBcc: <c@d.example"),
        ("Line\r\nBcc: evil@example.org\r\n\r\nBody", "fine@example.org"),
        ("Élise " * 40, "long@example.org"),
    ],
)
def test_a_strange_address_stops_nobody_and_adds_nobody(
    by_smtp: Flask, office: PostOffice, name: str, address: str
) -> None:
    written(by_smtp, Draft((name, address), "One", "Words."), *drafts(2))
    done = delivered(by_smtp)
    assert (done.sent + done.failed, done.waiting) == (3, 0)
    assert len(office.to("person0@example.org")) == len(office.to("person1@example.org")) == 1
    assert office.addressed.isdisjoint({"c@d.example", "evil@example.org"})
    for one in office.received:
        assert one["Bcc"] is None
        assert lines(one) == ["Words."]
        assert one["Subject"] in {"One", "Letter 0", "Letter 1"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
def test_no_head_can_be_added(by_smtp: Flask, office: PostOffice, end: str) -> None:
    written(by_smtp, Draft(ADA, f"Campaign{end}Bcc: evil@example.org{end}{end}Evil", "Words."))
    assert delivered(by_smtp) == Round(sent=1)
    (found,) = office.received
    assert found["Subject"] == "Campaign Bcc: evil@example.org Evil"
    assert found["Bcc"] is None
    assert lines(found) == ["Words."]


def test_a_subject_too_long_is_cut(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, Draft(ADA, "é" * 300, "Words."))
    assert delivered(by_smtp) == Round(sent=1)
    assert office.received[0]["Subject"] == "é" * 200


def test_a_server_that_is_down_loses_no_letter(
    database_url: str, make_app: MakeApp, database: object
) -> None:
    office = PostOffice()
    with running(office):
        app = make_app(database_url, MAIL_SERVER=HOST, MAIL_PORT=office.port)
    written(app, *drafts(3))
    for _round in range(mail.MOST_ATTEMPTS + 1):
        done = delivered(app)
        assert (done.sent, done.failed, done.waiting) == (0, 0, 3)
        assert "refused" in done.fault
        later(app)
    assert {row.attempts for row in kept(app)} == {0}
    assert {row.fault for row in kept(app)} == {done.fault}
    with running(office):
        assert delivered(app) == Round(sent=3)
    assert len(office.received) == 3
    assert {row.fault for row in kept(app)} == {None}


def test_a_server_that_is_down_is_asked_again_a_minute_later(
    database_url: str, make_app: MakeApp, database: object
) -> None:
    app = make_app(database_url, MAIL_SERVER="nowhere.invalid")
    written(app, *drafts(2))
    assert delivered(app).waiting == 2
    assert delivered(app) == Round()
    for row in kept(app):
        assert timedelta(0) < row.due_at - datetime.now(UTC) <= timedelta(minutes=1)


def test_a_server_that_hangs_up_costs_only_the_letter_at_hand(
    by_smtp: Flask, office: PostOffice
) -> None:
    office.answers["person1@example.org"] = "421 Too much for today"
    written(by_smtp, *drafts(4))
    done = delivered(by_smtp)
    assert (done.sent, done.failed, done.waiting) == (1, 1, 2)
    assert "421 Too much for today" in done.fault
    assert [row.attempts for row in kept(by_smtp)] == [1, 1, 0, 0]
    office.answers.clear()
    later(by_smtp)
    assert delivered(by_smtp) == Round(sent=3)


def test_a_silent_server_is_not_waited_for(
    database_url: str, make_app: MakeApp, database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_PATIENCE", 0.2)
    with socket.create_server((HOST, 0)) as silent:
        app = make_app(database_url, MAIL_SERVER=HOST, MAIL_PORT=silent.getsockname()[1])
        written(app, *drafts(2))
        done = delivered(app)
    assert (done.waiting, "timed out" in done.fault) == (2, True)


@pytest.mark.parametrize("password, sent", [("123456", 1), ("123", 0), ("é", 0)])
def test_the_server_is_told_who_sends(
    database_url: str,
    make_app: MakeApp,
    office: PostOffice,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    sent: int,
    database: object,
) -> None:
    office.account = ("centrale", "123456")
    monkeypatch.setenv("PROCUREMENT_MAIL_PASSWORD", password)
    settings = {"MAIL_SERVER": HOST, "MAIL_PORT": office.port, "MAIL_USERNAME": "centrale"}
    app = make_app(database_url, **settings)
    written(app, *drafts(1))
    done = delivered(app)
    assert (done.sent, done.waiting) == (sent, 1 - sent)
    assert len(office.received) == sent


def test_a_server_without_tls_gets_no_password(
    database_url: str, make_app: MakeApp, office: PostOffice, database: object
) -> None:
    settings = {"MAIL_SERVER": HOST, "MAIL_PORT": office.port, "MAIL_USE_TLS": True}
    app = make_app(database_url, **settings)
    written(app, *drafts(1))
    done = delivered(app)
    assert (done.waiting, "STARTTLS" in done.fault) == (1, True)


def test_two_workers_never_send_the_same_letter(
    database_url: str, make_app: MakeApp, office: PostOffice, database: object
) -> None:
    workers, count = 4, 120
    app = make_app(database_url, MAIL_SERVER=HOST, MAIL_PORT=office.port)
    written(app, *drafts(count))
    start = threading.Barrier(workers)

    def worked(_number: int) -> int:
        start.wait(timeout=30)
        sent = 0
        while done := delivered(app, limit=7):
            assert done == Round(sent=done.sent)
            sent += done.sent
        return sent

    with ThreadPoolExecutor(workers) as crowd:
        shares = list(crowd.map(worked, range(workers)))
    assert sum(shares) == count
    assert len({one["Message-ID"] for one in office.received}) == len(office.received) == count
    assert {row.attempts for row in kept(app)} == {1}


def test_a_letter_that_a_crash_left_is_sent_later(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, *drafts(2))
    with by_smtp.app_context():
        # The worker ends here: it took the letters, and sent none.
        mail._take(10)
    assert delivered(by_smtp) == Round()
    for row in kept(by_smtp):
        assert timedelta(minutes=10) < row.due_at - datetime.now(UTC) < timedelta(minutes=20)
    later(by_smtp)
    assert delivered(by_smtp) == Round(sent=2)
    assert [row.attempts for row in kept(by_smtp)] == [2, 2]


def test_a_letter_sent_but_not_marked_keeps_its_name(by_smtp: Flask, office: PostOffice) -> None:
    written(by_smtp, *drafts(1))
    delivered(by_smtp)
    later(by_smtp, sent_at=None)
    delivered(by_smtp)
    first, second = office.received
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_without_a_server_letters_become_files(app: Flask) -> None:
    first = Draft(ADA, "Vos besoins : rappel", ["Bonjour,", "À bientôt."], "/needs/12")
    written(app, first, *drafts(1))
    assert delivered(app) == Round(sent=2)
    found, other = outbox(app)
    assert found["Subject"] == "Vos besoins : rappel"
    assert found["To"].addresses[0].addr_spec == "ada@example.org"
    link = "http://127.0.0.1:8000/needs/12"
    assert lines(found) == ["Bonjour,", "", "À bientôt.", "", link]
    assert other["Subject"] == "Letter 0"
    # One that is written once more takes the same place.
    later(app, sent_at=None)
    assert delivered(app) == Round(sent=2)
    assert len(outbox(app)) == 2


def test_a_folder_that_cannot_be_written_loses_no_letter(app: Flask) -> None:
    blocked = Path(app.instance_path) / "outbox"
    blocked.write_text("not a folder")
    written(app, *drafts(2))
    done = delivered(app)
    assert (done.sent, done.failed, done.waiting) == (0, 0, 2)
    blocked.unlink()
    later(app)
    assert delivered(app) == Round(sent=2)


def test_a_letter_leaves_with_its_act_in_french(posting: Flask, people: People) -> None:
    assert knock(posting, people, "done") == 201
    (found,) = outbox(posting)
    assert found["Subject"] == "Connectez-vous pour continuer"
    assert lines(found)[:3] == ["Bonjour,", "", "Connectez-vous pour continuer"]
    assert kept(posting)[0].sent_at is not None


@pytest.mark.parametrize("mode, status", [("refused", 409), ("late", 422)])
def test_an_act_that_is_undone_writes_to_nobody(
    posting: Flask, people: People, mode: str, status: int
) -> None:
    assert knock(posting, people, mode) == status
    assert kept(posting) == []
    assert not (Path(posting.instance_path) / "outbox").exists()
    # What the next act of the same worker wakes finds no trace of it either.
    assert knock(posting, people, "done") == 201
    assert len(outbox(posting)) == 1


def test_an_act_whose_letter_fails_is_kept(
    keep_app: KeepApp, people: People, office: PostOffice
) -> None:
    office.answers["ada@example.org"] = "550 No such person"
    app = keep_app(post, MAIL_SERVER=HOST, MAIL_PORT=office.port)
    assert knock(app, people, "done") == 201
    assert kept(app)[0].fault == "550 No such person"


def test_a_command_that_commits_wakes_the_letters_too(app: Flask) -> None:
    with app.app_context():
        database.begin_write(db.session())
        mail.write(db.session(), to=ADA, subject="One", body="Words.")
        pipeline.rollback()
        mail.write(db.session(), to=ADA, subject="Two", body="Words.")
        pipeline.commit()
    assert [one["Subject"] for one in outbox(app)] == ["Two"]


def test_the_command_says_what_became_of_the_letters(by_smtp: Flask, office: PostOffice) -> None:
    def sent() -> tuple[int, str]:
        with by_smtp.app_context():
            done = by_smtp.test_cli_runner().invoke(args=["mail", "send"])
        return done.exit_code, done.output

    office.answers["person1@example.org"] = "550 No such person"
    written(by_smtp, *drafts(1))
    assert sent() == (0, "1 sent, 0 failed, 0 waiting\n")
    written(by_smtp, *drafts(2))
    assert sent() == (1, "1 sent, 1 failed, 0 waiting\n")


@on_sqlite
def test_a_round_with_nothing_to_do_says_nothing(app: Flask) -> None:
    assert not delivered(app)
    assert str(Round(sent=1, waiting=2, fault="down")) == "1 sent, 0 failed, 2 waiting (down)"
