"""The clinic's own expected course as it stood on the day on which a rule spoke of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "kept_band",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_kept_band_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_kept_band")),
        sa.UniqueConstraint("clinic_id", "taken_on", name=op.f("uq_kept_band_clinic_id_taken_on")),
    )
    op.execute("ALTER TABLE kept_band ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE kept_band FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_clinic ON kept_band FOR ALL TO PUBLIC"
        f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
    )
    op.execute("GRANT SELECT, INSERT ON kept_band TO recovery_app")


def downgrade() -> None:
    op.drop_table("kept_band")
