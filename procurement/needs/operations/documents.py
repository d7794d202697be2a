"""Files that people attach to a campaign or to a need."""

from datetime import UTC, date, datetime
from pathlib import Path

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit, files
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Forbidden, Refused
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Document,
    Need,
    NeedLine,
    Purpose,
)
from procurement.needs.operations.declaring import open_to_writing


def attach(
    owner: Campaign | Need,
    purpose: Purpose,
    name: str,
    content: bytes,
    *,
    folder: Path,
    actor: Actor,
    today: date,
) -> Document:
    """Attach a file to a campaign, or to a need that is not submitted yet.

    ``folder`` is the store of contents. The same content sent again for the same purpose is the
    same document. Raises ValidationError for a content that is not kept, Refused
    ``campaign_archived`` and what closes a need to writing.
    """
    _check_owner(owner, actor, today)
    kept = files.keep(folder, content)
    known = _known(owner, purpose, kept.digest)
    if known is not None:
        return known
    document = _written(owner, purpose, name, kept, actor)
    told = {"document": document.name, "purpose": purpose, "digest": kept.digest}
    audit.record(db.session(), actor, "needs.attach", owner, **told)
    return document


def remove_document(document: Document, *, actor: Actor, today: date) -> None:
    """Take a file from its campaign or its need; the journal keeps its name and its hash."""
    owner: Campaign | Need = (
        db.session.get_one(Need, document.need_id)
        if document.need_id
        else db.session.get_one(Campaign, document.campaign_id)
    )
    _check_owner(owner, actor, today)
    if isinstance(owner, Need) and document.purpose is Purpose.SOURCE and owner.submissions:
        raise Refused("document_used", _("What was submitted comes from this file: it stays."))
    used = select(NeedLine.id).where(NeedLine.evidence_id == document.id)
    if db.session.scalar(used.limit(1)) is not None:
        raise Refused(
            "document_used",
            _("This file proves the price of a line. Change or remove that line first."),
        )
    audit.record(
        db.session(),
        actor,
        "needs.remove_document",
        owner,
        document=(document.name, None),
        digest=(document.digest, None),
    )
    db.session.delete(document)


def check_source(need: Need) -> None:
    """Check that what the centrale enters for a member comes from a document.

    Raises Refused ``no_source_document``.
    """
    sources = select(Document.id).where(
        Document.need_id == need.id, Document.purpose == Purpose.SOURCE
    )
    if db.session.scalar(sources.limit(1)) is None:
        raise Refused(
            "no_source_document",
            _("Attach first the document in which the member states its needs."),
        )


def _check_owner(owner: Campaign | Need, actor: Actor, today: date) -> None:
    """Keep the owner from others and check that the actor may change its files now."""
    if isinstance(owner, Need):
        open_to_writing(owner, actor, today)
        return
    if actor.role is not Role.BUYER:
        raise Forbidden
    db.session.refresh(owner, with_for_update=True)
    if owner.state is CampaignState.ARCHIVED:
        raise Refused("campaign_archived", _("This campaign is archived and no longer changes."))


def _known(owner: Campaign | Need, purpose: Purpose, digest: str) -> Document | None:
    """Find what the owner already has with this content."""
    is_need = isinstance(owner, Need)
    of_owner = Document.need_id == owner.id if is_need else Document.campaign_id == owner.id
    same = (Document.purpose == purpose) & (Document.digest == digest)
    return db.session.scalar(select(Document).where(of_owner, same))


def _written(
    owner: Campaign | Need, purpose: Purpose, name: str, kept: files.Kept, actor: Actor
) -> Document:
    is_need = isinstance(owner, Need)
    document = Document(
        need_id=owner.id if is_need else None,
        campaign_id=None if is_need else owner.id,
        purpose=purpose,
        digest=kept.digest,
        name=files.download_name(name, kept.media_type),
        media_type=kept.media_type,
        size=kept.size,
        person_id=actor.person_id,
        at=datetime.now(UTC),
    )
    db.session.add(document)
    db.session.flush()
    return document
