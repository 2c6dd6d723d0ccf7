"""What waits for a vector, the keys of what changed, and the store's lineage."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "DELETE FROM vectors WHERE words_hash != (SELECT words_hash FROM articles WHERE articles.key = vectors.key)"
    )
    op.drop_column("vectors", "words_hash")
    # What may expire has to be old by both.
    op.drop_index("articles_by_appeared_at", "articles")
    op.create_index("articles_by_appeared_at", "articles", ["appeared_at", "first_seen_at"])
    op.create_table(
        "waiting",
        sa.Column("key", sa.Integer, sa.ForeignKey("articles.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False, unique=True),
    )
    op.execute(
        "INSERT INTO waiting (key, sequence) "
        "SELECT key, sequence FROM articles WHERE key NOT IN (SELECT key FROM vectors)"
    )
    op.add_column("changes", sa.Column("key", sa.Integer, nullable=False, server_default="0"))
    # Of the log only what brought the present versions stays: nobody has followed the rest, whose keys are not known.
    op.execute("DELETE FROM changes WHERE sequence NOT IN (SELECT sequence FROM articles)")
    op.execute(
        "UPDATE changes SET key = (SELECT articles.key FROM articles WHERE articles.sequence = changes.sequence)"
    )
    op.execute(sa.text("INSERT INTO settings VALUES ('lineage', :lineage)").bindparams(lineage=secrets.token_hex(16)))


def downgrade() -> None:
    op.drop_index("articles_by_appeared_at", "articles")
    op.create_index("articles_by_appeared_at", "articles", ["appeared_at"])
    op.execute("DELETE FROM settings WHERE name = 'lineage'")
    op.drop_column("changes", "key")
    op.drop_table("waiting")
    op.add_column("vectors", sa.Column("words_hash", sa.String(64), nullable=False, server_default=""))
    op.execute("UPDATE vectors SET words_hash = (SELECT words_hash FROM articles WHERE articles.key = vectors.key)")
