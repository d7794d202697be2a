"""Lay the tables of the chain."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "audit_entry",
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("verb", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=60), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_object", ["object_type", "object_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "campaign",
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("instructions", sa.String(length=4000), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "open",
                "closed",
                name="campaignstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_campaign_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("title", name=op.f("uq_campaign_title")),
    )
    op.create_table(
        "central_body",
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("siret", sa.String(length=14), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_central_body")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_central_body_valid_from")),
    )
    op.create_table(
        "cpv",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("label_fr", sa.String(length=250), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cpv")),
        sa.UniqueConstraint("code", name=op.f("uq_cpv_code")),
    )
    op.create_table(
        "demonstration",
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_demonstration_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demonstration")),
    )
    op.create_table(
        "member",
        sa.Column(
            "kind",
            sa.Enum(
                "commune",
                "intercommunality",
                "departement",
                name="memberkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("siren", sa.String(length=9), nullable=False),
        sa.Column("insee_code", sa.String(length=5), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "sort_name",
            sa.String(length=140).with_variant(sa.String(length=140, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("postcode", sa.String(length=5), nullable=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=True),
        sa.Column("intercommunality_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("departement IN ('78', '92')", name=op.f("ck_member_departement")),
        sa.CheckConstraint(
            "kind <> 'commune' OR insee_code IS NOT NULL", name=op.f("ck_member_commune_has_insee")
        ),
        sa.CheckConstraint("population >= 0", name=op.f("ck_member_population")),
        sa.ForeignKeyConstraint(
            ["intercommunality_id"], ["member.id"], name=op.f("fk_member_intercommunality_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("insee_code", name=op.f("uq_member_insee_code")),
        sa.UniqueConstraint("siren", name=op.f("uq_member_siren")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_departement"), ["departement"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_member_intercommunality_id"), ["intercommunality_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_member_sort_name"), ["sort_name"], unique=False)

    op.create_table(
        "order_series",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_series")),
        sa.UniqueConstraint("year", name=op.f("uq_order_series_year")),
    )
    op.create_table(
        "supplier",
        sa.Column("siret", sa.String(length=14), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
        sa.UniqueConstraint("siret", name=op.f("uq_supplier_siret")),
    )
    op.create_table(
        "competence_transfer",
        sa.Column("member_id", sa.Integer(), nullable=False),
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
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_competence_transfer_period")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_competence_transfer_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competence_transfer")),
        sa.UniqueConstraint(
            "member_id",
            "competence",
            "from_on",
            name=op.f("uq_competence_transfer_member_id_competence_from_on"),
        ),
    )
    op.create_table(
        "family",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("label_fr", sa.String(length=120), nullable=False),
        sa.Column("label_en", sa.String(length=120), nullable=False),
        sa.Column("cpv_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cpv_id"], ["cpv.id"], name=op.f("fk_family_cpv_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("code", name=op.f("uq_family_code")),
    )
    op.create_table(
        "lot",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "frozen",
                "tendered",
                "awarded",
                "unsuccessful",
                name="lotstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("sheet_version", sa.Integer(), nullable=False),
        sa.Column("frozen_on", sa.Date(), nullable=True),
        sa.Column("check_figure", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("state = 'draft' OR sheet_version > 0", name=op.f("ck_lot_frozen")),
        sa.CheckConstraint(
            "(sheet_version > 0) = (check_figure IS NOT NULL)", name=op.f("ck_lot_check_figure")
        ),
        sa.CheckConstraint(
            "(sheet_version > 0) = (frozen_on IS NOT NULL)", name=op.f("ck_lot_frozen_on")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_lot_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_lot_campaign_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "membership",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("terms_version", sa.String(length=20), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "left_on IS NULL OR left_on >= signed_on", name=op.f("ck_membership_period")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_membership_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "member_id", "signed_on", name=op.f("uq_membership_member_id_signed_on")
        ),
    )
    op.create_table(
        "person",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "requester",
                "approver",
                "buyer",
                "finance",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(role IN ('requester', 'approver')) = (member_id IS NOT NULL)",
            name=op.f("ck_person_member_side_has_member"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_lower")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_person_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_member_id"), ["member_id"], unique=False)

    op.create_table(
        "site",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "town_hall",
                "school",
                "college",
                "office",
                "other",
                name="sitekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("postcode", sa.String(length=5), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_site_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("member_id", "name", name=op.f("uq_site_member_id_name")),
    )
    op.create_table(
        "item",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("family_id", sa.Integer(), nullable=False),
        sa.Column("cpv_id", sa.Integer(), nullable=False),
        sa.Column("designation", sa.String(length=200), nullable=False),
        sa.Column("specification", sa.String(length=1000), nullable=False),
        sa.Column("search_text", sa.String(length=1300), nullable=False),
        sa.Column(
            "unit",
            sa.Enum(
                "piece",
                "set",
                "licence",
                "year",
                "month",
                "metre",
                "hour",
                "day",
                "box",
                "pack",
                name="unit",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("pack_size", sa.Integer(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("indicative_price", sa.BigInteger(), nullable=True),
        sa.Column("priced_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("indicative_price >= 0", name=op.f("ck_item_indicative_price")),
        sa.CheckConstraint("pack_size >= 1", name=op.f("ck_item_pack_size")),
        sa.CheckConstraint("vat_rate >= 0", name=op.f("ck_item_vat_rate")),
        sa.ForeignKeyConstraint(["cpv_id"], ["cpv.id"], name=op.f("fk_item_cpv_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_item_family_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_family_id"), ["family_id"], unique=False)

    op.create_table(
        "need",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "validated",
                "returned",
                name="needstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("is_nil", sa.Boolean(), nullable=False),
        sa.Column("return_reason", sa.String(length=1000), nullable=True),
        sa.Column("check_figure", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'returned' OR return_reason IS NOT NULL", name=op.f("ck_need_reason")
        ),
        sa.CheckConstraint(
            "state <> 'validated' OR check_figure IS NOT NULL", name=op.f("ck_need_check_figure")
        ),
        sa.CheckConstraint(
            "state NOT IN ('validated', 'returned') OR approver_id IS NOT NULL",
            name=op.f("ck_need_approver"),
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR approver_id <> author_id", name=op.f("ck_need_four_eyes")
        ),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_need_approver_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_need_author_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_need_campaign_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_need_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need")),
        sa.UniqueConstraint("campaign_id", "member_id", name=op.f("uq_need_campaign_id_member_id")),
        sa.UniqueConstraint("id", "campaign_id", "member_id", name="uq_need_line_key"),
    )
    with op.batch_alter_table("need", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_need_member_id"), ["member_id"], unique=False)

    op.create_table(
        "tender",
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("sheet_version", sa.Integer(), nullable=False),
        sa.Column("launched_on", sa.Date(), nullable=False),
        sa.Column("answers_by", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "awarded",
                "unsuccessful",
                name="tenderstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("awarded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'awarded') = (awarded_on IS NOT NULL)", name=op.f("ck_tender_awarded_on")
        ),
        sa.CheckConstraint("answers_by >= launched_on", name=op.f("ck_tender_period")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_tender_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender")),
        sa.UniqueConstraint("lot_id", "sheet_version", name=op.f("uq_tender_lot_id_sheet_version")),
    )
    with op.batch_alter_table("tender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tender_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "agreement",
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "notified",
                "closed",
                name="agreementstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("duration_reason", sa.String(length=1000), nullable=True),
        sa.Column("notified_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'draft') = (notified_on IS NULL)", name=op.f("ck_agreement_notified_on")
        ),
        sa.CheckConstraint(
            "ceiling IS NOT NULL AND ceiling > 0", name=op.f("ck_agreement_maximum")
        ),
        sa.CheckConstraint(
            "ceiling IS NULL OR reserved + consumed <= ceiling", name=op.f("ck_agreement_ceiling")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_agreement_period")),
        sa.CheckConstraint("reserved >= 0 AND consumed >= 0", name=op.f("ck_agreement_balances")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_agreement_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("number", name=op.f("uq_agreement_number")),
        sa.UniqueConstraint("tender_id", name=op.f("uq_agreement_tender_id")),
    )
    op.create_table(
        "lot_line",
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_lot_line_quantity")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_lot_line_item_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_line_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_line")),
        sa.UniqueConstraint("lot_id", "item_id", name=op.f("uq_lot_line_lot_id_item_id")),
        sa.UniqueConstraint("lot_id", "position", name=op.f("uq_lot_line_lot_id_position")),
    )
    with op.batch_alter_table("lot_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_line_item_id"), ["item_id"], unique=False)

    op.create_table(
        "need_line",
        sa.Column("need_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("paid_price", sa.BigInteger(), nullable=True),
        sa.Column("paid_since", sa.Date(), nullable=True),
        sa.Column("is_validated", sa.Boolean(), nullable=False),
        sa.Column("allotted", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(paid_price IS NULL) = (paid_since IS NULL)", name=op.f("ck_need_line_paid_since")
        ),
        sa.CheckConstraint(
            "allotted >= 0 AND allotted <= quantity", name=op.f("ck_need_line_allotted")
        ),
        sa.CheckConstraint(
            "is_validated OR allotted = 0", name=op.f("ck_need_line_allotted_when_validated")
        ),
        sa.CheckConstraint("paid_price >= 0", name=op.f("ck_need_line_paid_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_need_line_quantity")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_need_line_item_id")),
        sa.ForeignKeyConstraint(
            ["need_id", "campaign_id", "member_id"],
            ["need.id", "need.campaign_id", "need.member_id"],
            name="fk_need_line_need",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_need_line_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need_line")),
        sa.UniqueConstraint(
            "need_id", "item_id", "site_id", name=op.f("uq_need_line_need_id_item_id_site_id")
        ),
    )
    with op.batch_alter_table("need_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_need_line_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            "ix_need_line_pool",
            [
                "campaign_id",
                "is_validated",
                "item_id",
                "departement",
                "member_id",
                "quantity",
                "allotted",
            ],
            unique=False,
        )

    op.create_table(
        "offer",
        sa.Column("tender_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_offer_supplier_id")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_offer_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint(
            "tender_id", "supplier_id", name=op.f("uq_offer_tender_id_supplier_id")
        ),
    )
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_supplier_id"), ["supplier_id"], unique=False)
        batch_op.create_index(
            "uq_offer_chosen",
            ["tender_id"],
            unique=True,
            sqlite_where=sa.text("is_chosen"),
            postgresql_where=sa.text("is_chosen"),
        )

    op.create_table(
        "agreement_price",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("lot_line_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price_version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("price_version >= 1", name=op.f("ck_agreement_price_price_version")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_agreement_price_unit_price")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_price_agreement_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_agreement_price_item_id")),
        sa.ForeignKeyConstraint(
            ["lot_line_id"], ["lot_line.id"], name=op.f("fk_agreement_price_lot_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_price")),
        sa.UniqueConstraint(
            "agreement_id",
            "lot_line_id",
            "price_version",
            name=op.f("uq_agreement_price_agreement_id_lot_line_id_price_version"),
        ),
    )
    with op.batch_alter_table("agreement_price", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_price_item", ["item_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_agreement_price_lot_line_id"), ["lot_line_id"], unique=False
        )

    op.create_table(
        "allocation",
        sa.Column("lot_line_id", sa.Integer(), nullable=False),
        sa.Column("need_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocation_quantity")),
        sa.ForeignKeyConstraint(
            ["lot_line_id"], ["lot_line.id"], name=op.f("fk_allocation_lot_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["need_line_id"], ["need_line.id"], name=op.f("fk_allocation_need_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint(
            "lot_line_id", "need_line_id", name=op.f("uq_allocation_lot_line_id_need_line_id")
        ),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_allocation_need_line_id"), ["need_line_id"], unique=False
        )

    op.create_table(
        "beneficiary",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "ceiling_kind",
            sa.Enum(
                "none",
                "amount",
                name="ceilingkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ceiling_kind = 'amount') = (ceiling IS NOT NULL)",
            name=op.f("ck_beneficiary_ceiling_kind"),
        ),
        sa.CheckConstraint(
            "ceiling IS NULL OR reserved + consumed <= ceiling", name=op.f("ck_beneficiary_ceiling")
        ),
        sa.CheckConstraint("reserved >= 0 AND consumed >= 0", name=op.f("ck_beneficiary_balances")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_beneficiary_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_beneficiary_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beneficiary")),
        sa.UniqueConstraint(
            "agreement_id", "member_id", name=op.f("uq_beneficiary_agreement_id_member_id")
        ),
    )
    with op.batch_alter_table("beneficiary", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_beneficiary_member_id"), ["member_id"], unique=False)

    op.create_table(
        "holder",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "ceiling_kind",
            sa.Enum(
                "none",
                "amount",
                name="ceilingkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ceiling_kind = 'amount') = (ceiling IS NOT NULL)", name=op.f("ck_holder_ceiling_kind")
        ),
        sa.CheckConstraint(
            "ceiling IS NULL OR reserved + consumed <= ceiling", name=op.f("ck_holder_ceiling")
        ),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_holder_rank")),
        sa.CheckConstraint("reserved >= 0 AND consumed >= 0", name=op.f("ck_holder_balances")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_holder_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_holder_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder")),
        sa.UniqueConstraint("agreement_id", "rank", name=op.f("uq_holder_agreement_id_rank")),
        sa.UniqueConstraint(
            "agreement_id", "supplier_id", name=op.f("uq_holder_agreement_id_supplier_id")
        ),
    )
    with op.batch_alter_table("holder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holder_supplier_id"), ["supplier_id"], unique=False)

    op.create_table(
        "offer_line",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("lot_line_id", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_offer_line_unit_price")),
        sa.ForeignKeyConstraint(
            ["lot_line_id"], ["lot_line.id"], name=op.f("fk_offer_line_lot_line_id")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_line_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_line")),
        sa.UniqueConstraint(
            "offer_id", "lot_line_id", name=op.f("uq_offer_line_offer_id_lot_line_id")
        ),
    )
    with op.batch_alter_table("offer_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_offer_line_lot_line_id"), ["lot_line_id"], unique=False
        )

    op.create_table(
        "purchase_order",
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "confirmed",
                "refused",
                "cancelled",
                name="orderstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("commitment_number", sa.String(length=50), nullable=True),
        sa.Column("service_code", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("check_figure", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'draft') = (check_figure IS NULL)",
            name=op.f("ck_purchase_order_check_figure"),
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (number IS NULL)", name=op.f("ck_purchase_order_number")
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (submitted_on IS NULL)",
            name=op.f("ck_purchase_order_submitted_on"),
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR confirmed_on IS NOT NULL",
            name=op.f("ck_purchase_order_confirmed_on"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR reason IS NOT NULL", name=op.f("ck_purchase_order_reason")
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR approver_id <> author_id",
            name=op.f("ck_purchase_order_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "member_id"],
            ["beneficiary.agreement_id", "beneficiary.member_id"],
            name="fk_purchase_order_beneficiary",
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_purchase_order_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["person.id"], name=op.f("fk_purchase_order_approver_id")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_purchase_order_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holder.id"], name=op.f("fk_purchase_order_holder_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_purchase_order_member_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_purchase_order_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order")),
        sa.UniqueConstraint("id", "agreement_id", "member_id", name="uq_purchase_order_line_key"),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_order_number")),
    )
    with op.batch_alter_table("purchase_order", schema=None) as batch_op:
        batch_op.create_index(
            "ix_purchase_order_agreement", ["agreement_id", "state"], unique=False
        )
        batch_op.create_index("ix_purchase_order_member", ["member_id", "state"], unique=False)

    op.create_table(
        "ledger_entry",
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reserve",
                "confirm",
                "release",
                "cancel",
                name="entrykind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("beneficiary_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_ledger_entry_amount")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_ledger_entry_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["beneficiary_id"], ["beneficiary.id"], name=op.f("fk_ledger_entry_beneficiary_id")
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["holder.id"], name=op.f("fk_ledger_entry_holder_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("fk_ledger_entry_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("order_id", "kind", name=op.f("uq_ledger_entry_order_id_kind")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_entry_balance", ["agreement_id", "kind", "amount"], unique=False
        )

    op.create_table(
        "order_line",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("vat_rate", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference_price", sa.BigInteger(), nullable=True),
        sa.Column("reference_amount", sa.BigInteger(), nullable=True),
        sa.Column("reference_line_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(reference_price IS NULL) = (reference_line_id IS NULL) AND (reference_price IS NULL) = (reference_amount IS NULL)",
            name=op.f("ck_order_line_reference"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
        sa.CheckConstraint("unit_price >= 0 AND amount >= 0", name=op.f("ck_order_line_price")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_order_line_item_id")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("fk_order_line_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["price_id"], ["agreement_price.id"], name=op.f("fk_order_line_price_id")
        ),
        sa.ForeignKeyConstraint(
            ["reference_line_id"], ["need_line.id"], name=op.f("fk_order_line_reference_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "price_id", name=op.f("uq_order_line_order_id_price_id")),
    )
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_line_price_id"), ["price_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_order_line_reference_line_id"), ["reference_line_id"], unique=False
        )
        batch_op.create_index(
            "ix_order_line_saving", ["order_id", "amount", "reference_amount"], unique=False
        )


def downgrade() -> None:
    """Undo the change."""
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_index("ix_order_line_saving")
        batch_op.drop_index(batch_op.f("ix_order_line_reference_line_id"))
        batch_op.drop_index(batch_op.f("ix_order_line_price_id"))

    op.drop_table("order_line")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_balance")

    op.drop_table("ledger_entry")
    with op.batch_alter_table("purchase_order", schema=None) as batch_op:
        batch_op.drop_index("ix_purchase_order_member")
        batch_op.drop_index("ix_purchase_order_agreement")

    op.drop_table("purchase_order")
    with op.batch_alter_table("offer_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_line_lot_line_id"))

    op.drop_table("offer_line")
    with op.batch_alter_table("holder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_holder_supplier_id"))

    op.drop_table("holder")
    with op.batch_alter_table("beneficiary", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_beneficiary_member_id"))

    op.drop_table("beneficiary")
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocation_need_line_id"))

    op.drop_table("allocation")
    with op.batch_alter_table("agreement_price", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agreement_price_lot_line_id"))
        batch_op.drop_index("ix_agreement_price_item")

    op.drop_table("agreement_price")
    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_offer_chosen",
            sqlite_where=sa.text("is_chosen"),
            postgresql_where=sa.text("is_chosen"),
        )
        batch_op.drop_index(batch_op.f("ix_offer_supplier_id"))

    op.drop_table("offer")
    with op.batch_alter_table("need_line", schema=None) as batch_op:
        batch_op.drop_index("ix_need_line_pool")
        batch_op.drop_index(batch_op.f("ix_need_line_member_id"))

    op.drop_table("need_line")
    with op.batch_alter_table("lot_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_line_item_id"))

    op.drop_table("lot_line")
    op.drop_table("agreement")
    with op.batch_alter_table("tender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_lot_id"))

    op.drop_table("tender")
    with op.batch_alter_table("need", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_need_member_id"))

    op.drop_table("need")
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_family_id"))

    op.drop_table("item")
    op.drop_table("site")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_member_id"))

    op.drop_table("person")
    op.drop_table("membership")
    op.drop_table("lot")
    op.drop_table("family")
    op.drop_table("competence_transfer")
    op.drop_table("supplier")
    op.drop_table("order_series")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_sort_name"))
        batch_op.drop_index(batch_op.f("ix_member_intercommunality_id"))
        batch_op.drop_index(batch_op.f("ix_member_departement"))

    op.drop_table("member")
    op.drop_table("demonstration")
    op.drop_table("cpv")
    op.drop_table("central_body")
    op.drop_table("campaign")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_object")

    op.drop_table("audit_entry")
