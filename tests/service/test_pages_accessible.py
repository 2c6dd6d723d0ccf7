"""The pages can be used by everybody: axe-core finds nothing, and the keyboard is enough."""

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

SUMMIT = "/read/kp-ru-summit-talks-ko"
SEARCH = f"/search?q={quote('Kim and Putin meet at a spaceport')}"
LOOKS = [
    ("/", "light", "en"),
    ("/", "dark", "ko"),
    ("/", "light", "ar"),
    (SUMMIT, "light", "ko"),
    (SUMMIT, "dark", "en"),
    (SUMMIT, "light", "he"),
    (SEARCH, "light", "en"),
    (SEARCH, "dark", "ar"),
]


@pytest.mark.parametrize(("path", "scheme", "language"), LOOKS)
def test_nothing_is_in_the_way_of_anybody(
    browser: Browser, sample_service: str, path: str, scheme: str, language: str
) -> None:
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]  # one of two
    page.goto(f"{sample_service}{path}{'&' if '?' in path else '?'}lang={language}")
    results = Axe().run(page)
    page.close()
    assert results.violations_count == 0, results.generate_report()


def test_the_keyboard_is_enough(browser: Browser, sample_service: str) -> None:
    page = browser.new_page(locale="en-US")
    page.goto(f"{sample_service}{SUMMIT}?lang=en")
    order = []
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.evaluate("(document.activeElement.innerText || document.activeElement.name).trim()")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        order.append(focused)
    assert order[:7] == ["similar-news", "All stories", "Widget", "What the figures mean", "API", "q", "Find coverage"]
    assert "Latest news and headlines" in order
    page.get_by_role("link", name="Read the full report").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What the numbers mean")
    page.close()
