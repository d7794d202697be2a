"""Letters: written with the act that they tell of, in its transaction, and sent once it is kept.

A letter leaves at least once. Whoever sends takes it first, for a while, in a transaction of its
own; sends it; and marks it sent in another. Two workers never send the same one, and only a crash
between the sending and the mark has it sent again, under the same Message-ID, by which mail
programs know it for the same.
"""

import re
import smtplib
import ssl
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.charset import QP, Charset
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from flask_babel import force_locale
from flask_mail import BadHeaderError, Connection, Message
from sqlalchemy import Index, String, Text, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from procurement.extensions import db
from procurement.kernel import database, jobs, pipeline
from procurement.kernel.database import Base, Instant, Record

_JOB = "mail"
#: How often a letter is tried before it is given up, over a little more than a day.
MOST_ATTEMPTS = 10
#: Whoever takes letters has them for the first, and sends none after the second of it.
_TAKEN, _USABLE = timedelta(minutes=15), timedelta(minutes=10)
#: Seconds that a mail server may stay silent.
_PATIENCE = 30
_SUBJECT, _NAME, _FAULT = 200, 200, 300
#: What ends a line somewhere, in a head or in a log.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

# Lines of any length, in any language, pass every server as quoted-printable.
_QUOTED = Charset("utf-8")
_QUOTED.body_encoding = QP


