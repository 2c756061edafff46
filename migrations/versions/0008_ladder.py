"""Ladders, rotas and pages; where each flag stands; the watches, and the synthetic patient of each clinic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check or an index by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS, and for an index it would keep an invalid one: each is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
# Its successor is built, and both change places in one short lock.
SUCCEEDED = "-- squawk-ignore require-concurrent-index-deletion\n"
TABLES = ("duty", "holiday", "ladder", "page", "trial")
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = "'reminder', 'unanswered', 'send_alert', 'send_bulk', 'call'"
EVENTS = (
    "'opened', 'repeated', 'raised', 'paged', 'acknowledged', 'assigned', 'snoozed', 'woken', 'resolved', 'reopened',"
    " 'could_not_reach', 'noted'"
)
DISPOSITIONS = (
    "'recorded', 'asked_again', 'for_a_person', 'unknown_sender', 'shared_phone', 'opted_out', 'opted_in', 'helped',"
    " 'call_asked', 'wrong_person', 'deceased', 'visit_answered', 'thanked', 'hour_changed', 'left_unanswered'"
)
NEVER_EMPTY = {"flag_event": ("kind", EVENTS), "due_work": ("kind", KINDS), "message": ("disposition", DISPOSITIONS)}
NEW_WORDS = {
    "flag_event": "'nobody_told', 'page_failed', 'patient_told', 'rung_moved'",
    "due_work": "'rung', 'page'",
    "message": "'page_answered'",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, (column, words) in NEVER_EMPTY.items():
            _prove(table, column, f"{words}, {NEW_WORDS[table]}")
        _build_indexes()
    for table, (column, _) in NEVER_EMPTY.items():
        _put_in_place(table, column)
    _add_columns()
    _create_rota()
    _create_page()
    _create_watches()
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT SELECT, INSERT, UPDATE ON "{table}" TO recovery_app')
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "watch" TO recovery_app')


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


def _build_indexes() -> None:
    """The columns that they need, then the indexes without a lock that stops writers."""
    op.execute("ALTER TABLE flag ADD COLUMN IF NOT EXISTS waiting_since timestamptz")
    # Row-level security binds the owner too: it is lifted for the one statement. A block is a transaction of its own.
    op.execute(
        "DO $$ BEGIN ALTER TABLE flag NO FORCE ROW LEVEL SECURITY;"
        " UPDATE flag SET waiting_since = opened_at WHERE waiting_since IS NULL;"
        " ALTER TABLE flag FORCE ROW LEVEL SECURITY; END $$"
    )
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_flag_waiting")
    op.execute(
        f"{AFRESH}CREATE INDEX CONCURRENTLY ix_flag_waiting"
        " ON flag (clinic_id, tier, waiting_since) WHERE status <> 'resolved'"
    )
    op.execute("ALTER TABLE patient ADD COLUMN IF NOT EXISTS is_synthetic boolean DEFAULT false NOT NULL")
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_patient_synthetic")
    op.execute(
        f"{AFRESH}CREATE UNIQUE INDEX CONCURRENTLY uq_patient_synthetic ON patient (clinic_id) WHERE is_synthetic"
    )


def _add_columns() -> None:
    op.add_column("flag", sa.Column("told_pain", sa.SmallInteger(), nullable=True))
    op.add_column("flag", sa.Column("climb", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("flag", sa.Column("next_rung", sa.SmallInteger(), nullable=True))
    op.add_column("flag", sa.Column("next_rung_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("flag", sa.Column("patient_told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"{SUCCEEDED}DROP INDEX ix_flag_worklist")
    op.execute(f"{RENAMED}ALTER INDEX ix_flag_waiting RENAME TO ix_flag_worklist")
    op.add_column("clinician", sa.Column("is_synthetic", sa.Boolean(), server_default="false", nullable=False))


def _create_rota() -> None:
    op.create_table(
        "ladder",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_resort_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_ladder_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_ladder")),
    )
    op.create_index(
        "uq_ladder_current", "ladder", ["clinic_id"], unique=True, postgresql_where=sa.text("replaced_at IS NULL")
    )
    op.create_table(
        "duty",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("duty IN ('nurse', 'on_call', 'lead')", name=op.f("ck_duty_duty")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 7", name=op.f("ck_duty_weekday")),
        sa.CheckConstraint("(weekday IS NULL) <> (on_day IS NULL)", name=op.f("ck_duty_weekly_or_once")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_duty_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_duty_clinic_id_clinician_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_duty")),
    )
    op.create_index(
        "ix_duty_standing", "duty", ["clinic_id"], unique=False, postgresql_where=sa.text("removed_at IS NULL")
    )
    op.create_table(
        "holiday",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_holiday_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_holiday")),
    )
    op.create_index(
        "uq_holiday_standing",
        "holiday",
        ["clinic_id", "held_on"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _create_page() -> None:
    op.create_table(
        "page",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'voice')", name=op.f("ck_page_channel")),
        sa.CheckConstraint(
            "state IN ('planned', 'accepted', 'rejected', 'expired', 'needless')", name=op.f("ck_page_state")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_page_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "flag_id"], ["flag.clinic_id", "flag.id"], name=op.f("fk_page_clinic_id_flag_id")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_page_clinic_id_clinician_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_page")),
    )
    op.create_index(op.f("ix_page_clinic_id_flag_id"), "page", ["clinic_id", "flag_id"], unique=False)


def _create_watches() -> None:
    op.create_table(
        "watch",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind IN ('coverage', 'trial', 'replies')", name=op.f("ck_watch_kind")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_watch_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "kind", name=op.f("pk_watch")),
    )
    op.create_table(
        "trial",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("texted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('begun', 'texted', 'paged', 'answered', 'passed', 'failed')", name=op.f("ck_trial_state")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_trial_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "flag_id"], ["flag.clinic_id", "flag.id"], name=op.f("fk_trial_clinic_id_flag_id")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_trial")),
    )
    op.create_index(
        "uq_trial_running", "trial", ["clinic_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("trial")
    op.drop_table("watch")
    op.drop_table("page")
    op.drop_table("holiday")
    op.drop_table("duty")
    op.drop_table("ladder")
    op.execute("DELETE FROM due_work WHERE kind IN ('rung', 'page')")
    # The check judges every later change of a row, so no row may keep a newer word; an event's stays in its detail.
    _rewrite(
        "flag_event",
        "UPDATE flag_event SET kind = 'noted', detail = detail || jsonb_build_object('was', kind)"
        " WHERE kind IN ('nobody_told', 'page_failed', 'patient_told', 'rung_moved')",
    )
    _rewrite("message", "UPDATE message SET disposition = 'for_a_person' WHERE disposition = 'page_answered'")
    for table, (column, words) in NEVER_EMPTY.items():
        _allow_only(table, column, words)
    op.drop_column("clinician", "is_synthetic")
    op.drop_index("uq_patient_synthetic", table_name="patient")
    op.drop_column("patient", "is_synthetic")
    op.drop_index("ix_flag_worklist", table_name="flag")
    op.create_index(
        "ix_flag_worklist",
        "flag",
        ["clinic_id", "tier", "opened_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    for column in ("patient_told_at", "next_rung_at", "next_rung", "climb", "told_pain", "waiting_since"):
        op.drop_column("flag", column)


def _rewrite(table: str, update: str) -> None:
    """Row-level security binds the owner too: it is lifted for the one statement, inside this transaction."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(update)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _allow_only(table: str, column: str, words: str) -> None:
    """Back to the shorter list, which every row must keep to."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words}))")
