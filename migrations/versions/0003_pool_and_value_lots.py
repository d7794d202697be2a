"""Pool and value lots: what lines are pooled as, purchases, thresholds, versions of sheets."""

import json
from collections import defaultdict
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Columns that every row has, and the conditions that the new columns bring, table by table.
_ALLOCATION = (("kind", sa.String(length=24)), ("is_released", sa.Boolean()))
_ALLOCATION_CHECKS = (
    ("allocationkind", "kind IN ('need', 'shared', 'stock')"),
    ("need_line", "(kind = 'stock') = (need_line_id IS NULL)"),
    ("reason", "(kind = 'need') = (reason IS NULL)"),
)
_CPV_CHECKS = (
    ("trade", "trade IN ('distributor', 'publisher', 'operator', 'installer', 'adviser')"),
)
_LOT = (("names_members", sa.Boolean()), ("is_small_lot", sa.Boolean()))
_LOT_CHECKS = (("released_on", "released_on IS NULL OR state = 'unsuccessful'"),)
_LOT_LINE_CHECKS = (("estimated_price", "estimated_price >= 0"),)
_LINE = (("is_pooled", sa.Boolean()), ("was_tendered", sa.Boolean()))
_LINE_CHECKS = (
    ("pool_item", "is_pooled = (pool_item_id IS NOT NULL)"),
    ("pool_quantity", "is_pooled = (pool_quantity IS NOT NULL)"),
    (
        "pooled_when_validated",
        "NOT is_pooled OR (is_validated AND item_id IS NOT NULL AND pool_quantity > 0)",
    ),
    ("allotted", "allotted >= 0 AND allotted <= coalesce(pool_quantity, 0)"),
)
#: The conditions of before, which spoke of the quantity that was asked for.
_OLD_LINE_CHECKS = (
    ("allotted", "allotted >= 0 AND allotted <= quantity"),
    ("allotted_when_validated", "is_validated OR allotted = 0"),
    ("allotted_when_harmonised", "item_id IS NOT NULL OR allotted = 0"),
)
_POOL_INDEX = (
    "campaign_id",
    "is_pooled",
    "pool_item_id",
    "departement",
    "strength",
    "member_id",
    "pool_quantity",
    "allotted",
)
_OLD_POOL_INDEX = (
    "campaign_id",
    "is_validated",
    "item_id",
    "departement",
    "member_id",
    "quantity",
    "allotted",
)
_S, _W = "supplies", "works"
_2024, _2026, _APRIL = date(2024, 1, 1), date(2026, 1, 1), date(2026, 4, 1)
_AUGUST = date(2026, 8, 22)
_NOTICE_2024 = "Avis relatif aux seuils de procédure, 2024-2025"
_NOTICE_2026 = "Avis relatif aux seuils de procédure, 2026-2027"
_CLIMATE = "Loi n° 2021-1104 du 22 août 2021, art. 35"
_DECREE = "Décret n° 2025-1386 du 29 décembre 2025"
_CODE = "Code de la commande publique"
#: Rule, nature, from, until, amount in cents, hundredths of a percent, article, its source.
_THRESHOLDS = (
    ("dispense", _S, _2024, date(2026, 3, 31), 4_000_000, None, "R2122-8", _CODE),
    ("dispense", _S, _APRIL, None, 6_000_000, None, "R2122-8", _DECREE),
    ("dispense", _W, _2024, None, 10_000_000, None, "R2122-8", _CODE),
    ("publicity", _S, _2024, None, 9_000_000, None, "R2131-12", _CODE),
    ("publicity", _W, _2024, None, 9_000_000, None, "R2131-12", _CODE),
    ("formal", _S, _2024, date(2025, 12, 31), 22_100_000, None, "R2124-1", _NOTICE_2024),
    ("formal", _S, _2026, date(2027, 12, 31), 21_600_000, None, "R2124-1", _NOTICE_2026),
    ("formal", _W, _2024, date(2025, 12, 31), 553_800_000, None, "R2124-1", _NOTICE_2024),
    ("formal", _W, _2026, date(2027, 12, 31), 540_400_000, None, "R2124-1", _NOTICE_2026),
    ("small_lot", _S, _2024, None, 8_000_000, None, "R2123-1 2°", _CODE),
    ("small_lot", _W, _2024, None, 100_000_000, None, "R2123-1 2°", _CODE),
    ("small_lot_share", _S, _2024, None, None, 2_000, "R2123-1 2°", _CODE),
    ("small_lot_share", _W, _2024, None, None, 2_000, "R2123-1 2°", _CODE),
    ("turnover", _S, _2024, date(2025, 12, 31), None, 20_000, "R2142-7", _CODE),
    ("turnover", _S, _2026, None, None, 15_000, "R2142-7", _DECREE),
    ("turnover", _W, _2024, date(2025, 12, 31), None, 20_000, "R2142-7", _CODE),
    ("turnover", _W, _2026, None, None, 15_000, "R2142-7", _DECREE),
    ("environment", _S, _AUGUST, None, None, None, "L2112-2, L2152-7", _CLIMATE),
    ("environment", _W, _AUGUST, None, None, None, "L2112-2, L2152-7", _CLIMATE),
    ("social", _S, _AUGUST, None, None, None, "L2112-2-1", _CLIMATE),
    ("social", _W, _AUGUST, None, None, None, "L2112-2-1", _CLIMATE),
)
_THRESHOLD = sa.table(
    "threshold",
    sa.column("rule", sa.String()),
    sa.column("nature", sa.String()),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_until", sa.Date()),
    sa.column("amount", sa.BigInteger()),
    sa.column("percent", sa.BigInteger()),
    sa.column("article", sa.String()),
    sa.column("source", sa.String()),
)
_SHEET_VERSION = sa.table(
    "sheet_version",
    sa.column("lot_id", sa.Integer()),
    sa.column("number", sa.Integer()),
    sa.column("frozen_on", sa.Date()),
    sa.column("check_figure", sa.String()),
    sa.column("lines", sa.Text()),
)


