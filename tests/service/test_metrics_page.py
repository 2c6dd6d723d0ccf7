"""The page that says what the numbers mean."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from index.quality import Signs
from index.quality.sources import PRIOR_WEIGHT
from index.reading_time import CHARACTERS_A_MINUTE, WORDS_A_MINUTE
from tests.service.conftest import SCREENSHOTS, add_key
from tests.service.widget_pages import visiting


class Reader(HTMLParser):
    """Collects headings, the ids there are, and the places that are linked to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.labelled: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"h1", "h2", "h3"}:
            self.levels.append(int(tag[1]))
        self.ids += [given["id"] or ""] if "id" in given else []
        self.targets += [given["href"] or ""] if tag == "a" else []
        self.labelled += [given["aria-labelledby"] or ""] if "aria-labelledby" in given else []


@pytest.fixture
def html(topical_client: TestClient) -> str:
    response = topical_client.get("/about/metrics")
    assert response.status_code == 200
    return response.text


def test_it_states_what_the_code_has(html: str) -> None:
    for a_minute in (*WORDS_A_MINUTE.values(), *CHARACTERS_A_MINUTE.values()):
        assert f"<td>{a_minute}</td>" in html
    for sign in Signs.__slots__:
        assert f"<dt>{sign.capitalize()}</dt>" in html
    assert f"{PRIOR_WEIGHT:g} × prior" in html
    assert "10.1167/iovs.11-8284" in html


def test_it_has_an_outline_whose_links_lead_somewhere(html: str) -> None:
    found = Reader(html)
    assert found.levels == [1, 2, 2, 2, 2]
    assert len(found.ids) == len(set(found.ids))
    assert (
        {target[1:] for target in found.targets if target.startswith("#")}
        == set(found.ids) - {"search"}
        == set(found.labelled)
    )


def test_anyone_may_read_it(topical_client: TestClient, keys: Path) -> None:
    add_key(keys)
    assert topical_client.get("/v1/sources").status_code == 401
    response = topical_client.get("/about/metrics")
    assert response.status_code == 200
    assert "style-src 'self'" in response.headers["Content-Security-Policy"]


def test_the_front_page_leads_there(topical_client: TestClient) -> None:
    assert 'href="/about/metrics"' in topical_client.get("/").text


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_it_is_accessible_and_nothing_is_wider_than_the_page(
    browser: Browser, topical_service: str, width: int, scheme: Literal["dark", "light"]
) -> None:
    with visiting(browser, width, color_scheme=scheme) as visit:
        visit.page.goto(f"{topical_service}/about/metrics")
        assert visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert visit.page.evaluate("document.styleSheets.length") == 2
        assert visit.violations() == ""
        visit.page.screenshot(path=SCREENSHOTS / f"metrics-page-{width}-{scheme}.png", full_page=True)
        assert visit.problems == []
