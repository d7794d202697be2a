"""The file that comes with a line: attached when the line is saved, kept when it is refused."""

from dataclasses import dataclass

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import ValidationError

from procurement.kernel import files
from procurement.kernel.files import Upload
from procurement.kernel.pipeline import actor, today
from procurement.needs.models import Need, Purpose
from procurement.needs.operations import documents
from procurement.needs.pages import store


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that waits in the store for its line, and the signed note that names it there."""

    name: str
    note: str


def attached(need: Need) -> int | None:
    """Attach the file that the form brought, now or before it was refused; None without one.

    Raises ValidationError at ``file`` for what is not kept.
    """
    sent = files.attached(request.files.get("file"), "file") or _carried(need)
    if sent is None:
        return None
    document = documents.attach(
        need,
        Purpose.EVIDENCE,
        sent.name,
        sent.content,
        folder=store.folder(),
        actor=actor(),
        today=today(),
    )
    return document.id


def kept(need: Need) -> KeptFile | None:
    """Keep the file of a form that is shown again: nobody should have to choose it twice."""
    file = request.files.get("file")
    if file is not None:
        # The act that was refused may have read it.
        file.stream.seek(0)
    try:
        sent = files.attached(file, "file") or _carried(need)
    except ValidationError:
        sent = _carried(need)
    if sent is None:
        return None
    content = files.keep(store.folder(), sent.content)
    return KeptFile(sent.name, _signer().dumps([need.id, content.digest, sent.name]))


def _carried(need: Need) -> Upload | None:
    """Read again the file that an earlier try of this form brought for this need."""
    try:
        need_id, digest, name = _signer().loads(request.form.get("kept_file", ""))
    except BadSignature:
        return None
    place = files.place(store.folder(), digest)
    return Upload(name, place.read_bytes()) if need_id == need.id and place.exists() else None


def _signer() -> URLSafeSerializer:
    # Who sends a form may not name the content of somebody else's file.
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="file of a line")
