"""When a blood thinner is to be started again, what the patient said of it, and the question about it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

QUESTIONS = "'pain', 'symptoms', 'activity', 'medication', 'appointment', 'who'"
TABLES = ("contact_point", "message")
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            _prove(table, f"{QUESTIONS}, 'thinner'")
    for table in TABLES:
        _put_in_place(table)
    op.add_column("care_plan", sa.Column("thinner_restart_on", sa.Date()))
    op.add_column("care_plan", sa.Column("thinner_started", sa.Boolean()))
    op.add_column("care_plan", sa.Column("thinner_settled_at", sa.DateTime(timezone=True)))


def _prove(table: str, words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_question_longer")
    op.execute(
        f"{AFRESH}ALTER TABLE {table} ADD CONSTRAINT ck_{table}_question_longer CHECK (question IN ({words})) NOT VALID"
    )
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_question_longer")


def _put_in_place(table: str) -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_question")
    op.execute(f"{RENAMED}ALTER TABLE {table} RENAME CONSTRAINT ck_{table}_question_longer TO ck_{table}_question")


def downgrade() -> None:
    for column in ("thinner_settled_at", "thinner_started", "thinner_restart_on"):
        op.drop_column("care_plan", column)
    for table in TABLES:
        # nobody can read an answer to it any more
        asked = sa.table(table, sa.column("question", sa.Text()))
        # row-level security binds the owner too: it is lifted for this statement, inside this transaction
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(asked.update().where(asked.c.question == "thinner").values(question=None))
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_question")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_question CHECK (question IN ({QUESTIONS})) NOT VALID"
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_question")
