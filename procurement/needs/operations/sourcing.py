"""Workbooks as the documents from which the centrale entered needs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select

from procurement.extensions import db
from procurement.kernel import files
from procurement.kernel.access import Actor
from procurement.needs.imports import Plan
from procurement.needs.imports.planning import rows_as_typed
from procurement.needs.models import Document, Entry, Need, Purpose, Upload
from procurement.needs.sheets import extract


def attach_sources(
    upload: Upload, content: bytes, plan: Plan, needs: Iterable[Need], *, folder: Path, actor: Actor
) -> None:
    """Keep a workbook as the document from which the centrale entered these needs.

    A member reads the document of its need, and nothing of others: of a workbook of several bodies
    each gets its own rows.
    """
    entered = {one.member_id: one.id for one in needs if one.entry is Entry.CENTRALE}
    if not entered:
        return
    if len(plan.file.bodies) == 1:
        contents = dict.fromkeys(entered, content)
    else:
        rows = rows_as_typed(plan, entered)
        contents = {one: extract(upload.campaign, upload.name, rows[one]) for one in entered}
    known = _known(entered)
    written = []
    for member_id, need_id in entered.items():
        kept = files.keep(folder, contents[member_id])
        if (need_id, kept.digest) not in known:
            written.append({"need_id": need_id, **_row(upload, kept, actor)})
    if written:
        db.session.execute(insert(Document), written)


def _known(entered: Mapping[int, int]) -> set[tuple[int | None, str]]:
    """Tell which contents these needs have already."""
    query = select(Document.need_id, Document.digest)
    found = db.session.execute(query.where(Document.need_id.in_(entered.values())))
    return {(row.need_id, row.digest) for row in found}


def _row(upload: Upload, kept: files.Kept, actor: Actor) -> dict[str, object]:
    return {
        "purpose": Purpose.SOURCE,
        "digest": kept.digest,
        "name": upload.name,
        "media_type": kept.media_type,
        "size": kept.size,
        "person_id": actor.person_id,
        "at": datetime.now(UTC),
    }
