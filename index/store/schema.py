"""The tables. Their history is in `migrations/`; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
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
    # published_at, or first_seen_at where the publisher does not say, or says the future: what lists and windows go by
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

stories = Table(
    "stories",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    # the number of the story that the thread began with, whatever became of it
    Column("thread", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    # the last entry of the log that is of it
    Column("changed", Integer, nullable=False),
    # how many articles it had when it was last thought over
    Column("reviewed", Integer, nullable=False, server_default="1"),
    # What follows is derived from its articles: see `sql_stories.refresh`.
    Column("articles", Integer, nullable=False),
    Column("sources", Integer, nullable=False),
    Column("languages", Integer, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("heat", Float, nullable=False),
    Index("stories_by_last_at", "last_at", "number"),
    Index("stories_by_heat", "heat", "number"),
    Index("stories_by_thread", "thread", "number"),
    sqlite_autoincrement=True,
)

story_members = Table(
    "story_members",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    Column("story", ForeignKey(stories.c.number), nullable=False),
    # of a report that the story had already
    Column("is_copy", Boolean, nullable=False),
    # `unassigned.sequence` of when it was assigned
    Column("sequence", Integer, nullable=False, unique=True),
    Index("story_members_by_story", "story", "key"),
)

unassigned = Table(
    "unassigned",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    # of the change by which it was embedded: the order in which articles are assigned
    Column("sequence", Integer, nullable=False, unique=True),
)
"""The articles whose vector is new since they were last assigned to a story, if they ever were."""

story_redirects = Table(
    "story_redirects",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("into", Integer, nullable=False, index=True),
)
"""Stories that were merged into others; never into one that is here itself."""

story_changes = Table(
    "story_changes",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("story", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("article_id", String(200)),
    # the other story of a merge or split, or the thread
    Column("other", Integer),
    Index("story_changes_by_story", "story", "sequence"),
    sqlite_autoincrement=True,
)

measures = Table(
    "measures",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    # in ten-thousandths, so that sums are exact
    Column("quality", Integer, nullable=False),
    # JSON, opaque here
    Column("signs", Text, nullable=False),
)
"""Of the articles' current words: what was measured goes in the transaction in which the words change."""

unmeasured = Table(
    "unmeasured",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
)
"""The embedded articles that changed since they were last measured, if they ever were."""

sources = Table(
    "sources",
    metadata,
    Column("source", Text, primary_key=True),
    # empty where it is not known
    Column("country", String(2), primary_key=True),
    Column("articles", Integer, nullable=False),
    # how many of them are, and the sum of their quality
    Column("measured", Integer, nullable=False),
    Column("quality", Integer, nullable=False),
)
"""Sums over the articles of each known publisher, changed with them: see `sql_measures.counted`."""

summaries = Table(
    "summaries",
    metadata,
    Column("key", ForeignKey(articles.c.key, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    # JSON: where each sentence begins and ends in the text
    Column("spans", Text, nullable=False),
)
"""Of the articles' current texts and the current model."""
