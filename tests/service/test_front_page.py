"""The front page shows what is being reported, story by story."""

from collections.abc import Iterator

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from index import Article, CoverageIndex
from index.samples import samples
from tests.service.conftest import SCREENSHOTS


@pytest.fixture(
    params=[(320, "light", "ko"), (768, "dark", "en"), (1440, "light", "en")], ids=lambda p: f"{p[0]}-{p[1]}-{p[2]}"
)
def page(browser: Browser, sample_service: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme, language = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda failed: problems.append(failed.url))
    page.goto(sample_service + "/")
    yield page
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"front-page-{width}-{scheme}-{language}.png")
    page.close()
    assert problems == []


def test_stories_are_shown_with_how_many_report_them(page: Page) -> None:
    assert page.locator("article.story").count() == 30
    told = page.locator("article.story:not(.single)").first
    expect(told.locator(".counts")).to_be_visible()
    languages = told.locator("a").evaluate_all("links => [...new Set(links.map(link => link.lang))]")
    assert len(languages) >= 2
    times = told.locator("time").evaluate_all("times => times.map(time => time.dateTime)")
    assert len(times) == 2
    assert times == sorted(times)


def test_a_story_leads_to_the_page_of_its_report(page: Page) -> None:
    link = page.locator("article.story h2 a").first
    title = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_nothing_is_wider_than_the_page(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_arabic_runs_from_right_to_left(page: Page) -> None:
    expect(page.locator("a[lang=ar]").first).to_have_css("direction", "rtl")


def test_a_reader_chooses_language_and_country(browser: Browser, sample_service: str) -> None:
    page = browser.new_page(locale="en-US")
    page.goto(sample_service + "/")
    page.locator("select[name=languages]").select_option(label="日本語")
    page.locator("select[name=country]").select_option(label="South Korea")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("select[name=languages]")).to_have_value("ja")
    assert page.locator("article.story").count() >= 1
    headlines = page.locator("article.story h2 a").evaluate_all("links => links.map(link => link.lang)")
    assert set(headlines) == {"ja"}
    page.close()


def test_all_stories_can_be_paged_through(sample_client: httpx2.Client) -> None:
    seen: list[str] = []
    path = "/?order=latest"
    for _ in range(20):
        html = sample_client.get(path).text
        seen += [line.split('id="')[1].rstrip('">') for line in html.splitlines() if '<article class="story' in line]
        if 'rel="next"' not in html:
            break
        path = html.split('class="following"><a href="')[1].split('"')[0].replace("&amp;", "&")
    else:
        pytest.fail("there is no end")
    assert len(seen) == len(set(seen)) > 60


def test_the_latest_stories_come_first_if_wanted(topical_client: TestClient, topical_index: CoverageIndex) -> None:
    def put(article_id: str, title: str, day: int) -> None:
        at = f"2026-03-{day:02}T12:00:00Z"
        topical_index.put(
            [Article.model_validate({"id": article_id, "title": title, "lang": "en", "published_at": at})]
        )

    put("f", "A flood takes a bridge away", 3)
    put("s", "Leaders hold a summit", 2)
    html = topical_client.get("/?order=latest").text
    assert html.index("A flood") < html.index("Leaders hold")


def test_an_empty_service_says_how_to_begin(client: TestClient) -> None:
    assert "similar-news ingest" in client.get("/").text


def test_a_choice_without_a_story_says_so(topical_client: TestClient, topical_index: CoverageIndex) -> None:
    topical_index.put([Article(id="s", title="Leaders hold a summit", lang="en")])
    assert "There is no story like that." in topical_client.get("/?languages=ko").text


def test_what_a_form_leaves_open_is_no_choice(topical_client: TestClient, topical_index: CoverageIndex) -> None:
    topical_index.put([Article(id="s", title="Leaders hold a summit", lang="en")])
    assert "Leaders hold a summit" in topical_client.get("/?languages=&country=&order=trending").text


@pytest.mark.parametrize("query", ["languages=no%20tag", "country=Atlantis", "order=best", "cursor=x", "nothing=1"])
def test_what_cannot_be_chosen_is_a_problem(client: TestClient, query: str) -> None:
    response = client.get(f"/?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (422, "application/problem+json")


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
