"""Related coverage of the sample stories, over HTTP."""

import unicodedata
from typing import Any

import httpx2
import pytest

from index.samples import Sample, samples
from tests.service.test_articles import assert_problem

SUMMIT = "kp-ru-summit-talks-ko"
EVENT = {sample.article.id: sample.event for sample in samples()}
REPORTED_BY_SEVERAL = [sample for sample in samples() if not sample.event.startswith("single-")]


def related(client: httpx2.Client, article_id: str, **parameters: Any) -> list[dict[str, Any]]:
    response = client.get(f"/v1/articles/{article_id}/related", params=parameters)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_the_korean_summit_story_has_its_angles_first(sample_client: httpx2.Client) -> None:
    items = related(sample_client, SUMMIT)
    first_five = [item["id"] for item in items[:5]]
    for angle in ("minister", "envoys", "china"):
        assert any(item.startswith(f"kp-ru-summit-{angle}-") for item in first_five), angle
    assert {EVENT[item] for item in first_five} == {"kp-ru-summit"}
    assert len({item["lang"] for item in items[:10]}) >= 2
    assert len(items) == 10


def test_the_first_five_are_of_the_same_event(sample_client: httpx2.Client) -> None:
    def precision_at_5(sample: Sample) -> float:
        items = related(sample_client, sample.article.id, limit=5)
        return sum(EVENT[item["id"]] == sample.event for item in items) / 5

    mean = sum(map(precision_at_5, REPORTED_BY_SEVERAL)) / len(REPORTED_BY_SEVERAL)
    assert mean >= 0.85


def test_an_article_is_never_in_its_own_answer_and_none_comes_twice(sample_client: httpx2.Client) -> None:
    for sample in REPORTED_BY_SEVERAL[::10]:
        ids = [item["id"] for item in related(sample_client, sample.article.id, limit=100, max_per_source=100)]
        assert sample.article.id not in ids
        assert len(ids) == len(set(ids))


def test_by_url_gives_the_answer_by_id(sample_client: httpx2.Client) -> None:
    url = sample_client.get(f"/v1/articles/{SUMMIT}").json()["url"]
    by_url = sample_client.get("/v1/related", params={"url": url + "?utm_medium=social#comments"}).json()
    assert by_url == sample_client.get(f"/v1/articles/{SUMMIT}/related").json()
    assert by_url["article_id"] == SUMMIT


def test_by_text_finds_the_event_in_other_languages(sample_client: httpx2.Client) -> None:
    body = {"text": "정상회담에서 김정은과 푸틴이 군사 협력을 논의했다", "lang": "ko"}
    answer = sample_client.post("/v1/related", json=body).json()
    assert answer["article_id"] is None
    assert {EVENT[item["id"]] for item in answer["items"][:5]} == {"kp-ru-summit"}
    assert len({item["lang"] for item in answer["items"]}) >= 2


def test_a_text_that_is_of_nothing_kept_has_no_items(sample_client: httpx2.Client) -> None:
    answer = sample_client.post("/v1/related", json={"text": "A recipe for lentil soup with cumin and lemon."}).json()
    assert answer["items"] == []
    assert answer["near_misses"]


def test_the_words_of_an_article_do_not_find_that_article(sample_client: httpx2.Client) -> None:
    kept = sample_client.get(f"/v1/articles/{SUMMIT}").json()
    body = {"title": kept["title"], "text": kept["text"]}
    ids = [item["id"] for item in sample_client.post("/v1/related", json=body).json()["items"]]
    assert SUMMIT not in ids
    assert sample_client.post("/v1/related", json=body).json()["copies"] == [SUMMIT]
    assert ids == [item["id"] for item in related(sample_client, SUMMIT)]


@pytest.mark.parametrize(
    ("parameters", "field", "allowed"),
    [
        ({"lang": ["en", "ja"]}, "lang", {"en", "ja"}),
        ({"source": "Northgate Courier"}, "source", {"Northgate Courier"}),
        ({"country": ["kr", "JP"]}, "country", {"KR", "JP"}),
    ],
)
def test_filters_choose(sample_client: httpx2.Client, parameters: Any, field: str, allowed: set[str]) -> None:
    items = related(sample_client, SUMMIT, **parameters)
    assert items
    assert {item[field] for item in items} <= allowed


