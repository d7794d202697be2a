"""A file of members, row by row: what is new, what changed, what is refused and why."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.kernel.forms import messages_of
from procurement.members import queries
from procurement.members.models import Member, MemberKind, Site, SiteKind
from procurement.members.schemas import MemberRow

COLUMNS = (
    "kind",
    "insee_code",
    "siren",
    "name",
    "departement",
    "postcode",
    "population",
    "intercommunality_siren",
    "intercommunality_type",
)
#: The delivery place that every body has from the start.
_FIRST_SITE = {
    MemberKind.COMMUNE: (SiteKind.TOWN_HALL, "Mairie"),
    MemberKind.INTERCOMMUNALITY: (SiteKind.OFFICE, "Siège"),
    MemberKind.DEPARTEMENT: (SiteKind.OFFICE, "Hôtel du département"),
}

#: Number of a line, and what its row says.
Loaded = tuple[int, dict[str, Any]]


@dataclass
class Report:
    """What an import did, by line number of the file; the header is line 1."""

    inserted: list[int] = field(default_factory=list)
    updated: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    #: Of bodies that merged since: left as they are.
    merged: list[tuple[int, str]] = field(default_factory=list)


def import_members(content: bytes, *, actor: Actor) -> Report:
    """Insert and update members from a CSV file; a row that is refused stops no other.

    Raises Refused ``unreadable_file`` or ``wrong_columns`` before anything is written.
    """
    report = Report()
    everybody = select(Member).options(joinedload(Member.successor))
    known = {member.siren: member for member in db.session.scalars(everybody)}
    loaded = _linkable(list(_loaded(_rows(content), known, report)), known, report)
    for line, row in loaded:
        member = known.get(row["siren"])
        if member is None:
            known[row["siren"]] = _insert(row, actor)
            report.inserted.append(line)
        elif changes := _changes(member, row):
            audit.record(db.session(), actor, "members.update", member, **changes)
            report.updated.append(line)
        else:
            report.unchanged.append(line)
    # New bodies need their ids before communes can point at them.
    db.session.flush()
    _link(loaded, known, actor, report)
    report.refused.sort()
    return report


def _rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(
            "unreadable_file",
            _("This file is not UTF-8 text. Save it as CSV UTF-8, then import it again."),
        ) from None
    # Spreadsheets in French separate by semicolons; the heading tells which.
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise Refused(
                "wrong_columns",
                _("These columns are missing in line 1: %(names)s.", names=", ".join(missing)),
            )
        for row in reader:
            yield reader.line_num, {name: row[name] or "" for name in COLUMNS}
    except csv.Error as fault:
        line = max(reader.line_num, 1)
        raise Refused(
            "unreadable_file",
            _("Line %(line)s cannot be read: %(fault)s.", line=line, fault=str(fault)),
        ) from None


def _loaded(
    rows: Iterator[tuple[int, dict[str, str]]], known: dict[str, Member], report: Report
) -> Iterator[Loaded]:
    schema, first_line = MemberRow(), dict[str, int]()
    standing = {siren: one for siren, one in known.items() if one.successor_id is None}
    holders = {member.insee_code: siren for siren, member in standing.items()}
    for line, raw in rows:
        try:
            row = schema.load(raw)
            if row["siren"] in known:
                queries.check_stands(known[row["siren"]])
            _check_insee(row, holders)
            earlier = first_line.setdefault(row["siren"], line)
            if earlier != line:
                again = _("Line %(line)s already gave this SIREN.", line=earlier)
                raise ValidationError({"siren": [again]})
        except ValidationError as fault:
            report.refused.append((line, _sentence(fault)))
        except Refused as merged:
            report.merged.append((line, str(merged.sentence)))
        else:
            yield line, row


def _check_insee(row: dict[str, Any], holders: dict[str | None, str]) -> None:
    code = row["insee_code"]
    if row["kind"] is MemberKind.COMMUNE and not code:
        raise ValidationError({"insee_code": [_("A commune needs its INSEE code.")]})
    holder = holders.setdefault(code, row["siren"]) if code else row["siren"]
    if holder != row["siren"]:
        taken = _(
            "This INSEE code is already that of SIREN %(siren)s. If that body merged into this one,"
            " record the merger: it creates the new body.",
            siren=holder,
        )
        raise ValidationError({"insee_code": [taken]})


def _linkable(loaded: list[Loaded], known: dict[str, Member], report: Report) -> list[Loaded]:
    """Refuse the rows of an intercommunality that neither the file nor the platform knows."""
    kinds = {siren: member.kind for siren, member in known.items()}
    kinds |= {row["siren"]: row["kind"] for _line, row in loaded}
    kept = []
    for line, row in loaded:
        group = row["intercommunality_siren"]
        if group is None or kinds.get(group) is MemberKind.INTERCOMMUNALITY:
            kept.append((line, row))
        else:
            sentence = _("No intercommunality has the SIREN %(siren)s.", siren=group)
            report.refused.append((line, f"intercommunality_siren: {sentence}"))
    return kept


def _sentence(fault: ValidationError) -> str:
    return "; ".join(
        f"{column}: {' '.join(str(one) for one in sentences)}"
        for column, sentences in messages_of(fault).items()
    )


def _values(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("kind", "insee_code", "name", "departement", "postcode", "population")
    form = row["intercommunality_type"] if row["kind"] is MemberKind.INTERCOMMUNALITY else None
    return {**{name: row[name] for name in kept}, "form": form}


def _insert(row: dict[str, Any], actor: Actor) -> Member:
    member = Member(siren=row["siren"], **_values(row))
    kind, place = _FIRST_SITE[member.kind]
    city = member.name if member.kind is MemberKind.COMMUNE else ""
    member.sites.append(Site(kind=kind, name=place, city=city, postcode=member.postcode))
    db.session.add(member)
    audit.record(db.session(), actor, "members.insert", member, siren=member.siren)
    return member


def _changes(member: Member, row: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    changes = {
        name: (getattr(member, name), value)
        for name, value in _values(row).items()
        if getattr(member, name) != value
    }
    for name, (_old, new) in changes.items():
        setattr(member, name, new)
    return changes


def _link(loaded: list[Loaded], known: dict[str, Member], actor: Actor, report: Report) -> None:
    for line, row in loaded:
        member, siren = known[row["siren"]], row["intercommunality_siren"]
        group = known[siren] if siren else None
        group_id = (group.successor_id or group.id) if group else None
        if member.intercommunality_id == group_id:
            continue
        if line in report.unchanged:
            report.unchanged.remove(line)
            report.updated.append(line)
        change = (member.intercommunality_id, group_id)
        audit.record(db.session(), actor, "members.link", member, intercommunality_id=change)
        member.intercommunality_id = group_id
