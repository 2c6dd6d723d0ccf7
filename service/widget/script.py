"""The script of the widget, as browsers get it."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response, status

from service import widget
from service.access.requirements import PUBLIC, GuardedRoute
from service.kept_answers import is_among
from service.security_headers import FOR_ALL_SITES

PATH = "/widget/v1/related-coverage.js"
"""Where it is. What pages rely on does not change under this version."""

_COMMENT_LINES = re.compile(r"^[ ]*//.*\n", re.MULTILINE)
_HEADERS = {
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800",
    # A module of another site is loaded by CORS. That this one may be read by all tells nothing.
    "Access-Control-Allow-Origin": "*",
    "Vary": "Accept-Encoding",
    **FOR_ALL_SITES,
}

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@dataclass(frozen=True, slots=True)
class Script:
    """The script.

    Attributes:
        plain: its text in UTF-8, without the lines that are comments alone.
        compressed: the same with gzip.
        tag: a strong ETag of the first, without quotes.
    """

    plain: bytes
    compressed: bytes
    tag: str

    @classmethod
    def of(cls, source: str) -> "Script":
        """Of a source, which has no line in a string that looks like a comment."""
        plain = _COMMENT_LINES.sub("", source).encode()
        return cls(plain, gzip.compress(plain, mtime=0), hashlib.blake2b(plain, digest_size=12).hexdigest())


@router.get(PATH, name="widget", dependencies=[PUBLIC])
async def widget_script(request: Request) -> Response:
    """The script, compressed for those who take that."""
    script = load()
    is_compressed = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{script.tag}-gzip"' if is_compressed else f'"{script.tag}"'
    headers = _HEADERS | {"ETag": tag}
    if is_among(tag, request.headers.get("If-None-Match", "")):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    body = script.compressed if is_compressed else script.plain
    return Response(body, headers=headers, media_type="text/javascript")


@cache
def load() -> Script:
    """The script, read once."""
    return Script.of(files(widget).joinpath("related-coverage.js").read_text(encoding="utf-8"))


def _takes_gzip(accepted: str) -> bool:
    """Whether a client takes gzip, by its `Accept-Encoding`; who only says `*` gets it plain, which is as good."""
    for one in accepted.split(","):
        coding, _, weight = one.partition(";")
        if coding.strip().lower() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False
