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
        ("UPDATE lot_line SET quantity = 30 WHERE id = 3", "lot_line 3 says 0.030"),
        ("UPDATE lot_line SET position = 9 WHERE id = 1", "lot 1 "),
        ("UPDATE lot_line SET item_id = 3 WHERE id = 1", "allocation "),
        ("UPDATE need_line SET allotted = 1 WHERE id = 1", "need_line 1 "),
        ("UPDATE need_line SET quantity = quantity + 1 WHERE id = 2", "need_line 2"),
        ("UPDATE need_line SET paid_price = 1, paid_since = '2024-01-01' WHERE id = 3", "need 1 "),
        ("UPDATE need_line SET departement = '92' WHERE id = 1", "lot 1 "),
        (
            (
                "UPDATE need_line SET is_validated = NOT is_validated, is_pooled = false,"
                " pool_item_id = NULL, pool_quantity = NULL, allotted = 0 WHERE id = 4"
            ),
            "need_line 4 ",
        ),
        ("UPDATE need SET check_figure = 'another' WHERE id = 2", "need 2 "),
        ("UPDATE need SET state = 'submitted' WHERE id = 1", "need_line 1 "),
        ("UPDATE lot SET check_figure = 'another' WHERE id = 1", "lot 1 "),
        ("UPDATE lot SET frozen_on = '2020-01-01' WHERE id = 1", "lot 1 has no version 1 "),
        ("UPDATE sheet_version SET check_figure = 'another'", "lot 1 has no version 1 "),
        ("UPDATE sheet_version SET number = 2", "lot 1 has no version 1 "),
        (
            "UPDATE sheet_version SET thawed_on = '2026-01-01', thaw_reason = 'Other'",
            "lot 1 has no version 1 ",
        ),
        ("UPDATE sheet_version SET lines = '[]'", "sheet_version 1 does not have the lines"),
        ("DELETE FROM sheet_version", "lot 1 has no version 1 "),
        (
            (
                "UPDATE need_line SET is_pooled = false, pool_item_id = NULL, pool_quantity = NULL,"
                " allotted = 0 WHERE id = 5"
            ),
            "need_line 5 is validated, and neither pooled nor left out",
        ),
        (
            (
                "INSERT INTO omission (need_line_id, reason, person_id, at)"
                " VALUES (1, 'Twice', 1, '2026-01-01')"
            ),
            "need_line 1 is validated, and both pooled and left out",
        ),
        (
            "UPDATE need_line SET pool_quantity = pool_quantity + 1 WHERE id = 3",
            "need_line 3 is pooled as 7.251 of item 2, and makes 7.250 of item 2",
        ),
        (
            "UPDATE need_line SET pool_item_id = 3 WHERE id = 1",
            "need_line 1 is pooled as 10.000 of",
        ),
        (
            (
                "INSERT INTO equivalence"
                " (campaign_id, item_id, into_item_id, units_each, reason, person_id, decided_on)"
                " VALUES (1, 2, 1, 1000, 'Same', 1, '2026-01-01')"
            ),
            "need_line 2 is pooled as 2.500 of item 2, and makes 2.500 of item 1",
        ),
        ("UPDATE allocation SET is_released = true WHERE id = 1", "allocation 1 is released"),
        (
            "UPDATE need_line SET was_tendered = true WHERE id = 5",
            "need_line 5 and its allocations",
        ),
        (
            "UPDATE lot SET state = 'unsuccessful', released_on = '2026-01-01' WHERE id = 1",
            "allocation 1 is not released, and its lot 1 says otherwise",
        ),
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


