"""How often a visit was moved or called off, so that calendars take the newest."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("sequence", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("appointment", "sequence")
