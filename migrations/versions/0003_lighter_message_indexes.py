"""Lighter indexes on texts: a text without a SID, or without a reminder, no longer pays for their uniqueness."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNIQUE = ("sid", "reminder_id")
# A build that was broken off leaves an invalid index, which IF NOT EXISTS would keep: it is dropped first instead.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
# The unique index has taken the place of the constraint.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"


def upgrade() -> None:
    # The new wall stands before the old one falls, so that no text can slip in twice between them.
    with op.get_context().autocommit_block():
        for column in UNIQUE:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS uq_message_{column}")
            op.execute(
                f"{AFRESH}CREATE UNIQUE INDEX CONCURRENTLY uq_message_{column}"
                f" ON message (clinic_id, {column}) WHERE {column} IS NOT NULL"
            )
    for column in UNIQUE:
        op.execute(f"{REPLACED}ALTER TABLE message DROP CONSTRAINT uq_message_clinic_id_{column}")


def downgrade() -> None:
    for column in UNIQUE:
        op.create_unique_constraint(f"uq_message_clinic_id_{column}", "message", ["clinic_id", column])
        op.drop_index(f"uq_message_{column}", table_name="message")
