"""How a page is made from its template."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import Request, Response
from starlette.templating import Jinja2Templates

from service import pages
from service.pages.wording import Wording, accepted_languages, best_language, wording
from service.security_headers import page_headers

_HEADERS = page_headers("style-src 'self'", "img-src data:", "form-action 'self'")


def wording_for(request: Request, lang: str | None, own: str | None = None) -> Wording:
    """What a page says to a reader.

    Args:
        request: of the page.
        lang: the language that was asked for in the query, if one was.
        own: that of what the page shows; if there is none, the languages that the browser asks for.
    """
    if lang or own:
        return wording(best_language(*filter(None, (lang, own))))
    return wording(best_language(*accepted_languages(request.headers.get("accept-language", ""))))


def page(
    request: Request,
    template: str,
    t: Wording,
    context: Mapping[str, Any],
    headers: Mapping[str, str] = _HEADERS,
) -> Response:
    """A page.

    Args:
        request: for it.
        template: the name of its template.
        t: what it says.
        context: what it shows.
        headers: with what it may load; by default styles, and nothing that runs.
    """
    everything = {**context, "t": t, "direction": t.locale.text_direction, "root": request.scope.get("root_path", "")}
    response = _templates().TemplateResponse(request, template, everything, headers=headers)
    response.headers["Content-Language"] = t.language
    response.headers.add_vary_header("Accept-Language")
    return response


@cache
def _templates() -> Jinja2Templates:
    templates = Jinja2Templates(directory=str(files(pages).joinpath("templates")))
    templates.env.trim_blocks = templates.env.lstrip_blocks = True
    return templates
