"""The outbox, reconciled with the carrier: how each number fares, daily comparisons, and texts without an end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
WITHOUT_END = "state IN ('accepted', 'queued', 'sent')"
# A build that was broken off leaves an invalid index, which IF NOT EXISTS would keep: it is dropped first instead.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_message_without_end")
        op.execute(
            f"{AFRESH}CREATE INDEX CONCURRENTLY ix_message_without_end"
            f" ON message (clinic_id, attempted_at) WHERE {WITHOUT_END}"
        )
    op.create_table(
        "sender_state",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bulk_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alert_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bulk_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_code", sa.Integer(), nullable=True),
        sa.Column("filtered", sa.Integer(), nullable=False),
        sa.Column("received_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compared_on", sa.Date(), nullable=True),
        sa.Column("only_here", sa.Integer(), nullable=False),
        sa.Column("only_there", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_sender_state_clinic_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sender_state")),
    )
    op.create_index(op.f("ix_sender_state_clinic_id"), "sender_state", ["clinic_id"], unique=False)
    op.create_table(
        "carrier_comparison",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sender_number", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.Column("there", sa.Integer(), nullable=False),
        sa.Column("only_here", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("only_there", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("differing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_carrier_comparison_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_carrier_comparison")),
        sa.UniqueConstraint(
            "clinic_id", "sender_number", "day", name=op.f("uq_carrier_comparison_clinic_id_sender_number_day")
        ),
    )
    op.add_column("message", sa.Column("status_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute('ALTER TABLE "carrier_comparison" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "carrier_comparison" FORCE ROW LEVEL SECURITY')
    op.execute(
        'CREATE POLICY own_clinic ON "carrier_comparison" FOR ALL TO PUBLIC'
        f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
    )
    op.execute('GRANT SELECT, INSERT, UPDATE ON "carrier_comparison" TO recovery_app')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "sender_state" TO recovery_app')


def downgrade() -> None:
    op.drop_index("ix_message_without_end", table_name="message")
    op.drop_column("message", "status_asked_at")
    op.drop_table("carrier_comparison")
    op.drop_table("sender_state")
