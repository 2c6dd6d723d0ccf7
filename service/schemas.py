"""Bodies and parameters of the API, and how the library's objects become answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from index import Answer, Filters, PutStatus, Related, RelatedQuery, StoredArticle
from index.article import ArticleFields, ArticleId, Country, Lang, Moment, Name, Url

SNIPPET_LENGTH = 200


class ArticleBody(ArticleFields):
    """An article to keep under the id in the path."""

    id: ArticleId | None = Field(None, description="May be left out; if given, it must be the id in the path.")


class PutParameters(BaseModel):
    """How to keep an article."""

    model_config = ConfigDict(extra="forbid")

    restore: bool = Field(default=False, description="Accept an article that was taken down, and forget the takedown.")


class ArticleOut(BaseModel):
    """An article as it is kept."""

    id: str
    url: str | None
    source: str | None
    country: str | None
    lang: str = Field(description="BCP 47 tag, given or identified; `und` when undetermined.")
    published_at: datetime | None
    first_seen_at: datetime
    updated_at: datetime
    title: str | None
    text: str | None

    @classmethod
    def of(cls, stored: StoredArticle) -> "ArticleOut":
        """Of a stored article."""
        seen = {"first_seen_at": stored.first_seen_at, "updated_at": stored.updated_at}
        return cls.model_validate(stored.article.model_dump() | seen)


class PutOut(BaseModel):
    """What became of an article."""

    id: str
    status: PutStatus
    changed: bool = Field(description="False if the same article was there already; then nothing was embedded.")


class ItemOut(BaseModel):
    """A related article."""

    id: str
    url: str | None
    title: str | None
    snippet: str = Field(description=f"The beginning of the text, at most {SNIPPET_LENGTH} characters.")
    source: str | None
    country: str | None
    lang: str
    published_at: datetime | None
    similarity: float = Field(description="Cosine of the centred embeddings, -1..1.")
    copies: list[str] = Field(description="Ids of further articles with the very same words.")

    @classmethod
    def of(cls, item: Related) -> "ItemOut":
        """Of a related article."""
        article = item.stored.article
        return cls(
            **article.model_dump(exclude={"text"}),
            snippet=snippet(article.text or ""),
            similarity=round(item.similarity, 4),
            copies=list(item.copies),
        )


class RelatedOut(BaseModel):
    """Related coverage, best first.

    The order is that of the similarity, with 0.1 added for an article in the language that was asked in.
    """

    article_id: str | None = Field(description="The article asked about, if it is one that is kept.")
    copies: list[str] = Field(description="Ids of kept articles with the very same words as what was asked about.")
    items: list[ItemOut]
    near_misses: list[ItemOut] = Field(description="The best of what was not similar enough to be an item.")

    @classmethod
    def of(cls, answer: Answer, article_id: str | None = None) -> "RelatedOut":
        """Of an answer."""
        return cls(
            article_id=article_id,
            copies=list(answer.copies),
            items=[ItemOut.of(item) for item in answer.items],
            near_misses=[ItemOut.of(item) for item in answer.near_misses],
        )


def snippet(text: str) -> str:
    """The beginning of a text, cut at a space where there is one near the end."""
    if len(text) <= SNIPPET_LENGTH:
        return text
    cut = text[: SNIPPET_LENGTH - 1]
    words = cut.rpartition(" ")[0]
    return (words if len(words) > SNIPPET_LENGTH // 2 else cut).rstrip() + "…"


class RelatedParameters(BaseModel):
    """What may be an item, and how many."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=1, le=100, description="How many items at most.")
    max_per_source: int = Field(2, ge=1, le=100, description="How many items of one publisher at most.")
    lang: list[Lang] = Field([], description="Only these languages; `zh` takes `zh-TW` in.", examples=[["ko", "en"]])
    exclude_lang: list[Lang] = Field([], description="Not these languages.", examples=[["ko"]])
    source: list[Name] = Field([], description="Only these publishers, by their exact names.")
    country: list[Country] = Field([], description="Only publishers of these countries.", examples=[["KR"]])
    since: Moment | None = Field(None, description="Only what appeared then or later.")
    until: Moment | None = Field(None, description="Only what appeared before.")

    def to_query(self) -> RelatedQuery:
        """For the library."""
        filters = Filters(
            langs=frozenset(self.lang),
            exclude_langs=frozenset(self.exclude_lang),
            sources=frozenset(self.source),
            countries=frozenset(self.country),
            since=self.since,
            until=self.until,
        )
        return RelatedQuery(limit=self.limit, max_per_source=self.max_per_source, filters=filters)


class RelatedByUrlParameters(RelatedParameters):
    """The same, with the article named by its URL."""

    url: Url = Field(description="The article's URL, in whatever form.", examples=["https://example.org/2023/09/14/a"])
