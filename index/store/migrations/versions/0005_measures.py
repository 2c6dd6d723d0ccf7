"""What was measured of articles and of publishers, and summaries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measures",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
        sa.Column("signs", sa.Text, nullable=False),
    )
    op.create_table(
        "unmeasured",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("country", sa.String(2), primary_key=True),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("measured", sa.Integer, nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
    )
    op.create_table(
        "summaries",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("spans", sa.Text, nullable=False),
    )
    op.execute("INSERT INTO unmeasured SELECT key FROM vectors")
    op.execute(
        "INSERT INTO sources SELECT source, coalesce(country, ''), count(*), 0, 0 FROM articles"
        " WHERE source IS NOT NULL GROUP BY source, coalesce(country, '')"
    )


def downgrade() -> None:
    for table in ("summaries", "sources", "unmeasured", "measures"):
        op.drop_table(table)
    op.execute("DELETE FROM settings WHERE name = 'measured'")
