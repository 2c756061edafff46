"""Phones of patients: enrolment, what an app has seen, sums of a day, questionnaires, and when a report was dated."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GRANTS = {
    "activity_day": "SELECT, INSERT, UPDATE",
    "questionnaire": "SELECT, INSERT",
    "sync_point": "SELECT, INSERT, DELETE",
}
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.add_column("check_in", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    _create_enrol_challenge()
    _create_activity_day()
    _create_questionnaire()
    _create_sync_point()
    for table, deeds in GRANTS.items():
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT {deeds} ON "{table}" TO recovery_app')


def _create_enrol_challenge() -> None:
    """Digests alone, and no clinic: known and unknown codes leave the same row."""
    op.create_table(
        "enrol_challenge",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("otp_digest", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_enrol_challenge")),
    )
    op.create_index(
        op.f("ix_enrol_challenge_code_digest_created_at"),
        "enrol_challenge",
        ["code_digest", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_enrol_challenge_created_at"), "enrol_challenge", ["created_at"], unique=False)
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "enrol_challenge" TO recovery_app')


def _create_activity_day() -> None:
    op.create_table(
        "activity_day",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("minutes_walked", sa.SmallInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("coverage", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("coverage IN ('full', 'partial')", name=op.f("ck_activity_day_coverage")),
        sa.CheckConstraint("minutes_walked BETWEEN 0 AND 1440", name=op.f("ck_activity_day_minutes_walked")),
        sa.CheckConstraint("steps >= 0", name=op.f("ck_activity_day_steps")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_activity_day_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_activity_day_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_activity_day")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "on_day", name=op.f("uq_activity_day_clinic_id_patient_id_on_day")
        ),
    )


def _create_questionnaire() -> None:
    op.create_table(
        "questionnaire",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("day", sa.SmallInteger(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("instrument IN ('rmdq', 'odi', 'phq2')", name=op.f("ck_questionnaire_instrument")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_questionnaire_score")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_questionnaire_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_questionnaire_clinic_id_episode_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_questionnaire")),
        sa.UniqueConstraint(
            "clinic_id", "episode_id", "client_id", name=op.f("uq_questionnaire_clinic_id_episode_id_client_id")
        ),
    )


def _create_sync_point() -> None:
    op.create_table(
        "sync_point",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_sync_point_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_sync_point_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_sync_point")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "digest", name=op.f("uq_sync_point_clinic_id_patient_id_digest")
        ),
    )


def downgrade() -> None:
    for table in (*GRANTS, "enrol_challenge"):
        op.drop_table(table)
    op.drop_column("check_in", "claimed_at")
