"""Articles that are to be kept only if nobody else has changed them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from tests.index.fakes import FakeEncoder
from tests.service.test_articles import assert_problem

PATH = "/v1/articles/a"
ARTICLE = {"title": "A summit", "lang": "en"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with a fake encoder: none of this is about what is embedded."""
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


def put(client: TestClient, title: str = "A summit", **headers: str) -> httpx2.Response:
    return client.put(
        PATH, json=ARTICLE | {"title": title}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_an_etag_names_a_version(client: TestClient) -> None:
    first = put(client).headers["ETag"]
    assert first.startswith('"')
    assert client.get(PATH).headers["ETag"] == first
    assert put(client).headers["ETag"] == first  # nothing has changed
    second = put(client, "A summit ends").headers["ETag"]
    assert second != first
    assert client.get(PATH).headers["ETag"] == second
    client.delete(PATH)
    again = client.put(f"{PATH}?restore=true", json=ARTICLE).headers["ETag"]
    assert again not in {first, second}
    assert client.post("/v1/articles", json=ARTICLE | {"id": "a"}).headers["ETag"] == again


def test_only_a_new_article_is_put_where_none_is_to_match(client: TestClient) -> None:
    assert put(client, If_None_Match="*").status_code == 201
    assert_problem(put(client, If_None_Match="*"), 412, "'a'", "version")
    assert_problem(put(client, "A flood", If_None_Match="*"), 412)
    assert client.get(PATH).json()["title"] == "A summit"


def test_only_the_version_that_is_to_match_is_replaced(client: TestClient) -> None:
    assert_problem(put(client, If_Match="*"), 412, "there is none")
    assert_problem(put(client, If_Match='"1-1"'), 412, "there is none")
    assert client.get(PATH).status_code == 404
    old = put(client).headers["ETag"]
    new = put(client, "A flood", If_Match=old)
    assert new.status_code == 200
    assert_problem(put(client, "A volcano", If_Match=old), 412, new.headers["ETag"].strip('"'))
    assert client.get(PATH).json()["title"] == "A flood"
    assert put(client, "A volcano", If_Match=f"{old}, {new.headers['ETag']}").status_code == 200
    assert put(client, "An election", If_Match="*").status_code == 200


def test_tags_are_compared_as_http_has_it(client: TestClient) -> None:
    tag = put(client).headers["ETag"]
    assert_problem(put(client, "A flood", If_Match=f"W/{tag}"), 412)
    assert_problem(put(client, "A flood", If_None_Match=f'"other" , W/{tag}'), 412)
    assert_problem(put(client, "A flood", If_Match='"*"'), 412)
    assert put(client, "A flood", If_None_Match='"other"', If_Match=tag).status_code == 200


@pytest.mark.parametrize("tags", ["abc", '"abc', '"a" "b"', "*, *"])
def test_what_is_no_tag_is_refused(client: TestClient, tags: str) -> None:
    assert_problem(put(client, If_Match=tags), 400, "If-Match", "quotation marks")
    assert_problem(put(client, If_None_Match=tags), 400, "If-None-Match")


def test_of_those_who_replace_one_version_at_once_one_does(empty_service: str) -> None:
    path = f"{empty_service}{PATH}"
    with httpx2.Client() as client, ThreadPoolExecutor(8) as pool:
        tag = client.put(path, json=ARTICLE).headers["ETag"]
        for round_ in range(5):

            def replace(number: int, tag: str = tag, round_: int = round_) -> httpx2.Response:
                body = ARTICLE | {"title": f"Summit {round_} of {number}"}
                return client.put(path, json=body, headers={"If-Match": tag})

            answers = list(pool.map(replace, range(8)))
            assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
            (tag,) = (answer.headers["ETag"] for answer in answers if answer.status_code == 200)
