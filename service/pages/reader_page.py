"""The page of an article: what it says in short, what the figures say of it, and what else is being reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict

from index import CoverageIndex, RelatedQuery, StoredArticle
from index.article import Lang
from index.quality.measuring import Quality
from index.quality.sources import Source
from index.reading_time import seconds_to_read
from index.stories.library import Day
from service.access.requirements import READ, GuardedRoute
from service.dependencies import ArticleIdInPath, Index
from service.pages.rendering import page, wording_for
from service.pages.shown import Moment, ShownArticle, ShownRelated, language_and_direction, page_of
from service.pages.wording import LANGUAGES, Wording

_ITEMS = 12
_DAYS = 10
_MINUTE = 60

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class ReaderPageParameters(BaseModel):
    """In which language the page is."""

    model_config = ConfigDict(extra="forbid")

    lang: Lang | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured of an article and its publisher, ready to be shown; None where it is not known."""

    time_here: str | None
    time_there: str | None
    quality: str | None
    source_quality: str | None
    rank: str | None
    ranked: str | None


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of the story, ready to be shown."""

    iso: str
    text: str
    articles: int
    sources: int
    title: str
    page: str
    lang: str
    direction: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to be shown with an article."""

    related: list[ShownRelated]
    days: list[ShownDay]
    quality: Quality | None
    source: Source | None


@router.get("/read/{article_id}", name="reader_page", dependencies=[READ])
async def reader_page(
    article_id: ArticleIdInPath,
    parameters: Annotated[ReaderPageParameters, Query()],
    request: Request,
    index: Index,
) -> Response:
    """The page, in the language of the article or the one that was asked for."""
    stored = await run_in_threadpool(index.article, article_id)
    article = stored.article
    t = wording_for(request, parameters.lang, article.language)
    found = await run_in_threadpool(_found, index, stored, t)
    summary = await index.summaries.get(stored) or []
    shown = ShownArticle.of(stored, t)
    address = str(request.url_for("reader_page", article_id=article_id))
    context = {
        "lang": parameters.lang,
        "article": shown,
        "country_code": article.country,
        "summary": summary,
        "figures": _figures(stored, summary, found, t.locale),
        "same_story": [item for item in found.related if item.is_same_story],
        "related": [item for item in found.related if not item.is_same_story],
        "days": found.days,
        "rendered": Moment.of(datetime.now(UTC), t.locale),
        "address": address,
        "alternates": [(tag, f"{address}?lang={tag}") for tag in LANGUAGES],
        "linked_data": _linked_data(stored, shown, summary, found.related, address),
    }
    return page(request, "reader_page.html", t, context)


def _found(index: CoverageIndex, stored: StoredArticle, t: Wording) -> _Found:
    answer = index.related_to(stored, RelatedQuery(limit=_ITEMS))
    story = index.stories.ids_of([stored.key]).get(stored.key)
    days = index.stories.timeline(story).days if story else ()
    return _Found(
        related=[ShownRelated.of(item, t) for item in answer.items],
        days=[_day(day, t) for day in days[:_DAYS]] if len(days) > 1 else [],
        quality=index.measurer.quality(stored.key),
        source=index.sources.get(stored.article.source) if stored.article.source else None,
    )


def _day(day: Day, t: Wording) -> ShownDay:
    first = day.first
    return ShownDay(
        iso=day.day.isoformat(),
        text=format_date(day.day, "medium", t.locale),
        articles=day.articles,
        sources=day.sources,
        title=first.title or "",
        page=page_of(first.id),
        lang=first.lang,
        direction=language_and_direction(first.lang)[1],
    )


def _figures(stored: StoredArticle, summary: Sequence[str], found: _Found, locale: Locale) -> Figures:
    article, source = stored.article, found.source
    rank = source.rank if source else None
    return Figures(
        time_here=_duration(seconds_to_read(" ".join(summary), article.language), locale),
        time_there=_duration(seconds_to_read(article.text or "", article.language), locale),
        quality=format_percent(found.quality.value, locale=locale) if found.quality else None,
        source_quality=_percent(source.quality if source else None, locale),
        rank=None if rank is None else format_decimal(rank, locale=locale),
        ranked=format_decimal(source.ranked, locale=locale) if source and rank is not None else None,
    )


def _percent(share: float | None, locale: Locale) -> str | None:
    return None if share is None else str(format_percent(share, locale=locale))


def _duration(seconds: int, locale: Locale) -> str | None:
    """How long it takes to read something; None if there is nothing to read."""
    if not seconds:
        return None
    if seconds < _MINUTE:
        return str(format_unit(seconds, "duration-second", "short", locale=locale))
    return str(format_unit(round(seconds / _MINUTE), "duration-minute", "short", locale=locale))


def _linked_data(
    stored: StoredArticle, shown: ShownArticle, summary: Sequence[str], related: Sequence[ShownRelated], address: str
) -> list[dict[str, Any]]:
    """What search engines read of the page (schema.org): the article, and the list of similar news."""
    article = stored.article
    news: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": shown.title,
        "inLanguage": article.language,
        "datePublished": stored.appeared_at.isoformat(),
        "description": " ".join(summary) or shown.snippet,
        "mainEntityOfPage": address,
    }
    if article.url:
        news |= {"url": article.url, "isBasedOn": article.url}
    if article.source:
        news["publisher"] = {"@type": "Organization", "name": article.source}
    entries = [
        {"@type": "ListItem", "position": place, "name": item.article.title, "url": item.article.url}
        for place, item in enumerate((one for one in related if one.article.url), 1)
    ]
    listed = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": entries}
    return [news, listed] if entries else [news]
