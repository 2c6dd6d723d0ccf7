"""Coverage of a pasted text, or of an address."""

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from index.samples import samples
from tests.service.conftest import SCREENSHOTS

SUMMIT = next(sample.article for sample in samples() if sample.article.id == "kp-ru-summit-talks-ko")


def test_a_pasted_text_finds_its_coverage(browser: Browser, sample_service: str) -> None:
    page = browser.new_page(locale="en-US", java_script_enabled=False)
    page.goto(sample_service + "/")
    page.get_by_role("searchbox", name="Find coverage").fill(
        "Kim Jong Un and Vladimir Putin met at a cosmodrome in Russia"
    )
    page.get_by_role("button", name="Find coverage").click()
    expect(page.get_by_role("heading", name="Coverage of this text")).to_be_visible()
    langs = page.locator(".coverage h3 a").evaluate_all("links => links.map(link => link.lang)")
    assert len(langs) >= 5
    assert len(set(langs)) >= 3
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "search-page.png", full_page=True)
    page.close()


def test_a_known_address_leads_to_the_page_of_its_article(sample_client: httpx2.Client) -> None:
    response = sample_client.get("/search", params={"q": f"  {SUMMIT.url} "})
    assert (response.status_code, response.headers["Location"]) == (303, f"/read/{SUMMIT.id}")


def test_an_address_that_is_not_known_says_so(sample_client: httpx2.Client) -> None:
    response = sample_client.get("/search", params={"q": "https://example.org/nothing", "lang": "en"})
    assert response.status_code == 200
    assert "No article with this address is known here." in response.text


def test_what_nobody_reports_says_so(client: TestClient) -> None:
    assert "Nobody else is reporting this yet." in client.get("/search", params={"q": "A flood"}).text


def test_what_was_pasted_is_shown_as_text(client: TestClient) -> None:
    html = client.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>" not in html


@pytest.mark.parametrize("query", ["", "q=", "q=%20", f"q={'x' * 4_001}", "q=x&lang=no%20tag", "q=x&y=1"])
def test_what_cannot_be_looked_for_is_a_problem(client: TestClient, query: str) -> None:
    response = client.get(f"/search?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (422, "application/problem+json")
