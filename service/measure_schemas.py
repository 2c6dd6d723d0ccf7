"""Bodies and parameters of what the API says about quality, reading times and publishers."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from index.article import Article, Country
from index.quality.measuring import Quality
from index.quality.sources import PRIOR_WEIGHT, Source
from index.reading_time import seconds_to_read
from service.paging import position_in

MOST_SOURCES = 200

_Position: TypeAdapter[tuple[float, str]] = TypeAdapter(
    tuple[Annotated[float, Field(ge=-1, le=0)], Annotated[str, Field(max_length=200)]]
)
_Cursor = Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "cursor-of-sources"})]
_Share = Annotated[float, Field(ge=0, le=1)]


class ReadingTimeOut(BaseModel):
    """How long something takes to read, in seconds; `/about/metrics` has the speeds and where they are from."""

    summary: int | None = Field(description="The summary; null as long as there is none.")
    full_text: int | None = Field(description="The whole text; null if the article came without one.")

    @classmethod
    def of(cls, article: Article, summary: list[str] | None) -> Self:
        """Of an article with its summary."""
        lang = article.language
        return cls(
            summary=seconds_to_read(" ".join(summary), lang) if summary else None,
            full_text=seconds_to_read(article.text, lang) if article.text else None,
        )


class SignsOut(BaseModel):
    """The signs of an article's quality, each 0..1; `/about/metrics` has the formulas."""

    completeness: _Share = Field(description="How much there is of headline, text, publisher, date and URL.")
    length: _Share = Field(description="Of the text, by its reading time.")
    attribution: _Share = Field(description="Sentences that quote somebody, or say whose word they are.")
    figures: _Share = Field(description="Different numbers and dates.")
    originality: _Share = Field(description="The share of the text that no other publisher had earlier.")
    headline: _Share = Field(description="The share of the headline's words that the text has too.")


class QualityOut(BaseModel):
    """The quality of an article, by what anybody can see in it. It does not say whether a report is true."""

    value: _Share = Field(description="The weighted mean of the signs.")
    signs: SignsOut

    @classmethod
    def of(cls, quality: Quality) -> Self:
        """Of a quality."""
        return cls(value=quality.value, signs=SignsOut(**quality.signs.as_dict()))


class SourceOut(BaseModel):
    """A publisher."""

    name: str
    country: str | None = Field(
        description="ISO 3166-1 alpha-2, that of most of its articles that say one; null if none does."
    )
    articles: int = Field(description="How many articles of it there are.")
    quality: _Share | None = Field(
        description="The mean quality of its articles, shrunk towards that of all articles as if it had "
        f"{PRIOR_WEIGHT:g} more of that; null as long as none is measured."
    )
    measured: int = Field(description="Of how many articles that is the mean.")
    rank: int | None = Field(
        description="Its place by quality among the publishers of its country, from 1; null without a country or a "
        "measured article."
    )
    ranked: int = Field(description="How many publishers of its country have a rank.")

    @classmethod
    def of(cls, source: Source) -> Self:
        """Of a publisher."""
        return cls(**{name: getattr(source, name) for name in cls.model_fields})


class SourcesOut(BaseModel):
    """Publishers, the best first."""

    sources: list[SourceOut]
    next: str | None = Field(description="The cursor of the next page; null if there is none.")


class SourceParameters(BaseModel):
    """Which publishers."""

    model_config = ConfigDict(extra="forbid")

    country: list[Country] = Field([], description="Only publishers of these countries.", examples=[["KR"]])
    limit: int = Field(50, ge=1, le=MOST_SOURCES, description="How many publishers at most.")
    cursor: _Cursor | None = Field(None, description="`next` of the page before.")

    @property
    def after(self) -> tuple[float, str] | None:
        """Behind which publisher to begin.

        Raises:
            ProblemError: the cursor is none.
        """
        return None if self.cursor is None else position_in(self.cursor, _Position)
