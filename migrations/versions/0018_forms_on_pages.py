"""Questionnaires on a page or by a nurse: by which way each came, who answered it, and what a link asks for."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# What a broken run left is dropped first; no row can break a check that it has just been given the value for.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# ADD CONSTRAINT knows no IF NOT EXISTS.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
COLUMNS = {
    ("questionnaire", "channel"): ("app", "web", "staff"),
    ("questionnaire", "answered_by"): ("patient", "caregiver"),
    ("web_check_in", "asks"): ("check_in", "form"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE web_check_in ADD COLUMN IF NOT EXISTS form_sealed bytea")
        for (table, column), words in COLUMNS.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} text NOT NULL DEFAULT '{words[0]}'")
            _prove(table, column, ", ".join(f"'{word}'" for word in words))


def _prove(table: str, column: str, words: str) -> None:
    """Add and prove the check, in short locks; run again after a break, it begins afresh."""
    name = f"ck_{table}_{column}"
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"{AFRESH}ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({words})) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column)
    op.drop_column("web_check_in", "form_sealed")
