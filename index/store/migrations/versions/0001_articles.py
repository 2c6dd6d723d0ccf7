"""Articles, vectors, changes, takedowns, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "articles",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("words_hash", sa.String(64), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("canonical_url", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("country", sa.String(2)),
        sa.Column("lang", sa.String(35), nullable=False),
        sa.Column("published_at", sa.DateTime),
        sa.Column("appeared_at", sa.DateTime, nullable=False),
        sa.Column("first_seen_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("text", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("articles_by_canonical_url", "articles", ["canonical_url"])
    op.create_index("articles_by_appeared_at", "articles", ["appeared_at"])
    op.create_table(
        "vectors",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("words_hash", sa.String(64), nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "changes",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("article_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "takedowns",
        sa.Column("article_id", sa.String(200), primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_index("takedowns_by_content_hash", "takedowns", ["content_hash"])


def downgrade() -> None:
    for table in ("takedowns", "changes", "vectors", "articles", "settings"):
        op.drop_table(table)
