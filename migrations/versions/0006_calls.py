"""Calls to landlines: which phones are called instead of texted, and every call out or in with its conversation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"

KINDS = "'reminder', 'unanswered', 'send_alert', 'send_bulk'"
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
LONGER = {"contact_point": ("channel", "'sms', 'voice'"), "due_work": ("kind", f"{KINDS}, 'call'")}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE contact_point ADD COLUMN IF NOT EXISTS channel text DEFAULT 'sms' NOT NULL")
        for table, (column, words) in LONGER.items():
            _prove(table, column, words)
    for table, (column, _) in LONGER.items():
        _put_in_place(table, column)
    op.create_table(
        "phone_call",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=False),
        sa.Column("our_number", sa.Text(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=True),
        sa.Column("try_number", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_list", sa.SmallInteger(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("talk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_phone_call_direction")),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'unknown', 'throttled', 'accepted', 'under_way', 'ended', 'rejected', 'expired', 'suppressed')",
            name=op.f("ck_phone_call_state"),
        ),
        sa.CheckConstraint(
            "outcome IN ('finished', 'hung_up', 'machine', 'busy', 'no_answer', 'failed', 'no_keys', 'not_there', 'wrong_number', 'stopped', 'to_a_person', 'put_through', 'nobody_took_it')",
            name=op.f("ck_phone_call_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "contact_point_id"],
            ["contact_point.clinic_id", "contact_point.id"],
            name=op.f("fk_phone_call_clinic_id_contact_point_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_phone_call_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_phone_call_clinic_id_episode_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "reminder_id"],
            ["reminder.clinic_id", "reminder.id"],
            name=op.f("fk_phone_call_clinic_id_reminder_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_phone_call")),
        sa.UniqueConstraint("clinic_id", "sid", name=op.f("uq_phone_call_clinic_id_sid")),
        sa.UniqueConstraint(
            "clinic_id", "reminder_id", "try_number", name=op.f("uq_phone_call_clinic_id_reminder_id_try_number")
        ),
    )
    op.create_index("ix_phone_call_patient", "phone_call", ["clinic_id", "patient_id", "created_at"], unique=False)
    op.create_index(
        "ix_phone_call_unsettled",
        "phone_call",
        ["clinic_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'throttled', 'sending', 'unknown', 'accepted', 'under_way')"),
    )
    op.execute('ALTER TABLE "phone_call" ENABLE ROW LEVEL SECURITY')
    op.execute('ALTER TABLE "phone_call" FORCE ROW LEVEL SECURITY')
    op.execute(
        'CREATE POLICY own_clinic ON "phone_call" FOR ALL TO PUBLIC'
        f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
    )
    op.execute('GRANT SELECT, INSERT, UPDATE ON "phone_call" TO recovery_app')


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
    op.drop_table("phone_call")
    op.execute("DELETE FROM due_work WHERE kind = 'call'")
    op.execute("ALTER TABLE due_work DROP CONSTRAINT ck_due_work_kind")
    op.execute(f"ALTER TABLE due_work ADD CONSTRAINT ck_due_work_kind CHECK (kind IN ({KINDS}))")
    op.execute("ALTER TABLE contact_point DROP COLUMN channel")
