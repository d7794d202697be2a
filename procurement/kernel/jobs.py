"""Work beside the requests: woken by an act's commit, or come round by the clock.

The queue is a file that carries names and no more: what is to be done stands in the database, and
a job looks for it there. A wake-up that is lost, or that a worker on another machine never sees,
costs the time until the job's next round.
"""

import logging
import signal
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, current_app
from huey import SqliteHuey  # type: ignore[import-untyped]  # ships no types
from huey.consumer import Consumer  # type: ignore[import-untyped]  # the same
from sqlalchemy.orm import Session

#: Does what is to be done, and says in a line what it did; in an empty one that there was nothing.
Job = Callable[[], str]

_log = logging.getLogger(__name__)
_JOBS, _QUEUE, _WANTED, _WORKER = "jobs", "job_queue", "jobs_wanted", "jobs_worker"
#: How many jobs a worker does at a time: letters leave while a long file is made.
_THREADS = 2
#: Seconds that an act waits for a busy queue, and that a worker is given to end its job.
_PATIENCE, _GRACE = 1, 20


class Regular(NamedTuple):
    """A job, and the minutes between its rounds."""

    job: Job
    every: int


class _Clock:
    """Tells whether it is time for a round. It is asked about once a minute, and not on the dot."""

    def __init__(self, minutes: int) -> None:
        self._pause = timedelta(minutes=minutes, seconds=-30)
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> bool:
        """Answer, and count the pause anew. The first answer is yes: a worker begins at once."""
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._pause
        return True


class _Turn:
    """Does one job, never twice at once in a worker: woken while it runs, it runs once more."""

    def __init__(self, app: Flask, name: str, job: Job) -> None:
        self._app, self._name, self._job = app, name, job
        self._wanted, self._running = threading.Event(), threading.Lock()

    def take(self) -> None:
        """Do the job, unless another thread does it: that one then begins again."""
        self._wanted.set()
        while self._wanted.is_set() and self._running.acquire(blocking=False):
            try:
                self._wanted.clear()
                self._do()
            finally:
                self._running.release()

    def _do(self) -> None:
        with self._app.app_context():
            said = self._job()
        if said:
            _log.info("%s: %s", self._name, said)


class _Queue(SqliteHuey):  # type: ignore[misc]  # its class has no types
    """The file with the names of the jobs to do."""

    def __init__(self, app: Flask) -> None:
        super().__init__(
            "procurement",
            filename=str(Path(app.instance_path) / "jobs.sqlite"),
            results=False,
            # The tests have a job done where it would have been queued.
            immediate=app.config["JOBS_IMMEDIATE"],
            timeout=_PATIENCE,
            # What a power cut takes, the next round makes good.
            fsync=False,
        )
        self._tasks = {name: self._task(app, name, *one) for name, one in _jobs(app).items()}

    def _task(self, app: Flask, name: str, job: Job, every: int) -> Any:
        return self.periodic_task(_Clock(every), name=name)(_Turn(app, name, job).take)

    def wake(self, name: str) -> None:
        """Queue the job, unless it waits already: it will then see what was written just now."""
        if all(waiting.name != name for waiting in self.pending()):
            self._tasks[name]()


class _Worker(Consumer):  # type: ignore[misc]  # its class has no types
    """Threads for the jobs, one for the clock; every way of asking ends it after its jobs."""

    def __init__(self, queue: _Queue) -> None:
        super().__init__(queue, workers=_THREADS, max_delay=1, shutdown_timeout=_GRACE)
        # The library would drop the job at hand on SIGTERM, and start anew on SIGHUP.
        ways = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._signal_actions = dict.fromkeys(ways, (False, True))


def register(app: Flask, name: str, job: Job, *, every: int) -> None:
    """Have ``job`` done each ``every`` minutes, in a context of the application of its own.

    It must do no harm when it runs too often, or twice at once: it is woken besides, and several
    workers may be running. What it raises is logged, and its next round comes all the same.
    """
    _jobs(app)[name] = Regular(job, every)


def wake(session: Session, name: str) -> None:
    """Have a job done as soon as what the session writes is committed, if it ever is."""
    session.info.setdefault(_WANTED, set()).add(name)


def forget(session: Session) -> None:
    """Drop what was to be woken: the transaction that wanted it is rolled back."""
    session.info.pop(_WANTED, None)


def start(session: Session) -> None:
    """Wake what the transaction wanted, now that it is committed; no fault here undoes the act."""
    for name in session.info.pop(_WANTED, ()):
        try:
            _queue(current_app).wake(name)
        except sqlite3.Error as fault:
            _log.warning("%s waits for its next round, the queue failed: %s", name, fault)


def work(app: Flask) -> None:
    """Do the jobs until a signal asks to end."""
    rounds = (f"{name} every {one.every} min" for name, one in _jobs(app).items())
    _log.info("At work: %s", ", ".join(rounds))
    app.extensions[_WORKER] = worker = _Worker(_queue(app))
    worker.run()
    _log.info("Work ended")


def is_ending() -> bool:
    """Tell a long job whether the worker was asked to end: it then leaves the rest for later."""
    worker: _Worker | None = current_app.extensions.get(_WORKER)
    return worker is not None and worker.stop_flag.is_set()


def _jobs(app: Flask) -> dict[str, Regular]:
    found: dict[str, Regular] = app.extensions.setdefault(_JOBS, {})
    return found


def _queue(app: Flask) -> _Queue:
    """Open the queue when it is first needed: few commands need it, and opening it may fail."""
    if _QUEUE not in app.extensions:
        app.extensions[_QUEUE] = _Queue(app)
    queue: _Queue = app.extensions[_QUEUE]
    return queue