def upgrade() -> None:
    """Apply the change, keeping what is there as what it was."""
    _make_exports()
    _make_thresholds()
    _make_purchases()
    _make_decisions()
    _make_sheets()
    _change_cpv()
    _change_need_lines()
    _change_lots()
    _change_allocations()
    _keep_sheets()


def _make_exports() -> None:
    op.create_table(
        "export",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                "cancelled",
                name="exportstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("file_name", sa.String(length=160), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'done') = (place IS NOT NULL)", name=op.f("ck_export_place")),
        sa.CheckConstraint(
            "(state = 'failed') = (fault IS NOT NULL)", name=op.f("ck_export_fault")
        ),
        sa.CheckConstraint("done BETWEEN 0 AND total", name=op.f("ck_export_progress")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index(
            "uq_export_under_way",
            ["kind", "subject_id", "language"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )


def _make_thresholds() -> None:
    op.create_table(
        "threshold",
        sa.Column(
            "rule",
            sa.Enum(
                "dispense",
                "publicity",
                "formal",
                "small_lot",
                "small_lot_share",
                "turnover",
                "environment",
                "social",
                name="legalrule",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "nature",
            sa.Enum(
                "supplies",
                "works",
                name="nature",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("article", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_threshold_amount")),
        sa.CheckConstraint(
            "amount IS NULL OR percent IS NULL", name=op.f("ck_threshold_one_value")
        ),
        sa.CheckConstraint("percent > 0", name=op.f("ck_threshold_percent")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_threshold_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold")),
        sa.UniqueConstraint(
            "rule", "nature", "valid_from", name=op.f("uq_threshold_rule_nature_valid_from")
        ),
    )
    names = [column.name for column in _THRESHOLD.columns]
    op.bulk_insert(_THRESHOLD, [dict(zip(names, row, strict=True)) for row in _THRESHOLDS])


def _make_purchases() -> None:
    op.create_table(
        "comparison",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("chosen", sa.String(length=40), nullable=True),
        sa.Column("chosen_on", sa.Date(), nullable=True),
        sa.Column("chosen_by_id", sa.Integer(), nullable=True),
        sa.Column("choice_reason", sa.String(length=1000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(chosen IS NULL) = (chosen_on IS NULL) AND (chosen IS NULL) = (choice_reason IS NULL)",
            name=op.f("ck_comparison_chosen"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_comparison_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["chosen_by_id"], ["person.id"], name=op.f("fk_comparison_chosen_by_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comparison_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
    )
    with op.batch_alter_table("comparison", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_comparison_campaign_id"), ["campaign_id"], unique=False
        )

    op.create_table(
        "project",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column(
            "nature",
            sa.Enum(
                "supplies",
                "works",
                name="nature",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("launch_on", sa.Date(), nullable=False),
        sa.Column("initial_months", sa.Integer(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("renewal_months", sa.Integer(), nullable=False),
        sa.Column("margin", sa.BigInteger(), nullable=False),
        sa.Column("options_amount", sa.BigInteger(), nullable=False),
        sa.Column("long_reason", sa.String(length=1000), nullable=True),
        sa.Column(
            "undivided_ground",
            sa.Enum(
                "coordination",
                "competition",
                "technical",
                "cost",
                name="undividedground",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("undivided_reason", sa.String(length=1000), nullable=True),
        sa.Column("environmental_clause", sa.String(length=1000), nullable=True),
        sa.Column("environmental_criterion", sa.String(length=1000), nullable=True),
        sa.Column("social_clause", sa.String(length=1000), nullable=True),
        sa.Column("social_exemption", sa.String(length=1000), nullable=True),
        sa.Column("valued_on", sa.Date(), nullable=True),
        sa.Column("valued_by_id", sa.Integer(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("nature_value", sa.BigInteger(), nullable=True),
        sa.Column(
            "procedure",
            sa.Enum(
                "dispensed",
                "adapted",
                "formal",
                name="procedure",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(renewals = 0) = (renewal_months = 0)", name=op.f("ck_project_renewal_months")
        ),
        sa.CheckConstraint(
            "(undivided_ground IS NULL) = (undivided_reason IS NULL)",
            name=op.f("ck_project_undivided_reason"),
        ),
        sa.CheckConstraint(
            "(valued_on IS NULL) = (value IS NULL) AND (valued_on IS NULL) = (procedure IS NULL)"
            " AND (valued_on IS NULL) = (nature_value IS NULL)"
            " AND (valued_on IS NULL) = (statement IS NULL)",
            name=op.f("ck_project_valued"),
        ),
        sa.CheckConstraint(
            "initial_months + renewals * renewal_months <= 48 OR long_reason IS NOT NULL",
            name=op.f("ck_project_long_reason"),
        ),
        sa.CheckConstraint(
            "initial_months BETWEEN 1 AND 120", name=op.f("ck_project_initial_months")
        ),
        sa.CheckConstraint("margin >= 0", name=op.f("ck_project_margin")),
        sa.CheckConstraint("options_amount >= 0", name=op.f("ck_project_options_amount")),
        sa.CheckConstraint("renewals BETWEEN 0 AND 20", name=op.f("ck_project_renewals")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_project_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["valued_by_id"], ["person.id"], name=op.f("fk_project_valued_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_campaign_id"), ["campaign_id"], unique=False)


def _make_decisions() -> None:
    op.create_table(
        "equivalence",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("into_item_id", sa.Integer(), nullable=False),
        sa.Column("units_each", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("item_id <> into_item_id", name=op.f("ck_equivalence_another")),
        sa.CheckConstraint("units_each > 0", name=op.f("ck_equivalence_units_each")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_equivalence_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["into_item_id"], ["item.id"], name=op.f("fk_equivalence_into_item_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_equivalence_item_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_equivalence_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equivalence")),
        sa.UniqueConstraint(
            "campaign_id", "item_id", name=op.f("uq_equivalence_campaign_id_item_id")
        ),
    )

    op.create_table(
        "omission",
        sa.Column("need_line_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["need_line_id"],
            ["need_line.id"],
            name=op.f("fk_omission_need_line_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_omission_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_omission")),
        sa.UniqueConstraint("need_line_id", name=op.f("uq_omission_need_line_id")),
    )


def _make_sheets() -> None:
    op.create_table(
        "price_tier",
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("from_quantity", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("from_quantity > 0", name=op.f("ck_price_tier_from_quantity")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_price_tier_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_tier")),
        sa.UniqueConstraint(
            "lot_id", "from_quantity", name=op.f("uq_price_tier_lot_id_from_quantity")
        ),
    )

    op.create_table(
        "sheet_version",
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("frozen_on", sa.Date(), nullable=False),
        sa.Column("check_figure", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("thawed_on", sa.Date(), nullable=True),
        sa.Column("thaw_reason", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(thawed_on IS NULL) = (thaw_reason IS NULL)", name=op.f("ck_sheet_version_thaw")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_sheet_version_lot_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sheet_version_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_version")),
        sa.UniqueConstraint("lot_id", "number", name=op.f("uq_sheet_version_lot_id_number")),
    )


def _change_cpv() -> None:
    with op.batch_alter_table("cpv") as batch_op:
        batch_op.add_column(sa.Column("trade", sa.String(length=24), nullable=True))
    # Which kind of firm sells what a code names, by how it begins.
    op.execute(
        "UPDATE cpv SET trade = CASE WHEN code LIKE '4882%' THEN 'distributor'"
        " WHEN code LIKE '22%' OR code LIKE '48%' OR code LIKE '72416%' THEN 'publisher'"
        " WHEN code LIKE '64%' OR code LIKE '72411%' THEN 'operator'"
        " WHEN code LIKE '45%' OR code LIKE '50%' OR code LIKE '51%' OR code LIKE '72315%'"
        " THEN 'installer'"
        " WHEN code LIKE '728%' OR code LIKE '79%' OR code LIKE '80%' THEN 'adviser'"
        " ELSE 'distributor' END"
    )
    with op.batch_alter_table("cpv") as batch_op:
        batch_op.alter_column("trade", existing_type=sa.String(length=24), nullable=False)
        for name, condition in _CPV_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_cpv_{name}"), condition)


def _change_need_lines() -> None:
    with op.batch_alter_table("need_line") as batch_op:
        for name, kind in _LINE:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.add_column(sa.Column("pool_item_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pool_quantity", sa.BigInteger(), nullable=True))
    # What was validated and named an item was in the pool, as itself.
    op.execute(
        "UPDATE need_line SET was_tendered = false,"
        " is_pooled = (is_validated AND item_id IS NOT NULL),"
        " pool_item_id = CASE WHEN is_validated THEN item_id END,"
        " pool_quantity = CASE WHEN is_validated AND item_id IS NOT NULL THEN quantity END"
    )
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.drop_index("ix_need_line_pool")
        for name, _condition in _OLD_LINE_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_need_line_{name}"), type_="check")
        for name, kind in _LINE:
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        for name, condition in _LINE_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_need_line_{name}"), condition)
        batch_op.create_foreign_key(
            batch_op.f("fk_need_line_pool_item_id"), "item", ["pool_item_id"], ["id"]
        )
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.create_index("ix_need_line_pool", _POOL_INDEX, unique=False)
        batch_op.create_index(
            "ix_need_line_free",
            ["campaign_id"],
            unique=False,
            sqlite_where=sa.text("item_id IS NULL"),
            postgresql_where=sa.text("item_id IS NULL"),
        )


def _change_lots() -> None:
    with op.batch_alter_table("lot") as batch_op:
        batch_op.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("names_members", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("is_small_lot", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("awarded_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("released_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE lot SET names_members = false, is_small_lot = false, awarded_on ="
        " (SELECT max(tender.awarded_on) FROM tender WHERE tender.lot_id = lot.id)"
    )
    last = _last_lot()
    with op.batch_alter_table("lot", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        for name, kind in _LOT:
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        for name, condition in _LOT_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_lot_{name}"), condition)
        batch_op.create_index(batch_op.f("ix_lot_project_id"), ["project_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lot_project_id"), "project", ["project_id"], ["id"]
        )
    _go_on_after(last)
    with op.batch_alter_table("lot_line") as batch_op:
        batch_op.add_column(sa.Column("estimated_price", sa.BigInteger(), nullable=True))
        for name, condition in _LOT_LINE_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_lot_line_{name}"), condition)
    # The buyer expects what the catalogue says until somebody knows better.
    op.execute(
        "UPDATE lot_line SET estimated_price ="
        " (SELECT indicative_price FROM item WHERE item.id = lot_line.item_id)"
    )


def _last_lot() -> int | None:
    """Give the last id that SQLite gave to a lot, which it forgets with the table."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return None
    last: int | None = bind.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'lot'"))
    return last


def _go_on_after(last: int | None) -> None:
    """Have SQLite give no id again: the journal names dissolved lots by theirs."""
    if last is None:
        return
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'lot'")
    given = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('lot', :last)")
    op.execute(given.bindparams(last=last))


def _change_allocations() -> None:
    with op.batch_alter_table("allocation") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("is_released", sa.Boolean(), nullable=True))
    # Nothing was rounded up before, and no lot gave back what it held.
    op.execute("UPDATE allocation SET kind = 'need', is_released = false")
    with op.batch_alter_table("allocation") as batch_op:
        for name, kind in _ALLOCATION:
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        batch_op.alter_column("need_line_id", existing_type=sa.Integer(), nullable=True)
        for name, condition in _ALLOCATION_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_allocation_{name}"), condition)
        batch_op.drop_constraint(
            batch_op.f("uq_allocation_lot_line_id_need_line_id"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_allocation_lot_line_id_need_line_id_kind"),
            ["lot_line_id", "need_line_id", "kind"],
        )
        batch_op.create_index(
            "uq_allocation_stock",
            ["lot_line_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'stock'"),
            postgresql_where=sa.text("kind = 'stock'"),
        )


def _keep_sheets() -> None:
    """Keep each frozen lot as the version of its sheet; who froze it is only in the journal."""
    bind = op.get_bind()
    lines: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for lot_id, item_id, thousandths in bind.execute(
        sa.text("SELECT lot_id, item_id, quantity FROM lot_line ORDER BY lot_id, position")
    ):
        if thousandths is not None:
            whole, rest = divmod(thousandths, 1000)
            lines[lot_id].append((item_id, f"{whole}.{rest:03d}"))
    frozen = sa.text(
        "SELECT id, sheet_version, frozen_on, check_figure FROM lot WHERE sheet_version > 0"
        " ORDER BY id"
    ).columns(id=sa.Integer(), sheet_version=sa.Integer(), frozen_on=sa.Date())
    op.bulk_insert(
        _SHEET_VERSION,
        [
            {
                "lot_id": lot_id,
                "number": number,
                "frozen_on": frozen_on,
                "check_figure": figure,
                "lines": json.dumps(lines[lot_id]),
            }
            for lot_id, number, frozen_on, figure in bind.execute(frozen)
        ],
    )


def downgrade() -> None:
    """Undo the change, for what the tables of before can hold.

    What lots hold for the stock, what was rounded up, what was given back and is in another lot
    since, and what lots hold of an item that was merged into theirs have no place in them: the
    database refuses, and keeps everything.
    """
    _undo_allocations()
    _undo_lots()
    _undo_need_lines()
    with op.batch_alter_table("cpv") as batch_op:
        for name, _condition in _CPV_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_cpv_{name}"), type_="check")
        batch_op.drop_column("trade")
    op.drop_table("sheet_version")
    op.drop_table("price_tier")
    op.drop_table("omission")
    op.drop_table("equivalence")
    op.drop_table("project")
    op.drop_table("comparison")
    op.drop_table("threshold")
    op.drop_table("export")


def _undo_allocations() -> None:
    # What an unsuccessful lot gave back was still its own before.
    op.execute(
        "UPDATE need_line SET allotted = (SELECT sum(allocation.quantity) FROM allocation"
        " WHERE allocation.need_line_id = need_line.id AND allocation.kind = 'need')"
        " WHERE id IN (SELECT need_line_id FROM allocation WHERE is_released AND kind = 'need')"
    )
    with op.batch_alter_table("allocation") as batch_op:
        batch_op.drop_index("uq_allocation_stock")
        batch_op.drop_constraint(
            batch_op.f("uq_allocation_lot_line_id_need_line_id_kind"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_allocation_lot_line_id_need_line_id"), ["lot_line_id", "need_line_id"]
        )
        batch_op.alter_column("need_line_id", existing_type=sa.Integer(), nullable=False)
        for name, _condition in _ALLOCATION_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_allocation_{name}"), type_="check")
        batch_op.drop_column("reason")
        for name, _kind in _ALLOCATION:
            batch_op.drop_column(name)


def _undo_lots() -> None:
    with op.batch_alter_table("lot_line") as batch_op:
        for name, _condition in _LOT_LINE_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_lot_line_{name}"), type_="check")
        batch_op.drop_column("estimated_price")
    last = _last_lot()
    with op.batch_alter_table("lot", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lot_project_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_lot_project_id"))
        for name, _condition in _LOT_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_lot_{name}"), type_="check")
        for name in ("project_id", "awarded_on", "released_on"):
            batch_op.drop_column(name)
        for name, _kind in _LOT:
            batch_op.drop_column(name)
    _go_on_after(last)


def _undo_need_lines() -> None:
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.drop_index("ix_need_line_free")
        batch_op.drop_index("ix_need_line_pool")
        batch_op.create_check_constraint(
            batch_op.f("ck_need_line_as_itself"),
            "allotted = 0 OR (pool_item_id = item_id AND pool_quantity = quantity)",
        )
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_need_line_as_itself"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_need_line_pool_item_id"), type_="foreignkey")
        for name, _condition in _LINE_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_need_line_{name}"), type_="check")
        for name, condition in _OLD_LINE_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_need_line_{name}"), condition)
        for name in ("pool_item_id", "pool_quantity"):
            batch_op.drop_column(name)
        for name, _kind in _LINE:
            batch_op.drop_column(name)
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.create_index("ix_need_line_pool", _OLD_POOL_INDEX, unique=False)
