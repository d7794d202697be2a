"""``flask members`` and ``flask people``."""

from pathlib import Path

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Refused
from procurement.members import imports, operations, queries
from procurement.members.schemas import PersonInput

member_commands = AppGroup("members", help="The buying bodies.")
people_commands = AppGroup("people", help="The people who sign in.")


@member_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Insert or update members from FILE.csv; print what became of each row."""
    database.begin_write(db.session())
    try:
        report = imports.import_members(
            file.read_bytes(), actor=Actor.command("flask members import")
        )
    except Refused as refused:
        raise click.ClickException(str(refused.sentence)) from None
    pipeline.commit()
    for line, sentence in report.refused:
        click.echo(f"line {line} refused: {sentence}", err=True)
    click.echo(
        f"{len(report.inserted)} inserted, {len(report.updated)} updated, "
        f"{len(report.unchanged)} unchanged, {len(report.refused)} refused"
    )
    if report.refused:
        raise SystemExit(1)


@people_commands.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--siren", help="The member, for a requester or an approver.")
@click.password_option()
def create(email: str, name: str, role: str, siren: str | None, password: str) -> None:
    """Create a person, asking for the password."""
    database.begin_write(db.session())
    try:
        member_id = queries.member_id_by_siren(siren) if siren else None
        entry = PersonInput().load(
            {
                "email": email,
                "name": name,
                "role": role,
                "password": password,
                **({"member_id": member_id} if member_id else {}),
            }
        )
        operations.create_person(**entry, actor=Actor.command("flask people create"))
    except ValidationError as fault:
        sentences = [
            f"{name}: {one}" for name, found in fault.messages_dict.items() for one in found
        ]
        raise click.ClickException("; ".join(sentences)) from None
    except Refused as refused:
        raise click.ClickException(str(refused.sentence)) from None
    pipeline.commit()
    click.echo(f"{email} created")
