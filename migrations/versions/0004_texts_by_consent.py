"""Texts by consent: phones that were asked and have not joined yet, the words of each consent, and limits of answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = "'active', 'opted_out', 'unusable', 'wrong_person'"
DISPOSITIONS = (
    "'recorded', 'asked_again', 'for_a_person', 'unknown_sender', 'shared_phone', 'opted_out', 'opted_in', 'helped', "
    "'call_asked', 'wrong_person', 'deceased', 'visit_answered', 'thanked'"
)
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
LONGER = {
    "consent": ("whose", "'patient', 'caregiver'"),
    "contact_point": ("state", f"'invited', {STATES}"),
    "message": ("disposition", f"{DISPOSITIONS}, 'hour_changed', 'left_unanswered'"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE consent ADD COLUMN IF NOT EXISTS whose text")
        for table, (column, words) in LONGER.items():
            _prove(table, column, words)
    op.add_column("contact_point", sa.Column("answered_at", postgresql.ARRAY(sa.DateTime(timezone=True))))
    op.add_column("contact_point", sa.Column("answered_texts", postgresql.ARRAY(sa.LargeBinary())))
    op.add_column("consent", sa.Column("words_sealed", sa.LargeBinary()))
    for table, (column, _) in LONGER.items():
        _put_in_place(table, column)


def _prove(table: str, column: str, words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{column}_longer")
    op.execute(
        f"{AFRESH}ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column}_longer CHECK ({column} IN ({words})) NOT VALID"
    )
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}_longer")


def _put_in_place(table: str, column: str) -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{column}")
    op.execute(f"{RENAMED}ALTER TABLE {table} RENAME CONSTRAINT ck_{table}_{column}_longer TO ck_{table}_{column}")


def downgrade() -> None:
    _rewrite("contact_point", "UPDATE contact_point SET state = 'opted_out' WHERE state = 'invited'")
    _rewrite(
        "message",
        "UPDATE message SET disposition = 'for_a_person' WHERE disposition IN ('hour_changed', 'left_unanswered')",
    )
    _allow_only("message", "disposition", DISPOSITIONS)
    _allow_only("contact_point", "state", STATES)
    op.drop_column("consent", "words_sealed")
    op.drop_column("consent", "whose")
    op.drop_column("contact_point", "answered_texts")
    op.drop_column("contact_point", "answered_at")


def _rewrite(table: str, update: str) -> None:
    """Row-level security binds the owner too: it is lifted for the one statement, inside this transaction."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(update)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _allow_only(table: str, column: str, words: str) -> None:
    """Back to the shorter list, which every row must keep to."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words}))")
