"""Requests that are wrong in one of many ways, as strategies of hypothesis."""

import gzip
import json
from collections.abc import Sequence
from urllib.parse import quote

from hypothesis import strategies as st

IDS = tuple(f"{topic}-{number}" for topic in ("summit", "flood", "new") for number in range(3))
"""So few that what is kept does not grow, however many are sent."""

_ARTICLE_PATHS = tuple(f"/v1/articles/{one}" for one in IDS)
_POST_PATHS = ("/v1/articles", "/v1/articles:batch", "/v1/related", "/v1/takedowns")
_PATHS = (
    *_ARTICLE_PATHS,
    *_POST_PATHS,
    *(f"{path}/related" for path in _ARTICLE_PATHS),
    *(
        f"/v1/stories/{one}{behind}"
        for one in ("s1", "s9")
        for behind in ("", "/articles", "/timeline", "/explanation")
    ),
    *("/v1/stories", "/v1/stories/changes"),
    *("/livez", "/readyz", "/metrics", "/version", "/", "/docs", "/static/pages.css"),
)
_PATHS_OF = {"PUT": _ARTICLE_PATHS, "DELETE": _ARTICLE_PATHS, "POST": _POST_PATHS}
"""Where these methods do something, so that not most of them are refused for that alone."""

_PARAMETERS = (
    *("limit", "max_per_source", "min_score", "relation", "diversity", "half_life", "exclude", "lang", "exclude_lang"),
    *("source", "country", "since", "until", "url", "order", "cursor", "min_articles", "thread", "after", "story"),
    *("restore", "key"),
)
_FIELDS = (
    *("id", "url", "title", "text", "lang", "language", "published_at", "source", "country"),
    *("like", "ids", "unlike"),
)
_METHODS = (
    *("GET",) * 6,
    *("PUT",) * 5,
    *("POST",) * 5,
    *("DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO", "get"),
)
_HEADERS = (
    *("If-Match", "If-None-Match", "Idempotency-Key", "Prefer", "Last-Event-ID", "traceparent", "tracestate"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Request-ID", "Accept", "Accept-Encoding", "Range"),
    *("Origin", "Referer", "Authorization", "X-API-Key", "Cookie", "Expect", "Upgrade", "Connection", "TE"),
    *("Sec-Fetch-Site", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Date", "User-Agent"),
)
_TRICKS = (
    *("%2e%2e", "..", ".", "%2e", "//", "%2f", "%5c", "\\", "%00", "%0a", "%0d%0a", "%7f", "%ff", "%c0%af", "%c0%80"),
    *("%ed%a0%80", "%f4%90%80%80", "%e2%80%ae", "%ef%bb%bf", "%", "%zz", "%u0041", ";", "~", "*"),
    "%41" * 3_000,
)
_NUMBERS = (
    *("0", "-1", "1e400", "-1e400", "9" * 400, "9" * 5_000, "9223372036854775808", "1.5", "0x10", "NaN", "Infinity"),
    *("1_000", "٣", "1e-400", "", " 1"),
)
_VALUES = (
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2023-02-30", "-0001-01-01", "s" + "9" * 40),
    *("http://[::1", "http://\u202e.example/", "file:///etc/passwd", "zz-" * 12, "WzFlOTk5LDFd", "bnVsbA"),
    *("\ufeff", "\x00", "e\u0301" * 200, "\U0010ffff", "'; --", "<script>", "${jndi:x}", "t" * 5_000),
)
_TYPES = ("application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data", "a/b/c", "")
_ENCODINGS = ("gzip", "zstd", "br", "identity", "gzip, gzip", "", "x-gzip")

_texts = st.sampled_from(_VALUES + _NUMBERS) | st.text(max_size=12)
_scalars = st.none() | st.booleans() | _texts | st.integers() | st.integers(-(2**70), 2**70) | st.floats()
_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3), max_leaves=5
)
_depths = st.sampled_from((10, 500, 900, 3_000, 20_000))
_articles = st.fixed_dictionaries(
    {"title": st.sampled_from(("A summit", "A flood")) | _texts},
    optional={name: _json if name == "like" else _texts | _scalars for name in _FIELDS[3:]}
    | {"id": st.sampled_from(IDS)},
)


def _dumped(value: object) -> bytes:
    """JSON, with half characters where there are any."""
    return json.dumps(value).encode()


_bodies = st.one_of(
    _articles.map(_dumped),
    _articles.map(_dumped),
    st.dictionaries(st.sampled_from(_FIELDS) | _texts, _json, max_size=4).map(_dumped),
    _json.map(_dumped),
    st.sampled_from(_NUMBERS).map(lambda number: f'{{"title": "A summit", "published_at": {number}}}'.encode()),
    st.sampled_from(_NUMBERS).map(lambda number: f'{{"ids": {number}, "title": {number}, "text": "a"}}'.encode()),
    _depths.map(lambda depth: b"[" * depth + b"]" * depth),
    _depths.map(lambda depth: b'{"title":' * depth),
    st.sampled_from(
        ('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e"', "NaN", "-Infinity", '"\t"', '"\\x"')
    ).map(lambda value: f'{{"id": {value}, "title": {value}}}'.encode()),
    st.sampled_from((b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\x00", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80")).map(
        lambda wrong: b'{"title": "A ' + wrong + b' summit"}'
    ),
    _articles.map(lambda article: json.dumps(article).encode("utf-16", "surrogatepass")),
    _articles.map(lambda article: gzip.compress(_dumped(article), 1, mtime=0)[:-3]),
    st.lists(_articles, max_size=4).map(lambda lines: b"\n".join(map(_dumped, lines))),
    st.binary(max_size=60),
    st.just(b'{"title": "' + b"a" * 70_000 + b'"}'),
    st.just(b""),
)

