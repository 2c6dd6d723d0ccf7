"""Articles that are sent by their URL alone."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex
from index.article import id_of_url
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import add_key
from tests.service.fetching.sites import Answer, Sites, served
from tests.service.fetching.written_pages import ENGLISH, KOREAN, page
from tests.service.test_articles import assert_problem


@pytest.fixture
def sites() -> Iterator[Sites]:
    with served() as sites:
        host = f"127.0.0.1:{sites.port}"
        sites.put(f"{host}/story", Answer(page(KOREAN, '<meta property="og:site_name" content="한빛일보">').encode()))
        sites.put(f"{host}/moved", Answer(status=301, headers={"Location": "/story"}))
        sites.put(f"{host}/broken", Answer(status=500))
        sites.put(f"{host}/picture", Answer(b"x", headers={"Content-Type": "image/png"}))
        sites.put(f"{host}/inside", Answer(status=302, headers={"Location": "http://10.0.0.7/"}))
        sites.put(f"{host}/shut", Answer(page(ENGLISH).encode()))
        sites.put(f"{host}/robots.txt", Answer(b"User-agent: *\nDisallow: /shut", headers={}))
        yield sites


@pytest.fixture
def settings(sites: Sites, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The site's own address is one of this network's, as that of an operator's own site can be."""
    monkeypatch.setenv("SIMILAR_NEWS_FETCH_PRIVATE_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("SIMILAR_NEWS_FETCH_PORTS", f"80,{sites.port}")
    return Settings()


@pytest.fixture
def client(settings: Settings, topical_index: CoverageIndex) -> Iterator[TestClient]:
    with TestClient(create_app(settings, topical_index), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def url(sites: Sites) -> str:
    return f"http://127.0.0.1:{sites.port}"


def allow(client: TestClient, keys: Path, scope: Scope = Scope.INGEST) -> None:
    client.headers["Authorization"] = f"Bearer {add_key(keys, scope)}"


def test_a_page_is_fetched_for_a_key(client: TestClient, keys: Path, url: str) -> None:
    allow(client, keys)
    answer = client.post("/v1/articles", json={"url": f"{url}/moved", "country": "KR"})
    assert answer.status_code == 201
    assert answer.json() == {"id": id_of_url(f"{url}/story"), "status": "created", "changed": True}
    article = client.get(answer.headers["Location"]).json()
    assert (article["title"], article["text"]) == (KOREAN[0], "\n".join(KOREAN[1]))
    assert (article["source"], article["country"], article["lang"]) == ("한빛일보", "KR", "ko")
    again = client.post("/v1/articles", json={"url": f"{url}/story", "country": "KR"})
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    own = client.post("/v1/articles", json={"url": f"{url}/story", "id": "my-1"})
    assert (own.status_code, own.json()["id"]) == (201, "my-1")


def test_nothing_is_fetched_for_those_without_a_key(client: TestClient, sites: Sites, url: str) -> None:
    problem = client.post("/v1/articles", json={"url": f"{url}/story"})
    assert_problem(problem, 403, "SIMILAR_NEWS_ALLOW_ANONYMOUS_FETCH", "keys create")
    assert problem.json()["type"] == "urn:similar-news:problem:fetch-not-allowed"
    assert client.post("/v1/articles", json={"url": f"{url}/story", "title": "A summit"}).status_code == 201
    assert not sites.asked


def test_nothing_is_fetched_for_a_key_that_only_reads(client: TestClient, sites: Sites, keys: Path, url: str) -> None:
    allow(client, keys, Scope.READ)
    assert_problem(client.post("/v1/articles", json={"url": f"{url}/story"}), 403, "ingest")
    assert not sites.asked


def test_an_operator_can_let_all(settings: Settings, topical_index: CoverageIndex, url: str) -> None:
    app = create_app(settings.model_copy(update={"allow_anonymous_fetch": True}), topical_index)
    with TestClient(app, raise_server_exceptions=False) as client:
        assert_problem(client.post("/v1/articles", json={"url": f"{url}/nothing"}), 422, "404")


@pytest.mark.parametrize(
    ("path", "status", "kind", "said"),
    [
        ("/nothing", 422, "page-unavailable", "404"),
        ("/broken", 502, "site-error", "500"),
        ("/picture", 422, "not-a-page", "image/png"),
        ("/shut", 422, "robots-disallowed", "robots.txt"),
        ("/inside", 422, "fetch-refused", "not public"),
    ],
)
def test_what_was_wrong_is_said(
    client: TestClient, keys: Path, url: str, path: str, status: int, kind: str, said: str
) -> None:
    allow(client, keys)
    problem = client.post("/v1/articles", json={"url": f"{url}{path}"})
    assert_problem(problem, status, said)
    assert problem.json()["type"] == f"urn:similar-news:problem:{kind}"


@pytest.mark.parametrize(
    "forged", ["http://10.0.0.7/", "http://169.254.169.254/latest", "http://[::1]/", "http://a.example:25/"]
)
def test_what_is_private_is_refused(client: TestClient, keys: Path, forged: str) -> None:
    allow(client, keys)
    assert_problem(client.post("/v1/articles", json={"url": forged}), 422, "the URL")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": "a"}, "a 'url' to read it from"),
        ({"url": "ftp://a.example/"}, "http"),
        ({"url": "https://a.example/", "publishd_at": "2023-09-14"}, "did you mean 'published_at'"),
        ({"url": "https://a.example/", "title": ""}, "letter or digit"),
    ],
)
def test_what_is_no_article_is_refused_as_ever(client: TestClient, keys: Path, body: object, said: str) -> None:
    allow(client, keys)
    assert_problem(client.post("/v1/articles", json=body), 422, said)


def test_other_routes_fetch_nothing(client: TestClient, keys: Path, sites: Sites, url: str) -> None:
    allow(client, keys)
    assert_problem(client.put("/v1/articles/a", json={"url": f"{url}/story"}), 422, "'title' or a 'text'")
    assert '"invalid"' in client.post("/v1/articles:batch", content=f'{{"url": "{url}/story"}}').text
    assert not sites.asked


def test_no_line_of_the_log_has_the_url(
    client: TestClient, keys: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    allow(client, keys)
    with caplog.at_level(logging.INFO):
        client.post("/v1/articles", json={"url": f"{url}/nothing?secret=1"})
    ours = [line for line in caplog.records if not line.name.startswith(("httpx2", "httpcore2"))]  # see service.logs
    assert ours
    assert not any("secret" in line.getMessage() for line in ours)
