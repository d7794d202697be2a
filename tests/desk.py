"""A person at their desk: reads a page, follows its links, fills in its forms by their labels.

Forms are found as a reader finds them, by what is written on the button and beside the field, and
are sent with everything that they hold: the page itself is tested with what it sends.
"""

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from lxml import html

_THREAD = "nav[contains(@class, 'thread')]"


class Desk:
    """One person with one page at a time, without a browser."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._page: Any = None
        #: The address of the page, for somebody else to open.
        self.path = ""

    def opens(self, path: str) -> None:
        """Open an address of the platform."""
        self._go("GET", path)

    def follows(self, link: str) -> None:
        """Follow the link of the page that reads so."""
        self._go("GET", self._address_of(link))

    def follows_the_thread_to(self, stage: str) -> None:
        """Follow the strip on top of the page."""
        self._go("GET", self._found(f"//{_THREAD}//a", stage).get("href"))

    def downloads(self, link: str) -> bytes:
        """Fetch the file behind a link, and stay on the page."""
        answer = self._client.get(self._address_of(link))
        assert answer.status_code == 200
        return bytes(answer.data)

    def presses(self, button: str, typed: Mapping[str, str] | None = None) -> None:
        """Type into the fields with these labels, then press the button that reads so."""
        self._go("POST", *self._filled(button, typed or {}))

    def presses_in_vain(self, button: str, typed: Mapping[str, str] | None = None) -> str:
        """Press a button that is refused; give what the page then says is wrong."""
        self._go("POST", *self._filled(button, typed or {}), status=409)
        (sentence,) = self._page.find_class("form-errors")
        return _words(sentence)

    @property
    def reads(self) -> str:
        """The words of the page, with plain spaces between them."""
        return _words(self._page.find(".//main"))

    def _go(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, status: int = 200
    ) -> None:
        answer = self._client.open(path, method=method, data=fields, follow_redirects=True)
        self._page, self.path = html.fromstring(answer.text), answer.request.path
        assert answer.status_code == status, f"{method} {path}: {self.reads}"

    def _address_of(self, link: str) -> str:
        return str(self._found(f"//main//a[not(ancestor::{_THREAD})]", link).get("href"))

    def _filled(self, button: str, typed: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        pressed = self._found("//form//button", button)
        form = next(pressed.iterancestors("form"))
        fields = dict(form.form_values())
        if pressed.get("name"):
            fields[pressed.get("name")] = pressed.get("value", "")
        for label, text in typed.items():
            field = form.get_element_by_id(self._found(".//label", label, form).get("for"))
            fields[field.name] = _chosen(field, text) if field.tag == "select" else text
        return form.action, fields

    def _found(self, path: str, words: str, within: Any = None) -> Any:
        """Give the only element of its kind that reads so; the mark of what is required aside."""
        there = (self._page if within is None else within).xpath(path)
        found = [one for one in there if _words(one).removesuffix(" *") == words]
        assert len(found) == 1, f"{len(found)} of {words!r} among {[_words(one) for one in there]}"
        return found[0]


def _chosen(select: Any, text: str) -> str:
    (option,) = (one for one in select.iter("option") if text in _words(one))
    return str(option.get("value"))


def _words(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())
