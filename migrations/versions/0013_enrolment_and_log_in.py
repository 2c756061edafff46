"""Procedures without a date, passkeys, recovery codes, what is known of a log-in session, and emergency looks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = (
    "'login', 'set_up', 'session', 'staff_access', 'patient_access', 'patient_refresh', 'enrol_code', 'web_link',"
    " 'web_session'"
)
NEW_KINDS = "'passkey', 'passkey_answer', 'recovery_code'"
GRANTS = {
    "planned_procedure": "SELECT, INSERT, UPDATE",
    "passkey": "SELECT, INSERT, UPDATE",
    "emergency_look": "SELECT, INSERT",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove(f"{KINDS}, {NEW_KINDS}")
    _put_in_place()
    for name in ("device", "proof"):
        op.add_column("credential", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("credential", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    _create_planned_procedure()
    _create_passkey()
    _create_emergency_look()
    for table, deeds in GRANTS.items():
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT {deeds} ON "{table}" TO recovery_app')


def _create_planned_procedure() -> None:
    op.create_table(
        "planned_procedure",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("levels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("baseline_pain", sa.Integer(), nullable=True),
        sa.Column("check_in_time", sa.Time(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("baseline_pain BETWEEN 0 AND 10", name=op.f("ck_planned_procedure_baseline_pain")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_planned_procedure_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_planned_procedure_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_planned_procedure")),
    )
    op.create_index(
        "uq_planned_procedure_open",
        "planned_procedure",
        ["clinic_id", "patient_id"],
        unique=True,
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def _create_passkey() -> None:
    op.create_table(
        "passkey",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_passkey_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_passkey_clinic_id_clinician_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("clinic_id", "credential_id", name=op.f("uq_passkey_clinic_id_credential_id")),
    )
    op.create_index(op.f("ix_passkey_clinic_id_clinician_id"), "passkey", ["clinic_id", "clinician_id"])


def _create_emergency_look() -> None:
    op.create_table(
        "emergency_look",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('emergency', 'cover', 'complaint', 'other')", name=op.f("ck_emergency_look_reason")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_emergency_look_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_emergency_look_clinic_id_clinician_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_emergency_look_clinic_id_patient_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_emergency_look")),
    )
    op.create_index(
        op.f("ix_emergency_look_clinic_id_clinician_id_patient_id"),
        "emergency_look",
        ["clinic_id", "clinician_id", "patient_id"],
    )


def _prove(words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE credential DROP CONSTRAINT IF EXISTS ck_credential_kind_longer")
    op.execute(
        f"{AFRESH}ALTER TABLE credential ADD CONSTRAINT ck_credential_kind_longer CHECK (kind IN ({words})) NOT VALID"
    )
    op.execute("ALTER TABLE credential VALIDATE CONSTRAINT ck_credential_kind_longer")


def _put_in_place() -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE credential DROP CONSTRAINT IF EXISTS ck_credential_kind")
    op.execute(f"{RENAMED}ALTER TABLE credential RENAME CONSTRAINT ck_credential_kind_longer TO ck_credential_kind")


def downgrade() -> None:
    for table in GRANTS:
        op.drop_table(table)
    # they open nothing any more
    op.execute("DELETE FROM credential WHERE kind IN ('passkey', 'passkey_answer', 'recovery_code')")
    op.execute("ALTER TABLE credential DROP CONSTRAINT ck_credential_kind")
    op.execute(f"ALTER TABLE credential ADD CONSTRAINT ck_credential_kind CHECK (kind IN ({KINDS}))")
    for name in ("device", "proof", "proved_at"):
        op.drop_column("credential", name)
