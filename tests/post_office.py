"""A real SMTP server on this machine, which keeps what it is handed and can be made to refuse."""

from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


class PostOffice:
    """What reached the server: messages in their order, and the connections they came by."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.connections: list[Any] = []
        #: Every address that the server was given, refused or not.
        self.addressed: set[str] = set()
        #: Address → what the server answers to it instead of taking the letter.
        self.answers: dict[str, str] = {}
        #: Whoever signs in so may send; None lets everyone.
        self.account: tuple[str, str] | None = None

    def empty(self) -> None:
        """Forget what was received, and refuse nobody."""
        for kept in (self.received, self.raw, self.connections, self.addressed, self.answers):
            kept.clear()
        self.account = None

    def to(self, address: str) -> list[EmailMessage]:
        """Give the letters to one person."""
        return [one for one in self.received if one["To"].addresses[0].addr_spec == address]

    async def handle_RCPT(  # noqa: N802  the library's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take or refuse an address."""
        self.addressed.add(address)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  the library's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a letter."""
        if self.account and not session.authenticated:
            return "530 Sign in first"
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.raw.append(content)
        self.received.append(parsed)
        if session.peer not in self.connections:
            self.connections.append(session.peer)
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, given: Any
    ) -> AuthResult:
        """Let in whoever has the account."""
        assert isinstance(given, LoginPassword)
        known = self.account == (given.login.decode(), given.password.decode())
        return AuthResult(success=known, handled=False)


class _Server(Controller):
    def _trigger_server(self) -> None:
        # The port is the machine's choice, and known only now.
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(office: PostOffice) -> Iterator[PostOffice]:
    """Open the office: at its own port when it had one before, so that it can come back."""
    server = _Server(
        office,
        hostname=HOST,
        port=office.port,
        authenticator=office.authenticate,
        auth_require_tls=False,
    )
    server.start()
    office.port = server.port
    try:
        yield office
    finally:
        server.stop()
