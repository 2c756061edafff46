"""The walls: a role that owns nothing, row-level security on every clinical table, append-only by grant."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CLINIC_TABLES = (
    "appointment",
    "audit_event",
    "care_plan",
    "check_in",
    "clinician",
    "consent",
    "contact_point",
    "device",
    "episode",
    "flag",
    "flag_event",
    "idempotency_key",
    "message",
    "patient",
    "procedure",
    "protocol",
    "reminder",
)
APPEND_ONLY = ("audit_event", "check_in", "consent", "flag_event")
OPEN_TABLES = ("credential", "due_work", "heartbeat", "sender_number")
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"


def upgrade() -> None:
    op.execute(
        "DO $$ BEGIN"
        " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'recovery_app') THEN"
        " CREATE ROLE recovery_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;"
        # the role is the server's: another of its databases may be made at this moment
        " END IF; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute("GRANT USAGE ON SCHEMA public TO recovery_app")
    for table in ("clinic", *CLINIC_TABLES):
        column = "id" if table == "clinic" else "clinic_id"
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY own_clinic ON "{table}" FOR ALL TO PUBLIC'
            f" USING ({column} = {CURRENT_CLINIC}) WITH CHECK ({column} = {CURRENT_CLINIC})"
        )
        deeds = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE"
        op.execute(f'GRANT {deeds} ON "{table}" TO recovery_app')
    op.execute("GRANT DELETE ON idempotency_key TO recovery_app")
    for table in OPEN_TABLES:
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO recovery_app')
    op.execute("GRANT SELECT ON alembic_version TO recovery_app")


def downgrade() -> None:
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM recovery_app")
    op.execute("REVOKE USAGE ON SCHEMA public FROM recovery_app")
    for table in ("clinic", *CLINIC_TABLES):
        op.execute(f'DROP POLICY own_clinic ON "{table}"')
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
