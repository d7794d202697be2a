"""Where files are kept, and the way from a field of a form into it."""

from pathlib import Path

from flask import current_app, request

from procurement.kernel import files
from procurement.kernel.pipeline import actor, today
from procurement.needs import operations
from procurement.needs.models import Campaign, Document, Need, Purpose


def folder() -> Path:
    """Give the folder in which contents are kept."""
    return Path(current_app.instance_path) / "files"


def received(owner: Campaign | Need, purpose: Purpose, field: str) -> Document | None:
    """Attach the file that a field of the form brought; None when the field was left empty."""
    sent = files.attached(request.files.get(field), field)
    if sent is None:
        return None
    return operations.attach(
        owner, purpose, sent.name, sent.content, folder=folder(), actor=actor(), today=today()
    )
