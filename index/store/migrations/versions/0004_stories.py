"""Stories: which articles report the same event, and what became of each story."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stories",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("thread", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("reviewed", sa.Integer, nullable=False, server_default="1"),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("sources", sa.Integer, nullable=False),
        sa.Column("languages", sa.Integer, nullable=False),
        sa.Column("first_at", sa.DateTime, nullable=False),
        sa.Column("last_at", sa.DateTime, nullable=False),
        sa.Column("heat", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("stories_by_last_at", "stories", ["last_at", "number"])
    op.create_index("stories_by_heat", "stories", ["heat", "number"])
    op.create_index("stories_by_thread", "stories", ["thread", "number"])
    op.create_table(
        "story_members",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("story", sa.Integer, sa.ForeignKey("stories.number"), nullable=False),
        sa.Column("is_copy", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
    )
    op.create_index("story_members_by_story", "story_members", ["story", "key"])
    op.create_table(
        "unassigned",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
    )
    op.create_table(
        "story_redirects",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("into", sa.Integer, nullable=False),
    )
    op.create_index("ix_story_redirects_into", "story_redirects", ["into"])
    op.create_table(
        "story_changes",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("story", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("article_id", sa.String(200)),
        sa.Column("other", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_index("story_changes_by_story", "story_changes", ["story", "sequence"])
    op.execute(
        "INSERT INTO unassigned SELECT articles.key, articles.sequence"
        " FROM articles JOIN vectors ON vectors.key = articles.key"
    )


def downgrade() -> None:
    for table in ("story_changes", "story_redirects", "unassigned", "story_members", "stories"):
        op.drop_table(table)