def test_filters_leave_out(sample_client: httpx2.Client) -> None:
    assert "ko" not in {item["lang"] for item in related(sample_client, SUMMIT, exclude_lang="ko")}


def test_time_is_a_window(sample_client: httpx2.Client) -> None:
    since, until = "2023-09-14T00:00:00Z", "2023-09-14T06:00:00Z"
    items = related(sample_client, SUMMIT, since=since, until=until)
    assert items
    assert all(since <= item["published_at"] < until for item in items)


def test_a_source_is_found_in_whatever_form_its_name_is_written(sample_client: httpx2.Client) -> None:
    decomposed = unicodedata.normalize("NFD", "새벽신문")
    assert related(sample_client, SUMMIT, source=decomposed) == related(sample_client, SUMMIT, source="새벽신문") != []


def test_one_publisher_does_not_fill_the_list(sample_client: httpx2.Client) -> None:
    sources = [item["source"] for item in related(sample_client, SUMMIT, limit=20, max_per_source=1)]
    assert len(sources) == len(set(sources))


def test_an_item_says_what_it_is_how_probable_that_is_and_why(sample_client: httpx2.Client) -> None:
    answer = sample_client.get(f"/v1/articles/{SUMMIT}/related").json()
    for item in answer["items"]:
        assert item["relation"] in {"same_story", "related"}
        assert 0.5 <= item["score"] <= 1
        assert item["reasons"][0]["kind"] == "meaning"
    assert all(item["score"] < 0.5 for item in answer["near_misses"])
    evidence = {reason["kind"]: reason["evidence"] for reason in answer["items"][0]["reasons"]}
    assert evidence["countries"] == ["KP", "RU"]
    assert evidence["time"]


def test_relation_and_score_choose(sample_client: httpx2.Client) -> None:
    whole = related(sample_client, SUMMIT, limit=100)
    for relation in ("same_story", "related"):
        items = related(sample_client, SUMMIT, limit=100, relation=relation)
        assert {item["id"] for item in items} == {item["id"] for item in whole if item["relation"] == relation} != set()
    assert all(item["score"] >= 0.9 for item in related(sample_client, SUMMIT, min_score=0.9))
    assert len(related(sample_client, SUMMIT, min_score=0, limit=50)) == 50


def test_what_was_shown_already_can_be_left_out(sample_client: httpx2.Client) -> None:
    first, *rest = (item["id"] for item in related(sample_client, SUMMIT))
    again = [item["id"] for item in related(sample_client, SUMMIT, exclude=first)]
    assert first not in again
    assert set(rest) <= set(again)


def test_diversity_and_age_change_the_order_and_nothing_else(sample_client: httpx2.Client) -> None:
    plain = related(sample_client, SUMMIT, diversity=0)
    for parameters in ({"diversity": 0.9}, {"diversity": 0, "half_life": 1}):
        items = related(sample_client, SUMMIT, **parameters)
        assert [item["id"] for item in items] != [item["id"] for item in plain]
    scores = {item["id"]: item["score"] for item in plain}
    assert all(item["score"] == scores[item["id"]] for item in items if item["id"] in scores)


def test_examples_move_what_is_looked_for(sample_client: httpx2.Client) -> None:
    body = {"text": "A summit was held.", "lang": "en"}
    liked = body | {"like": ["g20-delhi-en"]}
    events = [
        [EVENT[item["id"]] for item in sample_client.post("/v1/related?min_score=0", json=given).json()["items"]]
        for given in (body, liked)
    ]
    assert events[1].count("g20-delhi") > events[0].count("g20-delhi")
    unknown = sample_client.post("/v1/related", json=body | {"unlike": ["nobody"]})
    assert_problem(unknown, 404, "nobody")


