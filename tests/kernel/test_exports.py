"""Long files: asked for once, made beside the requests, told of meanwhile, kept, and swept."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy import event, func, select, update

from procurement.extensions import db
from procurement.kernel import exports, jobs, language, mail, making, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import begin_write
from procurement.kernel.errors import Absent, Refused
from procurement.kernel.exports import Export, ExportState, Kind, Tell
from procurement.needs.models import Campaign
from tests.conftest import CountQueries, MakeApp
from tests.door import refused
from tests.kernel.test_jobs import ROOT, SEE, START, soon
from tests.make import make_campaign

CLARA = Actor(1, "Clara", Role.BUYER)
KIND = "lot-trial"
WORKER = """
import sys, time
from pathlib import Path
from flask.cli import ScriptInfo
from procurement import create_app
from procurement.kernel import exports, making

url, instance = sys.argv[1:]
app = create_app({"SQLALCHEMY_DATABASE_URI": url, "INSTANCE_PATH": instance})
making._PACE = 0

def make(subject_id, target, tell):
    target.write_text("half")
    while not (Path(instance) / "go").exists():
        tell(40, 100)
        time.sleep(0.02)
    target.write_text("whole")
    return "file.txt"

kind = exports.Kind(lambda subject_id: "Trial", make, lambda subject_id: "1")
exports.register_kind(app, "lot-trial", kind)
app.cli.main(args=["jobs", "work"], obj=ScriptInfo(create_app=lambda: app))
"""


class Trial:
    """A kind of file whose making the test watches, and meddles with."""

    def __init__(self) -> None:
        self.figures = "1"
        self.made: list[int] = []
        self.during: Callable[[Tell], object] = lambda tell: None

    def mark(self, subject_id: int) -> str:
        """Give the figures of now."""
        return self.figures

    def make(self, subject_id: int, target: Path, tell: Tell) -> str:
        """Write what was read, as its reader reads it."""
        self.made.append(subject_id)
        target.write_text(f"{_('Lot sheet')} {language.amount(Decimal('1234.5'))}")
        self.during(tell)
        return f"file-{subject_id}.txt"

    @property
    def kind(self) -> Kind:
        """What a room would register."""
        return Kind(lambda subject_id: f"Trial {subject_id}", self.make, self.mark)


@pytest.fixture
def trial() -> Trial:
    """A kind of file."""
    return Trial()


@pytest.fixture
def shop(database_url: str, make_app: MakeApp, trial: Trial) -> Iterator[Flask]:
    """An application that makes such files when the test says ``work``."""
    app = make_app(database_url, JOBS_IMMEDIATE=False)
    exports.register_kind(app, KIND, trial.kind)
    with app.app_context():
        yield app
    jobs._queue(app).storage.close()


def ask(subject_id: int = 7, code: str = "en") -> int:
    """Ask for a file as a request does; give its id."""
    db.session.rollback()
    begin_write(db.session())
    asked = exports.ask(KIND, subject_id, actor=CLARA, language=code)
    pipeline.commit()
    export_id = asked.id
    db.session.rollback()
    return export_id


def read(export_id: int) -> Export:
    """Read a file's row anew, as another request would."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Export, export_id)


def work() -> str:
    """Do the job as a worker does: in a context of its own."""
    db.session.rollback()
    with current_app.app_context():
        return making.work()


def kept() -> list[str]:
    """List what is in the folder."""
    return sorted(one.name for one in exports.folder().glob("*"))


def set_row(export_id: int, **values: object) -> None:
    """Write what only time, or a crash, would."""
    db.session.rollback()
    db.session.execute(update(Export).where(Export.id == export_id).values(**values))
    pipeline.commit()


def test_a_file_is_made_as_soon_as_the_act_is_committed(app: Flask, trial: Trial) -> None:
    exports.register_kind(app, KIND, trial.kind)
    with app.app_context():
        export = read(ask())
        assert export.state is ExportState.DONE
        assert (export.title, export.file_name, export.attempts) == ("Trial 7", "file-7.txt", 1)
        made = exports.file_of(export)
        assert made is not None
        assert made.read_text() == "Lot sheet 1,234.50"
        assert export.size == made.stat().st_size
        assert kept() == [made.name]
        assert export.kept_until == (export.ended_at or datetime.now(UTC)) + timedelta(days=30)
        assert [entry.verb for entry in db.session.scalars(select(AuditEntry))] == ["exports.ask"]
    app.extensions["export_kinds"].pop(KIND)


