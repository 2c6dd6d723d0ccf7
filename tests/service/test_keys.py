"""Who is let in, and to what."""

import hmac
import json
import logging
import re
import socket
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from pydantic import ValidationError

from index import CoverageIndex
from service import logs
from service.access.keys import KeyRing, Scope, new_key, without_keys
from service.access.requirements import INGEST, PUBLIC, READ, GuardedRoute, Needs
from service.app import create_app
from service.routes import story_stream
from service.settings import Settings
from tests.index.fakes import an_article
from tests.service.conftest import add_key, revoke_key, serving
from tests.service.test_articles import assert_problem
from tests.service.test_cli_stories import merge

PAGE = "https://example.org"
MOST_LINES = 200
"""That of a stream before its end is seen; every comment is two."""
NEEDED = {
    ("PUT", "/v1/articles/{article_id:path}"): Scope.INGEST,
    ("POST", "/v1/articles"): Scope.INGEST,
    ("POST", "/v1/articles:batch"): Scope.INGEST,
    ("DELETE", "/v1/articles/{article_id:path}"): Scope.INGEST,
    ("POST", "/v1/related"): Scope.READ,
    ("POST", "/v1/takedowns"): Scope.ADMIN,
    ("POST", "/v1/feeds"): Scope.INGEST,
    ("DELETE", "/v1/feeds/{feed_id}"): Scope.INGEST,
    ("GET", "/metrics"): Scope.ADMIN,
}
"""All others are reads."""
OPEN = {
    "/livez",
    "/readyz",
    "/version",
    "/about/metrics",
    "/docs",
    "/openapi.json",
    "/static",
    "/static-offline-docs",
    "/widget/v1/related-coverage.js",
}
PAGES = {"/", "/embed", "/search", "/read/x"}
SENT = {
    Scope.READ: ("GET", "/v1/stories", 200),
    Scope.INGEST: ("PUT", "/v1/articles/a", 201),
}
ARTICLE = {"title": "A summit in the east", "lang": "en"}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def from_page(key: str, origin: str = PAGE) -> dict[str, str]:
    return {"X-API-Key": key, "Origin": origin}


def routes() -> list[RouteContext]:
    return list(iter_route_contexts(create_app(Settings()).routes))


def needed_by(route: RouteContext) -> Scope | None:
    needs = [one.dependency.scope for one in route.dependencies if isinstance(one.dependency, Needs)]
    return max(needs, key=list(Scope).index, default=None)


@pytest.fixture
def client(topical_client: TestClient) -> TestClient:
    return topical_client


# Routes


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{' '.join(sorted(route.methods or ()))} {route.path}")
def test_every_route_needs_the_scope_that_it_should(route: RouteContext) -> None:
    if route.path in OPEN:
        assert not isinstance(route.original_route, GuardedRoute) or needed_by(route) is None
        return
    assert isinstance(route.original_route, GuardedRoute), "whoever may ask has to be said"
    assert route.methods is not None
    (method,) = route.methods
    wanted = NEEDED.get((method, route.path or ""), Scope.READ)
    assert method == "GET" or wanted is not Scope.READ or route.path == "/v1/related"
    assert needed_by(route) is wanted


def guarded_paths() -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"\{[^}]+\}", "x", route.path or ""))
        for route in routes()
        for method in route.methods or ()
        if route.path not in OPEN
    ]


@pytest.mark.parametrize(("method", "path"), guarded_paths())
def test_no_route_answers_without_a_key(client: TestClient, keys: Path, method: str, path: str) -> None:
    add_key(keys)
    response = client.request(method, path, content=b"{nonsense", headers={"Content-Type": "application/json"})
    assert_problem(response, 401, "Authorization: Bearer")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), guarded_paths())
