"""Errors as problem+json (RFC 9457), every one."""

import difflib
import http
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette import status
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import (
    ConditionError,
    EncoderOverloadedError,
    MergedStoryError,
    ReadOnlyError,
    SimilarNewsError,
    StorageFullError,
    StoreError,
    StoryGoneError,
    TakenDownError,
    UnknownArticleError,
    UnknownStoryError,
)
from service.access import key_in_query

MEDIA_TYPE = "application/problem+json"

_STORE_RETRY_SECONDS = 5

_UNREADABLE = "the body is not JSON in UTF-8, or too deep, or has a number that is too long"

_logger = logging.getLogger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field or parameter."""

    field: str = Field(description="Path of the field, such as `published_at`; empty for the whole body.")
    detail: str


class Problem(BaseModel):
    """An error, as every error is answered (RFC 9457)."""

    type: str = Field("about:blank", examples=["urn:similar-news:problem:unknown-article"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="What is wrong and what to do about it.")
    errors: list[FieldError] | None = Field(None, description="The fields that are wrong, when some are.")


class ProblemError(HTTPException):
    """Raised by a route, or as a body is read, to answer with a problem.

    FastAPI takes any other exception that comes as it reads a body for bad JSON.
    """

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        """Answer with the problem, and with further headers."""
        super().__init__(problem.status, problem.detail, headers)
        self.problem = problem


def make_problem(status: int, kind: str, detail: str, errors: list[FieldError] | None = None) -> Problem:
    """A problem with the standard title of its status, and a type of ours."""
    return Problem(
        type=f"urn:similar-news:problem:{kind}",
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors,
    )


def validation_problem(
    errors: Iterable[Mapping[str, Any]],
    fields: Sequence[str] = (),
    parameters: Sequence[str] = (),
    *,
    root: str = "the body",
    skip: int = 0,
) -> Problem:
    """The problem that pydantic's errors describe.

    Args:
        errors: as `ValidationError.errors()` gives them.
        fields: names to suggest one of for an unknown field of the body.
        parameters: the same for an unknown parameter of the query.
        root: what to call the whole, in an error that is of no field.
        skip: how many words at the beginning of a location tell where the field was sent, such as `body`.
    """
    wrong = [_field_error(error, fields, parameters, skip) for error in errors]
    detail = "; ".join(f"{error.field or root}: {error.detail}" for error in wrong)
    return make_problem(422, "invalid", detail, wrong)


def _field_error(error: Mapping[str, Any], fields: Sequence[str], parameters: Sequence[str], skip: int) -> FieldError:
    location = [str(part) for part in error["loc"][skip:]]
    if error["type"] == "extra_forbidden":
        detail = _unknown(location[-1], fields, parameters, in_query=error["loc"][0] == "query")
    else:
        detail = _words(error, location)
    return FieldError(field=".".join(location), detail=detail)


def _unknown(name: str, fields: Sequence[str], parameters: Sequence[str], *, in_query: bool) -> str:
    """What to say of a name that is not known where it was sent."""
    here, elsewhere = (parameters, fields) if in_query else (fields, parameters)
    if name in elsewhere:
        return "belongs in the body" if in_query else "belongs in the query, behind a '?'"
    close = difflib.get_close_matches(name, here, n=1)
    what = "there is no such parameter" if in_query else "there is no such field"
    return what + (f"; did you mean {close[0]!r}?" if close else "")


def _words(error: Mapping[str, Any], location: list[str]) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "string_pattern_mismatch" and location[-1] in {"id", "article_id"}:
        return f"{error['input']!r} is not an id: letters, digits and . _ ~ : @ -, beginning with a letter or digit"
    message: str = error["msg"]
    return message.removeprefix("Value error, ")


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A response that carries a problem."""
    body = problem.model_dump(exclude_none=True)
    return JSONResponse(body, problem.status, headers, media_type=MEDIA_TYPE)


