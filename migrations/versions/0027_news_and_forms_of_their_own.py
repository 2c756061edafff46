"""Families of flags for news of a visit and for a form that a landline is asked: no other flag hides them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

FAMILIES = (
    "'red_flag', 'worsening', 'non_recovery', 'activity', 'medication', 'silence', 'delivery', 'operations',"
    " 'preparation', 'visits'"
)
NEW_FAMILIES = "'visit_news', 'forms'"
# A longer list of words takes the place of a shorter one.
REPLACED = "-- squawk-ignore ban-drop-constraint\n"
# No client calls a check by its name.
RENAMED = "-- squawk-ignore renaming-object\n"
# ADD CONSTRAINT knows no IF NOT EXISTS: what a broken run left is dropped first.
AFRESH = "-- squawk-ignore prefer-robust-stmts\n"

_RESOLVED = sa.text(
    "UPDATE flag SET family = :older, status = 'resolved', outcome = 'other', resolved_at = last_at"
    " WHERE family = :newer AND status <> 'resolved' AND EXISTS ("
    " SELECT FROM flag AS other WHERE other.clinic_id = flag.clinic_id AND other.episode_id = flag.episode_id"
    " AND other.status <> 'resolved' AND other.family = :older)"
)
_MOVED = sa.text("UPDATE flag SET family = :older WHERE family = :newer")


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
    """News of a visit is about visits again, a form one of the operations.

    Where a recovery has an open flag of that family already, its people have this one too. Row-level security binds
    the owner too: it is lifted for these statements, inside this transaction.
    """
    op.execute("ALTER TABLE flag NO FORCE ROW LEVEL SECURITY")
    for newer, older in (("visit_news", "visits"), ("forms", "operations")):
        words = {"newer": newer, "older": older}
        op.execute(_RESOLVED.bindparams(**words))
        op.execute(_MOVED.bindparams(**words))
    op.execute("ALTER TABLE flag FORCE ROW LEVEL SECURITY")