@pytest.mark.parametrize(
    "kind,need_line,place",
    [("stock", "NULL", 1), ("shared", "1", 1), ("shared", "1", 2), ("stock", "NULL", 4)],
    ids=["stock", "shared", "shared of another item", "stock of an empty line"],
)
def test_what_rounds_up_stands_beside_a_need(session, verify, kind, need_line, place):
    """Both kinds are right on the line of cameras, and wrong where no camera is needed."""
    for statement in (
        "INSERT INTO lot_line (id, lot_id, item_id, position) VALUES (4, 2, 1, 2)",
        (
            "INSERT INTO allocation"
            " (id, lot_line_id, need_line_id, kind, quantity, reason, is_released)"
            f" VALUES (9, {place}, {need_line}, '{kind}', 500, 'Whole packs', false)"
        ),
    ):
        session.execute(text(statement))
    session.commit()
    named = f"allocation 9 ({kind}) stands beside no need that it rounds up"
    assert (named in verify().output) == (place != 1)


def test_a_merged_line_makes_what_its_equivalence_says(session, verify):
    """The tablets of the draft are pooled as cameras, two and a half of them each, and so held."""
    for statement in (
        (
            "INSERT INTO equivalence"
            " (campaign_id, item_id, into_item_id, units_each, reason, person_id, decided_on)"
            " VALUES (1, 3, 1, 2500, 'Same', 1, '2026-01-01')"
        ),
        (
            "UPDATE need_line SET pool_item_id = 1, pool_quantity = 75000, allotted = 75000"
            " WHERE id = 5"
        ),
        "UPDATE lot_line SET item_id = 1 WHERE lot_id = 2",
        "UPDATE allocation SET quantity = 75000 WHERE need_line_id = 5",
    ):
        session.execute(text(statement))
    session.commit()
    assert verify().exit_code == 0
    session.execute(text("UPDATE equivalence SET units_each = 3000"))
    session.commit()
    assert "need_line 5 is pooled as 75.000 of item 1, and makes 90.000" in verify().output


def test_it_passes_on_an_unsuccessful_lot_that_gave_everything_back(session, verify):
    for statement in (
        "UPDATE lot SET state = 'unsuccessful', released_on = '2026-01-01' WHERE id = 1",
        "UPDATE need_line SET allotted = 0, was_tendered = true WHERE id <> 5",
        "UPDATE allocation SET is_released = true WHERE need_line_id <> 5",
    ):
        session.execute(text(statement))
    session.commit()
    assert verify().exit_code == 0


def test_it_passes_on_a_thawed_lot_whose_version_says_so(session, verify):
    for statement in (
        "UPDATE lot SET state = 'draft' WHERE id = 1",
        "UPDATE lot_line SET quantity = NULL WHERE lot_id = 1",
        "UPDATE sheet_version SET thawed_on = '2026-01-01', thaw_reason = 'Wrong'",
    ):
        session.execute(text(statement))
    session.commit()
    assert verify().exit_code == 0
    session.execute(text("UPDATE sheet_version SET thawed_on = NULL, thaw_reason = NULL"))
    session.commit()
    assert "lot 1 has no version 1 " in verify().output


def test_it_misses_no_deleted_allocation(session, verify):
    session.execute(text("DELETE FROM allocation WHERE need_line_id = 5"))
    session.commit()
    answer = verify()
    assert answer.exit_code == 1
    assert "need_line 5 " in answer.output


def test_a_consistent_forgery_does_not_fit_the_check_figure(session, verify):
    """One more of everything along the chain: only the hashes still know."""
    session.execute(
        text(
            "UPDATE need_line SET quantity = quantity + 1000, allotted = quantity + 1000,"
            " pool_quantity = quantity + 1000 WHERE id = 1"
        )
    )
    for table, condition in (("allocation", "need_line_id = 1"), ("lot_line", "id = 1")):
        session.execute(text(f"UPDATE {table} SET quantity = quantity + 1000 WHERE {condition}"))
    forged = """UPDATE sheet_version SET lines = replace(lines, '"14.000"', '"15.000"')"""
    session.execute(text(forged))
    session.commit()
    answer = verify()
    assert "lot 1 " in answer.output
    assert "need 1 " in answer.output
    assert "2 fault(s) found" in answer.output


def test_its_queries_are_a_handful(session, verify, count_queries):
    started = perf_counter()
    with count_queries() as statements:
        assert verify().exit_code == 0
    assert len(statements) <= 18
    assert perf_counter() - started < 1
