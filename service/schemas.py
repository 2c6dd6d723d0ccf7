"""Bodies and parameters of the API, and how the library's objects become answers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from index import (
    Answer,
    Content,
    Filters,
    PutStatus,
    Reason,
    ReasonKind,
    Related,
    RelatedQuery,
    Relation,
    StoredArticle,
)
from index.article import ArticleFields, ArticleId, Country, Lang, Moment, Name, Url
from index.quality.measuring import Quality
from index.quality.sources import Source
from index.related import DIVERSITY, MIN_SCORE
from index.stories.ids import story_id
from index.summary import MOST_SENTENCES
from service.measure_schemas import QualityOut, ReadingTimeOut, SourceOut

SNIPPET_LENGTH = 200
STORY_DESCRIPTION = "The id of the story that it is a part of; null until it is embedded."
MOST_EXAMPLES = 20
MOST_EXCLUDED = 100


class Part(StrEnum):
    """A part of an answer that can be left out."""

    SNIPPET = "snippet"
    REASONS = "reasons"
    NEAR_MISSES = "near_misses"


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
    story: str | None = Field(description=STORY_DESCRIPTION)
    summary: list[str] | None = Field(
        description="The sentences of the text that are closest to the whole, as they stand and in order, at most "
        f"{MOST_SENTENCES}; null if it cannot be made now, so ask again."
    )
    reading_time: ReadingTimeOut
    quality: QualityOut | None = Field(description="Null until it is measured, right after it is embedded.")
    publisher: SourceOut | None = Field(description="What there is to tell of its publisher; null if it is not known.")

    @classmethod
    def of(cls, stored: StoredArticle, told: "Told") -> "ArticleOut":
        """Of a stored article, with what there is to tell of it."""
        article = stored.article
        return cls(
            **article.model_dump(),
            first_seen_at=stored.first_seen_at,
            updated_at=stored.updated_at,
            story=told.story,
            summary=told.summary,
            reading_time=ReadingTimeOut.of(article, told.summary),
            quality=QualityOut.of(told.quality) if told.quality else None,
            publisher=SourceOut.of(told.publisher) if told.publisher else None,
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of an article besides what came with it.

    Attributes:
        story: the id of its story.
        quality: its own.
        publisher: whose it is.
        summary: what it says in short.
    """

    story: str | None
    quality: Quality | None
    publisher: Source | None
    summary: list[str] | None = None


class PutOut(BaseModel):
    """What became of an article."""

    id: str
    status: PutStatus
    changed: bool = Field(description="False if the same article was there already; then nothing was embedded.")


class ReasonOut(BaseModel):
    """Something that an item has in common with what was asked about."""

    kind: ReasonKind = Field(
        description="`meaning`: what they say; `names`, `countries` (ISO 3166-1), `numbers`, `quotation`: what both "
        "mention; `time`: they appeared within a day of each other."
    )
    evidence: list[str] = Field(
        description="The similarity for `meaning`; the hours between them for `time`; for the others what both mention."
    )

    @classmethod
    def of(cls, reason: Reason) -> "ReasonOut":
        """Of a reason."""
        return cls(kind=reason.kind, evidence=list(reason.evidence))


class CopyOut(BaseModel):
    """A further article with the same text."""

    id: str
    source: str | None
    url: str | None
    published_at: datetime | None

    @classmethod
    def of(cls, stored: StoredArticle) -> "CopyOut":
        """Of a stored article."""
        return cls.model_validate(stored.article.model_dump(include=set(cls.model_fields)))


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
    relation: Relation = Field(
        description="`same_story`: another report of the same event; `related`: a report of another event of the same "
        "running story. Of a near miss it is what it would be."
    )
    score: float = Field(
        description="How probable it is that it belongs to the same running story, 0..1. It means the same in every "
        "language."
    )
    similarity: float = Field(description="Cosine of the centred embeddings, -1..1.")
    reasons: list[ReasonOut] = Field(description="What speaks for it, as far as it can be shown.")
    copies: list[CopyOut] = Field(description="Further articles with the same text: reprints, and copies of a report.")
    story: str | None = Field(description=STORY_DESCRIPTION)

    @classmethod
    def of(cls, item: Related, without: Collection[Part] = ()) -> "ItemOut":
        """Of a related article."""
        article = item.stored.article
        is_short = Part.SNIPPET in without and bool(article.title)
        return cls(
            **article.model_dump(exclude={"text"}),
            snippet="" if is_short else snippet(article.text or ""),
            relation=item.relation,
            score=round(item.score, 4),
            similarity=round(item.similarity, 4),
            reasons=[] if Part.REASONS in without else list(map(ReasonOut.of, item.reasons)),
            copies=list(map(CopyOut.of, item.copies)),
            story=None if item.story is None else story_id(item.story),
        )