def test_what_is_left_out_is_empty_and_all_else_is_as_it_was(sample_client: httpx2.Client) -> None:
    path = f"/v1/articles/{SUMMIT}/related"
    whole = sample_client.get(path).json()
    part = sample_client.get(path, params={"without": ["near_misses", "reasons", "snippet"]}).json()
    assert whole["near_misses"] != []
    assert part["near_misses"] == []
    for item in whole["items"]:
        assert item["snippet"]
        assert item["reasons"]
        item |= {"snippet": "", "reasons": []}
    assert part["items"] == whole["items"]
    only = sample_client.get(path, params={"without": "reasons"}).json()
    assert only["near_misses"][0]["snippet"]
    assert only["near_misses"][0]["reasons"] == []
    assert sample_client.get(path, params={"without": "title"}).status_code == 422


def test_what_has_no_title_keeps_its_snippet(topical_client: httpx2.Client) -> None:
    topical_client.put("/v1/articles/a", json={"text": "A summit begins", "lang": "en"})
    topical_client.put("/v1/articles/b", json={"text": "Leaders at a summit", "lang": "en"})
    (item,) = related(topical_client, "a", without="snippet")
    assert (item["title"], item["snippet"]) == (None, "Leaders at a summit")


def test_reprints_are_one_item_with_their_sources(client: httpx2.Client) -> None:
    text = samples()[0].article.text or ""
    sources = ("Harbor Tribune", "Northgate Courier", "한빛일보")
    for day, source in enumerate(sources, 1):
        published_at = f"2023-09-0{day}T00:00:00Z"
        body = {"text": f"({source}) {text}", "lang": "ko", "source": source, "published_at": published_at}
        assert client.put(f"/v1/articles/copy-{day}", json=body).status_code == 201
    other = next(
        sample.article for sample in samples() if sample.event == samples()[0].event and sample.article.text != text
    )
    answer = client.post("/v1/related?min_score=0", json={"text": other.text, "lang": other.lang}).json()
    (item,) = answer["items"]
    assert (item["id"], [copy["source"] for copy in item["copies"]]) == ("copy-1", list(sources[1:]))
    assert client.get("/v1/articles/copy-2/related").json()["copies"] == ["copy-1", "copy-3"]


BAD_PARAMETERS = {
    "min_score=2": ["min_score"],
    "diversity=-1": ["diversity"],
    "relation=duplicate": ["relation", "same_story"],
    "half_life=0": ["half_life"],
    "exclude=%20": ["exclude"],
    "limit=0": ["limit"],
    "limit=101": ["limit"],
    "limit=many": ["limit"],
    "limt=5": ["limt", "limit"],
    "lang=xx": ["lang", "xx"],
    "country=Korea": ["country", "Korea"],
    "since=soon": ["since", "8601"],
    "max_per_source=0": ["max_per_source"],
}


@pytest.mark.parametrize("query", BAD_PARAMETERS)
def test_bad_parameters_are_refused(sample_client: httpx2.Client, query: str) -> None:
    assert_problem(sample_client.get(f"/v1/articles/{SUMMIT}/related?{query}"), 422, *BAD_PARAMETERS[query])


def test_a_url_is_needed_and_must_be_one_and_known(sample_client: httpx2.Client) -> None:
    assert_problem(sample_client.get("/v1/related"), 422, "url", "missing")
    assert_problem(sample_client.get("/v1/related?url=nonsense"), 422, "url", "nonsense")
    assert_problem(
        sample_client.get("/v1/related?url=https://nobody.example/a"), 404, "https://nobody.example/a", "send"
    )


def test_a_parameter_in_the_wrong_place_is_told_where_it_belongs(sample_client: httpx2.Client) -> None:
    assert_problem(sample_client.post("/v1/related", json={"text": "Summit", "limit": 2}), 422, "limit", "query")
    assert_problem(sample_client.post("/v1/related?text=a", json={"text": "Summit"}), 422, "text", "body")


def test_a_text_is_needed(sample_client: httpx2.Client) -> None:
    assert_problem(sample_client.post("/v1/related", json={}), 422, "text")
    assert_problem(sample_client.post("/v1/related", json={"text": "…"}), 422, "text", "empty")
