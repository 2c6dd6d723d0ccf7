"""The front page, in a real browser."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from index.samples import samples
from tests.service.conftest import SCREENSHOTS


@pytest.fixture(params=[(320, "light"), (768, "dark"), (1440, "light")], ids=lambda p: f"{p[0]}-{p[1]}")
def page(browser: Browser, sample_service: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda failed: problems.append(failed.url))
    page.goto(sample_service + "/")
    yield page
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"front-page-{width}-{scheme}.png")
    page.close()
    assert problems == []


def test_shows_stories_with_related_coverage_across_languages(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("similar-news")
    summit = page.locator("article", has=page.locator("a[href*='vostochny']")).first
    expect(summit).to_be_visible()
    languages = summit.locator("a").evaluate_all("links => [...new Set(links.map(link => link.lang))]")
    assert len(languages) >= 2
    assert page.locator("article").count() == 40
    assert "sources in" in summit.inner_text()


def test_what_is_related_says_what_it_is_and_why(page: Page) -> None:
    summit = page.locator("article", has=page.locator("a[href*='vostochny']")).first
    why = summit.locator("li .why").all_inner_texts()
    assert all(text.startswith(("Same story", "Related")) for text in why)
    assert any("both mention North Korea, Russia" in text for text in why)


def test_nothing_is_wider_than_the_page(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_arabic_runs_from_right_to_left(page: Page) -> None:
    headline = page.locator("a[lang=ar]").first
    expect(headline).to_have_css("direction", "rtl")


def test_every_article_is_there_once(sample_client: httpx2.Client) -> None:
    html = sample_client.get("/").text
    shown = [sample.article.url for sample in samples() if f'href="{sample.article.url}"' in html]
    assert len(shown) > 100
    assert all(html.count(f'href="{url}"') == 1 for url in shown)


def test_an_empty_service_says_how_to_begin(client: TestClient) -> None:
    assert "similar-news ingest" in client.get("/").text


def test_a_reprint_is_no_story_of_its_own(client: TestClient) -> None:
    text = samples()[0].article.text
    for number in range(3):
        client.put(f"/v1/articles/wire-{number}", json={"title": f"Paper {number}", "text": text})
    assert client.get("/").text.count('<article class="story') == 1


def test_markup_in_an_article_is_shown_as_text(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "<script>alert(1)</script>", "text": "<b>bold</b> & more"})
    html = client.get("/").text
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in html
