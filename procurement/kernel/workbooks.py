"""An .xlsx that somebody sent, part by part: what it carries that no table of figures needs."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from lxml import etree

from procurement.kernel.archives import SIGNATURE, Archive, Bomb, Damaged, Locked
from procurement.kernel.errors import Refused
from procurement.kernel.worksheets import ENTITIES, MOST_FAULTS, Fault, entities, too_large

#: Bytes of a workbook as it is sent, then of the parts that are read of it.
LARGEST = 10 * 1024 * 1024
_LARGEST_SHEET = 96 * 1024 * 1024
_LARGEST_STRINGS = 64 * 1024 * 1024
_LARGEST_PART = 8 * 1024 * 1024
#: What is read as a tree takes some fifty times its size.
_LARGEST_TREE = 1024 * 1024
_MOST_STRINGS = 2_000_000
#: Sentences that the refusal itself says; a page may show all of them.
_SAID = 3

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LINKS = ("externallinks/", "/connections.xml", "/querytables/")
_OBJECTS = ("/embeddings/", "/activex/", "/ctrlprops/")
_STRINGS = re.compile(rb"<sst(?:\s[^<>]*)?(/?)>")
_RELATIONSHIP = re.compile(rb"""<(?:\w+:)?Relationship\s(?:"[^"<]*"|'[^'<]*'|[^'"<>])*>""")
_ELSEWHERE = re.compile(rb"""TargetMode\s*=\s*["']External""")
#: The address of a page or of a letter box is typed like any text, and never followed here.
_HYPERLINK = re.compile(rb"""Type\s*=\s*["'][^"']*/hyperlink["']""")


