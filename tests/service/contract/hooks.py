"""What schemathesis is told about this API: values of our formats, JSON Lines, and a check of these."""

import json
from hashlib import blake2b
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, Failure

from index.article import territories
from service.paging import cursor_of
from service.routes.batch import BatchLine

_LANGS = ("ko", "en", "zh-Hant", "zh_TW", "pt-BR", "iw", "und")
Case = schemathesis.Case[Any]

_ARTICLES = st.fixed_dictionaries(
    {"id": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~:@-]{0,20}", fullmatch=True), "title": st.text(max_size=40)},
    optional={
        "text": st.text(max_size=40),
        "lang": st.sampled_from(_LANGS),
        "country": st.sampled_from(sorted(territories())),
    },
)
_LINES = st.lists(_ARTICLES.map(json.dumps) | st.text(max_size=20), max_size=5)

schemathesis.openapi.format("bcp-47", st.sampled_from(_LANGS))
schemathesis.openapi.format("iso-3166-1-alpha-2", st.sampled_from(sorted(territories())))
# The times of reports, in seconds, or how much a story trends; and the number of a row.
schemathesis.openapi.format("cursor", st.tuples(st.floats(-6e10, 2.5e11), st.integers(0, 2**62)).map(cursor_of))
# The quality of a publisher's articles, negated, and its name.
schemathesis.openapi.format("cursor-of-sources", st.tuples(st.floats(-1, 0), st.text(max_size=20)).map(cursor_of))
schemathesis.openapi.format(
    "uri", st.from_regex(r"https?://[a-z]{1,9}\.example(:8080)?/[a-z/]{0,9}([?#][a-z=]{0,9})?", fullmatch=True)
)
schemathesis.openapi.media_type("application/x-ndjson", _LINES.map(lambda lines: "\n".join(lines).encode()))


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: Case, __: dict[str, object]) -> None:
    """Let no page of another site be fetched, and make the parts of a right request agree that no schema can bind.

    An article that is posted has words, not only a URL; the id in the body of a PUT is the one in its path; and an
    Idempotency-Key is of one body.
    """
    if isinstance(case.body, dict) and (case.method, case.path) == ("POST", "/v1/articles"):
        case.body = case.body | ({} if case.body.get("title") or case.body.get("text") else {"title": "A summit"})
    if case.meta is None or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return
    if case.method == "PUT" and isinstance(case.body, dict) and case.body.get("id") is not None:
        case.body = case.body | {"id": case.path_parameters["article_id"]}
    if "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = f'"{blake2b(repr(case.body).encode(), digest_size=8).hexdigest()}"'


@schemathesis.hook
def filter_failure(_: schemathesis.HookContext, failure: Failure, case: Case, response: schemathesis.Response) -> bool:
    """Whether what a check found is a fault. A batch without lines is none: no body is the same as an empty one."""
    is_empty_batch = case.operation.definition.raw["operationId"] == "postArticlesBatch" and not response.request.body
    return not (is_empty_batch and isinstance(failure, AcceptedNegativeData))


@schemathesis.check
def every_line_is_a_result(_: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> bool | None:
    """The description has the schema of a line, so that the other checks leave an answer of lines alone."""
    if not response.headers.get("content-type", [""])[0].startswith("application/x-ndjson"):
        return True
    for line in response.content.splitlines():
        BatchLine.model_validate_json(line, extra="forbid")
    return None
