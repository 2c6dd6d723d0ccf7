"""The front page: the latest articles, each with its related coverage."""

from dataclasses import dataclass

from babel import Locale
from babel.dates import format_date, format_time
from fastapi import APIRouter, Request, Response

from index import CoverageIndex, ReasonKind, Related, RelatedQuery, Relation, StoredArticle
from index.language import locale_of
from service.access.requirements import READ, GuardedRoute
from service.dependencies import Index
from service.pages.rendering import templates
from service.schemas import snippet
from service.security_headers import page_headers

_LATEST = 300
_STORIES = 40
_RELATED = 8
_ENGLISH = Locale("en")
_HEADERS = page_headers("style-src 'self'", "img-src data:")
_MENTIONED = (ReasonKind.NAMES, ReasonKind.NUMBERS)

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@dataclass(frozen=True, slots=True)
class Report:
    """An article, ready to be shown."""

    id: str
    title: str
    snippet: str
    url: str | None
    source: str | None
    country: str | None
    lang: str
    language: str
    direction: str
    time: str
    date: str

    @classmethod
    def of(cls, stored: StoredArticle) -> "Report":
        """Of a stored article."""
        article, locale = stored.article, locale_of(stored.article.language) or _ENGLISH
        text = snippet(article.text or "")
        return cls(
            id=article.id,
            title=article.title or text,
            snippet=text if article.title else "",
            url=article.url,
            source=article.source,
            country=article.country,
            lang=article.language,
            language=locale.get_language_name(locale) or article.language,
            direction=locale.text_direction,
            time=stored.appeared_at.isoformat(),
            date=format_date(stored.appeared_at, "medium", locale)
            + " "
            + format_time(stored.appeared_at, "short", locale=locale),
        )


@dataclass(frozen=True, slots=True)
class RelatedReport:
    """A report, ready to be shown as related.

    Attributes:
        report: the report.
        relation: what it is to the lead.
        why: what both mention.
        copies: how many further articles have the same text.
    """

    report: Report
    relation: str
    why: str
    copies: int

    @classmethod
    def of(cls, item: Related) -> "RelatedReport":
        """Of a related article."""
        evidence = {reason.kind: reason.evidence for reason in item.reasons}
        countries = [_ENGLISH.territories[code] for code in evidence.get(ReasonKind.COUNTRIES, ())]
        rest = [one for kind in _MENTIONED for one in evidence.get(kind, ())]
        why = ", ".join(dict.fromkeys((*countries, *rest)))
        relation = "Same story" if item.relation is Relation.SAME_STORY else "Related"
        return cls(Report.of(item.stored), relation, why, len(item.copies))


@dataclass(frozen=True, slots=True)
class Coverage:
    """A report with what else is being reported about it."""

    lead: Report
    related: list[RelatedReport]

    @property
    def languages(self) -> int:
        """In how many languages it is reported."""
        return len({report.lang for report in self._reports})

    @property
    def sources(self) -> int:
        """By how many publishers it is reported."""
        return len({report.source for report in self._reports if report.source})

    @property
    def _reports(self) -> list[Report]:
        return [self.lead, *(related.report for related in self.related)]


@router.get("/", dependencies=[READ])
def front_page(request: Request, index: Index) -> Response:
    """The latest articles with their related coverage; what is shown as related is not shown again."""
    context = {"stories": _latest_coverage(index), "articles": index.count()}
    return templates().TemplateResponse(request, "front_page.html", context, headers=_HEADERS)


def _latest_coverage(index: CoverageIndex) -> list[Coverage]:
    shown: set[str] = set()
    stories: list[Coverage] = []
    query = RelatedQuery(limit=_RELATED, max_per_source=_RELATED)
    for stored in index.latest(_LATEST):
        if stored.article.id in shown:
            continue
        answer = index.related_to(stored, query)
        related = [item for item in answer.items if item.stored.article.id not in shown]
        texts = [one.article.id for item in related for one in (item.stored, *item.copies)]
        shown |= {stored.article.id, *answer.copies, *texts}
        stories.append(_coverage(stored, related))
        if len(stories) == _STORIES:
            break
    # What many report comes first; of what as many report, the latest.
    return sorted(stories, key=lambda story: -story.sources)


def _coverage(stored: StoredArticle, related: list[Related]) -> Coverage:
    return Coverage(Report.of(stored), list(map(RelatedReport.of, related)))
