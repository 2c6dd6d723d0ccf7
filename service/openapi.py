"""The description of the API, corrected where FastAPI describes what it would do by itself."""

from typing import Any

from fastapi import FastAPI

from service import problems

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
        "headers": {"Retry-After": {"description": "Try again after so many seconds.", "schema": {"type": "integer"}}},
    },
}
"""What a route that has to embed something may answer besides."""


ACCESS_RESPONSES: dict[str, dict[str, Any]] = {
    "401": {"description": "A key is needed, and none was sent that is known."},
    "403": {"description": "The key has not the scope that is needed, or is not for the page that sends it."},
    "503": {"description": "The keys cannot be read, so that nobody is let in."},
}
"""What a route that needs a scope may answer besides; it is described of all that do."""


WRITE_RESPONSES: dict[int | str, dict[str, Any]] = {
    403: {"model": problems.Problem, "description": "This process only reads (SIMILAR_NEWS_ROLE=reader)."},
    503: {**OVERLOAD_RESPONSES[503], "description": "Too much waits to be embedded, or the store does not answer."},
    507: {"model": problems.Problem, "description": "The service's disk is full; send it again when there is room."},
}
"""What a route that keeps or deletes something may answer besides."""


def install(app: FastAPI) -> None:
    """Describe every error as the problem that it is."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        for operations in document["paths"].values():
            for operation in operations.values():
                _as_problems(operation["responses"])
                if "security" in operation:
                    _with_access(operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation does


def _with_access(operation: dict[str, Any]) -> None:
    """Describe what becomes of those who have no key for it, and that one in the query can only be one to read."""
    operation["security"] = [one for one in operation["security"] if one.get("query", ["read"]) == ["read"]]
    problem = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, response in ACCESS_RESPONSES.items():
        known = operation["responses"].setdefault(status, {"description": "", "content": problem})
        if response["description"] not in known["description"]:  # the document is made once and kept
            known["description"] = f"{known['description']} {response['description']}".strip()


def _as_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400":
            (shape,) = response["content"].values()  # under the media type of the route's own answers
            response["content"] = {problems.MEDIA_TYPE: shape}