class Letter(Base):
    """A letter to one person, and what became of it."""

    __tablename__ = "letter"
    __table_args__ = (
        Index(
            "ix_letter_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(_NAME))
    subject: Mapped[str] = mapped_column(String(_SUBJECT))
    body: Mapped[str] = mapped_column(Text)
    #: Of the page that the letter leads to.
    path: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    #: When it is to be tried, or tried again; never, once it is sent or given up.
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    #: What went wrong the last time.
    fault: Mapped[str | None] = mapped_column(String(_FAULT))


@dataclass(frozen=True, slots=True)
class Draft:
    """What a room has to say to one person: (name, address), and sentences that may be lazy.

    ``body`` is one text, or a list of paragraphs. ``path`` starts with a slash.
    """

    to: tuple[str, str]
    subject: object
    body: object
    path: str | None = None

    def row(self, now: datetime) -> dict[str, object]:
        """Give the letter's row. Nothing of its head can break the line and begin another."""
        name, address = self.to
        paragraphs = self.body if isinstance(self.body, list | tuple) else [self.body]
        return {
            "to_address": _line(address),
            "to_name": _line(name)[:_NAME],
            "subject": _line(self.subject)[:_SUBJECT],
            "body": "\n\n".join(str(one).strip() for one in paragraphs),
            "path": self.path,
            "created_at": now,
            "due_at": now,
        }


@dataclass(slots=True)
class Round:
    """What became of the letters that were due."""

    sent: int = 0
    failed: int = 0
    #: Not tried, for want of a server or of time.
    waiting: int = 0
    #: Why they wait.
    fault: str = ""

    def __bool__(self) -> bool:
        return bool(self.sent or self.failed or self.waiting)

    def __str__(self) -> str:
        because = f" ({self.fault})" if self.fault else ""
        return f"{self.sent} sent, {self.failed} failed, {self.waiting} waiting{because}"


def write(
    session: Session, *, to: tuple[str, str], subject: object, body: object, path: str | None = None
) -> None:
    """Write one letter; see :class:`Draft`."""
    write_all(session, [Draft(to, subject, body, path)])


def write_all(session: Session, drafts: Iterable[Draft]) -> None:
    """Write letters with the act under way, in one statement; they leave after its commit.

    Lazy sentences are put into the platform's language, whatever the actor reads.
    """
    now = datetime.now(UTC)
    with force_locale(current_app.config["BABEL_DEFAULT_LOCALE"]):
        rows = [draft.row(now) for draft in drafts]
    if rows:
        session.connection().execute(insert(Letter), rows)
        jobs.wake(session, _JOB)


def deliver(limit: int = 500) -> Round:
    """Send the letters that are due, ``limit`` at most, over one connection.

    One that fails is tried again, each time later, and keeps no other waiting. When the server
    is down all wait, without losing an attempt.
    """
    done, until, letters = Round(), datetime.now(UTC) + _USABLE, deque(_take(limit))
    if not letters:
        return done
    try:
        with _way() as send:
            while letters and datetime.now(UTC) < until:
                _try(send, letters, done)
    except (OSError, UnicodeError) as down:
        # The second is a server's name, or a password, that no server could have.
        done.fault = _told(down)
    _give_back(letters, done)
    return done


def register(app: Flask) -> None:
    """Have the letters sent: when an act wrote some, and each minute those to be tried again."""
    jobs.register(app, _JOB, lambda: str(deliver() or ""), every=1)


def _line(words: object) -> str:
    """Put words on one line."""
    return _BREAKS.sub(" ", str(words)).strip()


def _told(fault: Exception) -> str:
    """Say what went wrong: the server's own words where it has spoken."""
    replies = getattr(fault, "recipients", None)
    words = next(iter(replies.values())) if replies else fault.args
    said = (one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in words)
    return _line(" ".join(said) or type(fault).__name__)[:_FAULT]


def _take(limit: int) -> list[Record]:
    """Take letters that are due, which keeps other workers from them for a while."""
    session, now = db.session(), datetime.now(UTC)
    database.begin_write(session)
    due = select(Letter.__table__).where(Letter.due_at <= now).order_by(Letter.due_at, Letter.id)
    letters = session.execute(due.limit(limit).with_for_update(skip_locked=True)).all()
    _set(letters, attempts=Letter.attempts + 1, due_at=now + _TAKEN)
    return list(letters)


def _give_back(letters: Collection[Record], done: Round) -> None:
    """Leave letters that were not tried to the next round."""
    done.waiting = len(letters)
    if letters:
        database.begin_write(db.session())
        due_at = datetime.now(UTC) + timedelta(minutes=1)
        _set(letters, attempts=Letter.attempts - 1, due_at=due_at, fault=done.fault or None)


def _try(send: Callable[[Record], None], letters: deque[Record], done: Round) -> None:
    """Send the first of the letters, and mark what became of it."""
    try:
        send(letters[0])
    except (smtplib.SMTPException, BadHeaderError, ValueError) as fault:
        letter = letters.popleft()
        done.failed += 1
        attempt = min(letter.attempts + 1, MOST_ATTEMPTS)
        later = datetime.now(UTC) + timedelta(minutes=3 * 2 ** (attempt - 1))
        database.begin_write(db.session())
        _set([letter], due_at=later if attempt < MOST_ATTEMPTS else None, fault=_told(fault))
        # This letter may be what broke the connection: it counts, and the others do not.
        if isinstance(fault, smtplib.SMTPServerDisconnected):
            raise
    else:
        done.sent += 1
        database.begin_write(db.session())
        _set([letters.popleft()], sent_at=datetime.now(UTC), due_at=None, fault=None)


def _set(letters: Collection[Record], **values: object) -> None:
    """Write what is now known of letters, in the transaction that the caller began."""
    ids = [one.id for one in letters]
    db.session.execute(update(Letter).where(Letter.id.in_(ids)).values(**values))
    pipeline.commit()


@contextmanager
def _way() -> Iterator[Callable[[Record], None]]:
    """Open the way that letters go: to the mail server or, where none is set, into a folder."""
    if current_app.config["MAIL_SERVER"]:
        with _Line(current_app.extensions["mail"]) as line:
            yield lambda letter: line.send(_message(letter))
    else:
        folder = Path(current_app.instance_path) / "outbox"
        folder.mkdir(exist_ok=True)
        yield partial(_file, folder)


def _file(folder: Path, letter: Record) -> None:
    name = f"{letter.created_at:%Y%m%d-%H%M%S}-{letter.id}.eml"
    fresh = folder / f".{name}"
    fresh.write_bytes(_message(letter).as_bytes())
    # Whoever reads the folder finds whole letters only.
    fresh.replace(folder / name)


def _message(letter: Record) -> Message:
    link = f"\n\n{current_app.config['PUBLIC_URL'].rstrip('/')}{letter.path}" if letter.path else ""
    message = Message(
        letter.subject,
        recipients=[(letter.to_name, letter.to_address)],
        body=letter.body + link,
        date=letter.created_at.timestamp(),
        charset=_QUOTED,  # type: ignore[arg-type]  # what takes the name takes this too
        # Automatic answers, such as those of absent people, are not sent to it.
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    domain = parseaddr(str(message.sender))[1].rpartition("@")[2]
    message.msgId = f"<{letter.created_at:%Y%m%d%H%M%S%f}.{letter.id}@{domain}>"
    return message


class _Line(Connection):
    """Flask-Mail's connection, to a server that must answer in time and prove who it is."""

    host: smtplib.SMTP

    def configure_host(self) -> smtplib.SMTP:
        server, context = self.mail, ssl.create_default_context()
        host = (
            smtplib.SMTP_SSL(server.server, server.port, timeout=_PATIENCE, context=context)
            if server.use_ssl
            else smtplib.SMTP(server.server, server.port, timeout=_PATIENCE)
        )
        try:
            if server.use_tls:
                host.starttls(context=context)
            if server.username and server.password:
                host.login(server.username, server.password)
        except BaseException:
            host.close()
            raise
        return host

    def send(self, message: Message, envelope_from: Any = None) -> None:
        try:
            super().send(message, envelope_from)
        except smtplib.SMTPException as refused:
            # Some refusals end the connection without saying so.
            if self.host.sock is None:
                raise smtplib.SMTPServerDisconnected(_told(refused)) from refused
            raise

    def __exit__(self, *raised: Any) -> None:
        # A server that hangs up before it is told goodbye has the letters nonetheless.
        with suppress(smtplib.SMTPException):
            super().__exit__(*raised)
