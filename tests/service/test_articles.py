"""Keep, read and take down an article over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

SUMMIT = {
    "title": "Kim and Putin meet at a spaceport",
    "text": "The leaders of North Korea and Russia met at the Vostochny cosmodrome.",
    "lang": "en",
    "url": "https://news.example/2023/09/13/summit",
    "source": "News",
    "country": "GB",
    "published_at": "2023-09-13T12:00:00+09:00",
}


def assert_problem(response: Any, status: int, *words: str) -> None:
    """The response is a problem that a person understands: its detail has all of the words."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"].startswith("urn:similar-news:problem:")
    for word in words:
        assert word in problem["detail"]


def test_an_article_that_was_put_can_be_read(client: TestClient) -> None:
    response = client.put("/v1/articles/summit", json=SUMMIT)
    assert response.status_code == 201
    assert response.json() == {"id": "summit", "status": "created", "changed": True}
    kept = client.get("/v1/articles/summit").json()
    assert {name: kept[name] for name in SUMMIT if name != "published_at"} == {
        name: value for name, value in SUMMIT.items() if name != "published_at"
    }
    assert kept["published_at"] == "2023-09-13T03:00:00Z"


def test_the_same_content_again_changes_nothing_and_embeds_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.put("/v1/articles/summit", json=SUMMIT)
    before = client.get("/v1/articles/summit").json()
    index = client.app.state.index  # type: ignore[attr-defined]

    def encode(texts: list[str]) -> None:
        raise AssertionError(f"embedded {texts}")

    monkeypatch.setattr(index._encoder, "encode", encode)
    response = client.put("/v1/articles/summit", json=SUMMIT)
    assert response.status_code == 200
    assert response.json() == {"id": "summit", "status": "unchanged", "changed": False}
    assert client.get("/v1/articles/summit").json() == before


def test_changed_content_is_an_update(client: TestClient) -> None:
    client.put("/v1/articles/summit", json=SUMMIT)
    response = client.put("/v1/articles/summit", json=SUMMIT | {"title": "Another headline"})
    assert response.status_code == 200
    assert response.json() == {"id": "summit", "status": "updated", "changed": True}
    assert client.get("/v1/articles/summit").json()["title"] == "Another headline"


def test_post_derives_the_id_from_the_url(client: TestClient) -> None:
    response = client.post("/v1/articles", json=SUMMIT)
    assert response.status_code == 201
    assert client.get(response.headers["location"]).json()["url"] == SUMMIT["url"]
    again = client.post("/v1/articles", json=SUMMIT | {"url": SUMMIT["url"] + "?utm_source=mail#top"})
    assert again.json() == {"id": response.json()["id"], "status": "unchanged", "changed": False}


def test_post_takes_an_id_in_the_body(client: TestClient) -> None:
    assert client.post("/v1/articles", json=SUMMIT | {"id": "mine"}).json()["id"] == "mine"


def test_the_language_is_identified_when_it_is_not_given(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"text": "Лидеры встретились на космодроме и обсудили сотрудничество."})
    assert client.get("/v1/articles/a").json()["lang"] == "ru"


def test_language_is_another_name_for_lang(client: TestClient) -> None:
    client.put("/v1/articles/a", json={"title": "Kim", "language": "ko"})
    assert client.get("/v1/articles/a").json()["lang"] == "ko"


def test_a_takedown_is_effective_at_once_and_remembered(client: TestClient) -> None:
    client.put("/v1/articles/summit", json=SUMMIT)
    client.put("/v1/articles/other", json={"title": "Putin and Kim at the Vostochny cosmodrome", "lang": "en"})
    related = "/v1/articles/other/related"
    assert [item["id"] for item in client.get(related).json()["items"]] == ["summit"]
    response = client.delete("/v1/articles/summit")
    assert response.status_code == 204
    assert response.content == b""
    assert client.get(related).json()["items"] == []
    assert_problem(client.get("/v1/articles/summit"), 410, "taken down")
    assert_problem(client.delete("/v1/articles/summit"), 410, "taken down")
    assert_problem(client.put("/v1/articles/summit", json=SUMMIT), 409, "taken down", "restore=true")
    assert_problem(client.post("/v1/articles", json=SUMMIT), 409, "taken down")  # the same content by another id


