"""Pages of another site with the widget in them, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI, Response
from playwright.sync_api import Browser, Locator, Page, Request, Route

from tests.service.conftest import serving

SUMMIT = 'article-id="kp-ru-summit-talks-ko"'
BELOW = "Of this page, below it"
_STYLE = """
    :root { color-scheme: light dark }
    body { font-family: "Noto Sans", "Noto Sans CJK KR", sans-serif }
    #below { height: 20rem }
"""
_WATCH_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
_WATCH_EVENTS = """
    window.told = [];
    for (const type of ["load", "empty", "error", "select"])
      document.addEventListener(type, (event) => {
        if (event.target.localName === "related-coverage") told.push([type, event.detail]);
      });
"""


class Site:
    """A site of its own origin, with one page.

    Attributes:
        origin: its origin.
        html: the page.
        style: its style sheet.
        policy: its content security policy.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.html = ""
        self.style = ""
        self.policy = ""

    def write(self, service: str, attributes: str, children: str = "", *, lang: str = "en", more: str = "") -> None:
        """Put the widget into the page; its policy lets it load nothing but what the widget needs."""
        self.style = _STYLE
        direction = "rtl" if lang in {"ar", "he"} else "ltr"
        self.html = f"""<!doctype html>
            <html lang="{lang}" dir="{direction}"><head><meta charset="utf-8"><title>A page</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">
            <script type="module" src="{service}/widget/v1/related-coverage.js"></script>{more}</head>
            <body><main><h1>A page</h1><related-coverage {attributes}>{children}</related-coverage>
            <p id="below">{BELOW}</p></main></body></html>"""
        self.policy = (
            f"default-src 'none'; script-src {service}; connect-src {service}; style-src 'self'; img-src data:; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )


@contextmanager
def a_site() -> Iterator[Site]:
    """Serve a site on an origin of its own."""
    app = FastAPI()

    @app.get("/site.css")
    async def css() -> Response:
        return Response(site.style, media_type="text/css")

    @app.get("/{path:path}")
    async def page() -> Response:
        return Response(site.html, media_type="text/html", headers={"Content-Security-Policy": site.policy})

    with serving(app) as origin:
        site = Site(origin)
        yield site


class Visit:
    """A visit to the page of a site.

    Attributes:
        page: the page, not opened yet.
        problems: what the browser wrote to the console.
        asked: the requests to the API.
        requests: all requests.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.requests: list[Request] = []
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._note)
        page.add_init_script(_WATCH_SHIFTS + _WATCH_EVENTS)

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    @property
    def asked(self) -> list[str]:
        return [url for url in self.loaded if "/v1/articles/" in url or "/v1/related?" in url]

    @property
    def loaded(self) -> list[str]:
        return [request.url for request in self.requests]

    @property
    def widget(self) -> Locator:
        return self.page.locator("related-coverage")

    def part(self, name: str) -> Locator:
        return self.widget.locator(f"[part={name}]")

    def go(self, site: Site, state: str = "loaded") -> None:
        """Open the page and wait until the widget has settled."""
        self.page.goto(f"{site.origin}/story?a=1#b")
        self.settle(state)

    def settle(self, state: str) -> None:
        self.page.locator(f"related-coverage[data-state={state}]").wait_for(state="attached")

    def hold(self, pattern: str) -> list[Route]:
        """Keep requests from being answered; gives those that there are, as they come."""
        held: list[Route] = []

        def keep(route: Route) -> None:
            held.append(route)

        self.page.route(pattern, keep)
        return held

    def told(self) -> list[tuple[str, Any]]:
        """The events of the widget that came to the document, each with its detail."""
        return [(kind, detail) for kind, detail in self.page.evaluate("told")]

    def shift(self) -> float:
        """How much the layout has shifted, as Cumulative Layout Shift has it, without its windows."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
        shift: float = self.page.evaluate("shifts")
        return shift

    def violations(self) -> str:
        """What axe-core has to say against the page."""
        results = Axe().run(self.page)
        return str(results.generate_report()) if results.violations_count else ""


@contextmanager
def visiting(browser: Browser, width: int = 1440, height: int = 900, **options: Any) -> Iterator[Visit]:
    """A visit by somebody who has never been there."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    try:
        yield Visit(context.new_page())
    finally:
        context.close()
