"""The web check-in: who chose a link instead of the plain question, and what each link is for."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"
CURRENT_CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
KINDS = "'login', 'set_up', 'session', 'staff_access', 'patient_access', 'patient_refresh', 'enrol_code'"
NEW_KINDS = "'web_link', 'web_session'"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove("credential", "kind", f"{KINDS}, {NEW_KINDS}")
    _put_in_place("credential", "kind")
    op.add_column("contact_point", sa.Column("takes_link", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "web_check_in",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_web_check_in_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_web_check_in_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episode.clinic_id", "episode.id"],
            name=op.f("fk_web_check_in_clinic_id_episode_id"),
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_web_check_in")),
    )
    op.execute("ALTER TABLE web_check_in ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE web_check_in FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_clinic ON web_check_in FOR ALL TO PUBLIC"
        f" USING (clinic_id = {CURRENT_CLINIC}) WITH CHECK (clinic_id = {CURRENT_CLINIC})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON web_check_in TO recovery_app")


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
    op.drop_table("web_check_in")
    # they open nothing any more
    op.execute("DELETE FROM credential WHERE kind IN ('web_link', 'web_session')")
    _allow_only("credential", "kind", KINDS)
    op.drop_column("contact_point", "takes_link")


def _allow_only(table: str, column: str, words: str) -> None:
    """Back to the shorter list, which every row must keep to."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words}))")