def test_a_takedown_can_be_lifted(client: TestClient) -> None:
    client.put("/v1/articles/summit", json=SUMMIT)
    client.delete("/v1/articles/summit")
    assert client.put("/v1/articles/summit?restore=true", json=SUMMIT).status_code == 201
    assert client.get("/v1/articles/summit").status_code == 200


BAD_BODIES = {
    "bad JSON": (b'{"title": ', 400, ["not JSON"]),
    "no JSON at all": (b"title=Hello", 400, ["not JSON"]),
    "an empty body": (b"", 422, ["body", "missing"]),
    "not an object": (b"[1]", 422, ["body"]),
    "invalid UTF-8": (b'{"title": "\xff\xfe"}', 400, ["UTF-8"]),
    "a lone surrogate": (b'{"title": "a \\ud800 b"}', 422, ["title"]),
    "no fields": (b"{}", 422, ["needs", "title", "text"]),
    "an empty text": (b'{"title": "Summit", "text": ""}', 422, ["text", "empty"]),
    "a blank text": (b'{"title": "Summit", "text": " \\n\\u200b "}', 422, ["text", "empty"]),
    "an empty title": (b'{"title": "", "text": "Summit"}', 422, ["title", "empty"]),
    "a title that is a number": (b'{"title": 7}', 422, ["title", "string"]),
    "a title that is too long": (b'{"title": "' + b"a" * 1001 + b'"}', 422, ["title", "1000"]),
    "a text that is too long": (b'{"text": "' + b"a" * 200_001 + b'"}', 422, ["text", "200000"]),
    "an unknown language": (b'{"title": "Summit", "lang": "xx"}', 422, ["lang", "xx", "BCP 47"]),
    "a language by its name": (b'{"title": "Summit", "lang": "Korean"}', 422, ["lang", "Korean"]),
    "an unknown country": (b'{"title": "Summit", "country": "Korea"}', 422, ["country", "Korea", "3166"]),
    "a bad date": (b'{"title": "Summit", "published_at": "yesterday"}', 422, ["published_at", "yesterday", "8601"]),
    "a date that is no day": (b'{"title": "Summit", "published_at": "2023-02-30"}', 422, ["published_at"]),
    "a date as a number": (b'{"title": "Summit", "published_at": 1694600000}', 422, ["published_at", "8601"]),
    "a bad URL": (b'{"title": "Summit", "url": "ftp://a.example/"}', 422, ["url", "http"]),
    "a misspelt field": (b'{"title": "Summit", "publishd_at": "2023-09-13"}', 422, ["publishd_at", "published_at"]),
    "a field with the name of a place": (b'{"title": "Summit", "body": "b", "query": 1}', 422, ["body", "query"]),
    "a language tag without end": (b'{"title": "Summit", "lang": "en' + b"-abcde" * 5000 + b'"}', 422, ["lang", "35"]),
    "a title that composing makes too long": (b'{"title": "' + b"\\u0958" * 600 + b'"}', 422, ["title", "1000"]),
    "another id than in the path": (b'{"title": "Summit", "id": "b"}', 422, ["id", "'b'"]),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_bodies_are_refused_with_a_reason_and_the_service_goes_on(client: TestClient, name: str) -> None:
    body, status, words = BAD_BODIES[name]
    response = client.put("/v1/articles/a", content=body, headers={"content-type": "application/json"})
    assert_problem(response, status, *words)
    assert_problem(client.get("/v1/articles/a"), 404)
    assert client.put("/v1/articles/a", json=SUMMIT).status_code == 201


@pytest.mark.parametrize("path", ["a b", "a%20b", "a%2Fb", "a/b", "-a", "é", "a" * 201, "%ff"])
def test_bad_ids_are_refused(client: TestClient, path: str) -> None:
    for response in (
        client.put(f"/v1/articles/{path}", json=SUMMIT),
        client.get(f"/v1/articles/{path}"),
        client.delete(f"/v1/articles/{path}"),
        client.get(f"/v1/articles/{path}/related"),
    ):
        assert_problem(response, 422, "article_id")


def test_a_control_character_after_an_id_does_not_hit_that_id(client: TestClient) -> None:
    client.put("/v1/articles/a", json=SUMMIT)
    for path in ("a%0a", "a%00", "%0aa"):
        assert_problem(client.delete(f"/v1/articles/{path}"), 422, "path")
        assert_problem(client.get(f"/v1/articles/{path}/related"), 422, "path")
    assert client.get("/v1/articles/a").status_code == 200


def test_an_unknown_id_is_not_found(client: TestClient) -> None:
    for response in (
        client.get("/v1/articles/nope"),
        client.delete("/v1/articles/nope"),
        client.get("/v1/articles/nope/related"),
    ):
        assert_problem(response, 404, "'nope'")


def test_a_body_of_10_mb_is_refused(client: TestClient) -> None:
    body = b'{"title": "' + b"a" * 10_000_000 + b'"}'
    headers = {"content-type": "application/json"}
    assert_problem(client.put("/v1/articles/a", content=body, headers=headers), 413, "larger")
    in_parts = client.put("/v1/articles/a", content=iter([body[:5_000_000], body[5_000_000:]]), headers=headers)
    assert_problem(in_parts, 413, "larger")
    assert client.put("/v1/articles/a", json=SUMMIT).status_code == 201


def test_another_content_type_is_refused(client: TestClient) -> None:
    response = client.put("/v1/articles/a", content=b'{"title": "a"}', headers={"content-type": "text/plain"})
    assert_problem(response, 415, "application/json")


def test_post_needs_an_id_or_a_url(client: TestClient) -> None:
    assert_problem(client.post("/v1/articles", json={"title": "Summit"}), 422, "'id'", "'url'")


def test_an_unknown_parameter_of_a_write_is_refused(client: TestClient) -> None:
    assert_problem(client.put("/v1/articles/a?Restore=true", json=SUMMIT), 422, "Restore", "restore")


def test_the_url_is_kept_as_it_was_sent(client: TestClient) -> None:
    url = "https://news.example/view?123&utm_source=rss#!/story/1"
    client.put("/v1/articles/a", json=SUMMIT | {"url": url})
    assert client.get("/v1/articles/a").json()["url"] == url
    assert client.get("/v1/related", params={"url": "https://news.example/view?123#!/story/1"}).status_code == 200


def test_an_unknown_path_or_method_is_a_problem_too(client: TestClient) -> None:
    assert_problem(client.get("/nope"), 404, "/nope")
    assert_problem(client.patch("/v1/related"), 405, "PATCH")


def test_what_is_behind_an_id_is_no_part_of_it(client: TestClient) -> None:
    for send in (client.put, client.delete):
        response = send("/v1/articles/a/related")
        assert_problem(response, 405, "GET")
        assert response.headers["Allow"] == "GET, HEAD"
    assert client.put("/v1/articles/related", json=SUMMIT).status_code == 201
    assert client.get("/v1/articles/related").json()["id"] == "related"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/related", "GET, HEAD, POST"),
        ("/v1/articles/a", "DELETE, GET, HEAD, PUT"),
        ("/v1/articles/a/related", "GET, HEAD"),
        ("/v1/articles:batch", "POST"),
        ("/livez", "GET, HEAD"),
        ("/static/pages.css", "GET, HEAD"),
    ],
)
def test_what_is_possible_instead_is_told(client: TestClient, path: str, allowed: str) -> None:
    """One path has several routes, of which each knows but its own method."""
    response = client.patch(path)
    assert_problem(response, 405, "PATCH", allowed)
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(("sent", "status"), [("lines=1-2", 400), ("", 400), ("bytes=5-2", 400), ("bytes=99999-", 416)])
def test_what_is_wrong_with_a_request_for_a_file_is_a_problem_too(
    topical_client: TestClient, sent: str, status: int
) -> None:
    response = topical_client.get("/static/pages.css", headers={"Range": sent})
    assert_problem(response, status, "Range")
    assert ("Content-Range" in response.headers) == (status == 416)


@pytest.mark.parametrize("body", [b"[" * 20_000, b'{"title": ' + b"9" * 5_000 + b"}"])
def test_a_body_that_is_too_much_to_read_is_a_problem_too(topical_client: TestClient, body: bytes) -> None:
    """It may well be JSON."""
    response = topical_client.put("/v1/articles/a", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 400, "deep", "long")


def test_an_error_of_our_own_is_a_problem_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(article_id: str) -> None:
        raise RuntimeError(article_id)

    monkeypatch.setattr(client.app.state.index, "article", fail)  # type: ignore[attr-defined]
    assert_problem(client.get("/v1/articles/a"), 500, "log")
