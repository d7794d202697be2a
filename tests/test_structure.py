"""How the house is built, checked on the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask import Flask
from importlinter.cli import lint_imports
from sqlalchemy import Engine, inspect

from procurement.extensions import db
from procurement.kernel.access import Audience, Permission
from procurement.kernel.states import Stateful
from tests.conftest import MakeApp
from tests.databases import on_sqlite

ROOT = Path(__file__).parent.parent
CODE = ROOT / "procurement"
TRANSLATIONS = CODE / "translations"
#: What draws needs coordinates, what waits needs a clock, and neither is money.
NO_MONEY = {"charts.py", "paper.py", "mark.py"}
#: Bootstrap's own files, which its extension serves.
NOT_OURS = {"bootstrap.static"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Read every module of the platform."""
    for path in sorted(CODE.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def templates() -> Iterator[tuple[str, str]]:
    """Read every template, without what is said only to its author."""
    for path in sorted(CODE.rglob("templates/**/*.html")):
        yield str(path.relative_to(CODE)), re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)


def test_a_room_imports_only_what_is_upstream(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = lint_imports(config_filename=str(ROOT / "setup.cfg"), no_cache=True)
    assert exit_code == 0, capsys.readouterr().out


@on_sqlite
def test_every_route_states_who_may_call_it(app: Flask) -> None:
    silent = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if not isinstance(getattr(view, "allow", None), Permission | Audience)
    ]
    assert set(silent) == NOT_OURS


@on_sqlite
def test_what_everyone_may_send_is_only_the_sign_in(app: Flask) -> None:
    sent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and not isinstance(getattr(app.view_functions[rule.endpoint], "allow", None), Permission)
    }
    assert sent == {"members.enter", "members.sign_out"}


@pytest.mark.parametrize("table", Stateful.__subclasses__(), ids=lambda table: table.__name__)
def test_every_state_can_be_reached(table: Any) -> None:
    column = table.__table__.c.state
    states = set(column.type.enum_class)
    assert set(table.moves) == states
    reached, waiting = set(), {column.default.arg}
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting |= table.moves[state] - reached
    assert reached == states


def test_there_are_states() -> None:
    named = {table.__name__ for table in Stateful.__subclasses__()}
    assert named >= {"Campaign", "Need", "Lot", "Tender", "Agreement", "Order"}


def _described(engine: Engine) -> dict[str, dict[str, set[str]]]:
    """Describe the tables of a database as they stand, whatever the order of their parts."""
    found = inspect(engine)

    def written(value: Any) -> str:
        # The condition of a partial index is an object of SQLAlchemy's, which writes itself.
        return str(
            {key: str(inner) for key, inner in value.items()} if isinstance(value, dict) else value
        )

    def parts(listed: Any) -> set[str]:
        return {
            str(sorted((key, written(value)) for key, value in one.items() if key != "comment"))
            for one in listed
        }

    return {
        table: {
            "columns": parts(found.get_columns(table)),
            "key": parts([found.get_pk_constraint(table)]),
            "foreign keys": parts(found.get_foreign_keys(table)),
            "unique": parts(found.get_unique_constraints(table)),
            "checks": parts(found.get_check_constraints(table)),
            "indexes": parts(found.get_indexes(table)),
            "ids": {"never given again"} if table in _never_given_again(engine) else set(),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def _never_given_again(engine: Engine) -> set[str]:
    """Name the tables of SQLite that keep the last id they gave; PostgreSQL's all do."""
    if engine.dialect.name != "sqlite":
        return set()
    with engine.connect() as connection:
        made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
    return {name for name, sql in made if "AUTOINCREMENT" in (sql or "")}


def test_the_migrations_make_the_tables_of_the_models(
    bare_database_url: str, make_app: MakeApp
) -> None:
    folder = str(ROOT / "migrations")
    with make_app(bare_database_url).app_context():
        flask_migrate.upgrade(folder)
        with db.engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, db.metadata) == []
        migrated = _described(db.engine)
        flask_migrate.downgrade(folder, revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        db.create_all()
        made = _described(db.engine)
        db.engine.dispose()
    assert migrated.keys() == made.keys()
    for table, parts in made.items():
        assert migrated[table] == parts, table


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every sentence of the code and the templates, collected as ``make translations`` does."""
    template = tmp_path_factory.mktemp("sentences") / "messages.pot"
    words = ("lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2")
    keywords = [option for word in words for option in ("-k", word)]
    command = ["pybabel", "--quiet", "extract", "-F", str(TRANSLATIONS / "babel.cfg"), *keywords]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run([*command, "-o", str(template), "."])
    with template.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def french() -> Catalog:
    """The French translation."""
    with (TRANSLATIONS / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="fr")


def _forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def _named(text: object) -> set[str]:
    """Give the names that a sentence is filled with."""
    return set(re.findall(r"%\((\w+)\)", str(text)))


def test_french_is_complete(sentences: Catalog, french: Catalog) -> None:
    missing = [
        message.id
        for message in sentences
        if message.id
        and (
            (found := french.get(message.id, message.context)) is None
            or found.fuzzy
            or not all(_forms(found))
        )
    ]
    assert missing == []
    assert len(sentences) > 300


def test_french_fills_its_sentences_with_the_same_names(french: Catalog) -> None:
    for message in french:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        names = set().union(*map(_named, ids))
        for form in _forms(message):
            # "One need" may leave its number out, and so may its translation.
            assert _named(form) == names or names - _named(form) == {"num"}, message.id


@pytest.mark.parametrize(
    "what, pattern",
    [
        ("a script", r"<script(?![^>]*\bsrc=)"),
        ("a style sheet", r"<style\b"),
        ("a style", r"<[^>]*\sstyle\s*="),
        ("an event handler", r"<[^>]*\son[a-z]+\s*="),
        ("a script address", r"javascript:"),
        ("unescaped text", r"\|\s*safe\b|autoescape\s+false"),
    ],
)
def test_no_template_holds_inline(what: str, pattern: str) -> None:
    found = [name for name, text in templates() if re.search(pattern, text, re.I)]
    assert found == [], f"{what} inline"


def test_every_form_that_is_sent_carries_its_token() -> None:
    for name, text in templates():
        for form in re.findall(r"<form\b[^>]*method=.post.*?</form>", text, flags=re.S | re.I):
            assert "ui.csrf()" in form, name


def _calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Give what a module calls, as it is written, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_money_is_never_a_float() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in modules()
        if path.name not in NO_MONEY
        for name, line in _calls(tree)
        if name == "float"
    ]
    assert found == []


def test_one_place_commits() -> None:
    found = {
        str(path.relative_to(CODE))
        for path, tree in modules()
        for name, _line in _calls(tree)
        if name.endswith(
            ("session.commit", "session().commit", "session.begin", "connection.commit")
        )
    }
    assert found == {"kernel/pipeline.py"}


def test_no_import_hides_in_a_function() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []
