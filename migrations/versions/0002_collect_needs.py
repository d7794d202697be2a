"""Collect needs: who is asked, free lines, versions, documents, mandates, mergers, letters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Columns that every row has, and the conditions that the new columns bring, table by table.
_CAMPAIGN = (
    ("contract_months", sa.Integer()),
    ("commitment", sa.String(length=24)),
    ("invitation", sa.String(length=24)),
    ("every_family", sa.Boolean()),
)
_CAMPAIGN_CHECKS = (
    ("contract_months", "contract_months BETWEEN 1 AND 120"),
    ("invited_departement", "(invitation = 'departement') = (invited_departement IS NOT NULL)"),
    ("invited_competence", "(invitation = 'competence') = (invited_competence IS NOT NULL)"),
    ("strength", "commitment IN ('indicative', 'firm')"),
    ("invitation", "invitation IN ('all', 'departement', 'competence', 'list')"),
    (
        "competence",
        (
            "invited_competence IN ('video_protection', 'digital_education',"
            " 'territorial_networks', 'telecoms', 'smart_city', 'purchasing')"
        ),
    ),
)
_MEMBER_CHECKS = (
    ("merger", "(successor_id IS NULL) = (merged_on IS NULL)"),
    ("successor", "successor_id <> id"),
)
_FOUR_EYES = "approver_id IS NULL OR approver_id <> author_id"
_NEED_CHECKS = (
    ("entry", "entry IN ('own', 'delegate', 'centrale')"),
    ("objector", "(objection IS NULL) = (objector_id IS NULL)"),
)
_LINE = (
    ("declared_quantity", sa.BigInteger()),
    ("basis", sa.String(length=24)),
    ("strength", sa.String(length=24)),
    ("version", sa.Integer()),
)
_LINE_CHECKS = (
    ("basis", "basis IN ('period', 'year')"),
    ("strength", "strength IN ('indicative', 'firm')"),
    ("declared_quantity", "declared_quantity > 0"),
    ("item_or_words", "item_id IS NOT NULL OR words IS NOT NULL"),
    ("own_unit", "(words IS NULL) = (own_unit IS NULL)"),
    ("own_price", "words IS NOT NULL OR own_price IS NULL"),
    ("units_each", "(units_each IS NOT NULL) = (words IS NOT NULL AND item_id IS NOT NULL)"),
    ("units_each_positive", "units_each > 0"),
    ("allotted_when_harmonised", "item_id IS NOT NULL OR allotted = 0"),
)


def upgrade() -> None:
    """Apply the change, keeping what is there as what it was."""
    op.create_table(
        "letter",
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("to_name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.create_index(
            "ix_letter_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "campaign_guest",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_guest_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_campaign_guest_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_guest")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", name=op.f("uq_campaign_guest_campaign_id_member_id")
        ),
    )
    with op.batch_alter_table("campaign_guest", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_guest_member_id"), ["member_id"], unique=False
        )

    op.create_table(
        "exemption",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_exemption_campaign_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_exemption_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption")),
        sa.UniqueConstraint(
            "campaign_id", "member_id", name=op.f("uq_exemption_campaign_id_member_id")
        ),
    )
    with op.batch_alter_table("exemption", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exemption_member_id"), ["member_id"], unique=False)

    op.create_table(
        "mandate",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("member_id <> delegate_id", name=op.f("ck_mandate_another")),
        sa.CheckConstraint(
            "revoked_on IS NULL OR revoked_on >= granted_on", name=op.f("ck_mandate_period")
        ),
        sa.ForeignKeyConstraint(
            ["delegate_id"], ["member.id"], name=op.f("fk_mandate_delegate_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_mandate_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index("ix_mandate_delegate_id", ["delegate_id", "revoked_on"], unique=False)
        batch_op.create_index(
            "uq_mandate_in_force",
            ["member_id"],
            unique=True,
            sqlite_where=sa.text("revoked_on IS NULL"),
            postgresql_where=sa.text("revoked_on IS NULL"),
        )

    op.create_table(
        "reminder",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "occasion",
            sa.Enum(
                "week",
                "eve",
                "by_hand",
                name="occasion",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("about_on", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_reminder_campaign_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_reminder_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "campaign_id",
            "member_id",
            "occasion",
            "about_on",
            name=op.f("uq_reminder_campaign_id_member_id_occasion_about_on"),
        ),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_member_id"), ["member_id"], unique=False)

    op.create_table(
        "campaign_family",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column(
            "competence",
            sa.Enum(
                "video_protection",
                "digital_education",
                "territorial_networks",
                "telecoms",
                "smart_city",
                "purchasing",
                name="competence",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_family_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_campaign_family_family_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_family")),
        sa.UniqueConstraint(
            "campaign_id", "family_id", name=op.f("uq_campaign_family_campaign_id_family_id")
        ),
    )
    op.create_table(
        "upload",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("applied_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_upload_campaign_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_upload_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_member_id"), ["member_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("need_id", sa.Integer(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "instructions",
                "evidence",
                "source",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(purpose = 'instructions') = (campaign_id IS NOT NULL)",
            name=op.f("ck_document_instructions"),
        ),
        sa.CheckConstraint(
            "(campaign_id IS NULL) <> (need_id IS NULL)", name=op.f("ck_document_one_owner")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_document_size")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_document_campaign_id")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_document_need_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_need_id"), ["need_id"], unique=False)

    op.create_table(
        "need_version",
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["need_id"], ["need.id"], name=op.f("fk_need_version_need_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_need_version_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_version")),
        sa.UniqueConstraint("need_id", "number", name=op.f("uq_need_version_need_id_number")),
    )
    op.create_table(
        "wording",
        sa.Column("words", sa.String(length=320), nullable=False),
        sa.Column("unit", sa.String(length=50), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("units_each", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("units_each > 0", name=op.f("ck_wording_units_each")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_wording_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wording_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
        sa.UniqueConstraint("words", "unit", name=op.f("uq_wording_words_unit")),
    )

    with op.batch_alter_table("campaign") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_campaign_campaignstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_campaign_campaignstate"),
            "state IN ('draft', 'open', 'closed', 'pooled', 'archived')",
        )
        batch_op.add_column(sa.Column("contract_months", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("contract_starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("commitment", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("invitation", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("invited_departement", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("invited_competence", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("every_family", sa.Boolean(), nullable=True))
    # Campaigns of before asked everybody for everything, for the four years of an agreement.
    op.execute(
        "UPDATE campaign SET contract_months = 48, commitment = 'indicative',"
        " invitation = 'all', every_family = true"
    )
    with op.batch_alter_table("campaign") as batch_op:
        for name, kind in _CAMPAIGN:
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        for name, condition in _CAMPAIGN_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_campaign_{name}"), condition)

    with op.batch_alter_table("item") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))

    with op.batch_alter_table("member") as batch_op:
        batch_op.add_column(sa.Column("successor_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("merged_on", sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f("ix_member_successor_id"), ["successor_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_member_successor_id"), "member", ["successor_id"], ["id"]
        )
        for name, condition in _MEMBER_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_member_{name}"), condition)
        batch_op.drop_constraint(batch_op.f("uq_member_insee_code"), type_="unique")
    with op.batch_alter_table("member") as batch_op:
        batch_op.create_index(
            "uq_member_insee_code",
            ["insee_code"],
            unique=True,
            sqlite_where=sa.text("successor_id IS NULL"),
            postgresql_where=sa.text("successor_id IS NULL"),
        )

    with op.batch_alter_table("need") as batch_op:
        batch_op.add_column(sa.Column("entry", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("objection", sa.String(length=1000), nullable=True))
        batch_op.add_column(sa.Column("objector_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("submissions", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("touched_at", sa.DateTime(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_need_objector_id"), "person", ["objector_id"], ["id"]
        )
    # Members entered them all themselves; the versions of before were not kept.
    op.execute("UPDATE need SET entry = 'own', submissions = 0")
    with op.batch_alter_table("need") as batch_op:
        batch_op.alter_column("entry", existing_type=sa.String(length=24), nullable=False)
        batch_op.alter_column("submissions", existing_type=sa.Integer(), nullable=False)
        for name, condition in _NEED_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_need_{name}"), condition)
        batch_op.drop_constraint(batch_op.f("ck_need_four_eyes"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_need_four_eyes"), f"{_FOUR_EYES} OR state = 'returned'"
        )

    with op.batch_alter_table("need_line") as batch_op:
        batch_op.add_column(sa.Column("declared_quantity", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("basis", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("strength", sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column("evidence_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("remark", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("words", sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column("own_unit", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("own_price", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("units_each", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=True))
        batch_op.alter_column("item_id", existing_type=sa.Integer(), nullable=True)
        batch_op.drop_constraint(batch_op.f("uq_need_line_need_id_item_id_site_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_need_line_evidence_id"), ["evidence_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_need_line_need_id"), ["need_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_need_line_evidence_id"), "document", ["evidence_id"], ["id"]
        )
    # What was declared was for the whole contract, and bound nobody.
    op.execute(
        "UPDATE need_line SET declared_quantity = quantity, basis = 'period',"
        " strength = 'indicative', version = 1"
    )
    with op.batch_alter_table("need_line") as batch_op:
        for name, kind in _LINE:
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        for name, condition in _LINE_CHECKS:
            batch_op.create_check_constraint(batch_op.f(f"ck_need_line_{name}"), condition)
        batch_op.create_index(
            "uq_need_line_item_site",
            ["need_id", "item_id", "site_id"],
            unique=True,
            sqlite_where=sa.text("words IS NULL"),
            postgresql_where=sa.text("words IS NULL"),
        )


def downgrade() -> None:
    """Undo the change, for what the tables of before can hold.

    Free lines that have no item, and what was pooled or archived, have no place in them: the
    database refuses, and keeps everything.
    """
    _undo_lines()
    _undo_needs()
    _undo_members()
    _undo_campaigns()
    with op.batch_alter_table("item") as batch_op:
        batch_op.drop_column("version")
    op.drop_table("wording")
    op.drop_table("need_version")
    op.drop_table("document")
    op.drop_table("upload")
    op.drop_table("campaign_family")
    op.drop_table("reminder")
    op.drop_table("mandate")
    op.drop_table("exemption")
    op.drop_table("campaign_guest")
    op.drop_table("letter")


def _undo_lines() -> None:
    with op.batch_alter_table("need_line") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_need_line_evidence_id"), type_="foreignkey")
        batch_op.drop_index("uq_need_line_item_site")
        batch_op.drop_index(batch_op.f("ix_need_line_evidence_id"))
        batch_op.drop_index(batch_op.f("ix_need_line_need_id"))
        for name, _condition in _LINE_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_need_line_{name}"), type_="check")
        batch_op.create_unique_constraint(
            batch_op.f("uq_need_line_need_id_item_id_site_id"), ["need_id", "item_id", "site_id"]
        )
        batch_op.alter_column("item_id", existing_type=sa.Integer(), nullable=False)
        for name in ("evidence_id", "remark", "words", "own_unit", "own_price", "units_each"):
            batch_op.drop_column(name)
        for name, _kind in _LINE:
            batch_op.drop_column(name)


def _undo_needs() -> None:
    # Whoever sent a need back and went on with it themselves is its author alone.
    op.execute(
        "UPDATE need SET state = 'draft', approver_id = NULL, return_reason = NULL"
        " WHERE state = 'returned' AND approver_id = author_id"
    )
    with op.batch_alter_table("need") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_need_four_eyes"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_need_four_eyes"), _FOUR_EYES)
        batch_op.drop_constraint(batch_op.f("fk_need_objector_id"), type_="foreignkey")
        for name, _condition in _NEED_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_need_{name}"), type_="check")
        for name in ("entry", "objection", "objector_id", "submissions", "touched_at"):
            batch_op.drop_column(name)


def _undo_members() -> None:
    with op.batch_alter_table("member") as batch_op:
        batch_op.drop_index("uq_member_insee_code")
    with op.batch_alter_table("member") as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_member_insee_code"), ["insee_code"])
        batch_op.drop_constraint(batch_op.f("fk_member_successor_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_member_successor_id"))
        for name, _condition in _MEMBER_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_member_{name}"), type_="check")
        batch_op.drop_column("merged_on")
        batch_op.drop_column("successor_id")


def _undo_campaigns() -> None:
    with op.batch_alter_table("campaign") as batch_op:
        for name, _condition in _CAMPAIGN_CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_campaign_{name}"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_campaign_campaignstate"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_campaign_campaignstate"), "state IN ('draft', 'open', 'closed')"
        )
        for name in ("contract_starts_on", "invited_departement", "invited_competence"):
            batch_op.drop_column(name)
        for name, _kind in _CAMPAIGN:
            batch_op.drop_column(name)
