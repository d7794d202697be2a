"""Files that people attach: what may be sent, and the store that keeps each content once."""

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import filetype
from flask_babel import lazy_gettext as _
from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from procurement.kernel.archives import SIGNATURE, Archive, Bomb, Damaged, Locked

#: Bytes of one file.
LARGEST = 10 * 1024 * 1024
#: What may be kept, each type with the endings of its names. The first is the one that we write.
ALLOWED = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.text": ("odt",),
}
#: Characters of a name.
_LONGEST = 120
#: What no system takes in a name, and what only shows it otherwise than it is.
_NOT_IN_NAMES = re.compile(
    r'[<>:"|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]'
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: Bytes in which the first part of an OpenDocument file says its type.
_TOLD = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody sent it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A content in the store: its SHA-256 in hexadecimal, its type, how many bytes it has."""

    digest: str
    media_type: str
    size: int


def uploaded(file: FileStorage | None, field: str) -> Upload | None:
    """Give the file that a form brought, whatever it is; None when its field was left empty.

    Raises ValidationError at ``field`` when it is empty or too large.
    """
    if not file or not file.filename:
        return None
    content = file.read(LARGEST + 1)
    _check_size(content, field)
    return Upload(file.filename, content)


def attached(file: FileStorage | None, field: str) -> Upload | None:
    """Give the document that a form brought, None when its field was left empty.

    Raises ValidationError at ``field`` when it may not be kept, or is not what its name says.
    """
    upload = uploaded(file, field)
    if upload is None:
        return None
    endings = ALLOWED[_allowed_type(upload.content, field)]
    if upload.name.rpartition(".")[2].lower() not in endings:
        sentence = _(
            "This file is not what its name says: by its content, the name should end in "
            ".%(ending)s.",
            ending=endings[0],
        )
        raise ValidationError({field: [sentence]})
    return upload


def keep(folder: Path, content: bytes, field: str = "file") -> Kept:
    """Put a content into the store, where the same content is kept once.

    It is there whole, or not at all. Raises ValidationError at ``field`` for what may not be kept.
    """
    _check_size(content, field)
    kept = Kept(sha256(content).hexdigest(), _allowed_type(content, field), len(content))
    target = place(folder, kept.digest)
    if target.exists():
        return kept
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
    try:
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    return kept


def place(folder: Path, digest: str) -> Path:
    """Name the place of a content in the store. Raises ValueError for what is no digest."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is no digest")
    return folder / digest[:2] / digest


def download_name(name: str, media_type: str) -> str:
    """Give the name under which a file is safely saved: no folder, the ending of its type.

    At most 120 characters; ``document`` when nothing is left of the name.
    """
    endings = ALLOWED[media_type]
    last = _NOT_IN_NAMES.sub("", re.split(r"[/\\]", name)[-1])
    stem, _dot, ending = last.rpartition(".")
    kept = " ".join((stem if ending.lower() in endings else last).split()).strip(". ")
    room = _LONGEST - len(endings[0]) - 1
    return f"{kept[:room].rstrip('. ') or 'document'}.{endings[0]}"


def type_of(content: bytes) -> str | None:
    """Tell the type of a content by its bytes; None when it is none that may be kept."""
    found = _office_type(content) if content.startswith(SIGNATURE) else _guessed(content)
    return found if found in ALLOWED else None


def _guessed(content: bytes) -> str | None:
    guessed: str | None = filetype.guess_mime(content)
    return guessed


def _office_type(content: bytes) -> str | None:
    """Tell what the parts of an office file say it is; None when they carry macros or harm."""
    try:
        archive = Archive(content)
        if archive.has_macros():
            return None
        if "mimetype" in archive.names:
            return archive.read("mimetype", _TOLD).decode("ascii", "replace")
        types = archive.types()
    except (Bomb, Damaged, Locked):
        return None
    return next((one for one in ALLOWED if f"{one}.main+xml".encode() in types), None)


def _check_size(content: bytes, field: str) -> None:
    if not content:
        raise ValidationError({field: [_("This file is empty.")]})
    if len(content) > LARGEST:
        raise ValidationError({field: [_("This file is too large: at most 10 MB.")]})


def _allowed_type(content: bytes, field: str) -> str:
    media_type = type_of(content)
    if media_type is None:
        sentence = _(
            "This file cannot be kept. Send a PDF, a PNG or JPEG picture, or an Excel, Word or "
            "OpenDocument file without macros and without a password."
        )
        raise ValidationError({field: [sentence]})
    return media_type
