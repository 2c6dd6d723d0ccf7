"""What browsers are told to do with answers."""

from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from service.access.keys import Scope
from tests.service.conftest import add_key

STRICT = "default-src 'none'; frame-ancestors 'none'"
OF_ALL = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(topical_client: TestClient) -> TestClient:
    return topical_client


def assert_headers(response: httpx2.Response, policy: str = STRICT, loaded_by: str = "same-origin") -> None:
    expected = {
        **OF_ALL,
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": loaded_by,
        "Referrer-Policy": "no-referrer" if policy == STRICT else "strict-origin-when-cross-origin",
    }
    for name, value in expected.items():
        assert response.headers.get_list(name) == [value]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/stories", b"", 200),
        ("PUT", "/v1/articles/a", b'{"title": "A summit"}', 201),
        ("POST", "/v1/articles:batch", b'{"id": "b", "title": "A flood"}', 200),
        ("DELETE", "/v1/articles/none", b"", 404),
        ("GET", "/openapi.json", b"", 200),
        ("GET", "/livez", b"", 200),
        ("GET", "/nothing", b"", 404),
        ("GET", "/v1/a%0Ab", b"", 422),
        ("GET", "/v1/articles/a%0D%0AX-Evil:%20b", b"", 422),
        ("GET", "/v1/stories?limit=x", b"", 422),
        ("PATCH", "/v1/stories", b"", 405),
        ("OPTIONS", "/v1/stories", b"", 405),
        ("PUT", "/v1/articles/a", b"{nonsense", 400),
        ("PUT", "/v1/articles/a", b'"' + b"a" * 3_000_000 + b'"', 413),
        ("GET", "/static-offline-docs/swagger-ui.css", b"", 200),
        ("GET", "/static/none.css", b"", 404),
    ],
)
def test_every_answer_has_them(client: TestClient, method: str, path: str, body: bytes, status: int) -> None:
    response = client.request(method, path, content=body, headers=JSON)
    assert response.status_code == status
    assert_headers(response)
    assert "X-Evil" not in response.headers


def test_answers_to_those_who_are_not_let_in_have_them(client: TestClient, keys: Path) -> None:
    key = add_key(keys)
    for response, status in (
        (client.get("/v1/stories"), 401),
        (client.get("/"), 401),
        (client.put("/v1/articles/a", headers={"X-API-Key": key}), 403),
        (client.options("/", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}), 403),
    ):
        assert response.status_code == status
        assert_headers(response)
    keys.write_text("{")
    response = client.get("/v1/stories")
    assert response.status_code == 503
    assert_headers(response)


def test_unexpected_errors_have_them(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.routes.stories.StoriesOut", None)
    response = client.get("/v1/stories")
    assert response.status_code == 500
    assert_headers(response)


def test_static_files_can_be_loaded_by_pages_of_other_sites(client: TestClient) -> None:
    assert_headers(client.get("/static/pages.css"), loaded_by="cross-origin")


def test_the_front_page_loads_its_style_and_nothing_else(client: TestClient) -> None:
    policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    assert_headers(client.get("/"), policy + "frame-ancestors 'none'")


def test_the_page_of_the_api_runs_its_own_scripts_alone(client: TestClient) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self' 'sha256-")
    assert policy.endswith("frame-ancestors 'none'")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://a.example\r\nX-Evil: b"},
        {"Origin": "https://a.example\nAccess-Control-Allow-Origin: *"},
        {"X-API-Key": "a\r\nX-Evil: b"},
        {"Referer": "https://a.example/\r\nX-Evil: b"},
    ],
)
def test_nothing_that_is_sent_becomes_a_header(client: TestClient, keys: Path, headers: dict[str, str]) -> None:
    # As a server that is less strict than ours would pass them on.
    add_key(keys, Scope.READ, "https://a.example")
    for path in ("/v1/stories", "/v1/stories?key=a%0D%0AX-Evil:%20b&limit=1", "/v1/stories/s1?key=%0AX-Evil:b"):
        response = client.get(path, headers=headers)
        assert response.status_code == 401
        assert "X-Evil" not in response.headers
        assert "Access-Control-Allow-Origin" not in response.headers
        assert not any("\n" in value or "\r" in value for value in response.headers.values())


def test_the_page_of_the_api_works(browser: Browser, topical_service: str) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda failed: problems.append(failed.url))
    try:
        page.goto(f"{topical_service}/docs")
        page.locator("#operations-operation-version .opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table .microlight").first).to_contain_text('"similar-news"')
    finally:
        page.close()
    assert problems == []


def test_an_inline_script_is_not_run(browser: Browser, topical_service: str) -> None:
    page = browser.new_page()
    try:
        for path in ("/", "/docs", "/v1/stories"):
            page.goto(topical_service + path)
            page.evaluate(
                "() => { const script = document.createElement('script'); script.textContent = 'window.ran = true';"
                " document.documentElement.append(script); }"
            )
            assert page.evaluate("window.ran") is None
    finally:
        page.close()
