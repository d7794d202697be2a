"""``flask members`` and ``flask people``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Refused
from procurement.members import imports, mergers, operations, queries
from procurement.members.models import Competence
from procurement.members.schemas import (
    IntoInput,
    JoinInput,
    LeaveInput,
    PersonInput,
    TransferInput,
)

member_commands = AppGroup("members", help="The buying bodies.")
people_commands = AppGroup("people", help="The people who sign in.")


@contextmanager
def _writing() -> Iterator[None]:
    """Commit what a command does, or write nothing and say why it was refused."""
    database.begin_write(db.session())
    try:
        yield
    except ValidationError as fault:
        pipeline.rollback()
        sentences = [
            f"{name}: {one}" for name, found in fault.messages_dict.items() for one in found
        ]
        raise click.ClickException("; ".join(sentences)) from None
    except Refused as refused:
        pipeline.rollback()
        raise click.ClickException(str(refused.sentence)) from None
    pipeline.commit()


@member_commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> None:
    """Insert or update members from FILE.csv; print what became of each row."""
    with _writing():
        report = imports.import_members(
            file.read_bytes(), actor=Actor.command("flask members import")
        )
    for line, sentence in report.refused:
        click.echo(f"line {line} refused: {sentence}", err=True)
    for line, sentence in report.merged:
        click.echo(f"line {line} left alone: {sentence}", err=True)
    merged = f", {len(report.merged)} merged" if report.merged else ""
    click.echo(
        f"{len(report.inserted)} inserted, {len(report.updated)} updated, "
        f"{len(report.unchanged)} unchanged, {len(report.refused)} refused{merged}"
    )
    if report.refused:
        raise SystemExit(1)


@member_commands.command("join")
@click.argument("siren", required=False)
@click.option("--all", "everybody", is_flag=True, help="Every body that has no membership.")
@click.option("--signed-on", required=True, metavar="YYYY-MM-DD")
@click.option("--terms", required=True, help="Version of the terms that were signed.")
def join(siren: str | None, everybody: bool, signed_on: str, terms: str) -> None:
    """Record that the body SIREN signed the membership, or all with --all."""
    if (siren is None) is not everybody:
        raise click.UsageError("Give either a SIREN or --all.")
    clerk = Actor.command("flask members join")
    with _writing():
        entry = JoinInput().load({"signed_on": signed_on, "terms_version": terms})
        if siren is None:
            joined = operations.join_all(**entry, actor=clerk)
        else:
            operations.join(queries.member_by_siren(siren), **entry, actor=clerk)
            joined = 1
    click.echo(f"{joined} joined")


@member_commands.command("leave")
@click.argument("siren")
@click.option("--on", "left_on", required=True, metavar="YYYY-MM-DD")
def leave(siren: str, left_on: str) -> None:
    """Record that the body SIREN is no member from a day on."""
    with _writing():
        entry = LeaveInput().load({"left_on": left_on})
        member = queries.member_by_siren(siren)
        operations.leave(member, **entry, actor=Actor.command("flask members leave"))
    click.echo(f"{siren} left")


@member_commands.command("transfer")
@click.argument("siren")
@click.argument("competence", type=click.Choice([one.value for one in Competence]))
@click.option("--from", "from_on", required=True, metavar="YYYY-MM-DD")
def transfer(siren: str, competence: str, from_on: str) -> None:
    """Record that the body SIREN transfers COMPETENCE to the syndicate from a day on."""
    with _writing():
        entry = TransferInput().load({"competence": competence, "from_on": from_on})
        member = queries.member_by_siren(siren)
        operations.transfer(member, **entry, actor=Actor.command("flask members transfer"))
    click.echo(f"{siren} transferred {competence}")


@member_commands.command("merge")
@click.option("--siren", "sirens", multiple=True, required=True, help="A body that merges.")
@click.option("--into", required=True, metavar="SIREN", help="The body that goes on.")
@click.option("--name", help="Name of the body that goes on, when the merger creates it.")
@click.option("--on", "merged_on", required=True, metavar="YYYY-MM-DD")
@click.option("--add-inhabitants", is_flag=True, help="Add their inhabitants to its own.")
def merge(
    sirens: tuple[str, ...], into: str, name: str | None, merged_on: str, add_inhabitants: bool
) -> None:
    """Record that bodies became part of another.

    With --name it is a new body, which has the seat of the first --siren.
    """
    clerk, day = Actor.command("flask members merge"), pipeline.today()
    with _writing():
        typed = {"siren": into, "merged_on": merged_on, "name": name}
        entry = IntoInput().load({key: text for key, text in typed.items() if text})
        merging = [queries.member_by_siren(siren) for siren in sirens]
        mergers.merge_into(
            merging, **entry, adds_inhabitants=add_inhabitants, actor=clerk, today=day
        )
    click.echo(f"{len(merging)} merged into {into}")


@people_commands.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--siren", help="The member, for a requester or an approver.")
@click.password_option()
def create(email: str, name: str, role: str, siren: str | None, password: str) -> None:
    """Create a person, asking for the password."""
    with _writing():
        typed = {"email": email, "name": name, "role": role, "password": password}
        member = {"member_id": queries.member_by_siren(siren).id} if siren else {}
        entry = PersonInput().load({**typed, **member})
        operations.create_person(**entry, actor=Actor.command("flask people create"))
    click.echo(f"{email} created")