def test_every_route_that_needs_a_key_says_so_in_the_description(client: TestClient, method: str, path: str) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    described = {re.sub(r"\{[^}]+\}", "x", described): item for described, item in paths.items()}
    if path in PAGES:
        assert path not in described
        return
    operation = described[path][method.lower()]
    needed = {(method, re.sub(r"\{[^}]+\}", "x", template)): scope for (method, template), scope in NEEDED.items()}
    scope = [needed.get((method, path), Scope.READ).value]
    expected: list[dict[str, list[str]]] = [{"bearer": scope}, {"header": scope}]
    assert operation["security"] == expected + ([{"query": scope}] if scope == ["read"] else [])
    assert {"401", "403", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("path", sorted(OPEN - {"/static", "/static-offline-docs"}))
def test_what_is_open_needs_no_key(client: TestClient, keys: Path, path: str) -> None:
    add_key(keys)
    assert client.get(path).status_code == 200
    assert client.get("/static/pages.css").status_code == 200
    assert client.get("/static-offline-docs/swagger-ui.css").status_code == 200


def test_a_route_that_does_not_say_what_it_needs_cannot_be_made() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(TypeError, match="/quiet"):
        router.get("/quiet")(lambda: None)
    with pytest.raises(TypeError, match="/both"):
        router.get("/both", dependencies=[READ, PUBLIC])(lambda: None)


def test_a_route_that_is_not_guarded_fails_rather_than_being_open() -> None:
    app = FastAPI()
    app.get("/late", dependencies=[INGEST])(lambda: "open")
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/late").status_code == 500


# Scopes


def test_no_key_is_needed_before_there_is_one(client: TestClient, keys: Path) -> None:
    assert client.put("/v1/articles/a", json=ARTICLE).status_code == 201
    assert client.get("/v1/stories", headers=bearer("whatever")).status_code == 200
    add_key(keys)
    assert_problem(client.put("/v1/articles/a", json=ARTICLE), 401)


@pytest.mark.parametrize("held", Scope)
@pytest.mark.parametrize("needed", SENT)
def test_a_scope_includes_those_below_it(client: TestClient, keys: Path, held: Scope, needed: Scope) -> None:
    method, path, status = SENT[needed]
    response = client.request(method, path, json=ARTICLE, headers=bearer(add_key(keys, held)))
    if list(Scope).index(held) >= list(Scope).index(needed):
        assert response.status_code == status
    else:
        assert_problem(response, 403, f"'{needed}'", f"'{held}'")


def test_admin_is_above_ingest() -> None:
    assert [[one.includes(other) for other in Scope] for one in Scope] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_a_read_that_is_sent_by_post_needs_no_more_than_to_read(client: TestClient, keys: Path) -> None:
    headers = bearer(add_key(keys))
    assert client.post("/v1/related", json={"text": "A summit"}, headers=headers).status_code == 200


# How a key is sent


@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-API-Key", "x-api-key"])
def test_a_key_can_be_in_either_header(client: TestClient, keys: Path, name: str) -> None:
    key = add_key(keys)
    value = f"bearer {key}" if name.lower() == "authorization" else key
    assert client.get("/v1/stories", headers={name: value}).status_code == 200


def test_another_kind_of_authorization_is_no_key(client: TestClient, keys: Path) -> None:
    key = add_key(keys)
    assert client.get("/v1/stories", headers={"Authorization": "Basic YTpi", "X-API-Key": key}).status_code == 200
    assert_problem(client.get("/v1/stories", headers={"Authorization": f"Basic {key}"}), 401, "needs a key")


def changed(key: str) -> list[str]:
    prefix, key_id, secret = key.split("_")
    other = "0" if secret[-1] != "0" else "1"
    return [
        f"{prefix}_{key_id}_{secret[:-1]}{other}",
        f"{prefix}_{key_id}_{secret[:-1]}",
        f"{prefix}_{key_id}_{secret}0",
        f"{prefix}_{'0' * 12}_{secret}",
        f"{prefix}_{key_id}_",
        f"{prefix}__{secret}",
        f"{key_id}_{secret}",
        secret,
        key.upper(),
        f"{key} {key}",
        f"{key}\u00b2",
        "0" * 64,
        f"sn_{key_id}_{'0' * 64}",
    ]


def test_nothing_but_the_key_itself_is_one(client: TestClient, keys: Path) -> None:
    key = add_key(keys)
    for text in changed(key):
        for headers in ({b"Authorization": f"Bearer {text}".encode()}, {b"X-API-Key": text.encode()}):
            response = client.get("/v1/stories", headers=headers)
            assert response.status_code == 401, text
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/v1/stories", headers=bearer(key)).status_code == 200


def test_what_is_kept_of_a_key_lets_nobody_in(client: TestClient, keys: Path) -> None:
    key = add_key(keys)
    digest = json.loads(keys.read_text())["keys"][0]["sha256"]
    for text in (digest, f"sn_{key.split('_')[1]}_{digest}"):
        assert client.get("/v1/stories", headers=bearer(text)).status_code == 401


def test_only_the_key_of_a_widget_can_be_in_the_query(client: TestClient, keys: Path) -> None:
    plain, widget = add_key(keys), add_key(keys, Scope.READ, PAGE)
    assert_problem(client.get("/v1/stories", params={"key": plain}), 401, "header", "Bearer")
    assert client.get("/v1/stories", params={"key": widget}, headers={"Origin": PAGE}).status_code == 200
    assert client.get("/v1/stories", params={"key": plain}, headers=bearer(plain)).status_code == 200


@pytest.mark.parametrize("query", ["limit=1&key={}&min_articles=1", "%6bey={}&limit=1&min_articles=1", "key={}&key=x"])
def test_no_route_takes_the_key_for_a_parameter(client: TestClient, keys: Path, query: str) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    assert client.get(f"/v1/stories?{query.format(key)}", headers={"Origin": PAGE}).status_code == 200
    assert_problem(client.get(f"/v1/stories?kez=1&{query.format(key)}", headers={"Origin": PAGE}), 422, "kez")


def test_links_that_lead_on_have_the_key_that_was_in_the_query(
    client: TestClient, keys: Path, topical_index: CoverageIndex
) -> None:
    topical_index.put([an_article("f-1", "A flood", source="A"), an_article("s-1", "A summit", source="A")])
    merge(topical_index)
    topical_index.put([an_article("v-1", "A volcano", source="A")])
    key = add_key(keys, Scope.READ, PAGE)
    page = {"Origin": PAGE}
    link = client.get("/v1/stories", params={"key": key, "limit": 1}, headers=page).links["next"]["url"]
    assert key in link
    assert client.get(link, headers=page).status_code == 200
    assert key not in client.get("/v1/stories?limit=1", headers=from_page(key)).headers["Link"]
    (left,) = [one for one in ("s1", "s2") if client.get(f"/v1/stories/{one}", headers=from_page(key)).history]
    moved = client.get(f"/v1/stories/{left}", params={"key": key}, headers=page)
    assert moved.status_code == 200
    assert moved.history[0].headers["Location"].endswith(f"?key={key}")


# Widgets


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": PAGE}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Referer": f"{PAGE}/news/1?a=b#c"}, 200),
        ({"Referer": PAGE}, 200),
        ({"Origin": PAGE, "Referer": "https://evil.example/"}, 200),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "null", "Referer": PAGE}, 403),
        ({"Origin": "https://evil.example", "Referer": PAGE}, 403),
        ({"Origin": "http://example.org"}, 403),
        ({"Origin": f"{PAGE}:443"}, 403),
        ({"Origin": f"{PAGE}:8443"}, 403),
        ({"Origin": f"{PAGE}/"}, 403),
        ({"Origin": "https://EXAMPLE.org"}, 403),
        ({"Origin": "https://a.example.org"}, 403),
        ({"Origin": "https://example.org.evil.example"}, 403),
        ({"Origin": "https://evilexample.org"}, 403),
        ({"Origin": f"{PAGE}, https://evil.example"}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Referer": "https://example.org.evil.example/"}, 403),
        ({"Referer": "https://example.org@evil.example/"}, 403),
        ({"Referer": "https://example.org\\@evil.example/"}, 403),
        ({"Referer": "https://example.org:8443/"}, 403),
        ({"Referer": f"https://evil.example/?{PAGE}"}, 403),
        ({"Referer": f"https://evil.example/ {PAGE}/"}, 403),
        ({"Referer": "example.org"}, 403),
    ],
)
def test_the_key_of_a_widget_is_bound_to_its_pages(
    client: TestClient, keys: Path, headers: dict[str, str], status: int
) -> None:
    key = add_key(keys, Scope.READ, PAGE, "http://localhost:3000")
    response = client.get("/v1/stories", headers={"X-API-Key": key, **headers})
    if status == 200:
        assert response.status_code == 200
    else:
        assert_problem(response, 403, "origins")
    assert client.get("/v1/stories", params={"key": key}, headers=headers).status_code == status


