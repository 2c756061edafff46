"""The day of a form counts from the procedure, and is counted anew where that is moved; nothing else of it changes."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT UPDATE (day) ON questionnaire TO recovery_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (day) ON questionnaire FROM recovery_app")
