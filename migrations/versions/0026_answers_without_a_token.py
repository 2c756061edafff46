"""The answers to writes that need no token, kept for an hour under the Idempotency-Key that came with them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_answer",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("write_digest", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("other_writes", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_open_answer")),
    )
    op.create_index(op.f("ix_open_answer_claimed_at"), "open_answer", ["claimed_at"], unique=False)
    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON "open_answer" TO recovery_app')


def downgrade() -> None:
    op.drop_table("open_answer")
