"""Articles and stories, ready to be shown."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from babel import Locale
from babel.dates import format_date, format_time

from index import ReasonKind, Related, Relation, StoredArticle
from index.language import locale_of, primary
from index.stories.headlines import Headline
from index.stories.library import Story
from service.pages.wording import Wording
from service.schemas import snippet

_MENTIONED = (ReasonKind.NAMES, ReasonKind.NUMBERS)
_OTHER_HEADLINES = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, for people and for machines."""

    iso: str
    text: str

    @classmethod
    def of(cls, moment: datetime, locale: Locale) -> "Moment":
        """A moment, said in a language, in UTC."""
        text = f"{format_date(moment, 'medium', locale)} {format_time(moment, 'short', locale=locale)} UTC"
        return cls(moment.isoformat(), text)


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """An article, ready to be shown.

    Attributes:
        page: the path of its page here.
        language: the name of its language, in that language.
        direction: in which its text runs, `ltr` or `rtl`.
        country: the name of its publisher's country, in the language of the page.
    """

    id: str
    page: str
    title: str
    snippet: str
    url: str | None
    source: str | None
    country: str | None
    lang: str
    language: str
    direction: str
    appeared: Moment

    @classmethod
    def of(cls, stored: StoredArticle, t: Wording) -> "ShownArticle":
        """Of a stored article, on a page that says `t`."""
        article = stored.article
        text = snippet(article.text or "")
        language, direction = language_and_direction(article.language)
        return cls(
            id=article.id,
            page=page_of(article.id),
            title=article.title or text,
            snippet=text if article.title else "",
            url=article.url,
            source=article.source,
            country=country_name(article.country, t),
            lang=article.language,
            language=language,
            direction=direction,
            appeared=Moment.of(stored.appeared_at, t.locale),
        )


@dataclass(frozen=True, slots=True)
class ShownRelated:
    """A related article, ready to be shown.

    Attributes:
        article: it.
        is_same_story: whether it reports the same event.
        mentioned: what both mention.
        copies: in how many further articles its text is.
    """

    article: ShownArticle
    is_same_story: bool
    mentioned: str
    copies: int

    @classmethod
    def of(cls, item: Related, t: Wording) -> "ShownRelated":
        """Of a related article, on a page that says `t`."""
        evidence = {reason.kind: reason.evidence for reason in item.reasons}
        countries = [country_name(code, t) or code for code in evidence.get(ReasonKind.COUNTRIES, ())]
        rest = [one for kind in _MENTIONED for one in evidence.get(kind, ())]
        mentioned = ", ".join(dict.fromkeys((*countries, *rest)))
        is_same_story = item.relation is Relation.SAME_STORY
        return cls(ShownArticle.of(item.stored, t), is_same_story, mentioned, len(item.copies))


@dataclass(frozen=True, slots=True)
class ShownHeadline:
    """A headline of a story, ready to be shown."""

    title: str
    page: str
    source: str | None
    lang: str
    language: str
    direction: str

    @classmethod
    def of(cls, headline: Headline) -> "ShownHeadline":
        """Of a headline."""
        language, direction = language_and_direction(headline.lang)
        report = headline.report
        return cls(headline.title, page_of(report.id), report.source or None, headline.lang, language, direction)


@dataclass(frozen=True, slots=True)
class ShownStory:
    """A story, ready to be shown.

    Attributes:
        headline: the one to stand for it.
        others: those in other languages.
    """

    id: str
    headline: ShownHeadline
    others: tuple[ShownHeadline, ...]
    articles: int
    sources: int
    languages: int
    first: Moment
    last: Moment

    @classmethod
    def of(cls, story: Story, t: Wording, wanted: frozenset[str] = frozenset()) -> "ShownStory | None":
        """Of a story, on a page that says `t`; None if it has no headline, which is so while it is embedded anew.

        Args:
            story: the story.
            t: what the page says; a headline in that language is the one to stand for the story.
            wanted: the languages that were asked for, which come before it.
        """
        preferred = [*(primary(tag) for tag in sorted(wanted)), t.language]
        ranks = {lang: rank for rank, lang in reversed(list(enumerate(preferred)))}
        headlines = sorted(story.said.headlines, key=lambda one: ranks.get(primary(one.lang), len(ranks) + 1))
        if not headlines:
            return None
        first, *others = map(ShownHeadline.of, headlines)
        record = story.record
        return cls(
            id=story.id,
            headline=first,
            others=tuple(others[:_OTHER_HEADLINES]),
            articles=record.articles,
            sources=record.sources,
            languages=record.languages,
            first=Moment.of(record.first_at, t.locale),
            last=Moment.of(record.last_at, t.locale),
        )


def page_of(article_id: str) -> str:
    """The path of an article's page."""
    return f"/read/{quote(article_id, safe='~:@')}"


def country_name(code: str | None, t: Wording) -> str | None:
    """The name of a country; its code where the language has no name for it."""
    return t.locale.territories.get(code, code) if code else None


def language_and_direction(tag: str) -> tuple[str, str]:
    """The name of a language in that language, and in which direction it runs."""
    locale = locale_of(tag)
    return ((locale.get_language_name(locale) if locale else None) or tag, locale.text_direction if locale else "auto")