def test_a_page_cannot_name_itself_twice(client: TestClient, keys: Path) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    for name in ("Origin", "Referer"):
        sent = [("X-API-Key", key), (name, PAGE), (name, "https://evil.example")]
        assert_problem(client.get("/v1/stories", headers=sent), 403)


def test_the_key_of_a_widget_only_reads(client: TestClient, keys: Path) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    assert_problem(client.put("/v1/articles/a", json=ARTICLE, headers=from_page(key)), 403, "'ingest'")
    for scope in (Scope.INGEST, Scope.ADMIN):
        with pytest.raises(ValidationError, match="only reads"):
            new_key(scope, origins=[PAGE])


@pytest.mark.parametrize("origin", ["*", "null", "https://*.example.org", "example.org", "ftp://example.org"])
@pytest.mark.parametrize("ending", ["", "/", "/path", ":99999"])
def test_no_key_is_for_what_is_no_origin(origin: str, ending: str) -> None:
    with pytest.raises(ValidationError, match="origin"):
        new_key(Scope.READ, origins=[origin + ending])


@pytest.mark.parametrize(
    "origin", [f"{PAGE}/", f"{PAGE}:443", "http://a.example:80", "https://Ä.example", f"{PAGE}\n", f"{PAGE}:99999", ""]
)
def test_no_key_is_for_an_origin_that_no_browser_sends(origin: str) -> None:
    with pytest.raises(ValidationError):
        new_key(Scope.READ, origins=[origin])


