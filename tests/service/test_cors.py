"""Which pages may read."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from index import CoverageIndex
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings, SettingsError, read_settings
from tests.service.conftest import add_key, revoke_key
from tests.service.test_articles import assert_problem

PAGE = "https://example.org"
LOCAL = "http://localhost:3000"
ALLOW = "Access-Control-Allow-Origin"
OTHERS = [
    "null",
    "*",
    "",
    "http://example.org",
    "https://example.org:443",
    "https://example.org:8443",
    "https://example.org/",
    "https://Example.org",
    "HTTPS://example.org",
    "https://a.example.org",
    "https://evilexample.org",
    "https://example.org.evil.example",
    "https://example.orgevil.example",
    "https://evil.example/https://example.org",
    "https://example.org@evil.example",
    "https://example.org https://evil.example",
    f"{PAGE}, {LOCAL}",
    "http://localhost",
    "http://localhost:3001",
]


@pytest.fixture
def client(topical_index: CoverageIndex) -> Iterator[TestClient]:
    settings = Settings(cors_origins=(PAGE, LOCAL))
    with TestClient(create_app(settings, topical_index), raise_server_exceptions=False) as client:
        yield client


def preflight(
    client: TestClient, origin: str, method: str = "GET", headers: str = "x-api-key", path: str = "/v1/stories"
) -> httpx2.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers=asked)


def cors_headers(response: httpx2.Response) -> set[str]:
    return {name for name in response.headers if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", [PAGE, LOCAL])
def test_a_page_that_may_read_can(client: TestClient, origin: str) -> None:
    response = client.get("/v1/stories", headers={"Origin": origin})
    assert response.headers.get_list(ALLOW) == [origin]
    assert response.headers["Vary"] == "Origin"
    assert "Link" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_page_can(client: TestClient, origin: str) -> None:
    response = client.get("/v1/stories", headers={"Origin": origin})
    assert response.status_code == 200
    assert cors_headers(response) == set()
    assert response.headers["Vary"] == "Origin"
    refused = preflight(client, origin)
    assert_problem(refused, 403, "SIMILAR_NEWS_CORS_ORIGINS")
    assert cors_headers(refused) == set()


def test_two_origins_are_none(client: TestClient) -> None:
    assert cors_headers(client.get("/v1/stories", headers=[("Origin", PAGE), ("Origin", LOCAL)])) == set()


def test_answers_say_that_they_depend_on_the_origin_also_where_there_is_none(client: TestClient) -> None:
    response = client.get("/v1/stories")
    assert response.headers["Vary"] == "Origin"
    assert cors_headers(response) == set()


def test_a_preflight_is_answered_with_what_a_page_may_send(client: TestClient) -> None:
    response = client.options(
        "/v1/stories",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization,x-api-key, Last-Event-ID",
        },
    )
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers[ALLOW] == PAGE
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "X-API-Key" in response.headers["Access-Control-Allow-Headers"]
    assert response.headers["Vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get", "*", ""])
def test_pages_of_other_sites_write_nothing(client: TestClient, method: str) -> None:
    refused = preflight(client, PAGE, method)
    assert_problem(refused, 403, "GET")
    assert cors_headers(refused) == set()


@pytest.mark.parametrize("headers", ["x-evil", "x-api-key, cookie", "*"])
def test_pages_send_no_other_headers(client: TestClient, headers: str) -> None:
    refused = preflight(client, PAGE, headers=headers)
    assert_problem(refused, 403, "X-API-Key")
    assert cors_headers(refused) == set()


def test_what_a_write_answers_is_not_read(client: TestClient) -> None:
    assert cors_headers(client.post("/v1/related", json={"text": "a"}, headers={"Origin": PAGE})) == set()


def test_a_plain_options_request_is_no_preflight(client: TestClient) -> None:
    assert_problem(client.options("/v1/stories"), 405)
    assert_problem(client.options("/v1/stories", headers={"Origin": PAGE}), 405)


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/stories/s9", 404), ("/v1/stories?limit=x", 422), ("/nothing", 404), ("/v1/a%0Ab", 422)]
)
def test_errors_can_be_read_too(client: TestClient, path: str, status: int) -> None:
    response = client.get(path, headers={"Origin": PAGE})
    assert response.status_code == status
    assert response.headers[ALLOW] == PAGE


def test_unexpected_errors_can_be_read_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.routes.stories.StoriesOut", None)
    response = client.get("/v1/stories", headers={"Origin": PAGE})
    assert_problem(response, 500)
    assert response.headers[ALLOW] == PAGE


def test_nobody_is_ever_let_send_credentials_of_the_browser(client: TestClient, keys: Path) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    for response in (
        client.get("/v1/stories", headers={"Origin": PAGE, "X-API-Key": key}),
        client.get("/v1/stories", headers={"Origin": PAGE, "Cookie": "a=b"}),
        preflight(client, PAGE),
        preflight(client, "https://evil.example"),
    ):
        headers = response.headers
        assert "Access-Control-Allow-Credentials" not in headers
        assert headers.get(ALLOW) != "*"


def test_by_default_there_are_no_such_headers(topical_client: TestClient) -> None:
    assert cors_headers(topical_client.get("/v1/stories", headers={"Origin": PAGE})) == set()
    assert cors_headers(preflight(topical_client, PAGE)) == set()


def test_the_pages_of_a_widget_may_read_as_long_as_its_key_is_good(topical_client: TestClient, keys: Path) -> None:
    add_key(keys)
    key = add_key(keys, Scope.READ, PAGE)
    allowed = topical_client.get("/v1/stories", params={"key": key}, headers={"Origin": PAGE})
    assert allowed.status_code == 200
    assert allowed.headers[ALLOW] == PAGE
    assert preflight(topical_client, PAGE).status_code == 204
    without = topical_client.get("/v1/stories", headers={"Origin": PAGE})
    assert_problem(without, 401)
    assert without.headers[ALLOW] == PAGE  # so that the page can say why
    for other in OTHERS:
        assert cors_headers(topical_client.get("/v1/stories", headers={"Origin": other})) == set()
    revoke_key(keys, key)
    assert cors_headers(topical_client.get("/v1/stories", headers={"Origin": PAGE})) == set()
    assert preflight(topical_client, PAGE).status_code == 403


def test_origins_come_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_CORS_ORIGINS", f" {PAGE}, {LOCAL} ,")
    assert read_settings().cors_origins == (PAGE, LOCAL)


@pytest.mark.parametrize("value", ["*", "null", f"{PAGE}/", f"{PAGE},*", "https://*.example.org", f"{PAGE} {LOCAL}"])
def test_what_is_no_origin_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_CORS_ORIGINS", value)
    with pytest.raises(SettingsError, match="SIMILAR_NEWS_CORS_ORIGINS"):
        read_settings()
    with pytest.raises(ValidationError):
        Settings(cors_origins=(value,))
