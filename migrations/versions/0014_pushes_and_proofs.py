"""Pushes to apps, keys that tokens are bound to, knocks at the doors, and answers that a browser sends later."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = (
    "'login', 'set_up', 'session', 'staff_access', 'patient_access', 'patient_refresh', 'enrol_code', 'web_link',"
    " 'web_session', 'passkey', 'passkey_answer', 'recovery_code'"
)
WORK_KINDS = "'reminder', 'unanswered', 'send_alert', 'send_bulk', 'call', 'rung', 'page'"
GRANTS = {"push": "SELECT, INSERT, UPDATE", "seen_proof": "SELECT, INSERT, DELETE"}
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove("credential", f"{KINDS}, 'web_later'")
        _prove("due_work", f"{WORK_KINDS}, 'push'")
    for table in ("credential", "due_work"):
        _put_in_place(table)
    op.add_column("credential", sa.Column("key_thumbprint", sa.LargeBinary(), nullable=True))
    _create_push()
    _create_seen_proof()
    _create_knock()
    for table, deeds in GRANTS.items():
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
        )
        op.execute(f'GRANT {deeds} ON "{table}" TO recovery_app')


def _create_push() -> None:
    op.create_table(
        "push",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'taken', 'read', 'gone', 'refused', 'needless')", name=op.f("ck_push_state")
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_push_clinic_id")),
        *(
            sa.ForeignKeyConstraint(
                ["clinic_id", f"{name}_id"],
                [f"{name}.clinic_id", f"{name}.id"],
                name=op.f(f"fk_push_clinic_id_{name}_id"),
            )
            for name in ("patient", "device", "message")
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_push")),
        sa.UniqueConstraint(
            "clinic_id", "message_id", "device_id", name=op.f("uq_push_clinic_id_message_id_device_id")
        ),
    )
    op.create_index(
        "ix_push_unread",
        "push",
        ["clinic_id", "patient_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'taken')"),
    )


def _create_seen_proof() -> None:
    op.create_table(
        "seen_proof",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_seen_proof_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "digest", name=op.f("pk_seen_proof")),
    )
    op.create_index(op.f("ix_seen_proof_clinic_id_seen_at"), "seen_proof", ["clinic_id", "seen_at"], unique=False)


def _create_knock() -> None:
    """Digests alone, and no clinic: nobody has said yet whose door it is."""
    op.create_table(
        "knock",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_knock")),
    )
    op.create_index(op.f("ix_knock_full_at"), "knock", ["full_at"], unique=False)
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "knock" TO recovery_app')


def _prove(table: str, words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_kind_longer")
    op.execute(f"{AFRESH}ALTER TABLE {table} ADD CONSTRAINT ck_{table}_kind_longer CHECK (kind IN ({words})) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_kind_longer")


def _put_in_place(table: str) -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_kind")
    op.execute(f"{RENAMED}ALTER TABLE {table} RENAME CONSTRAINT ck_{table}_kind_longer TO ck_{table}_kind")


def downgrade() -> None:
    for table in (*GRANTS, "knock"):
        op.drop_table(table)
    op.drop_column("credential", "key_thumbprint")
    op.execute("DELETE FROM credential WHERE kind = 'web_later'")
    op.execute("DELETE FROM due_work WHERE kind = 'push'")
    for table, words in (("credential", KINDS), ("due_work", WORK_KINDS)):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_kind")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_kind CHECK (kind IN ({words}))")
