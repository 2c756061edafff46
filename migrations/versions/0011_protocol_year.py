"""A year's protocol: holds, whom a reminder is for and when it is needless, and visits that somebody looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = "'check_in', 'rest', 'posture', 'activity', 'medication', 'follow_up_visit', 'preparation'"
NEW_KINDS = "'questionnaire', 'nudge'"
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove("reminder", "kind", f"{KINDS}, {NEW_KINDS}")
    _put_in_place("reminder", "kind")
    op.add_column("reminder", sa.Column("audience", sa.Text(), server_default="patient", nullable=False))
    op.add_column("reminder", sa.Column("condition", sa.Text(), nullable=True))
    op.add_column("appointment", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "hold",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason IN ('hospital', 'away', 'other')", name=op.f("ck_hold_reason")),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_hold_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"], ["episode.clinic_id", "episode.id"], name=op.f("fk_hold_clinic_id_episode_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"], ["clinician.clinic_id", "clinician.id"], name=op.f("fk_hold_clinic_id_owner_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_hold")),
    )
    op.create_index(
        "uq_hold_standing",
        "hold",
        ["clinic_id", "episode_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.execute("ALTER TABLE hold ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE hold FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_clinic ON hold FOR ALL TO PUBLIC"
        f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON hold TO recovery_app")


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
    op.drop_table("hold")
    _let_newer_reminders_go()
    _allow_only("reminder", "kind", KINDS)
    op.drop_column("appointment", "settled_at")
    op.drop_column("reminder", "condition")
    op.drop_column("reminder", "audience")


def _let_newer_reminders_go() -> None:
    """None of a newer kind is sent any more; those that stand keep their word in the slot, where it is unique too.

    Row-level security binds the owner too: it is lifted for these statements, inside this transaction.
    """
    op.execute("ALTER TABLE reminder NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "DELETE FROM due_work WHERE kind = 'reminder' AND (clinic_id, row_id) IN"
        " (SELECT clinic_id, id FROM reminder WHERE kind IN ('questionnaire', 'nudge'))"
    )
    op.execute(
        "UPDATE reminder SET kind = 'activity', slot = kind || ' ' || slot,"
        " state = CASE state WHEN 'planned' THEN 'skipped' ELSE state END WHERE kind IN ('questionnaire', 'nudge')"
    )
    op.execute("ALTER TABLE reminder FORCE ROW LEVEL SECURITY")


def _allow_only(table: str, column: str, words: str) -> None:
    """Back to the shorter list, which every row must keep to."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words}))")
