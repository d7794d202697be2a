"""``flask lots verify``: it passes, and names each row that is altered behind our back."""

from time import perf_counter

import pytest
from sqlalchemy import text

from procurement.kernel.pipeline import commit


@pytest.fixture
def verify(app, ground):
    """Run the command on a frozen lot of cameras and cables and a draft of tablets."""
    ground.freeze(ground.form())
    ground.form(ground.tablet)
    commit()
    return lambda: app.test_cli_runner().invoke(args=["lots", "verify"])


def test_it_passes_and_says_in_one_line_what_it_counted(verify):
    answer = verify()
    assert answer.exit_code == 0
    assert answer.output == (
        "OK: 2 validated needs, 5 need lines, 2 lots, 3 lot lines and 5 allocations checked\n"
    )


def test_it_passes_on_an_empty_database(app):
    answer = app.test_cli_runner().invoke(args=["lots", "verify"])
    assert answer.exit_code == 0


@pytest.mark.parametrize(
    "alteration,named",
    [
        ("UPDATE lot_line SET quantity = quantity + 1 WHERE id = 1", "lot_line 1 "),
        ("UPDATE lot_line SET quantity = NULL WHERE id = 2", "lot_line 2 "),
        ("UPDATE lot_line SET position = 9 WHERE id = 1", "lot 1 "),
        ("UPDATE lot_line SET item_id = 3 WHERE id = 1", "allocation "),
        ("UPDATE need_line SET allotted = 1 WHERE id = 1", "need_line 1 "),
        ("UPDATE need_line SET quantity = quantity + 1 WHERE id = 2", "need_line 2"),
        ("UPDATE need_line SET paid_price = 1, paid_since = '2024-01-01' WHERE id = 3", "need 1 "),
        ("UPDATE need_line SET departement = '92' WHERE id = 1", "lot 1 "),
        (
            "UPDATE need_line SET is_validated = NOT is_validated, allotted = 0 WHERE id = 4",
            "need_line 4 ",
        ),
        ("UPDATE need SET check_figure = 'another' WHERE id = 2", "need 2 "),
        ("UPDATE need SET state = 'submitted' WHERE id = 1", "need_line 1 "),
        ("UPDATE lot SET check_figure = 'another' WHERE id = 1", "lot 1 "),
    ],
)
def test_it_names_the_altered_row(session, verify, alteration, named):
    session.execute(text(alteration))
    session.commit()
    answer = verify()
    assert answer.exit_code == 1
    assert named in answer.output


@pytest.mark.parametrize("change", ["SET quantity = quantity + 1000", "SET lot_line_id = 3"])
def test_it_names_an_altered_allocation(session, verify, change):
    allocation = session.scalar(text("SELECT id FROM allocation WHERE need_line_id = 1"))
    session.execute(text(f"UPDATE allocation {change} WHERE id = {allocation}"))
    session.commit()
    answer = verify()
    assert answer.exit_code == 1
    assert (
        f"allocations ({allocation})" in answer.output
        or f"allocation {allocation} " in answer.output
    )


def test_it_misses_no_deleted_allocation(session, verify):
    session.execute(text("DELETE FROM allocation WHERE need_line_id = 5"))
    session.commit()
    answer = verify()
    assert answer.exit_code == 1
    assert "need_line 5 " in answer.output


def test_a_consistent_forgery_does_not_fit_the_check_figure(session, verify):
    """One more of everything along the chain: only the hash still knows."""
    for table, condition in (
        ("allocation", "need_line_id = 1"),
        ("lot_line", "id = 1"),
        ("need_line", "id = 1"),
    ):
        session.execute(text(f"UPDATE {table} SET quantity = quantity + 1000 WHERE {condition}"))
    session.execute(text("UPDATE need_line SET allotted = quantity WHERE id = 1"))
    session.commit()
    answer = verify()
    assert "lot 1 " in answer.output
    assert "need 1 " in answer.output
    assert "2 fault(s) found" in answer.output


def test_its_queries_are_a_handful(session, verify, count_queries):
    started = perf_counter()
    with count_queries() as statements:
        assert verify().exit_code == 0
    assert len(statements) <= 10
    assert perf_counter() - started < 1
