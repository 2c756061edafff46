"""When a clinician last wrote to a phone, so that their words are known where the phone sends them back."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_point", sa.Column("written_to_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("contact_point", "written_to_at")
