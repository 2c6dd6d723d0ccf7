"""The description of the API is complete, and the README lists what it describes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import service
from service.app import create_app
from service.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
OF_A_STORY = {"200", "304", "308", "401", "403", "404", "410", "422", "429", "500", "503"}


def test_making_an_app_opens_nothing(tmp_path: Path) -> None:
    create_app(Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache"))
    assert list(tmp_path.iterdir()) == []


def test_the_description_in_the_repository_is_that_of_the_service() -> None:
    """What changes it changes what clients rely on: look at the difference, then run scripts/describe-api."""
    kept = Path(service.__file__).with_name("openapi.json").read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(json.dumps(DOCUMENT))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_does(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["operationId"].isidentifier()
    assert operation["summary"]
    assert operation["description"]
    for parameter in operation.get("parameters", []):
        assert parameter.get("description") or parameter["schema"].get("description"), parameter["name"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_route_is_in_the_readme(name: str) -> None:
    method, path = name.split()
    path = re.sub(r"\{(article|story|feed)_id\}", "{id}", path)
    assert f"| `{method}` | `{path}` |" in README


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert names <= set(DOCUMENT["components"]["schemas"])
    assert "$defs" not in text


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_is_described_as_a_problem(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]
            assert response["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "{story_id}" in name])
def test_what_may_become_of_a_story_is_described(name: str) -> None:
    assert set(OPERATIONS[name]["responses"]) == OF_A_STORY


def test_the_stream_is_described_as_one() -> None:
    operation = OPERATIONS["GET /v1/stories/stream"]
    assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
    assert [(one["in"], one["name"]) for one in operation["parameters"]] == [("header", "last-event-id")]


def test_the_page_of_the_api_asks_no_third_party(client: TestClient) -> None:
    html = client.get("/docs").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert address.startswith(("/", "data:")), address
        if address.startswith("/"):
            assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_parameter_is_described_as_what_can_be_sent(name: str) -> None:
    """No query and no header can carry null."""
    for parameter in OPERATIONS[name].get("parameters", []):
        assert "null" not in json.dumps(parameter["schema"]), parameter["name"]


def test_links_lead_on_from_articles_and_stories() -> None:
    ids = {operation["operationId"]: operation for operation in OPERATIONS.values()}
    linked = set()
    for operation in OPERATIONS.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                linked.add(link["operationId"])
                taken = {parameter["name"] for parameter in ids[link["operationId"]]["parameters"]}
                assert set(link["parameters"]) <= taken
    assert {name for name, operation in OPERATIONS.items() if operation["operationId"] in linked} >= {
        name for name in OPERATIONS if "_id}" in name and not name.startswith("PUT")
    }


def test_an_article_is_described_with_what_it_needs() -> None:
    """A title or a text, and an id or a URL to derive one from."""
    article = DOCUMENT["components"]["schemas"]["Article"]
    assert "required" not in article
    needed = [[one["required"] for one in group["anyOf"]] for group in article["allOf"]]
    assert needed == [[["title"], ["text"]], [["id"], ["url"]]]


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_any_request_may_be_answered_is_described(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    limited = set() if name in {"GET /livez", "GET /readyz"} else {"429", "503"}
    assert {"500"} | limited <= set(responses)
    assert ({"400", "408", "413", "415"} <= set(responses)) == ("requestBody" in OPERATIONS[name])
    for status in limited:
        assert "Retry-After" in responses[status]["headers"]


def test_lines_are_described_as_such() -> None:
    operation = OPERATIONS["POST /v1/articles:batch"]
    asked, answered = operation["requestBody"], operation["responses"]["200"]
    for body, item in ((asked, "Article"), (answered, "BatchLine")):
        assert body["content"]["application/x-ndjson"] == {
            "schema": {"type": "string"},
            "itemSchema": {"$ref": f"#/components/schemas/{item}"},
        }
