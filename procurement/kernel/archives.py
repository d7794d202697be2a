"""Zip archives that somebody sent, opened without trusting what they declare."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

SIGNATURE = b"PK\x03\x04"
#: More parts than a workbook or a text has.
MOST_PARTS = 1000
#: Bytes of all parts together, unfolded.
MOST_BYTES = 256 * 1024 * 1024
#: How many times its size a part may unfold to; a table of empty cells reaches half of this.
_MOST_RATIO = 200
#: A part below this size harms nobody, whatever its ratio.
_SMALL = 1024 * 1024
_CHUNK = 1024 * 1024
_ENTRY = b"PK\x01\x02"
#: Size of what precedes the name of a part and its content.
_HEADER = 30
#: What zipfile raises on bytes that are no archive, according to which of them are wrong.
_FAULTS = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
#: Where programs are kept: anywhere, and in OpenDocument files.
_MACROS = ("vbaproject.bin", "/macrosheets/", "/dialogsheets/")
_SCRIPTS = ("basic/", "scripts/")
_MACRO_TYPES = (b"macroenabled", b"vbaproject", b"macrosheet")


class Damaged(ValueError):
    """These bytes are no whole archive, or one that only means harm would write so."""


class Bomb(ValueError):
    """The archive unfolds to more than anybody typed."""


class Locked(ValueError):
    """The archive is encrypted."""


class Archive:
    """The parts of an archive by their names: lower case, with slashes, without a leading one."""

    def __init__(self, content: bytes) -> None:
        """Read the table of contents. Raises Damaged, Bomb or Locked."""
        if not content.startswith(SIGNATURE):
            raise Damaged
        # Counted first: the library makes an object of each entry that it finds.
        if content.count(_ENTRY) > MOST_PARTS:
            raise Bomb
        with _understood():
            self._zip = ZipFile(BytesIO(content))
        entries = self._zip.infolist()
        self._parts = {_plain(entry.filename): entry for entry in entries}
        _check(entries, len(self._parts))
        self.names = tuple(self._parts)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Unfold a part, a mebibyte at a time. Raises Damaged, KeyError when there is none."""
        entry = self._parts[name]
        with _understood(), self._zip.open(entry) as part:
            while chunk := part.read(_CHUNK):
                yield chunk

    def read(self, name: str, most: int) -> bytearray:
        """Unfold a part until its end, or until it is longer than ``most`` bytes."""
        content = bytearray()
        for chunk in self.chunks(name):
            content += chunk
            if len(content) > most:
                break
        return content

    def has_macros(self) -> bool:
        """Tell whether an office file carries programs, by its parts and what they say they are."""
        for name in self.names:
            if name.startswith(_SCRIPTS) or any(mark in f"/{name}" for mark in _MACROS):
                return True
        types = self.types()
        return any(mark in types for mark in _MACRO_TYPES)

    def types(self) -> bytes:
        """Give the content types that an office file declares, in lower case."""
        name = "[content_types].xml"
        return bytes(self.read(name, _SMALL)).lower() if name in self.names else b""


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except _FAULTS as fault:
        raise Damaged from fault


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _check(entries: list[ZipInfo], count: int) -> None:
    """Refuse what no office program writes. ``count`` tells how many names are different."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise Locked
    if count < len(entries) or any(
        entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED} or entry.header_offset < 0
        for entry in entries
    ):
        raise Damaged
    if sum(entry.file_size for entry in entries) > MOST_BYTES or any(
        entry.file_size > max(_SMALL, entry.compress_size * _MOST_RATIO) for entry in entries
    ):
        raise Bomb
    end = 0
    # A few parts that share their bytes unfold to a thousand times the file.
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Bomb
        end = entry.header_offset + _HEADER + len(entry.filename) + entry.compress_size
