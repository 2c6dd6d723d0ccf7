"""The page that shows the widget, with the tag to copy."""

from typing import Annotated, Literal

from babel import Locale
from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field

from index import CoverageIndex
from index.article import ArticleId
from index.language import locale_of
from service.access.callers import Caller
from service.access.requirements import READ, GuardedRoute
from service.dependencies import Index
from service.pages.rendering import page
from service.pages.shown import ShownArticle
from service.pages.wording import DEFAULT, wording
from service.security_headers import page_headers

LANGUAGES = ("ar", "de", "en", "es", "fr", "he", "hi", "ja", "ko", "pt", "ru", "zh", "zh-Hant")
"""Those that the widget has texts in."""

_CHOICE = 100
_KEY = "YOUR-WIDGET-KEY"
_HEADERS = page_headers(
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src data:",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


class Chosen(BaseModel):
    """What the page shows."""

    model_config = ConfigDict(extra="forbid")

    article: ArticleId | None = None
    layout: Literal["list", "cards", "compact"] = "list"
    theme: Literal["auto", "light", "dark"] = "auto"
    lang: Literal[("", *LANGUAGES)] = ""  # type: ignore[valid-type]  # of the tuple above
    limit: Annotated[int, Field(ge=1, le=20)] = 5

    def attributes(self, article: str) -> dict[str, str]:
        """The attributes of the widget that are not as they are by default."""
        chosen = self.model_dump(exclude={"article"}, exclude_defaults=True)
        return {"article-id": article, **{name: str(value) for name, value in chosen.items()}}


@router.get("/embed", dependencies=[READ])
def embed(request: Request, chosen: Annotated[Chosen, Query()], index: Index) -> Response:
    """The widget for one of the latest articles, or for any that is named."""
    reports = _choice(index, chosen.article)
    caller: Caller = request.state.caller
    context: dict[str, object] = {
        "chosen": chosen,
        "reports": reports,
        "languages": {tag: _own_name(tag) for tag in LANGUAGES},
        "script": str(request.url_for("widget")),
        "needs_key": caller.key is not None,
    }
    if reports:
        report = next((one for one in reports if one.id == chosen.article), reports[0])
        attributes = chosen.attributes(report.id)
        key = {"key": _KEY} if caller.key else {}
        context |= {"report": report, "widget": _opening(attributes), "tag": str(_opening(attributes | key))}
    return page(request, "embed.html", wording(DEFAULT), context, _HEADERS)


def _choice(index: CoverageIndex, named: str | None) -> list[ShownArticle]:
    """The latest articles, and before them the one that is named, unless it is one of them."""
    latest = [ShownArticle.of(stored, wording(DEFAULT)) for stored in index.latest(_CHOICE)]
    if named is None or named in {report.id for report in latest}:
        return latest
    return [ShownArticle.of(index.article(named), wording(DEFAULT)), *latest]


def _opening(attributes: dict[str, str]) -> Markup:
    written = Markup(" ").join(Markup('{}="{}"').format(name, value) for name, value in attributes.items())
    return Markup("<related-coverage {}>").format(written)


def _own_name(tag: str) -> str:
    locale = locale_of(tag) or Locale("en")
    return locale.get_display_name(locale) or tag
