"""Families of flags for calls to landlines, about how to prepare and about a visit: no other flag hides them."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

FAMILIES = "'red_flag', 'worsening', 'non_recovery', 'activity', 'medication', 'silence', 'delivery', 'operations'"
NEW_FAMILIES = "'preparation', 'visits'"
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _prove(f"{FAMILIES}, {NEW_FAMILIES}")
    _put_in_place()


def _prove(words: str) -> None:
    """Add and prove the check beside the older one, in short locks; run again after a break, it begins afresh."""
    op.execute(f"{REPLACED}ALTER TABLE flag DROP CONSTRAINT IF EXISTS ck_flag_family_other")
    op.execute(f"{AFRESH}ALTER TABLE flag ADD CONSTRAINT ck_flag_family_other CHECK (family IN ({words})) NOT VALID")
    op.execute("ALTER TABLE flag VALIDATE CONSTRAINT ck_flag_family_other")


def _put_in_place() -> None:
    """The proven check takes the place and the name of the older one."""
    op.execute(f"{REPLACED}ALTER TABLE flag DROP CONSTRAINT IF EXISTS ck_flag_family")
    op.execute(f"{RENAMED}ALTER TABLE flag RENAME CONSTRAINT ck_flag_family_other TO ck_flag_family")


def downgrade() -> None:
    _let_newer_families_go()
    op.execute("ALTER TABLE flag DROP CONSTRAINT ck_flag_family")
    op.execute(f"ALTER TABLE flag ADD CONSTRAINT ck_flag_family CHECK (family IN ({FAMILIES}))")


def _let_newer_families_go() -> None:
    """They become operations; where a recovery has an open flag of that family already, its people have this one too.

    Row-level security binds the owner too: it is lifted for these statements, inside this transaction.
    """
    op.execute("ALTER TABLE flag NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE flag SET status = 'resolved', outcome = 'other', resolved_at = last_at"
        " WHERE family IN ('preparation', 'visits') AND status <> 'resolved' AND EXISTS ("
        " SELECT FROM flag AS other WHERE other.clinic_id = flag.clinic_id AND other.episode_id = flag.episode_id"
        " AND other.status <> 'resolved' AND other.id <> flag.id AND (other.family = 'operations'"
        " OR (other.family = 'preparation' AND flag.family = 'visits')))"
    )
    op.execute("UPDATE flag SET family = 'operations' WHERE family IN ('preparation', 'visits')")
    op.execute("ALTER TABLE flag FORCE ROW LEVEL SECURITY")
