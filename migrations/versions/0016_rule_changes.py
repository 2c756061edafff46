"""Rules of a clinic's own, signed by two people; the question after a jump; how late the product's clock has seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("rule_change", "rule_change_decision")
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = "'reminder', 'unanswered', 'send_alert', 'send_bulk', 'call', 'rung', 'page', 'push'"
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove(f"{KINDS}, 'jump'")
    _put_in_place()
    op.add_column("clinic", sa.Column("rules_version", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "clock_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clock_mark")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON clock_mark TO recovery_app")
    _create_changes()
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT SELECT, INSERT ON "{table}" TO recovery_app')


def _create_changes() -> None:
    op.create_table(
        "rule_change",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("pack_version", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_rule_change_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "proposed_by_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_rule_change_clinic_id_proposed_by_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_rule_change")),
    )
    op.create_table(
        "rule_change_decision",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_change_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('signed', 'refused')", name=op.f("ck_rule_change_decision_outcome")),
        sa.CheckConstraint(
            "(outcome = 'signed') = (rules_version IS NOT NULL)", name=op.f("ck_rule_change_decision_version")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_rule_change_decision_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "rule_change_id"],
            ["rule_change.clinic_id", "rule_change.id"],
            name=op.f("fk_rule_change_decision_clinic_id_rule_change_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "decided_by_id"],
            ["clinician.clinic_id", "clinician.id"],
            name=op.f("fk_rule_change_decision_clinic_id_decided_by_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_rule_change_decision")),
        sa.UniqueConstraint(
            "clinic_id", "rule_change_id", name=op.f("uq_rule_change_decision_clinic_id_rule_change_id")
        ),
        sa.UniqueConstraint("clinic_id", "rules_version", name=op.f("uq_rule_change_decision_clinic_id_rules_version")),
    )


def _prove(words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE due_work DROP CONSTRAINT IF EXISTS ck_due_work_kind_longer")
    op.execute(
        f"{AFRESH}ALTER TABLE due_work ADD CONSTRAINT ck_due_work_kind_longer CHECK (kind IN ({words})) NOT VALID"
    )
    op.execute("ALTER TABLE due_work VALIDATE CONSTRAINT ck_due_work_kind_longer")


def _put_in_place() -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE due_work DROP CONSTRAINT IF EXISTS ck_due_work_kind")
    op.execute(f"{RENAMED}ALTER TABLE due_work RENAME CONSTRAINT ck_due_work_kind_longer TO ck_due_work_kind")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_table("clock_mark")
    op.drop_column("clinic", "rules_version")
    # nobody looks at them any more
    op.execute("DELETE FROM due_work WHERE kind = 'jump'")
    op.execute("ALTER TABLE due_work DROP CONSTRAINT ck_due_work_kind")
    op.execute(f"ALTER TABLE due_work ADD CONSTRAINT ck_due_work_kind CHECK (kind IN ({KINDS}))")