# Revoked, compared, not shown


def test_a_revoked_key_is_refused_without_a_restart(client: TestClient, keys: Path) -> None:
    first, second = add_key(keys), add_key(keys)
    assert client.get("/v1/stories", headers=bearer(first)).status_code == 200
    revoke_key(keys, first)
    assert_problem(client.get("/v1/stories", headers=bearer(first)), 401, "revoked")
    assert client.get("/v1/stories", headers=bearer(second)).status_code == 200


def test_revoking_the_last_key_opens_nothing(client: TestClient, keys: Path) -> None:
    revoke_key(keys, add_key(keys))
    assert_problem(client.get("/v1/stories"), 401)


def test_a_stream_ends_when_its_key_is_revoked(
    topical_index: CoverageIndex, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_stream, "_POLL_SECONDS", 0.01)
    key = add_key(keys)
    with (
        serving(create_app(Settings(), topical_index)) as address,
        httpx2.stream("GET", f"{address}/v1/stories/stream", headers=bearer(key), timeout=60) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        revoke_key(keys, key)
        assert len(list(islice(lines, MOST_LINES))) < MOST_LINES


def test_secrets_are_compared_in_constant_time_also_of_keys_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[Any, Any]] = []

    def spy(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac_compare(one, other)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr("service.access.keys.hmac.compare_digest", spy)
    key, text = new_key(Scope.READ)
    ring = KeyRing(keys=(key,))
    assert ring.find(text) is key
    assert compared.pop() == (key.sha256, key.sha256)
    for wrong in (
        f"sn_{'0' * 12}_{text[-64:]}",
        "nonsense",
        f"{text[:-1]}x",
        text[:-1] + ("0" if text[-1] != "0" else "1"),
    ):
        assert ring.find(wrong) is None
        ((one, other),) = compared
        assert len(one) == len(other) == 64
        compared.clear()


def test_the_comparison_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.access.keys.hmac.compare_digest", lambda one, other: False)
    key, text = new_key(Scope.READ)
    assert KeyRing(keys=(key,)).find(text) is None


def test_no_key_is_ever_in_an_answer(client: TestClient, keys: Path) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    wrong = changed(key)[0]
    for sent in (key, wrong, "my password"):
        for response in (
            client.put("/v1/articles/a", json=ARTICLE, headers=bearer(sent)),
            client.get("/v1/stories", headers={"X-API-Key": sent}),
            client.get("/v1/stories", params={"key": sent}),
            client.get("/v1/nothing", params={"key": sent}),
        ):
            assert response.is_error
            assert sent not in response.text + str(response.headers)


def test_no_key_is_ever_in_the_log(
    topical_index: CoverageIndex, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = add_key(keys, Scope.READ, PAGE)
    encoded = key.replace("sn", "%73n")
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        logs.configure(Settings(log_level="debug", log_format="json"))
        with serving(create_app(Settings(), topical_index)) as address, httpx2.Client(base_url=address) as client:
            for sent in (key, encoded, changed(key)[0], "hunter2"):
                client.get(f"/v1/stories?key={sent}", headers={"Origin": PAGE})
                client.get(f"/nothing?limit=1&key={sent}")
                client.get("/v1/stories", headers=bearer(sent))
    finally:
        root.handlers = handlers
        root.setLevel(level)
    written = capsys.readouterr().err
    assert written.count('"path": "/nothing"') == 4
    for secret in (key[-64:], changed(key)[0][-64:], "hunter2"):
        assert secret not in written


@pytest.mark.parametrize(
    "text", ["GET /a?key={}", "GET /a?b=c&key={} HTTP/1.1", "a {} b", "'{}'", '"Bearer {}"', "{}{}"]
)
def test_keys_are_taken_out_of_texts(text: str) -> None:
    key = f"sn_{'ab' * 6}_{'cd' * 32}"
    cleaned = without_keys(text.format(key, key))
    assert "cdcd" not in cleaned
    assert cleaned.replace("sn_abababababab_…", "").replace("…", "") == text.replace("{}", "")


def test_what_a_key_was_needed_for_is_kept_by_no_cache_for_others(client: TestClient, keys: Path) -> None:
    assert client.get("/v1/stories").headers["Cache-Control"].startswith("public, ")
    key = add_key(keys)
    assert client.get("/v1/stories", headers=bearer(key)).headers["Cache-Control"].startswith("private, ")
    assert client.get("/v1/articles/none", headers=bearer(key)).headers.get("Cache-Control") is None
    assert client.get("/v1/stories").headers["Cache-Control"] == "no-store"


# Keys that cannot be read


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"version": 2, "keys": []}',
    b'{"version": 1, "keys": null}',
    b'{"version": 1, "keys": [], "open": true}',
    b'{"version": 1, "keys": [{"id": "a"}]}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_lets_nobody_in(client: TestClient, keys: Path, text: bytes) -> None:
    key = add_key(keys, Scope.ADMIN)
    whole = keys.read_bytes()
    assert client.get("/v1/stories", headers=bearer(key)).status_code == 200
    keys.write_bytes(text)
    for headers in ({}, bearer(key)):
        response = client.get("/v1/stories", headers=headers)
        assert_problem(response, 503, "keys", "log")
        assert str(keys) not in response.text
    assert client.get("/livez").status_code == 200
    keys.write_bytes(whole)
    assert client.get("/v1/stories", headers=bearer(key)).status_code == 200


def test_a_file_that_was_damaged_from_the_beginning_lets_nobody_in(client: TestClient, keys: Path) -> None:
    keys.parent.mkdir(exist_ok=True)
    keys.mkdir()
    assert_problem(client.get("/v1/stories"), 503)


def test_a_file_that_was_lost_opens_nothing(client: TestClient, keys: Path) -> None:
    key = add_key(keys)
    assert client.get("/v1/stories", headers=bearer(key)).status_code == 200
    keys.unlink()
    assert_problem(client.get("/v1/stories"), 503)
    assert_problem(client.get("/v1/stories", headers=bearer(key)), 503)


# Pages of other sites, while no key is needed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://testserver"}, 201),
        ({"Origin": "http://proxied.example", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_cannot_write(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.put("/v1/articles/a", json=ARTICLE, headers=headers).status_code == status
    line = json.dumps({"id": "b", **ARTICLE})
    batch = client.post("/v1/articles:batch", content=line, headers={"Content-Type": "text/plain", **headers})
    assert batch.status_code == (403 if status == 403 else 200)
    assert client.get("/v1/articles/b").status_code == (404 if status == 403 else 200)


@pytest.mark.parametrize(("scope", "status"), [(None, b"401"), (Scope.READ, b"403")])
def test_a_body_is_not_waited_for_before_it_is_known_who_sends_it(
    topical_index: CoverageIndex, keys: Path, scope: Scope | None, status: bytes
) -> None:
    key = add_key(keys, scope or Scope.READ) if scope else add_key(keys)[:-1]
    head = (
        "PUT /v1/articles/a HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        f"Content-Length: 100\r\nAuthorization: Bearer {key}\r\n\r\n"
    )
    with serving(create_app(Settings(), topical_index)) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(head.encode())
            assert connection.recv(100).split()[1] == status


def test_a_bad_body_is_nothing_to_those_who_may_not_send_it(client: TestClient, keys: Path) -> None:
    headers = {"Content-Type": "application/json", **bearer(add_key(keys))}
    assert_problem(client.put("/v1/articles/a", content=b"{nonsense", headers=headers), 403, "'ingest'")
