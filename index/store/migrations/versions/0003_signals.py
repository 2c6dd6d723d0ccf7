"""What is kept of every article so that it can be compared with others."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vectors", sa.Column("signals", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("vectors", "signals")
    op.execute("DELETE FROM settings WHERE name = 'signals'")