def test_nothing_is_made_before_the_commit(shop: Flask, trial: Trial) -> None:
    begin_write(db.session())
    exports.ask(KIND, 7, actor=CLARA, language="en")
    pipeline.rollback()
    assert work() == ""
    assert trial.made == []


def test_asking_again_gives_what_there_is(shop: Flask, trial: Trial) -> None:
    first = ask()
    assert ask() == first
    assert read(first).state is ExportState.WAITING
    assert work() == "1 done"
    assert ask() == first
    assert work() == ""
    # Another subject, another language, other figures are another file.
    others = [ask(8), ask(code="fr")]
    trial.figures = "2"
    others.append(ask())
    assert len({first, *others}) == 4
    assert work() == "3 done"
    assert read(others[2]).mark == "2"
    # What has the figures of before is good again when they come back.
    trial.figures = "1"
    assert ask() == first
    (exports.folder() / (read(first).place or "")).unlink()
    assert exports.file_of(read(first)) is None
    assert ask() not in {first, *others}


def test_what_failed_or_was_cancelled_is_made_anew(shop: Flask, trial: Trial) -> None:
    first = ask()
    exports.cancel(read(first), actor=CLARA)
    pipeline.commit()
    second = ask()
    assert second != first
    trial.during = lambda tell: 1 / 0
    assert work() == "1 failed"
    assert ask() not in {first, second}
    assert read(first).state is ExportState.CANCELLED


def test_what_cannot_be_made_cannot_be_asked_for(shop: Flask, trial: Trial) -> None:
    def check(subject_id: int) -> None:
        raise Refused("no", "Not now.")

    exports.register_kind(shop, KIND, trial.kind._replace(check=check))
    with refused("no"):
        exports.ask(KIND, 7, actor=CLARA, language="en")
    assert db.session.scalar(select(func.count()).select_from(Export)) == 0


def test_two_who_ask_at_the_same_moment_get_the_same(shop: Flask) -> None:
    got: list[int] = []

    def other() -> None:
        with shop.app_context():
            got.append(ask())

    begin_write(db.session())
    first = exports.ask(KIND, 7, actor=CLARA, language="en")
    thread = threading.Thread(target=other)
    thread.start()
    # The other one waits, for the database or for the unique key.
    thread.join(0.3)
    assert got == []
    pipeline.commit()
    thread.join(20)
    assert got == [first.id]
    assert db.session.scalar(select(func.count()).select_from(Export)) == 1


def test_what_ended_while_another_asked_is_asked_for_anew(shop: Flask) -> None:
    got: list[int] = []

    def cancelled(_fault: object) -> None:
        with shop.app_context():
            begin_write(db.session())
            exports.cancel(db.session.get_one(Export, first.id), actor=CLARA)
            pipeline.commit()

    def other() -> None:
        with shop.app_context():
            # Only PostgreSQL lets both write; the unique key then refuses the second.
            event.listen(db.engine, "handle_error", cancelled)
            got.append(ask())
            event.remove(db.engine, "handle_error", cancelled)

    begin_write(db.session())
    first = exports.ask(KIND, 7, actor=CLARA, language="en")
    db.session.flush()
    thread = threading.Thread(target=other)
    thread.start()
    thread.join(0.3)
    pipeline.commit()
    thread.join(20)
    assert len(got) == 1


