"""Many articles in one request."""

import json
from typing import Any

from fastapi.testclient import TestClient

from service.settings import Settings
from tests.service.test_articles import assert_problem

BATCH = "/v1/articles:batch"


def post_lines(client: TestClient, *lines: object) -> list[dict[str, Any]]:
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    response = client.post(BATCH, content=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_half_a_character_spoils_no_more_than_its_line(topical_client: TestClient) -> None:
    """JSON can carry a lone surrogate, and UTF-8, in which the answer is, cannot."""
    lines = (b'{"id": "\\ud800", "title": "A summit"}', b'{"id": "a", "\\ud800": 1}', {"id": "b", "title": "A summit"})
    results = post_lines(topical_client, *lines)
    told = [(result["id"], result["status"]) for result in results]
    assert told == [(None, "invalid"), ("a", "invalid"), ("b", "created")]


def test_every_line_has_a_result_and_bad_ones_do_not_spoil_the_rest(client: TestClient) -> None:
    good = {"id": "good", "title": "Kim and Putin meet"}
    results = post_lines(
        client,
        good,
        b"{bad",
        b"",
        {"id": "a b", "title": "Summit"},
        {"id": "empty", "text": " "},
        b'{"id": "utf", "title": "\xff"}',
        [1],
        b'{"id": "long", "title": "' + b"a" * Settings().max_article_bytes + b'"}',
        {"title": "no id"},
        {"id": "date", "title": "Summit", "published_at": "soon"},
        {"url": "https://news.example/a", "title": "Another"},
        good,
    )
    assert [(result["line"], result["status"]) for result in results] == [
        (1, "created"),
        (2, "invalid"),
        (4, "invalid"),
        (5, "invalid"),
        (6, "invalid"),
        (7, "invalid"),
        (8, "invalid"),
        (9, "invalid"),
        (10, "invalid"),
        (11, "created"),
        (12, "unchanged"),
    ]
    statuses = {result["line"]: result["problem"]["status"] for result in results if "problem" in result}
    assert statuses == {2: 400, 4: 422, 5: 422, 6: 400, 7: 422, 8: 413, 9: 422, 10: 422}
    assert all(result["problem"]["detail"] for result in results if result["status"] == "invalid")
    assert client.get("/v1/articles/good").status_code == 200
    assert client.get(f"/v1/articles/{results[9]['id']}").status_code == 200


def test_more_lines_than_are_worked_on_at_once_keep_their_order(client: TestClient) -> None:
    results = post_lines(client, *({"id": f"a{number}", "title": f"Story {number}"} for number in range(70)))
    assert [result["id"] for result in results] == [f"a{number}" for number in range(70)]
    assert {result["status"] for result in results} == {"created"}


def test_what_was_taken_down_is_refused_line_by_line(client: TestClient) -> None:
    lines = [{"id": "a", "title": "One"}, {"id": "b", "title": "Two"}]
    post_lines(client, *lines)
    client.delete("/v1/articles/a")
    results = post_lines(client, *lines)
    assert [result["status"] for result in results] == ["taken_down", "unchanged"]
    assert results[0]["problem"]["status"] == 409


def test_a_field_with_the_name_of_a_place_spoils_its_own_line_only(client: TestClient) -> None:
    results = post_lines(client, {"id": "a", "title": "One"}, {"id": "b", "title": "Two", "body": "text"})
    assert [result["status"] for result in results] == ["created", "invalid"]
    assert "body" in results[1]["problem"]["detail"]
    assert results[1]["id"] == "b"


def test_a_byte_order_mark_is_passed_over(client: TestClient) -> None:
    (result,) = post_lines(client, b'\xef\xbb\xbf{"id": "a", "title": "One"}')
    assert result["status"] == "created"


def test_an_empty_batch_has_no_results(client: TestClient) -> None:
    assert post_lines(client) == []


def test_a_batch_that_is_too_large_is_refused(client: TestClient) -> None:
    response = client.post(BATCH, content=b"a", headers={"content-length": str(2**40)})
    assert_problem(response, 413, "larger")