class NoControlCharacters:
    """Middleware that refuses a path with control characters: a router would overlook a line feed at its end."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on."""
        if scope["type"] == "http" and not scope["path"].isprintable():
            problem = make_problem(422, "invalid", f"the path {scope['path']!r} has characters that no id has")
            await answer(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class PlainAsProblem:
    """Middleware for the errors that Starlette answers past all handlers, in plain text.

    A body whose declared size is too much, and a part of a file that there is not.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem in place of an error that is none."""
        replaced = False

        async def send_or_replace(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_plain_error(message):
                replaced = True
                await _in_place_of(message)(scope, receive, send)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_or_replace)


def _is_plain_error(start: Message) -> bool:
    is_error = start["status"] >= status.HTTP_400_BAD_REQUEST
    return is_error and Headers(raw=start["headers"]).get("content-type") != MEDIA_TYPE


def _in_place_of(start: Message) -> JSONResponse:
    code = start["status"]
    if code == status.HTTP_413_CONTENT_TOO_LARGE:
        return answer(_too_large())
    detail = "the header Range asks for what there is not, or cannot be read: leave it out to get the whole file"
    size = Headers(raw=start["headers"]).get("content-range")
    return answer(make_problem(code, "range", detail), {"Content-Range": size} if size else None)


def _too_large() -> Problem:
    return make_problem(413, "too-large", "the body is larger than this service takes; send less at once")


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""
    app.add_middleware(PlainAsProblem)
    app.add_middleware(NoControlCharacters)
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(SimilarNewsError, _on_library_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected)


def _on_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 - Starlette types all handlers alike
    return answer(error.problem, error.headers)


_EXPECTED: dict[type[SimilarNewsError], tuple[int, str]] = {
    UnknownArticleError: (404, "unknown-article"),
    TakenDownError: (410, "taken-down"),
    ConditionError: (412, "precondition-failed"),
    UnknownStoryError: (404, "unknown-story"),
    StoryGoneError: (410, "story-gone"),
    EncoderOverloadedError: (503, "overloaded"),
    ReadOnlyError: (403, "read-only"),
}
"""The errors of the library that tell a client something, with their status and kind."""


def _on_library_error(request: Request, error: Exception) -> Response:
    if isinstance(error, MergedStoryError):
        path = request.url.path.replace(f"/{error.story}", f"/{error.into}", 1)
        query = key_in_query.leading_on(request, request.url.query)
        address = f"{path}?{query}" if query else path
        return RedirectResponse(address, status.HTTP_308_PERMANENT_REDIRECT)  # of whatever host it was asked
    for kind, (code, name) in _EXPECTED.items():
        if isinstance(error, kind):
            retry_after = getattr(error, "retry_after", None)
            headers = None if retry_after is None else {"Retry-After": str(retry_after)}
            return answer(make_problem(code, name, str(error)), headers)
    _logger.error("the request failed: %s", error)
    if isinstance(error, StoreError):
        return answer(store_problem(error), {"Retry-After": str(_STORE_RETRY_SECONDS)})
    return answer(make_problem(500, "internal", "the service cannot answer at the moment; its log says why"))


def store_problem(error: StoreError) -> Problem:
    """The problem of a store that cannot be read or written at the moment; paths are for the log alone."""
    if isinstance(error, StorageFullError):
        detail = "the service's disk is full: what was sent may not be kept; send it again when there is room"
        return make_problem(507, "storage-full", detail)
    return make_problem(
        503, "store-unavailable", "the store does not answer; try again later, and send again what was sent"
    )


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        reason = errors[0].get("ctx", {}).get("error", errors[0]["msg"])
        return answer(make_problem(400, "bad-json", f"the body is not JSON: {reason}"))
    if _is_unread_body(errors) and "json" not in request.headers.get("content-type", ""):
        detail = "the body was not read: send it with the header 'Content-Type: application/json'"
        return answer(make_problem(415, "unsupported-media-type", detail))
    return answer(validation_problem(errors, _names(request, "body"), _names(request, "query"), skip=1))


def _is_unread_body(errors: Sequence[Mapping[str, Any]]) -> bool:
    return any(tuple(one["loc"]) == ("body",) and isinstance(one.get("input"), bytes) for one in errors)


def _names(request: Request, place: Literal["body", "query"]) -> list[str]:
    """The names of the fields of the body, or of the query's parameters, of the route that was asked for."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    names: list[str] = []
    for parameter in getattr(dependant, f"{place}_params", []):
        names += getattr(parameter.field_info.annotation, "model_fields", {parameter.name: None})
    return names


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    match error.status_code:
        case 404:
            problem = make_problem(
                404, "no-such-path", f"there is nothing at {request.url.path}; /docs lists what there is"
            )
        case 405:
            return _method_not_allowed(request)
        case 413:
            problem = _too_large()
        case 400:
            problem = make_problem(400, "bad-json", _UNREADABLE)
        case code:
            problem = make_problem(code, "http", str(error.detail))
    return answer(problem, error.headers)


def _method_not_allowed(request: Request) -> JSONResponse:
    # A path has a route for each method, which knows no other; files, which are under no such route, can be read.
    path = getattr(request.scope.get("route"), "path", None)
    allowed = ", ".join(sorted(request.app.state.methods.get(path, {"GET", "HEAD"})))
    detail = f"{request.method} is not possible here, but {allowed}"
    return answer(make_problem(405, "method-not-allowed", detail), {"Allow": allowed})


def _on_unexpected(_: Request, error: Exception) -> JSONResponse:
    # Starlette raises the exception again after this answer, and service.request_watch logs where it comes from.
    _logger.error("unexpected %s", type(error).__name__)
    return answer(make_problem(500, "internal", "an error of the service's own; its log has the traceback"))
