"""A real Chromium on the running application, and axe-core's opinion of each page."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}

#: Milliseconds that a page may take on a machine that has other things to do.
_PATIENCE = 20_000
_AXE = Axe()
# Nothing here may wait for a network that the machine perhaps does not have.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running_browser(program: Path) -> Iterator[Browser]:
    """Start a headless Chromium."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave the requests that went well out of the tests' output."""


def _in_one_piece(app: Flask) -> "WSGIApplication":
    """Read every answer to its end first: Werkzeug leaves a file open whose reader hangs up."""

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        start(status, headers.to_wsgi_list())
        return body

    return answer


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve ``app`` from a thread on a free port of this machine; give its address."""
    server = make_server("127.0.0.1", 0, _in_one_piece(app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Visitors:
    """Opens pages, each in a browser profile of its own, and notes what goes wrong in them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._contexts: list[Callable[[], None]] = []
        self.complaints: list[str] = []

    def __call__(self, viewport: ViewportSize = DESKTOP, *, scripts: bool = True) -> Page:
        """Open a blank page for one more person; ``page.goto("/path")`` is on the platform."""
        context = self._browser.new_context(
            base_url=self._address,
            viewport=viewport,
            locale="fr-FR",
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        self._contexts.append(context.close)
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: self._note(page, f"script error: {error}"))
        page.on("response", lambda response: self._judge(page, response))
        page.on(
            "console",
            lambda message: (
                self._note(page, message.text)
                # What failed to load is judged by its response.
                if message.type == "error" and not message.text.startswith("Failed to load")
                else None
            ),
        )
        return page

    def _judge(self, page: Page, response: Response) -> None:
        """A page may answer 404 on purpose; a style sheet or a script may not."""
        asked = response.request
        if not response.url.startswith(self._address):
            self._note(page, f"asked another machine for {response.url}")
        elif response.status >= 500 or (
            response.status >= 400 and not asked.is_navigation_request()
        ):
            self._note(page, f"{response.status} for {response.url}")

    def _note(self, page: Page, what: str) -> None:
        self.complaints.append(f"{page.url}: {what}")

    def leave(self) -> None:
        """Close every page and fail on what the browser complained of."""
        for close in self._contexts:
            close()
        assert not self.complaints, "The browser complained:\n" + "\n".join(self.complaints)


def axe_violations(page: Page) -> list[str]:
    """Tell each accessibility violation that axe-core finds in the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    violations = page.evaluate(
        "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
    )
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
        + "\n".join(f"    {node['target']} {node['html'][:200]}" for node in violation["nodes"])
        for violation in violations
    ]


def axe_check(page: Page) -> None:
    """Fail on any violation."""
    violations = axe_violations(page)
    assert not violations, f"axe-core on {page.url}:\n" + "\n".join(violations)
