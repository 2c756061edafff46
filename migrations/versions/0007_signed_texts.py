"""Texts of a clinic's own, signed by two people."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("wording", "wording_decision")
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.add_column("clinic", sa.Column("texts_version", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "wording",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text_key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("most_segments", sa.SmallInteger(), nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("most_segments IN (1, 2)", name=op.f("ck_wording_most_segments")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_wording_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "proposed_by_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_wording_clinic_id_proposed_by_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_wording")),
    )
    op.create_index("ix_wording_text", "wording", ["clinic_id", "text_key", "language"], unique=False)
    op.create_table(
        "wording_decision",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wording_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("texts_version", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('signed', 'refused')", name=op.f("ck_wording_decision_outcome")),
        sa.CheckConstraint(
            "(outcome = 'signed') = (texts_version IS NOT NULL)", name=op.f("ck_wording_decision_version")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_wording_decision_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "wording_id"],
            ["wording.clinic_id", "wording.id"],
            name=op.f("fk_wording_decision_clinic_id_wording_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "decided_by_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_wording_decision_clinic_id_decided_by_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_wording_decision")),
        sa.UniqueConstraint("clinic_id", "wording_id", name=op.f("uq_wording_decision_clinic_id_wording_id")),
        sa.UniqueConstraint("clinic_id", "texts_version", name=op.f("uq_wording_decision_clinic_id_texts_version")),
    )
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT SELECT, INSERT ON "{table}" TO recovery_app')


def downgrade() -> None:
    op.drop_table("wording_decision")
    op.drop_table("wording")
    op.drop_column("clinic", "texts_version")
