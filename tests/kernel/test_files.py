"""Files that people attach: what is taken, how it is kept, under which name it goes out."""

import threading
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from PIL import Image
from werkzeug.datastructures import FileStorage

from procurement.kernel import files
from procurement.kernel.files import Upload, attached, download_name, keep, place, type_of, uploaded
from tests.databases import on_sqlite
from tests.kernel import workbooks as made

pytestmark = [on_sqlite, pytest.mark.usefixtures("english")]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
XLSX_TYPE, DOCX_TYPE, ODS_TYPE, ODT_TYPE = list(files.ALLOWED)[3:]


def picture(kind: str) -> bytes:
    """Draw a picture."""
    drawn = BytesIO()
    Image.new("RGB", (3, 2), "teal").save(drawn, kind)
    return drawn.getvalue()


def sent(content: bytes, name: str | None = "file.pdf") -> FileStorage:
    """Give a file as a form brings it."""
    return FileStorage(BytesIO(content), name)


def refused(content: bytes, name: str = "file.pdf") -> str:
    """Give the sentence that stands at the field."""
    with pytest.raises(ValidationError) as caught:
        attached(sent(content, name), "evidence")
    ((field, (sentence,)),) = caught.value.normalized_messages().items()
    assert field == "evidence"
    return str(sentence)


ALLOWED = {
    "application/pdf": (PDF, "Devis n° 3.PDF"),
    "image/png": (picture("PNG"), "a.png"),
    "image/jpeg": (picture("JPEG"), "a.b.JPEG"),
    XLSX_TYPE: (made.good(), "besoins.xlsx"),
    DOCX_TYPE: (made.word_file(), "note.docx"),
    ODS_TYPE: (made.open_document("spreadsheet"), "besoins.ods"),
    ODT_TYPE: (made.open_document("text"), "note.odt"),
}


@pytest.mark.parametrize("media_type, file", ALLOWED.items())
def test_what_is_allowed_is_kept_by_its_content(
    media_type: str, file: tuple[bytes, str], tmp_path: Path
) -> None:
    content, name = file
    assert attached(sent(content, name), "evidence") == Upload(name, content)
    kept = keep(tmp_path / "files", content)
    digest = sha256(content).hexdigest()
    assert kept == files.Kept(digest, media_type, len(content))
    assert place(tmp_path / "files", digest) == tmp_path / "files" / digest[:2] / digest
    assert place(tmp_path / "files", digest).read_bytes() == content


def test_all_that_is_allowed_is_tried() -> None:
    assert ALLOWED.keys() == files.ALLOWED.keys()


CANNOT = "This file cannot be kept. Send a PDF,"


@pytest.mark.parametrize(
    "content",
    [
        b"code;quantity\n",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture("GIF"),
        b"MZ\x90\x00" + bytes(100),
        b" %PDF-1.7",
        made.ole("WordDocument"),
        made.ole("EncryptedPackage"),
        made.encrypted(),
        made.archive({"a.txt": b"a"}),
        made.archive({"mimetype": b"application/epub+zip"}),
        made.good()[:-40],
        made.bomb(8),
        made.word_file({"word/vbaProject.bin": b"\xd0"}),
        made.office("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
        made.open_document("text", {"Basic/Standard/Module1.xml": b"<a/>"}),
        made.open_document("spreadsheet", {"Scripts/python/a.py": b"a"}),
    ],
)
def test_what_is_not_allowed_is_refused(content: bytes, tmp_path: Path) -> None:
    assert type_of(content) is None
    assert refused(content).startswith(CANNOT)
    with pytest.raises(ValidationError, match="cannot be kept"):
        keep(tmp_path, content)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content, name, ending",
    [
        (PDF, "photo.png", "pdf"),
        (picture("PNG"), "devis.pdf", "png"),
        (picture("JPEG"), "photo.png", "jpg"),
        (made.good(), "note.docx", "xlsx"),
        (made.open_document("text"), "note.ods", "odt"),
        (PDF, "devis", "pdf"),
        (PDF, "devis.pdf.exe", "pdf"),
    ],
)
def test_a_name_that_says_something_else_is_refused(content: bytes, name: str, ending: str) -> None:
    assert refused(content, name).endswith(f"the name should end in .{ending}.")


def test_a_field_left_empty_brings_nothing() -> None:
    for nothing in (None, sent(b"", ""), sent(b"", None)):
        assert uploaded(nothing, "evidence") is None
        assert attached(nothing, "evidence") is None


def test_sizes_have_limits(tmp_path: Path) -> None:
    assert refused(b"") == "This file is empty."
    largest = PDF.ljust(files.LARGEST, b"\0")
    assert attached(sent(largest), "evidence") is not None
    stream = BytesIO(largest * 2)
    with pytest.raises(ValidationError, match="This file is too large"):
        uploaded(FileStorage(stream, "file.pdf"), "evidence")
    assert stream.tell() == files.LARGEST + 1
    for wrong in (b"", largest + b"\0"):
        with pytest.raises(ValidationError):
            keep(tmp_path, wrong)


def test_what_is_read_elsewhere_may_be_anything() -> None:
    assert uploaded(sent(b"code;quantity\n", "a.csv"), "file") == Upload(
        "a.csv", b"code;quantity\n"
    )


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    first = keep(tmp_path, PDF)
    target = place(tmp_path, first.digest)
    written = target.stat()
    assert keep(tmp_path, PDF) == first
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (
        written.st_ino,
        written.st_mtime_ns,
    )
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [target]


def test_many_who_keep_at_once_agree(tmp_path: Path) -> None:
    threads = [threading.Thread(target=keep, args=(tmp_path, PDF)) for _one in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()] == [PDF]


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_number: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no room"):
        keep(tmp_path, PDF)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_digest_names_a_place(digest: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no digest"):
        place(tmp_path, digest)


@pytest.mark.parametrize(
    "name, saved",
    [
        ("Devis n° 3.pdf", "Devis n° 3.pdf"),
        ("devis.PDF", "devis.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Ana\\devis.pdf", "devis.pdf"),
        ("devis.pdf.exe", "devis.pdf.exe.pdf"),
        ("devis\r\nSet-Cookie: a=b.pdf", "devisSet-Cookie a=b.pdf"),
        ('a"b<c>d|e?f*g.pdf', "abcdefg.pdf"),
        ("fdp\u202eexe.pdf", "fdpexe.pdf"),
        ("...pdf", "document.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "document.pdf"),
        ("  devis   2  .pdf", "devis 2.pdf"),
        ("é" * 200 + ".pdf", "é" * 116 + ".pdf"),
    ],
)
def test_a_name_is_safe_to_save_under(name: str, saved: str) -> None:
    assert download_name(name, "application/pdf") == saved


@given(st.text(max_size=300), st.sampled_from(sorted(files.ALLOWED)))
def test_no_name_is_dangerous(name: str, media_type: str) -> None:
    saved = download_name(name, media_type)
    assert len(saved) <= 120
    assert not set(saved) & set('/\\"\r\n\0')
    assert saved.endswith(f".{files.ALLOWED[media_type][0]}")
    assert not saved.startswith((".", " "))
    assert download_name(saved, media_type) == saved


@given(st.binary(max_size=400))
def test_no_bytes_break_the_guess(content: bytes) -> None:
    assert type_of(content) in {None, *files.ALLOWED}
    assert type_of(b"PK\x03\x04" + content) is None
