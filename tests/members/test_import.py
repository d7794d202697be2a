"""Files of members: the real ones, and every way in which one can be wrong."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

import procurement.members
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.access import Actor
from procurement.kernel.audit import AuditEntry
from procurement.kernel.errors import Refused
from procurement.members.imports import COLUMNS, Report, import_members
from procurement.members.models import Member, MemberKind, Site, SiteKind
from tests.conftest import Furnished
from tests.databases import on_sqlite

SHIPPED = Path(procurement.members.__file__).parent / "data"
COMMUNES, DEPARTEMENTS = SHIPPED / "members_78_92.csv", SHIPPED / "departements_78_92.csv"
CLERK = Actor.command("flask members import")

ABLIS: dict[str, Any] = {
    "kind": "commune",
    "insee_code": "78003",
    "siren": "217800036",
    "name": "Ablis",
    "departement": "78",
    "postcode": "78660",
    "population": "3913",
    "intercommunality_siren": "200073344",
    "intercommunality_type": "CA",
}
GROUP: dict[str, Any] = {
    **dict.fromkeys(COLUMNS, ""),
    "kind": "intercommunality",
    "siren": "200073344",
    "name": "CA Rambouillet Territoires",
    "departement": "78",
    "population": "80722",
    "intercommunality_type": "CA",
}
ACHERES = {**ABLIS, "insee_code": "78005", "siren": "217800051", "name": "Achères"}


def written(*rows: dict[str, Any], mark: str = ",", columns: tuple[str, ...] = COLUMNS) -> bytes:
    """Write rows as the bytes of a CSV file."""
    lines = [mark.join(columns), *(mark.join(str(row[one]) for one in columns) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def loaded(session: Session, content: bytes) -> Report:
    """Import and commit, as the command does."""
    report = import_members(content, actor=CLERK)
    pipeline.commit()
    return report


def counted(report: Report) -> tuple[int, int, int, int]:
    """Count what was inserted, updated, left unchanged and refused."""
    four = (report.inserted, report.updated, report.unchanged, report.refused)
    return tuple(len(one) for one in four)  # type: ignore[return-value]  # four


def count(session: Session, table: type[Any]) -> int:
    """Count the rows of a table."""
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_shipped_territory_is_complete(session: Session) -> None:
    assert counted(loaded(session, COMMUNES.read_bytes())) == (310, 0, 0, 0)
    assert counted(loaded(session, DEPARTEMENTS.read_bytes())) == (2, 0, 0, 0)
    kinds = session.execute(
        select(Member.kind, Member.departement, func.count()).group_by(
            Member.kind, Member.departement
        )
    )
    found = {(kind, departement): number for kind, departement, number in kinds}
    assert found[MemberKind.COMMUNE, "78"] == 259
    assert found[MemberKind.COMMUNE, "92"] == 36
    assert found[MemberKind.DEPARTEMENT, "78"] == found[MemberKind.DEPARTEMENT, "92"] == 1
    ablis = session.scalars(select(Member).where(Member.insee_code == "78003")).one()
    assert (ablis.name, ablis.siren, ablis.postcode) == ("Ablis", "217800036", "78660")
    assert ablis.intercommunality is not None
    assert ablis.intercommunality.name == "CA Rambouillet Territoires"
    assert ablis.intercommunality.form == "CA"
    orphans = select(func.count()).where(
        Member.kind == MemberKind.COMMUNE, Member.intercommunality_id.is_(None)
    )
    assert session.scalar(orphans) == 0
    # The populations of the départements are those of their communes added up.
    for departement in ("78", "92"):
        sums = {
            kind: session.scalar(
                select(func.sum(Member.population)).where(
                    Member.kind == kind, Member.departement == departement
                )
            )
            for kind in (MemberKind.COMMUNE, MemberKind.DEPARTEMENT)
        }
        assert sums[MemberKind.COMMUNE] == sums[MemberKind.DEPARTEMENT]


def test_a_second_time_changes_nothing(session: Session) -> None:
    first = loaded(session, COMMUNES.read_bytes())
    before = count(session, Member), count(session, Site), count(session, AuditEntry)
    again = loaded(session, COMMUNES.read_bytes())
    assert counted(again) == (0, 0, 310, 0)
    assert sorted(again.unchanged) == sorted(first.inserted)
    assert (count(session, Member), count(session, Site), count(session, AuditEntry)) == before


def test_a_new_body_has_a_delivery_place(session: Session) -> None:
    loaded(session, COMMUNES.read_bytes())
    loaded(session, DEPARTEMENTS.read_bytes())
    places = session.execute(
        select(Member.kind, Site.kind, Site.name, func.count())
        .join(Site.member)
        .group_by(Member.kind, Site.kind, Site.name)
    )
    assert {tuple(row) for row in places} == {
        (MemberKind.COMMUNE, SiteKind.TOWN_HALL, "Mairie", 295),
        (MemberKind.INTERCOMMUNALITY, SiteKind.OFFICE, "Siège", 15),
        (MemberKind.DEPARTEMENT, SiteKind.OFFICE, "Hôtel du département", 2),
    }


def test_what_changed_is_updated_and_in_the_journal(session: Session) -> None:
    loaded(session, written(ABLIS, GROUP))
    report = loaded(session, written({**ABLIS, "population": "4000", "name": "Ablis-Neuf"}, GROUP))
    assert (report.updated, report.unchanged) == ([2], [3])
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.verb, entry.actor_name) == ("members.update", "flask members import")
    assert json.loads(entry.changes) == {
        "population": [3913, 4000],
        "name": ["Ablis", "Ablis-Neuf"],
    }
    assert count(session, Member) == 2


def test_a_commune_that_changes_its_group_is_updated(session: Session) -> None:
    other = {**GROUP, "siren": "247800550", "name": "CC du Pays Houdanais"}
    loaded(session, written(ABLIS, GROUP, other))
    moved = {**ABLIS, "intercommunality_siren": "247800550"}
    report = loaded(session, written(moved))
    assert counted(report) == (0, 1, 0, 0)
    ablis = session.scalars(select(Member).where(Member.siren == "217800036")).one()
    assert ablis.intercommunality is not None
    assert ablis.intercommunality.siren == "247800550"
    alone = loaded(session, written({**moved, "intercommunality_siren": ""}))
    assert counted(alone) == (0, 1, 0, 0)
    session.refresh(ablis)
    assert ablis.intercommunality is None


@on_sqlite
@pytest.mark.parametrize(
    "content",
    [
        written(ABLIS, GROUP, mark=";"),
        b"\xef\xbb\xbf" + written(ABLIS, GROUP),
        written(ABLIS, GROUP).replace(b"\n", b"\r\n"),
        written(ABLIS, GROUP).rstrip(),
        written(ABLIS, GROUP) + b"\n\n",
        written(ABLIS, GROUP, columns=tuple(reversed(COLUMNS))),
        written(ABLIS, GROUP).replace(b"217800036", b"217 800 036"),
        written({**ABLIS, "more": "x"}, {**GROUP, "more": ""}, columns=(*COLUMNS, "more")),
        written(ABLIS, GROUP).replace(b"Ablis", b'"Ablis"'),
    ],
    ids=["semicolons", "BOM", "CRLF", "no end", "blank", "order", "spaces", "column", "quotes"],
)
def test_what_spreadsheets_write_is_read(session: Session, content: bytes) -> None:
    assert counted(loaded(session, content)) == (2, 0, 0, 0)
    assert counted(loaded(session, written(ABLIS, GROUP))) == (0, 0, 2, 0)


@on_sqlite
@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"siren": "217800037"}, "siren: This is not a SIREN"),
        ({"siren": ""}, "siren: This field is needed."),
        ({"insee_code": ""}, "insee_code: A commune needs its INSEE code."),
        ({"insee_code": "780030"}, "insee_code: At most 5 characters."),
        ({"insee_code": "78005"}, "insee_code: This INSEE code is already that of SIREN 217800051"),
        ({"kind": "kingdom"}, "kind: Choose one of the listed values."),
        ({"name": ""}, "name: This field is needed."),
        ({"name": "x" * 121}, "name: At most 120 characters."),
        ({"name": "a\x00b"}, "name: This is not text."),
        ({"departement": "75"}, "departement: Only 78 and 92 are served."),
        ({"departement": ""}, "departement: This field is needed."),
        ({"postcode": "7866"}, "postcode: Write five digits."),
        ({"postcode": "7866٠"}, "postcode: Write five digits."),
        ({"population": "many"}, "population: Write a whole number."),
        ({"population": "-1"}, "population: A whole number from 0"),
        ({"population": "9" * 30}, "population: Write a whole number."),
        ({"population": ""}, "population: This field is needed."),
        ({"intercommunality_siren": "123"}, "intercommunality_siren: This is not a SIREN"),
        (
            {"intercommunality_siren": "247800550"},
            "intercommunality_siren: No intercommunality has the SIREN 247800550.",
        ),
        (
            {"intercommunality_siren": "217800051"},
            "intercommunality_siren: No intercommunality has the SIREN 217800051.",
        ),
    ],
)
@pytest.mark.usefixtures("english")
def test_a_wrong_row_is_refused_by_its_line_and_stops_no_other(
    session: Session, wrong: dict[str, str], sentence: str
) -> None:
    report = loaded(session, written(ACHERES, {**ABLIS, **wrong}, GROUP))
    assert (report.inserted, report.updated, report.unchanged) == ([2, 4], [], [])
    [(line, said)] = report.refused
    assert line == 3
    assert said.startswith(sentence)
    assert count(session, Member) == 2


@pytest.mark.usefixtures("english")
def test_the_same_body_twice_is_refused_the_second_time(session: Session) -> None:
    report = loaded(session, written(ABLIS, GROUP, {**ABLIS, "population": "1"}))
    assert report.inserted == [2, 3]
    assert report.refused == [(4, "siren: Line 2 already gave this SIREN.")]
    ablis = session.scalars(select(Member).where(Member.siren == "217800036")).one()
    assert ablis.population == 3913


@pytest.mark.usefixtures("english")
def test_a_code_that_another_body_holds_is_refused(session: Session) -> None:
    loaded(session, written(ABLIS, GROUP))
    report = loaded(session, written({**ACHERES, "insee_code": "78003"}, GROUP))
    assert counted(report) == (0, 0, 1, 1)
    assert report.refused[0][0] == 2
    assert count(session, Member) == 2


@pytest.mark.usefixtures("english")
def test_a_refused_row_leaves_the_body_as_it_was(session: Session) -> None:
    loaded(session, written(ABLIS, GROUP))
    wrong = {**ABLIS, "population": "1", "intercommunality_siren": "247800550"}
    assert counted(loaded(session, written(wrong))) == (0, 0, 0, 1)
    assert counted(loaded(session, written(ABLIS, GROUP))) == (0, 0, 2, 0)


@pytest.mark.usefixtures("english")
def test_refusals_are_told_in_the_order_of_the_file(session: Session) -> None:
    lost = {**ABLIS, "intercommunality_siren": "247800550"}
    report = loaded(session, written(lost, {**ACHERES, "siren": "1"}, {**GROUP, "name": ""}))
    assert [line for line, _sentence in report.refused] == [2, 3, 4]


@on_sqlite
@pytest.mark.parametrize(
    "content, code, sentence",
    [
        (b"", "wrong_columns", "These columns are missing in line 1: kind, insee_code"),
        (b"a,b\n1,2\n", "wrong_columns", "missing in line 1: kind"),
        (
            written(ABLIS).replace(b"population", b"inhabitants"),
            "wrong_columns",
            "These columns are missing in line 1: population.",
        ),
        (
            written(ABLIS).replace(b"Ablis", "Achères".encode("latin-1")),
            "unreadable_file",
            "This file is not UTF-8 text.",
        ),
        (written(ABLIS).replace(b"Ablis", b'"Ablis'), "unreadable_file", "cannot be read"),
        (b'"kind,siren', "unreadable_file", "Line 1 cannot be read"),
        (b"PK\x03\x04\xff", "unreadable_file", "This file is not UTF-8 text."),
    ],
    ids=["empty", "other", "renamed", "latin-1", "quote", "quote in line 1", "a workbook"],
)
@pytest.mark.usefixtures("english")
def test_a_file_that_cannot_be_read_writes_nothing(
    session: Session, content: bytes, code: str, sentence: str
) -> None:
    with pytest.raises(Refused) as caught:
        loaded(session, content)
    assert caught.value.code == code
    assert sentence in str(caught.value.sentence)
    assert count(session, Member) == 0


def test_the_command_says_what_became_of_the_rows(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    run = app.test_cli_runner().invoke
    done = run(args=["members", "import", str(COMMUNES)])
    assert (done.exit_code, done.output) == (0, "310 inserted, 0 updated, 0 unchanged, 0 refused\n")
    changed = tmp_path / "changed.csv"
    changed.write_bytes(
        COMMUNES.read_bytes().replace(b",3913,", b",4000,").replace(b"217800051", b"217800052")
    )
    done = run(args=["members", "import", str(changed)])
    assert done.exit_code == 1
    assert done.stdout == "0 inserted, 1 updated, 308 unchanged, 1 refused\n"
    assert done.stderr.startswith("line 3 refused: siren: ")
    session.rollback()
    assert session.scalar(select(Member.population).where(Member.insee_code == "78003")) == 4000
    assert count(session, Member) == 310


def test_the_command_refuses_a_wrong_file(app: Flask, session: Session, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name\nAblis\n")
    done = app.test_cli_runner().invoke(args=["members", "import", str(wrong)])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    missing = app.test_cli_runner().invoke(args=["members", "import", str(tmp_path / "no.csv")])
    assert missing.exit_code == 2


@on_sqlite
def test_the_commands_write_beside_a_running_server(
    app: Flask, session: Session, database: Furnished, tmp_path: Path
) -> None:
    """A transaction that only read could not become a writer once somebody else wrote."""
    writers: list[str] = []

    def write_too(*_what: object) -> None:
        other = sqlite3.connect(database.database.url.removeprefix("sqlite:///"), timeout=0)
        try:
            other.execute("DELETE FROM site")
        except sqlite3.OperationalError as fault:
            writers.append(str(fault))
        other.close()

    file = tmp_path / "ablis.csv"
    file.write_bytes(written(ABLIS, GROUP))
    event.listen(db.engine, "after_cursor_execute", write_too)
    for command in (
        ["members", "import", str(file)],
        ["people", "create", "--email=eli@example.org", "--name=Eli", "--role=administrator"],
    ):
        done = app.test_cli_runner().invoke(args=command, input="twelve or more\n" * 2)
        assert done.exit_code == 0, done.output
    event.remove(db.engine, "after_cursor_execute", write_too)
    assert set(writers) == {"database is locked"}