class Unreadable(Refused):
    """A workbook cannot be read as it is. ``faults`` tells all that was found, and where."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("unreadable_workbook", LazyString(_said, faults), "file")
        self.faults = faults


def _said(faults: tuple[Fault, ...]) -> str:
    return " ".join(str(fault.sentence) for fault in faults[:_SAID])


class Book:
    """The parts of a workbook. ``faults`` are those that do not hide the others."""

    def __init__(self, content: bytes) -> None:
        """Find the sheets. Raises Unreadable when there is nothing to go on with."""
        if len(content) > LARGEST:
            raise Unreadable(Fault(_("This file is too large: at most 10 MB.")))
        if not content.startswith(SIGNATURE):
            raise Unreadable(Fault(_kind(content)))
        with _understood():
            self._archive = Archive(content)
            self._find_sheets()
            self.faults = [*self._carried(), *self._entities(), *self._hidden()]

    def sheet(self, name: str) -> tuple[bytearray, bool]:
        """Unfold a sheet, or its beginning, and tell whether there is more of it.

        Raises Unreadable when the workbook has no such sheet.
        """
        if name not in self._places:
            sentence = _(
                "This workbook has no sheet named “%(sheet)s”. Its sheets are: %(others)s.",
                sheet=name,
                others=", ".join(list(self._states)[:MOST_FAULTS]),
            )
            raise Unreadable(Fault(sentence, name))
        with _understood():
            content = self._archive.read(self._places[name], _LARGEST_SHEET)
        return content, len(content) > _LARGEST_SHEET

    def styles(self) -> bytes:
        """Give the formats, by which a date is told from a number."""
        with _understood():
            return bytes(self._read(self._related_part("styles"), _LARGEST_PART))

    def strings(self) -> bytes:
        """Give the texts that the cells share."""
        name = self._related_part("sharedStrings")
        with _understood():
            content = self._read(name, _LARGEST_STRINGS)
        opening = _STRINGS.search(content)
        if not content or (opening and opening[1]):
            return b"<sst></sst>"
        if opening is None:
            raise Unreadable(Fault(DAMAGED))
        if content.count(b"<si") > _MOST_STRINGS:
            raise Unreadable(Fault(too_large(name)))
        # How many texts the part announces is left out: the library would make room for them.
        return b"<sst>" + content[opening.end() :]

    def _find_sheets(self) -> None:
        package = self._relationships("_rels/.rels", "")
        main = next((one for kind, one in package.values() if kind == "officeDocument"), "")
        if not main.endswith(".xml") or b"spreadsheetml" not in self._archive.types():
            is_ods = "content.xml" in self._archive.names
            raise Unreadable(Fault(_XLSB if main.endswith(".bin") else _ODS if is_ods else _OTHER))
        folder, name = posixpath.split(main)
        self._related = self._relationships(posixpath.join(folder, f"_rels/{name}.rels"), folder)
        root = self._parsed(main)
        dates = [one.get("date1904") for one in root.iter("{*}workbookPr")]
        self.is_1904 = any(one in {"1", "true"} for one in dates)
        self._states: dict[str, str] = {}
        self._places: dict[str, str] = {}
        for sheet in root.iter("{*}sheet"):
            key = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            kind, place = self._related.get(str(key), ("", ""))
            title = str(sheet.get("name", ""))
            self._states[title] = str(sheet.get("state", "visible"))
            if kind == "worksheet" and place in self._archive.names:
                self._places[title] = place

    def _relationships(self, part: str, folder: str) -> dict[str, tuple[str, str]]:
        """Give the kind and the place of each part that a part points at, by the keys it uses."""
        if part not in self._archive.names:
            return {}
        return {
            str(one.get("Id")): (
                str(one.get("Type")).rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, str(one.get("Target")))).lower()[1:],
            )
            for one in self._parsed(part).iter("{*}Relationship")
        }

    def _related_part(self, kind: str) -> str:
        return next((place for one, place in self._related.values() if one == kind), "")

    def _read(self, name: str, most: int) -> bytearray:
        """Unfold a part; one that is absent is empty. Raises Unreadable for one too long."""
        if name not in self._archive.names:
            return bytearray()
        content = self._archive.read(name, most)
        if len(content) > most:
            raise Unreadable(Fault(too_large(name)))
        return content

    def _parsed(self, name: str) -> Any:
        content = bytes(self._read(name, _LARGEST_TREE))
        if _declares(content):
            raise Unreadable(Fault(entities(name)))
        # Without entities and schemas there is nothing that could be fetched or repeated.
        parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
        return etree.fromstring(content, parser)

    def _carried(self) -> Iterator[Fault]:
        """Say what the workbook brings along besides its tables."""
        names = tuple(f"/{name}" for name in self._archive.names)
        types = self._archive.types()
        if self._archive.has_macros():
            yield Fault(_MACROS)
        if (
            any(mark in name for name in names for mark in _LINKS)
            or b"externallink" in types
            or self._is_linked()
        ):
            yield Fault(_LINKED)
        if any(mark in name for name in names for mark in _OBJECTS) or b"oleobject" in types:
            yield Fault(_EMBEDDED)

    def _is_linked(self) -> bool:
        """Tell whether a part points out of the workbook, other than by an address to click on."""
        return any(
            _ELSEWHERE.search(one[0]) and not _HYPERLINK.search(one[0])
            for name in self._archive.names
            if name.endswith(".rels")
            for one in _RELATIONSHIP.finditer(self._read(name, _LARGEST_SHEET))
        )

    def _entities(self) -> Iterator[Fault]:
        """Say which parts declare entities. A sheet that is read is searched as it is."""
        sheets = set(self._places.values())
        for name in self._archive.names:
            if name.endswith((".xml", ".rels", ".vml")) and name not in sheets:
                before = b""
                for chunk in self._archive.chunks(name):
                    if _declares(before + chunk):
                        yield Fault(entities(name))
                        break
                    before = chunk[-len("<!DOCTYPE") * 2 :]

    def _hidden(self) -> Iterator[Fault]:
        for name, state in self._states.items():
            if state in {"hidden", "veryHidden"}:
                sentence = _("Sheet %(sheet)s is hidden: show it, or delete it.", sheet=name)
                yield Fault(sentence, name)


def _declares(content: bytes) -> bool:
    # Texts of two bytes a letter have a zero beside each of these.
    return ENTITIES.search(content.replace(b"\0", b"")) is not None


@contextmanager
def _understood() -> Iterator[None]:
    """Turn what is wrong with the archive or its XML into the sentence for it."""
    try:
        yield
    except Bomb:
        raise Unreadable(Fault(_BOMB)) from None
    except Locked:
        raise Unreadable(Fault(_LOCKED)) from None
    except (Damaged, etree.XMLSyntaxError) as fault:
        raise Unreadable(Fault(DAMAGED)) from fault


def _kind(content: bytes) -> object:
    """Say what a file is that is no archive at all."""
    if not content:
        return _("This file is empty.")
    if content.startswith(_OLE):
        for stream, sentence in _STREAMS.items():
            if stream.encode("utf-16-le") in content:
                return sentence
    return _OTHER


DAMAGED = _(
    "This workbook is damaged or incomplete. Open it in Excel or LibreOffice, save it and send it "
    "again."
)
_OTHER = _(
    "This file is not an Excel workbook (.xlsx). Open it in Excel or LibreOffice and save it as an "
    "Excel workbook (.xlsx)."
)
_XLS = _(
    "This file is in the old Excel format (.xls). Save it as an Excel workbook (.xlsx), then send "
    "it again."
)
_XLSB = _(
    "This file is in the binary Excel format (.xlsb). Save it as an Excel workbook (.xlsx), then "
    "send it again."
)
_ODS = _(
    "This file is in the OpenDocument format (.ods). Save it as an Excel workbook (.xlsx), then "
    "send it again."
)
_LOCKED = _(
    "This workbook is protected by a password. Save it without the password, then send it again."
)
_BOMB = _(
    "This workbook unfolds to far more than a table needs, and is not opened. Start again from the "
    "file that the platform gave you."
)
_MACROS = _(
    "This workbook carries macros. Save it as an Excel workbook without macros (.xlsx), then send "
    "it again."
)
_LINKED = _(
    "This workbook has links to other files or to data sources. Break them, then save it and send "
    "it again."
)
_EMBEDDED = _(
    "This workbook has embedded objects or controls. Delete them, then save it and send it again."
)
#: What the old container holds, by the names of its streams.
_STREAMS = {"EncryptedPackage": _LOCKED, "Workbook": _XLS, "Book": _XLS}
