"""When we stopped asking the carrier for the end of a text, which is then no text without an end any more."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WITHOUT_END = "state IN ('accepted', 'queued', 'sent')"
# A build that was broken off leaves an invalid index, which IF NOT EXISTS would keep: it is dropped first instead.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE message ADD COLUMN IF NOT EXISTS end_given_up_at timestamptz")
    _index(f"{WITHOUT_END} AND end_given_up_at IS NULL")


def downgrade() -> None:
    _index(WITHOUT_END)
    op.drop_column("message", "end_given_up_at")


def _index(which: str) -> None:
    """The index of texts without an end, made again for `which` of them."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_message_without_end")
        op.execute(
            f"{AFRESH}CREATE INDEX CONCURRENTLY ix_message_without_end"
            f" ON message (clinic_id, attempted_at) WHERE {which}"
        )
