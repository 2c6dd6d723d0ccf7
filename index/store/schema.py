"""The tables. Their history is in `migrations/`; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite keeps no time zone, so that all are turned to UTC on the way in and marked so on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as SQLAlchemy calls it
        """To naive UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as SQLAlchemy calls it
        """To aware UTC."""
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData()

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=True),
    Column("id", String(200), nullable=False, unique=True),
    Column("sequence", Integer, nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("words_hash", String(64), nullable=False),
    Column("url", Text),
    Column("canonical_url", Text),
    Column("source", Text),
    Column("country", String(2)),
    Column("lang", String(35), nullable=False),
    Column("published_at", UtcDateTime),
    # published_at, or first_seen_at where the publisher does not say: what lists and windows go by
    Column("appeared_at", UtcDateTime, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("title", Text),
    Column("text", Text),
    Index("articles_by_canonical_url", "canonical_url"),
    Index("articles_by_appeared_at", "appeared_at", "first_seen_at"),
    sqlite_autoincrement=True,
)

vectors = Table(
    "vectors",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    Column("embedding", LargeBinary, nullable=False),
    # opaque here; none in what an earlier version has embedded
    Column("signals", LargeBinary),
)
"""Of the articles' current words: a vector goes in the transaction in which the words change."""

waiting = Table(
    "waiting",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    # the article's, so that those that wait longest are found without a look at the others
    Column("sequence", Integer, nullable=False, unique=True),
)
"""The articles that have no vector: every article is either here or in `vectors`."""

changes = Table(
    "changes",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("key", Integer, nullable=False, server_default="0"),  # every row has one; SQLite adds no column without
    Column("article_id", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

takedowns = Table(
    "takedowns",
    metadata,
    Column("article_id", String(200), primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("takedowns_by_content_hash", "content_hash"),
)
