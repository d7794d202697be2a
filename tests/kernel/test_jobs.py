"""Jobs: woken by a commit and by nothing less, done by a worker that no fault ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import jobs, mail, pipeline
from procurement.kernel.jobs import _Clock
from procurement.kernel.mail import Letter
from tests.conftest import MakeApp
from tests.databases import on_sqlite
from tests.make import make_campaign

#: Seconds that a worker may take to start on a busy machine, and to see that it was woken.
START, SEE = 60, 20
ROOT = Path(__file__).parent.parent.parent
WORKER = """
import sys
from flask.cli import ScriptInfo
from procurement import create_app
from procurement.kernel import jobs

url, instance = sys.argv[1:]
app = create_app({"SQLALCHEMY_DATABASE_URI": url, "INSTANCE_PATH": instance})

def break_down():
    raise RuntimeError("the job is broken")

jobs.register(app, "a broken one", break_down, every=1)
app.cli.main(args=["jobs", "work"], obj=ScriptInfo(create_app=lambda: app))
"""


@pytest.fixture
def done() -> list[str]:
    """What the jobs did."""
    return []


@pytest.fixture
def busy(database_url: str, make_app: MakeApp, database: object, done: list[str]) -> Flask:
    """An application whose jobs are done on the spot: one that counts campaigns, and a bad one."""
    app = make_app(database_url)

    def count() -> str:
        campaigns = db.session.execute(select(db.metadata.tables["campaign"].c.id)).all()
        done.append(f"{len(campaigns)} seen")
        return done[-1]

    def fail() -> str:
        done.append("failed")
        raise RuntimeError("the job is broken")

    jobs.register(app, "count", count, every=30)
    jobs.register(app, "fail", fail, every=30)
    return app


def test_a_job_sees_what_the_act_committed(busy: Flask, done: list[str]) -> None:
    with busy.test_request_context("/"):
        make_campaign(db.session())
        jobs.wake(db.session(), "count")
        jobs.wake(db.session(), "count")
        db.session.flush()
        assert done == []
        pipeline.commit()
        # Once for both, in a transaction of its own; then no more.
        assert done == ["1 seen"]
        pipeline.commit()
    assert done == ["1 seen"]


def test_what_is_undone_wakes_nobody(busy: Flask, done: list[str]) -> None:
    with busy.app_context():
        jobs.wake(db.session(), "count")
        pipeline.rollback()
        pipeline.commit()
    assert done == []


def test_a_job_that_fails_undoes_no_act(
    busy: Flask, done: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with busy.app_context():
        make_campaign(db.session())
        jobs.wake(db.session(), "fail")
        pipeline.commit()
        assert done == ["failed"]
        assert "the job is broken" in caplog.text
        jobs.wake(db.session(), "count")
        pipeline.commit()
    assert done == ["failed", "1 seen"]


@on_sqlite
def test_a_job_waits_once(database_url: str, make_app: MakeApp, database: object) -> None:
    app = make_app(database_url, JOBS_IMMEDIATE=False)
    with app.app_context():
        for _time in range(3):
            jobs.wake(db.session(), "mail")
            pipeline.commit()
    queue = jobs._queue(app)
    assert [one.name for one in queue.pending()] == ["mail"]
    queue.storage.close()


@on_sqlite
def test_a_queue_that_cannot_be_written_undoes_no_act(
    database_url: str, make_app: MakeApp, database: object, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(database_url, JOBS_IMMEDIATE=False)
    (Path(app.instance_path) / "jobs.sqlite").mkdir()
    with app.app_context():
        mail.write(db.session(), to=("Ada", "ada@example.org"), subject="One", body="Words.")
        pipeline.commit()
        assert "mail waits for its next round" in caplog.text
        assert db.session.scalars(select(Letter.subject)).all() == ["One"]


@on_sqlite
def test_a_job_woken_while_it_runs_runs_once_more_and_never_twice_at_once(
    database_url: str, make_app: MakeApp, database: object
) -> None:
    app, running = make_app(database_url), threading.Lock()
    done: list[str] = []

    def job() -> str:
        assert running.acquire(blocking=False)
        if not done:
            others = [threading.Thread(target=turn.take) for _one in range(3)]
            for one in others:
                one.start()
            for one in others:
                one.join(20)
        done.append("once")
        running.release()
        return ""

    turn = jobs._Turn(app, "long", job)
    turn.take()
    assert done == ["once", "once"]
    turn.take()
    assert len(done) == 3


@pytest.mark.parametrize("every", [1, 30, 60 * 24])
def test_a_clock_keeps_its_pace(every: int) -> None:
    # The worker asks once a minute, a little later each time.
    begun, pause = datetime(2026, 3, 1, 8, 59, 59, tzinfo=UTC), timedelta(minutes=every)
    asked = [begun + at * timedelta(seconds=60.4) for at in range(every * 4)]
    clock = _Clock(every)
    rounds = [now for now in asked if clock(now)]
    assert rounds[0] == begun
    assert len(rounds) >= 3
    for sooner, later in pairwise(rounds):
        assert abs(later - sooner - pause) <= timedelta(seconds=31)


@contextmanager
def worker(url: str, instance: Path) -> Iterator[subprocess.Popen[str]]:
    """Have ``flask jobs work`` run, with a job of its own that always fails."""
    command = [sys.executable, "-c", WORKER, url, str(instance)]
    with (instance / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def soon(came: Callable[[], object], seconds: float) -> bool:
    """Wait until something came about."""
    deadline = time.monotonic() + seconds
    while not came() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(came())


def test_the_worker_sends_letters_as_they_are_written_and_outlives_a_broken_job(
    database_url: str, make_app: MakeApp, database: object
) -> None:
    app = make_app(database_url, JOBS_IMMEDIATE=False)
    instance = Path(app.instance_path)

    def written(subject: str) -> None:
        with app.app_context():
            mail.write(db.session(), to=("Ada", "ada@example.org"), subject=subject, body="Words.")
            pipeline.commit()

    def sent() -> int:
        return len(list((instance / "outbox").glob("*.eml")))

    def log() -> str:
        return (instance / "log").read_text()

    # Written before the worker starts, it waits for it.
    written("One")
    assert sent() == 0
    with worker(database_url, instance) as process:
        assert soon(lambda: sent() == 1 and "the job is broken" in log(), START), log()
        # Its rounds come each minute: sooner, it was woken.
        written("Two")
        assert soon(lambda: sent() == 2, SEE), log()
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(SEE) == 0, log()
    begun = log().splitlines()[0]
    assert "mail every 1 min" in begun
    assert "a broken one every 1 min" in begun
    assert log().count("mail: 1 sent, 0 failed, 0 waiting") == 2
    assert log().rstrip().endswith("Work ended")
    jobs._queue(app).storage.close()


@on_sqlite
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGHUP])
def test_every_way_of_asking_ends_the_worker(
    database_url: str, make_app: MakeApp, database: object, asked: signal.Signals
) -> None:
    instance = Path(make_app(database_url).instance_path)
    with worker(database_url, instance) as process:
        assert soon(lambda: "the job is broken" in (instance / "log").read_text(), START)
        process.send_signal(asked)
        assert process.wait(SEE) == 0
    assert not Path(f"/proc/{process.pid}").exists() or os.name == "nt"