class RelatedOut(BaseModel):
    """Related coverage, best first.

    What is more probable comes first, but for this: a report in the language asked in comes before one that fits hardly
    better, and one that says something else before one that repeats what is above it.
    """

    article_id: str | None = Field(description="The article asked about, if it is one that is kept.")
    story: str | None = Field(description="The id of that article's story.")
    copies: list[str] = Field(description="Ids of kept articles with the same text as what was asked about.")
    items: list[ItemOut]
    near_misses: list[ItemOut] = Field(description="The best of what was not probable enough to be an item.")

    @classmethod
    def of(cls, answer: Answer, article_id: str | None = None, without: Collection[Part] = ()) -> "RelatedOut":
        """Of an answer.

        Args:
            answer: the answer.
            article_id: of the article asked about, if it is one that is kept.
            without: what is left empty.
        """
        near_misses = () if Part.NEAR_MISSES in without else answer.near_misses
        return cls(
            article_id=article_id,
            story=None if answer.story is None else story_id(answer.story),
            copies=list(answer.copies),
            items=[ItemOut.of(item, without) for item in answer.items],
            near_misses=[ItemOut.of(item, without) for item in near_misses],
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
    min_score: float = Field(MIN_SCORE, ge=0, le=1, description="What has a lower score is a near miss at best.")
    relation: list[Relation] = Field([], description="Only items of these relations; of all by default.")
    diversity: float = Field(
        DIVERSITY, ge=0, le=1, description="How much an item counts less for being like those above it: 0 not at all."
    )
    half_life: float | None = Field(
        None, ge=0.01, le=100_000, description="An article so many hours older than the newest one found counts half."
    )
    exclude: list[ArticleId] = Field(
        [], max_length=MOST_EXCLUDED, description="Ids of articles that are no items: those shown already, say."
    )
    lang: list[Lang] = Field([], description="Only these languages; `zh` takes `zh-TW` in.", examples=[["ko", "en"]])
    exclude_lang: list[Lang] = Field([], description="Not these languages.", examples=[["ko"]])
    source: list[Name] = Field([], description="Only these publishers, by their exact names.")
    country: list[Country] = Field([], description="Only publishers of these countries.", examples=[["KR"]])
    since: Moment | None = Field(None, description="Only what appeared then or later.")
    until: Moment | None = Field(None, description="Only what appeared before.")
    without: list[Part] = Field(
        [],
        description="What is left empty, for a smaller answer: `near_misses`, `reasons`, or the `snippet` of what "
        "has a title.",
    )

    def to_query(self, body: "RelatedByTextBody | None" = None) -> RelatedQuery:
        """For the library."""
        filters = Filters(
            langs=frozenset(self.lang),
            exclude_langs=frozenset(self.exclude_lang),
            sources=frozenset(self.source),
            countries=frozenset(self.country),
            since=self.since,
            until=self.until,
        )
        return RelatedQuery(
            limit=self.limit,
            max_per_source=self.max_per_source,
            min_score=self.min_score,
            relations=frozenset(self.relation or Relation),
            diversity=self.diversity,
            half_life=None if self.half_life is None else timedelta(hours=self.half_life),
            like=tuple(body.like) if body else (),
            unlike=tuple(body.unlike) if body else (),
            exclude=tuple(self.exclude),
            filters=filters,
        )


_Examples = Annotated[list[ArticleId], Field(max_length=MOST_EXAMPLES)]


class RelatedByTextBody(Content):
    """A text to find coverage of, and articles whose coverage is wanted too, or is not."""

    like: _Examples = Field([], description="Ids of articles whose coverage is wanted too.")
    unlike: _Examples = Field([], description="Ids of articles whose coverage is not wanted.")


class RelatedByUrlParameters(RelatedParameters):
    """The same, with the article named by its URL."""

    url: Url = Field(description="The article's URL, in whatever form.", examples=["https://example.org/2023/09/14/a"])
