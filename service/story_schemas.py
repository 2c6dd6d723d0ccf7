"""Bodies and parameters of what the API says about stories."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from index.article import Country, Lang, Moment, Name
from index.store.stories import HEAT_HALF_LIFE_HOURS, Report, StoryChange, StoryChangeKind, StoryOrder, StoryQuery
from index.stories.explaining import Explanation, Link
from index.stories.headlines import Headline
from index.stories.ids import number_of, pattern_of, story_id, thread_id
from index.stories.library import Day, OfLanguage, Story, Timeline
from service.paging import position_in
from service.problems import ProblemError, make_problem
from service.schemas import ReasonOut

MOST_STORIES = 100
MOST_ARTICLES = 200
MOST_CHANGES = 1_000

_Position: TypeAdapter[tuple[float, int]] = TypeAdapter(
    tuple[Annotated[float, Field(ge=-6e10, le=2.5e11)], Annotated[int, Field(ge=0, le=2**62)]]  # years 1 to 9999
)
_Cursor = Annotated[str, Field(max_length=200, json_schema_extra={"format": "cursor"})]
_Rounded = Annotated[float, AfterValidator(lambda value: round(value, 3))]


def position_of(cursor: str) -> tuple[float, int]:
    """The place in a list of stories or articles that a cursor leads to.

    Raises:
        ProblemError: it is none of ours.
    """
    return position_in(cursor, _Position)


class HeadlineOut(BaseModel):
    """A headline of a story, and whose it is."""

    lang: str
    title: str
    article_id: str
    url: str | None
    source: str | None

    @classmethod
    def of(cls, headline: Headline) -> "HeadlineOut":
        """Of a headline."""
        report = headline.report
        return cls(
            lang=headline.lang,
            title=headline.title,
            article_id=report.id,
            url=report.url,
            source=report.source or None,
        )


class StoryOut(BaseModel):
    """A story: the articles that report one event, in whatever language."""

    id: str = Field(description="Lasts; when the story is merged into another one, it leads there (308).")
    thread: str = Field(description="The running story that it is a part of: stories that follow from each other.")
    headlines: list[HeadlineOut] = Field(
        description="One for each language, that with the most reports first: of the report closest to the middle of "
        "the story; known publishers, original reports, recent ones and plain headlines have an advantage."
    )
    names: list[str] = Field(description="Names that most reports mention.")
    countries: list[str] = Field(description="Countries that most reports name, ISO 3166-1 alpha-2.")
    articles: int
    sources: int = Field(description="Publishers; those that are not known count as one.")
    languages: int
    first_at: datetime = Field(description="When the first report appeared.")
    last_at: datetime = Field(description="When the last report appeared.")
    articles_today: int = Field(description="Articles that appeared in the last 24 hours.")
    sources_today: int = Field(description="Of how many publishers they are.")
    trend: _Rounded = Field(
        description="How many publishers report it just now: each counts less the longer its first report of the day "
        f"is past, half as much every {HEAT_HALF_LIFE_HOURS:.0f} hours. Copies do not count."
    )
    change: int = Field(description="The number of the last change of it, see `/v1/stories/changes`.")

    @classmethod
    def of(cls, story: Story) -> "StoryOut":
        """Of a story."""
        return cls(**_fields(story))


class ThreadStoryOut(BaseModel):
    """Another story of the same thread."""

    id: str
    headline: HeadlineOut | None
    articles: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, story: Story) -> "ThreadStoryOut":
        """Of a story."""
        return cls(
            id=story.id,
            headline=HeadlineOut.of(story.said.headlines[0]) if story.said.headlines else None,
            articles=story.record.articles,
            first_at=story.record.first_at,
            last_at=story.record.last_at,
        )


class StoryDetailOut(StoryOut):
    """A story, with the others of its thread."""

    thread_stories: list[ThreadStoryOut] = Field(
        description="The other stories of the thread, the one with the latest report first; "
        "`/v1/stories?thread=` has all of them."
    )

    @classmethod
    def in_thread(cls, story: Story, others: Sequence[Story]) -> "StoryDetailOut":
        """Of a story, and the others of its thread."""
        return cls(**_fields(story), thread_stories=list(map(ThreadStoryOut.of, others)))


class StoriesOut(BaseModel):
    """Stories, in the order that was asked for."""

    stories: list[StoryOut]
    next: str | None = Field(description="The cursor of the next page; null if there is none.")


class ReportOut(BaseModel):
    """An article of a story."""

    id: str
    title: str | None
    url: str | None
    source: str | None
    country: str | None
    lang: str
    appeared_at: datetime = Field(description="When it was published, or first seen.")
    is_copy: bool = Field(description="Whether it has the text of one that the story had already.")

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        """Of an article of a story."""
        return cls(
            id=report.id,
            title=report.title,
            url=report.url,
            source=report.source or None,
            country=report.country,
            lang=report.lang,
            appeared_at=report.appeared_at,
            is_copy=report.is_copy,
        )


class StoryArticlesOut(BaseModel):
    """Articles of a story, those that appeared first first."""

    articles: list[ReportOut]
    next: str | None = Field(description="The cursor of the next page; null if there is none.")


class DayOut(BaseModel):
    """A day of a story, in UTC."""

    day: date
    articles: int
    sources: int
    langs: list[str] = Field(description="The most frequent first.")
    first: ReportOut

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        """Of a day."""
        return cls(
            day=day.day,
            articles=day.articles,
            sources=day.sources,
            langs=list(day.langs),
            first=ReportOut.of(day.first),
        )


class LanguageOut(BaseModel):
    """A language of a story."""

    lang: str
    articles: int
    sources: int
    first: ReportOut

    @classmethod
    def of(cls, language: OfLanguage) -> "LanguageOut":
        """Of a language."""
        return cls(
            lang=language.lang,
            articles=language.articles,
            sources=language.sources,
            first=ReportOut.of(language.first),
        )


class TimelineOut(BaseModel):
    """How a story came about."""

    days: list[DayOut]
    languages: list[LanguageOut] = Field(description="In the order in which they took the story up.")

    @classmethod
    def of(cls, timeline: Timeline) -> "TimelineOut":
        """Of a timeline."""
        return cls(days=list(map(DayOut.of, timeline.days)), languages=list(map(LanguageOut.of, timeline.languages)))


class StoryChangeOut(BaseModel):
    """What became of a story."""

    change: int = Field(description="Its number; later changes have higher numbers.")
    at: datetime
    story: str
    kind: StoryChangeKind = Field(
        description="`opened` with an article; an article `joined`, was `updated`, or `left`; it was `merged` into the "
        "other story, or `split` from it; it was `linked` to a thread; it was `closed`, having no article any more."
    )
    article_id: str | None
    other: str | None = Field(description="The other story of a merge or split; the thread of a link.")

    @classmethod
    def of(cls, change: StoryChange) -> "StoryChangeOut":
        """Of a change."""
        name = thread_id if change.kind is StoryChangeKind.LINKED else story_id
        return cls(
            change=change.sequence,
            at=change.at,
            story=story_id(change.story),
            kind=change.kind,
            article_id=change.article_id,
            other=None if change.other is None else name(change.other),
        )


class StoryChangesOut(BaseModel):
    """What became of stories, in order."""

    changes: list[StoryChangeOut]
    last: int = Field(description="Ask with `after` set to this for what comes next.")


class LinkOut(BaseModel):
    """What holds an article in its story."""

    article_id: str
    title: str | None
    lang: str
    source: str | None
    closeness: _Rounded | None = Field(description="To the other articles on average; null if there are none.")
    nearest: str | None = Field(description="The id of the closest of them.")
    nearest_closeness: _Rounded | None
    reasons: list[ReasonOut] = Field(description="What the two have in common.")

    @classmethod
    def of(cls, link: Link) -> "LinkOut":
        """Of a link."""
        article = link.article.article
        return cls(
            article_id=article.id,
            title=article.title,
            lang=article.language,
            source=article.source,
            closeness=None if link.nearest is None else link.closeness,
            nearest=None if link.nearest is None else link.nearest.article.id,
            nearest_closeness=None if link.nearest is None else link.nearest_closeness,
            reasons=list(map(ReasonOut.of, link.reasons)),
        )


class ExplanationOut(BaseModel):
    """Why articles are one story.

    Closeness is the similarity in units of that of unrelated articles, with corrections for numbers that differ, for
    languages and for publishers.
    """

    story: str
    articles: int
    density: _Rounded | None = Field(description="How close its articles are on average; null of a single one.")
    demanded: _Rounded = Field(description="How close an article has to be, on average, to come to it.")
    links: list[LinkOut] = Field(description="Of its articles, the weakest first.")

    @classmethod
    def of(cls, explanation: Explanation) -> "ExplanationOut":
        """Of an explanation."""
        return cls(
            story=story_id(explanation.record.number),
            articles=explanation.record.articles,
            density=explanation.density if len(explanation.links) > 1 else None,
            demanded=explanation.demanded,
            links=list(map(LinkOut.of, explanation.links)),
        )


class StoryParameters(BaseModel):
    """Which stories, and in which order."""

    model_config = ConfigDict(extra="forbid")

    order: StoryOrder = Field(
        StoryOrder.LATEST, description="`latest`: the latest report first; `trending`: the most publishers just now."
    )
    limit: int = Field(20, ge=1, le=MOST_STORIES, description="How many stories at most.")
    cursor: _Cursor | None = Field(None, description="`next` of the page before.")
    lang: list[Lang] = Field([], description="With a report in one of these languages.", examples=[["ko", "en"]])
    country: list[Country] = Field([], description="With a report by a publisher of one of these countries.")
    source: list[Name] = Field([], description="With a report by one of these publishers.")
    since: Moment | None = Field(None, description="With the last report then or later.")
    until: Moment | None = Field(None, description="With the first report before.")
    min_articles: int = Field(1, ge=1, le=1_000_000, description="With so many articles.")
    min_sources: int = Field(1, ge=1, le=1_000_000, description="Of so many publishers.")
    min_languages: int = Field(1, ge=1, le=1_000, description="In so many languages.")
    thread: str | None = Field(
        None, description="Of this thread.", examples=["t1"], json_schema_extra={"pattern": pattern_of("t")}
    )

    def to_query(self) -> StoryQuery:
        """For the library.

        Raises:
            ProblemError: the cursor or the thread is none.
        """
        thread = None
        if self.thread is not None:
            thread = number_of(self.thread, "t")
            if thread is None:
                detail = f"thread: {self.thread!r} is not the id of a thread, like 't1'"
                raise ProblemError(make_problem(422, "invalid", detail))
        return StoryQuery(
            order=self.order,
            limit=self.limit,
            after=None if self.cursor is None else position_of(self.cursor),
            langs=frozenset(self.lang),
            countries=frozenset(self.country),
            sources=frozenset(self.source),
            since=self.since,
            until=self.until,
            min_articles=self.min_articles,
            min_sources=self.min_sources,
            min_languages=self.min_languages,
            thread=thread,
        )


class StoryArticlesParameters(BaseModel):
    """How many articles of a story, and from where."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MOST_ARTICLES, description="How many articles at most.")
    cursor: _Cursor | None = Field(None, description="`next` of the page before.")


class StoryChangesParameters(BaseModel):
    """Which changes."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(0, ge=0, le=2**62, description="Only those with higher numbers.")
    limit: int = Field(100, ge=1, le=MOST_CHANGES, description="How many at most.")
    story: str | None = Field(
        None, description="Only those of this story.", examples=["s1"], json_schema_extra={"pattern": pattern_of("s")}
    )


def _fields(story: Story) -> dict[str, Any]:
    record = story.record
    return {
        "id": story.id,
        "thread": story.thread,
        "headlines": list(map(HeadlineOut.of, story.said.headlines)),
        "names": list(story.said.names),
        "countries": list(story.said.countries),
        "articles": record.articles,
        "sources": record.sources,
        "languages": record.languages,
        "first_at": record.first_at,
        "last_at": record.last_at,
        "articles_today": story.articles_today,
        "sources_today": story.sources_today,
        "trend": story.trend,
        "change": record.changed,
    }