def test_everybody_sees_how_far_it_is_while_it_reads_one_state(
    shop: Flask, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_PACE", 0)
    seen: list[tuple[object, ...]] = []
    counted: list[int | None] = []

    def count() -> None:
        counted.append(db.session.scalar(select(func.count()).select_from(Campaign)))

    def look() -> None:
        with shop.app_context():
            one = db.session.scalars(select(Export)).one()
            seen.append((one.state, one.done, one.total, one.percent))

    def during(tell: Tell) -> None:
        count()
        look()
        tell(0, 50)
        look()
        with shop.app_context():
            make_campaign(db.session())
            pipeline.commit()
        count()
        tell(20, 50)
        look()

    trial.during = during
    export_id = ask()
    assert work() == "1 done"
    running = ExportState.RUNNING
    assert seen == [(running, 0, 0, None), (running, 0, 50, 0), (running, 20, 50, 40)]
    assert counted == [0, 0]
    count()
    assert counted[-1] == 1
    # What is made is done, whatever was told last.
    assert (read(export_id).done, read(export_id).total) == (50, 50)


def test_telling_costs_one_writing_a_second(
    app: Flask, trial: Trial, count_queries: CountQueries
) -> None:
    exports.register_kind(app, KIND, trial.kind)

    def during(tell: Tell) -> None:
        for done in range(10_000):
            tell(done, 10_000)

    trial.during = during
    with app.app_context(), count_queries() as statements:
        ask()
    told = [one for one in statements if re.match("UPDATE export SET told_at", one)]
    assert 1 <= len(told) <= 3
    app.extensions["export_kinds"].pop(KIND)


def test_a_maker_that_is_cancelled_stops_when_it_next_tells(
    shop: Flask, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_PACE", 0)
    passed: list[str] = []

    def during(tell: Tell) -> None:
        tell(1, 3)
        passed.append("first")
        with shop.app_context():
            begin_write(db.session())
            exports.cancel(db.session.scalars(select(Export)).one(), actor=CLARA)
            pipeline.commit()
        tell(2, 3)
        passed.append("second")

    trial.during = during
    export = ask()
    assert work() == "1 stopped"
    assert passed == ["first"]
    assert kept() == []
    assert read(export).state is ExportState.CANCELLED
    assert read(export).ended_at is not None
    verbs = db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs == ["exports.ask", "exports.cancel"]
    with refused("export_ended"):
        exports.cancel(read(export), actor=CLARA)


def test_what_is_cancelled_at_the_last_moment_is_not_kept(shop: Flask, trial: Trial) -> None:
    def during(tell: Tell) -> None:
        with shop.app_context():
            exports.cancel(db.session.scalars(select(Export)).one(), actor=CLARA)
            pipeline.commit()

    trial.during = during
    export = ask()
    assert work() == "1 stopped"
    assert read(export).state is ExportState.CANCELLED
    assert kept() == []


def test_two_workers_never_make_the_same(
    shop: Flask, database_url: str, make_app: MakeApp, trial: Trial
) -> None:
    other = make_app(database_url, JOBS_IMMEDIATE=False)
    exports.register_kind(other, KIND, trial.kind)
    met = threading.Barrier(2)

    def during(tell: Tell) -> None:
        # Each waits once for the other, so that both are at work.
        if len(trial.made) <= 2:
            met.wait(20)

    trial.during = during
    ids = [ask(number) for number in range(1, 9)]
    said: list[str] = []

    def do(app: Flask) -> None:
        with app.app_context():
            said.append(making.work())

    workers = [threading.Thread(target=do, args=[app]) for app in (shop, other)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert sum(int(one.partition(" ")[0]) for one in said) == 8
    assert len(said) == 2
    assert sorted(trial.made) == list(range(1, 9))
    assert {(read(one).state, read(one).attempts) for one in ids} == {(ExportState.DONE, 1)}


@pytest.mark.parametrize(
    "fault, sentence",
    [
        (RuntimeError("secret/path"), "Something broke on our side. Ask for it again;"),
        (Refused("no", "This lot is a draft."), "This lot is a draft."),
        (Absent(), "What the file was to be made of is gone."),
    ],
)
def test_a_maker_that_fails_says_so_and_stops_no_other(
    shop: Flask,
    trial: Trial,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    sentence: str,
) -> None:
    def during(tell: Tell) -> None:
        if trial.made == [7]:
            raise fault

    trial.during = during
    failed, other = ask(), ask(8)
    assert work() == "1 failed, 1 done"
    row = read(failed)
    assert row.state is ExportState.FAILED
    assert (row.fault or "").startswith(sentence)
    assert "secret" not in (row.fault or "")
    assert ("secret/path" in caplog.text) == isinstance(fault, RuntimeError)
    assert kept() == [read(other).place]


def test_what_falls_silent_is_begun_again_and_not_for_ever(
    shop: Flask, trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    def silent(seconds: int, attempts: int) -> dict[str, object]:
        told_at = datetime.now(UTC) - timedelta(seconds=seconds)
        return {"state": ExportState.RUNNING, "told_at": told_at, "attempts": attempts}

    alive, lost, hopeless, last = ask(1), ask(2), ask(3, "fr"), ask(4)
    set_row(alive, **silent(50, 1))
    set_row(last, **silent(50, 3))
    set_row(lost, **silent(70, 2))
    set_row(hopeless, **silent(70, 3))
    assert work() == "1 done"
    assert trial.made == [2]
    assert {read(one).state for one in (alive, last)} == {ExportState.RUNNING}
    assert (read(lost).state, read(lost).attempts) == (ExportState.DONE, 3)
    assert read(hopeless).state is ExportState.FAILED
    assert read(hopeless).fault == _in("fr", making_sentence())
    assert f"export {hopeless} is given up" in caplog.text


def making_sentence() -> str:
    """The sentence of what is given up."""
    return "The program stopped each time while making this file. Tell the administrator."


def _in(code: str, sentence: str) -> str:
    with language.reading(code):
        return str(_(sentence))


def test_a_maker_that_was_replaced_keeps_its_hands_off(
    shop: Flask, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_PACE", 0)

    first: list[Tell] = []

    def during(tell: Tell) -> None:
        if first:
            # The second is at work: what the first tells is not heard.
            tell(5, 10)
            with pytest.raises(making.Halted):
                first[0](1, 2)
            assert read(export).done == 5
            return
        first.append(tell)
        with shop.app_context():
            set_row(export, told_at=datetime.now(UTC) - timedelta(seconds=70))
            assert making.work() == "1 done"
        tell(1, 2)

    trial.during = during
    export = ask()
    assert work() == "1 stopped"
    assert trial.made == [7, 7]
    assert (read(export).state, read(export).attempts) == (ExportState.DONE, 2)
    assert kept() == [read(export).place]


def test_a_file_is_made_in_the_language_of_who_asked(shop: Flask) -> None:
    french, english = ask(code="fr"), ask(code="en")
    assert work() == "2 done"
    texts = [(exports.folder() / (read(one).place or "")).read_text() for one in (french, english)]
    assert texts[1] == "Lot sheet 1,234.50"
    assert texts[0] == f"{_in('fr', 'Lot sheet')} {language.amount(Decimal('1234.5'), 'fr')}"
    assert texts[0] != texts[1]


def test_what_ended_a_month_ago_is_swept_and_nothing_younger(shop: Flask, trial: Trial) -> None:
    def ago(days: float) -> datetime:
        return datetime.now(UTC) - timedelta(days=days)

    old, young, cancelled = ask(1), ask(2), ask(3)
    exports.cancel(read(cancelled), actor=CLARA)
    pipeline.commit()
    assert work() == "2 done"
    waiting = ask(4)
    set_row(old, ended_at=ago(30.1))
    set_row(cancelled, ended_at=ago(31))
    set_row(young, ended_at=ago(29.9))
    set_row(waiting, asked_at=ago(40))
    places = {one: exports.folder() / (read(one).place or "") for one in (old, young)}
    stray, fresh = exports.folder() / ".5-left", exports.folder() / ".6-being-made"
    for path in (stray, fresh):
        path.write_text("half")
    for path in (*places.values(), stray):
        os.utime(path, (ago(29.9).timestamp(),) * 2)
    db.session.rollback()
    assert making.sweep() == "2 swept"
    assert db.session.scalars(select(Export.id).order_by(Export.id)).all() == [young, waiting]
    assert kept() == sorted([fresh.name, places[young].name])
    db.session.rollback()
    assert making.sweep() == ""


@contextmanager
def worker(url: str, instance: Path) -> Iterator[subprocess.Popen[str]]:
    """Have ``flask jobs work`` run, with a file that it ends when ``go`` is there."""
    command = [sys.executable, "-c", WORKER, url, str(instance)]
    with (instance / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_file_survives_its_workers_and_keeps_no_letter_waiting(
    shop: Flask, database_url: str
) -> None:
    instance = Path(shop.instance_path)
    export = ask()

    def stands(*known: object) -> Callable[[], bool]:
        return lambda: (read(export).state, read(export).attempts, read(export).done) == known

    def log() -> str:
        return (instance / "log").read_text()

    running = (ExportState.RUNNING, 1, 40)
    with worker(database_url, instance) as process:
        assert soon(stands(*running), START), log()
        db.session.rollback()
        begin_write(db.session())
        mail.write(db.session(), to=("Ada", "ada@example.org"), subject="One", body="Words.")
        pipeline.commit()
        assert soon(lambda: list((instance / "outbox").glob("*.eml")), SEE), log()
        assert stands(*running)()
        # One that is asked to end leaves the file to the next, at once and without a reproach.
        process.send_signal(signal.SIGTERM)
        assert process.wait(SEE) == 0, log()
    assert (read(export).state, read(export).attempts) == (ExportState.WAITING, 0)
    assert kept() == []
    with worker(database_url, instance) as process:
        assert soon(stands(*running), START), log()
        process.send_signal(signal.SIGKILL)
        process.wait()
    # One that is killed leaves it as it was, until a minute has passed.
    assert stands(*running)()
    assert len(kept()) == 1
    set_row(export, told_at=datetime.now(UTC) - timedelta(seconds=61))
    (instance / "go").touch()
    with worker(database_url, instance):
        assert soon(lambda: read(export).state is ExportState.DONE, START), log()
    assert read(export).attempts == 2
    made = exports.file_of(read(export))
    assert made is not None
    assert made.read_text() == "whole"
