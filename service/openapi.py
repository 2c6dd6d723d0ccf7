"""The description of the API, corrected where FastAPI describes what it would do by itself."""

from typing import Any

from fastapi import FastAPI

from index import Article
from service import problems
from service.limits.callers import UNLIMITED

LINES_MEDIA_TYPE = "application/x-ndjson"

_RETRY_AFTER = {"Retry-After": {"description": "Try again after so many seconds.", "schema": {"type": "integer"}}}

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {"model": problems.Problem, "description": "A field or parameter is not right."},
}
"""What every route may answer; it stands in place of FastAPI's own shape of such an error."""

MISSING_RESPONSES: dict[int | str, dict[str, Any]] = {
    404: {"model": problems.Problem, "description": "There is no such article."},
    410: {"model": problems.Problem, "description": "The article was taken down."},
}
"""What a route that names an article may answer besides."""


STORY_RESPONSES: dict[int | str, dict[str, Any]] = {
    308: {"description": "The story is a part of another one now, at `Location`.", "content": {}},
    404: {"model": problems.Problem, "description": "There never was such a story."},
    410: {"model": problems.Problem, "description": "The story has no articles any more."},
}
"""What a route that names a story may answer besides."""


OVERLOAD_RESPONSES: dict[int | str, dict[str, Any]] = {
    503: {
        "model": problems.Problem,
        "description": "Too much is waiting to be embedded; nothing was kept.",
        "headers": _RETRY_AFTER,
    },
}
"""What a route that has to embed something may answer besides."""


ACCESS_RESPONSES: dict[str, dict[str, Any]] = {
    "401": {"description": "A key is needed, and none was sent that is known."},
    "403": {"description": "The key has not the scope that is needed, or is not for the page that sends it."},
    "503": {"description": "The keys cannot be read, so that nobody is let in."},
}
"""What a route that needs a scope may answer besides; it is described of all that do."""


BODY_RESPONSES: dict[str, dict[str, Any]] = {
    "400": {"description": "The body cannot be read as what its headers say."},
    "408": {"description": "The body comes too slowly."},
    "413": {"description": "The body is too large."},
    "415": {"description": "The body is of a type, or is compressed in a way, that is not taken."},
}
"""What a route that takes a body may answer besides; it is described of all that do."""


LIMIT_RESPONSES: dict[str, dict[str, Any]] = {
    "429": {"description": "Too many requests, or wrong keys, came from the same caller.", "headers": _RETRY_AFTER},
    "503": {"description": "Too much is being worked on, or this would take too long.", "headers": _RETRY_AFTER},
}
"""What a route that is limited may answer besides; it is described of all that are."""


UNEXPECTED_RESPONSES: dict[str, dict[str, Any]] = {"500": {"description": "An error of the service's own."}}
"""What no route should answer, and any may."""


WRITE_RESPONSES: dict[int | str, dict[str, Any]] = {
    403: {"model": problems.Problem, "description": "This process only reads (SIMILAR_NEWS_ROLE=reader)."},
    503: {**OVERLOAD_RESPONSES[503], "description": "Too much waits to be embedded, or the store does not answer."},
    507: {"model": problems.Problem, "description": "The service's disk is full; send it again when there is room."},
}
"""What a route that keeps or deletes something may answer besides."""


def link(operation: str, **parameters: str) -> dict[str, Any]:
    """A link from an answer to another operation.

    Args:
        operation: the operation's id.
        parameters: what in the answer it takes each of its parameters from, as a JSON pointer.
    """
    return {"operationId": operation, "parameters": {name: f"$response.body#{at}" for name, at in parameters.items()}}


def article_links(at: str) -> dict[str, Any]:
    """Links from an answer to what can be asked of the article whose id is at a JSON pointer of it."""
    operations = {"article": "getArticle", "related": "relatedByArticle", "takedown": "deleteArticle"}
    return {name: link(operation, article_id=at) for name, operation in operations.items()}


def story_links(at: str) -> dict[str, Any]:
    """Links from an answer to what can be asked of the story whose id is at a JSON pointer of it."""
    operations = {
        "story": "getStory",
        "articles": "listStoryArticles",
        "timeline": "getStoryTimeline",
        "explanation": "explainStory",
    }
    return {name: link(operation, story_id=at) for name, operation in operations.items()}


def install(app: FastAPI) -> None:
    """Describe every error as the problem that it is, lines as lines, and parameters as what can be sent."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        # On the lines of a batch, which FastAPI does not read itself.
        document["components"]["schemas"].setdefault("Article", Article.model_json_schema())
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _as_problems(operation["responses"])
                _as_lines(operation["responses"])
                _with_access(operation)
                _add(operation, _of_all(path, operation))
                for parameter in operation.get("parameters", []):
                    parameter["schema"] = _without_null(parameter["schema"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation does


def _of_all(path: str, operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is answered before a route is asked, or instead of what it wanted to answer."""
    of_body = BODY_RESPONSES if "requestBody" in operation else {}
    return of_body | ({} if path in UNLIMITED else LIMIT_RESPONSES) | UNEXPECTED_RESPONSES


def _with_access(operation: dict[str, Any]) -> None:
    """Describe what becomes of those who have no key for it, and that one in the query can only be one to read."""
    if "security" in operation:
        operation["security"] = [one for one in operation["security"] if one.get("query", ["read"]) == ["read"]]
        _add(operation, ACCESS_RESPONSES)


def _add(operation: dict[str, Any], responses: dict[str, dict[str, Any]]) -> None:
    """Describe what an operation may answer besides; what it describes itself stays, with the reason added."""
    problem = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, response in responses.items():
        known = operation["responses"].setdefault(status, {"description": "", "content": problem})
        if response["description"] not in known["description"]:  # the document is made once and kept
            known["description"] = f"{known['description']} {response['description']}".strip()
        if "headers" in response:
            known["headers"] = known.get("headers", {}) | response["headers"]


def _as_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            (shape,) = response["content"].values()  # under the media type of the route's own answers
            response["content"] = {problems.MEDIA_TYPE: shape}


def _as_lines(responses: dict[str, Any]) -> None:
    """Describe JSON Lines as FastAPI does a stream: the schema that it gives the whole is that of a line."""
    for response in responses.values():
        content = response.get("content", {}).get(LINES_MEDIA_TYPE, {})
        if "$ref" in content.get("schema", {}):
            response["content"][LINES_MEDIA_TYPE] = lines_of(content["schema"]["$ref"])


def lines_of(reference: str) -> dict[str, Any]:
    """The content of a body that has something on every line."""
    return {"schema": {"type": "string"}, "itemSchema": {"$ref": reference}}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter without its null, which no query or header can carry: it is left out instead."""
    shapes: list[dict[str, Any]] = [shape for shape in schema.get("anyOf", []) if shape != {"type": "null"}]
    if len(shapes) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | shapes[0]
