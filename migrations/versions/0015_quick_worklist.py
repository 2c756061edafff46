"""Indexes for the worklist: who is in recovery, and what was resolved since midnight, however much lies behind."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_flag_resolved": "flag (clinic_id, resolved_at) WHERE status = 'resolved'",
    "ix_patient_active": "patient (clinic_id) WHERE status = 'active' AND NOT is_synthetic",
}
# A build that was broken off leaves an invalid index, which IF NOT EXISTS would keep: it is dropped first instead.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, place in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"{AFRESH}CREATE INDEX CONCURRENTLY {name} ON {place}")


def downgrade() -> None:
    for name, place in INDEXES.items():
        op.drop_index(name, table_name=place.split()[0])