_visible = st.text(st.characters(codec="latin-1", min_codepoint=0x20, exclude_characters="\x7f"), max_size=20)
_header_values = st.one_of(
    _visible.map(lambda text: text.strip().encode("latin-1")),
    st.sampled_from(_NUMBERS + _TRICKS).map(lambda text: text.strip().encode()),
    st.sampled_from(
        (
            *(b'"' * 3, b"*", b'W/"a", "b', b'"' + b"a" * 300 + b'"', b"wait=" + b"9" * 50, b"respond-async, wait=1"),
            *(b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", b"1.2.3.4, ::1, x", b"null", b"Bearer", b"bytes=0-,-1"),
            *(b"Bearer sn_000000000000_" + b"0" * 64, b"100-continue", b"websocket", b"h2c", b"keep-alive, Upgrade"),
            *(b"\xff\xfe", b"\xe2\x80\xae", b"a" * 10_000, b",".join([b'"a"'] * 2_000)),
        )
    ),
)
_header = st.tuples(st.sampled_from(_HEADERS).map(str.encode), _header_values)
_headers = st.lists(_header, max_size=3) | _header.map(lambda one: [(one[0], one[1][:300])] * 90)


@st.composite
def _targets(draw: st.DrawFn, method: str) -> str:
    paths = _PATHS_OF.get(method, _PATHS) if draw(st.integers(0, 3)) else _PATHS
    path = draw(st.sampled_from(paths))
    if draw(st.integers(0, 3)) == 0:
        trick = draw(st.sampled_from(_TRICKS) | st.text(max_size=6).map(quote))
        at = draw(st.integers(0, len(path)))
        path = "/" + path[:at].removeprefix("/") + trick + path[at:]
    parameters = draw(st.lists(st.tuples(st.sampled_from(_PARAMETERS) | _texts, _texts), max_size=2))
    query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in parameters)
    return path + ("?" + query if query else "")


def _whole(method: str, target: str, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: 127.0.0.1", *(b": ".join(header) for header in headers)]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


_no_event_ids = st.sampled_from(("-1", "x", "1.5", "9" * 30, "9" * 5_000, "0x1", "NaN", "1, 2"))
"""With any of these the stream does not begin, which would not end."""


@st.composite
def _whole_requests(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 49)) == 0:
        return _whole("GET", "/v1/stories/stream", [(b"Last-Event-ID", draw(_no_event_ids).encode())], b"")
    method: str = draw(st.sampled_from(_METHODS))
    headers: list[tuple[bytes, bytes]] = draw(_headers)
    body = b""
    if method in {"PUT", "POST", "PATCH"}:
        body = draw(_bodies)
        media_type = draw(st.sampled_from(("application/json",) * 8 + _TYPES))
        headers = [*headers, (b"Content-Type", media_type.encode())]
        if draw(st.integers(0, 9)) == 0:
            headers = [*headers, (b"Content-Encoding", draw(st.sampled_from(_ENCODINGS)).encode())]
    return _whole(method, draw(_targets(method)), headers, body)


whole_requests = _whole_requests()
"""Requests that a server can tell where they end, whatever is wrong with them."""

_framing = st.sampled_from(
    (
        *(b"Content-Length: -1", b"Content-Length: x", b"Content-Length: 1, 2", b"Content-Length: " + b"9" * 30),
        *(b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 100", b"Content-Length: +5", b"Content-Length:"),
        *(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"Transfer-Encoding: x"),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding:\x0bchunked"),
        *(b"no colon", b": no name", b"a b: c", b"a\x00: c", b"a: \x00", b"a: b\rc", b"a: b\n c", b" folded: x"),
        *(b"a :b", b"Host: a\r\nHost: b", b"Expect: x", b"\xff: a", b""),
        *(b"a: " + b"a" * 70_000, b"\r\n".join([b"a: b"] * 5_000)),
    )
)
_request_lines = st.sampled_from(
    (
        *(b"GET /livez HTTP/1.1", b"PUT /v1/articles/new-0 HTTP/1.1", b"POST /v1/articles:batch HTTP/1.1"),
        *(b"POST /v1/related HTTP/1.0", b"GET http://other.example/livez HTTP/1.1", b"GET http://[ HTTP/1.1"),
        *(b"OPTIONS * HTTP/1.1", b"GET * HTTP/1.1", b"CONNECT a:443 HTTP/1.1", b"GET  /livez HTTP/1.1", b"GET /livez"),
        *(b"GET /livez HTTP/9.9", b"GET /livez HTTP/1.1 x", b"GET / livez HTTP/1.1", b"GET livez HTTP/1.1", b"\xff /"),
        *(b"GET //other.example/livez HTTP/1.1", b"get /livez http/1.1", b"PRI * HTTP/2.0", b"GET /?a#b HTTP/1.1"),
        *(b"GET /\x00 HTTP/1.1", b"GET /\xc3\xa9 HTTP/1.1", b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"G" * 5_000),
    )
)
_ends = st.sampled_from((b"\r\n\r\n", b"\n\n", b"\r\r", b"\r\n", b""))
_chunks = st.sampled_from(
    (
        b"",
        b"abc",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"-1\r\n",
        b"zz\r\nab",
        b"f" * 20 + b"\r\n",
        b"5;a=b\r\nhel",
        b'{"title": "a"}',
    )
)
raw_requests = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda line, framing, end, body: b"\r\n".join([line, b"Host: a", *framing]) + end + body,
        _request_lines,
        st.lists(_framing, max_size=2),
        _ends,
        _chunks,
    ),
    st.builds(lambda request, cut: request[: -cut or None], whole_requests, st.integers(0, 40)),
)
"""Anything that can be sent, most of which is no HTTP or never ends."""
