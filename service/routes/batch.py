"""Many articles in one request, a line each."""

import asyncio
import json
import logging
import tempfile
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import IO, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from index import Article, CoverageIndex, Put, PutStatus
from index.encoder import Priority
from index.errors import StoreError
from service.access.requirements import INGEST, GuardedRoute
from service.dependencies import Index, ServiceSettings, refuse_reader
from service.lines import read_article
from service.openapi import LINES_MEDIA_TYPE, WRITE_RESPONSES, lines_of
from service.prefer import Prefer, Preference
from service.problems import Problem, make_problem, store_problem
from service.repeats import describe_key, forget
from service.routes.articles import taken_down

_LINES_AT_ONCE = 32
"""One transaction and one batch of the encoder; results are sent after each, so few lines wait for one slow one."""

_IN_MEMORY = 2**20

router = APIRouter(prefix="/v1", tags=["articles"], route_class=GuardedRoute)

_logger = logging.getLogger(__name__)


class NdjsonResponse(StreamingResponse):
    """JSON Lines, sent as they come."""

    media_type = LINES_MEDIA_TYPE


class BatchLine(BaseModel):
    """The result for one line. An article with `status` created, updated or unchanged is durable, and is found.

    In an answer with 202 it is durable, and is found at once or a little later.
    """

    line: int = Field(description="Number of the line in the request, from 1.")
    id: str | None = Field(description="The article's id, as far as it could be read.")
    status: Literal["created", "updated", "unchanged", "taken_down", "invalid", "failed"]
    changed: bool
    problem: Problem | None = Field(None, description="Why the line was not taken, if it was not.")


@router.post(
    "/articles:batch",
    operation_id="postArticlesBatch",
    response_class=NdjsonResponse,
    responses={
        200: {"model": BatchLine, "description": "A result for every line, a line each."},
        202: {"model": BatchLine, "description": "The same, of articles that may be found only later: see `Prefer`."},
        409: {"model": Problem, "description": "The same request is being worked on."},
        **WRITE_RESPONSES,
    },
    dependencies=[INGEST, Depends(refuse_reader), Depends(describe_key)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "JSON Lines: an article, with its id or its URL, on every line.",
            "content": {
                LINES_MEDIA_TYPE: lines_of("#/components/schemas/Article"),
                # The same, for clients that know of bytes but not of lines.
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def post_articles_batch(
    request: Request, index: Index, settings: ServiceSettings, prefer: Prefer
) -> NdjsonResponse:
    """Keep many articles. Bad lines are reported and good ones kept; blank lines are passed over.

    The body is read whole before the first result is sent, so a client may send first and read then. Results
    come in the order of the lines, while the batch is worked on: a result that was sent is durable.
    """
    if prefer.patience is None:
        index.refuse_overload()
    with ExitStack() as closing:
        body = closing.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))
        async for chunk in request.stream():
            await run_in_threadpool(body.write, chunk)
        body.seek(0)
        closing.pop_all()  # from here on it is for the answer to close
    results = _results(request, body, index, settings.max_article_bytes, prefer)
    if prefer.patience is None:
        return NdjsonResponse(results)
    return NdjsonResponse(results, 202, {"Preference-Applied": prefer.applied})


async def _results(
    request: Request, body: IO[bytes], index: CoverageIndex, max_line: int, prefer: Preference
) -> AsyncIterator[str]:
    clock = asyncio.get_running_loop().time
    began = clock()
    with body:
        lines = _numbered_lines(body, max_line)
        while chunk := await run_in_threadpool(lambda: list(islice(lines, _LINES_AT_ONCE))):
            patience = None if prefer.patience is None else max(0.0, began + prefer.patience - clock())
            for result in await _keep(index, chunk, max_line, patience):
                if result.status == "failed":
                    forget(request)
                yield result.model_dump_json(exclude_none=result.problem is None) + "\n"


def _numbered_lines(body: IO[bytes], max_line: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; of one that is too long only so much as to see that."""
    number = 0
    while line := body.readline(max_line + 1):
        number += 1
        line = line.removeprefix(BOM_UTF8) if number == 1 else line
        rest = line
        while not rest.endswith(b"\n") and (rest := body.readline(max_line + 1)):
            pass
        if line.strip():
            yield number, line


async def _keep(
    index: CoverageIndex, lines: Sequence[tuple[int, bytes]], max_line: int, patience: float | None
) -> list[BatchLine]:
    texts = dict(lines)
    read = await run_in_threadpool(lambda: {number: _read(line, max_line) for number, line in texts.items()})
    articles = [article for article in read.values() if isinstance(article, Article)]
    # Refused, if at all, before the first line: a batch that is under way waits for its turn, with few lines at once.
    failure: Problem | None = None
    outcomes: Iterator[Put] = iter(())
    try:
        outcomes = iter(await index.put_async(articles, priority=Priority.BULK, admitted=True, patience=patience))
    except StoreError as error:
        _logger.error("%d lines of a batch were not kept: %s", len(articles), error)  # noqa: TRY400 - it says it all
        failure = store_problem(error)
    results = []
    for number, article in read.items():
        if isinstance(article, Problem):
            sent_id = _sent_id(texts[number])
            results.append(BatchLine(line=number, id=sent_id, status="invalid", changed=False, problem=article))
        elif failure:
            results.append(BatchLine(line=number, id=article.id, status="failed", changed=False, problem=failure))
        else:
            results.append(_result(number, article.id, next(outcomes).status))
    return results


def _sent_id(line: bytes) -> str | None:
    """The id on a line that is not right, if there is one to be seen."""
    try:
        row = json.loads(line)
        sent_id = row.get("id") if isinstance(row, dict) else None
        # Half a character, which JSON can have, is no UTF-8 and raises.
        return sent_id.encode().decode() if isinstance(sent_id, str) else None
    except (ValueError, RecursionError):
        return None


def _read(line: bytes, max_line: int) -> Article | Problem:
    if len(line) > max_line:
        return make_problem(413, "too-large", f"the line is longer than {max_line} bytes")
    return read_article(line)


def _result(number: int, article_id: str, status: PutStatus) -> BatchLine:
    problem = taken_down() if status is PutStatus.TAKEN_DOWN else None
    changed = status in {PutStatus.CREATED, PutStatus.UPDATED}
    return BatchLine(line=number, id=article_id, status=status.value, changed=changed, problem=problem)
