"""Every request has an id, and its line in the log; and no line has what was sent."""

import gzip
import io
import json
import logging
import re
import sqlite3
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from index import CoverageIndex, open_index
from index.errors import StoreError
from index.store import sql_writing
from service import logs
from service.app import create_app
from service.request_watch import UNMATCHED, Handled
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article
from tests.waiting import wait_until

UNHEARD = "xyzzy-plugh"  # in everything that is sent but a path


class Log:
    """What is logged, as a machine reads it."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Those of clients without an address, as here; a browser that is done may still ask the service for pages."""
        requests = [line for line in self.lines if line["logger"] == "service.access_log"]
        return [line for line in requests if "network" not in line]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Everything logged at level debug, in the service's own format."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure(Settings(log_level="debug", log_format="json"))
    yield Log(stream)
    root.handlers = handlers
    root.setLevel(level)


class QuotingEncoder(FakeEncoder):
    """Breaks at some texts with an error that quotes them, and logs from its thread."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("break" in text for text in texts):
            try:
                raise KeyError(texts[0])
            except KeyError as error:
                raise ValueError(f"cannot read {texts}") from error
        return super().encode(texts)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", QuotingEncoder()) as opened:
        yield opened


def test_a_request_is_logged_with_what_became_of_it(log: Log, client: TestClient) -> None:
    body = client.get("/v1/articles/a/related?limit=3").content
    (line,) = log.requests
    assert line.pop("milliseconds") >= 0
    assert re.fullmatch("[0-9a-f]{16}", line.pop("request_id"))
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "service.access_log",
        "method": "GET",
        "route": "/v1/articles/{article_id}/related",
        "path": "/v1/articles/a/related",
        "status": 404,
        "bytes": len(body),
    }


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_what_asks_all_the_time_is_logged_for_debugging_only(log: Log, client: TestClient, path: str) -> None:
    client.get(path)
    (line,) = log.requests
    assert line["level"] == "debug"
    logging.getLogger().setLevel(logging.INFO)
    client.get(path)
    assert len(log.requests) == 1


def test_the_lines_can_be_turned_off(log: Log, index: CoverageIndex) -> None:
    with TestClient(create_app(Settings(access_log=False), index)) as client:
        assert client.get("/v1/stories").headers["X-Request-ID"]
    assert log.requests == []


@pytest.mark.parametrize("sent", ["a", "0190-ab.C_d", "x" * 64])
def test_the_id_that_a_client_sends_is_kept(log: Log, client: TestClient, sent: str) -> None:
    assert client.get("/v1/stories", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent
    assert log.requests[0]["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a\tb", "a;b", "é", "<a>"])
def test_an_id_that_is_none_is_replaced(client: TestClient, sent: str) -> None:
    answer = client.get("/v1/stories", headers={b"X-Request-ID": sent.encode()})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", 200),
        ("GET", "/nowhere", 404),
        ("PATCH", "/livez", 405),
        ("GET", "/v1/articles/%0a", 422),
        ("GET", "/static/site.css", 404),
        ("GET", "/docs", 200),
        ("POST", "/v1/related", 500),
    ],
)
def test_every_answer_has_an_id_of_its_own(client: TestClient, method: str, path: str, status: int) -> None:
    body = b'{"title": "break"}' if method == "POST" else None
    answers = [client.request(method, path, content=body, headers={"Content-Type": "application/json"}) for _ in "12"]
    assert [answer.status_code for answer in answers] == [status, status]
    first, second = (answer.headers["X-Request-ID"] for answer in answers)
    assert first != second


def test_what_is_logged_meanwhile_has_the_id_in_threads_too(
    log: Log, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = sql_writing.now

    def telling() -> Any:
        logging.getLogger("index.told").info("in the thread that writes")
        return now()

    monkeypatch.setattr(sql_writing, "now", telling)
    client.put("/v1/articles/a", json={"title": "A summit"}, headers={"X-Request-ID": "put"})
    client.delete("/v1/articles/a", headers={"X-Request-ID": "delete"})
    told = {line["request_id"] for line in log.lines if line["logger"] == "index.told"}
    assert told == {"put", "delete"}
    logging.getLogger("index.told").info("afterwards")
    assert "request_id" not in log.lines[-1]


def test_no_text_query_or_header_is_in_any_log_line(log: Log, client: TestClient) -> None:
    headers = {"Authorization": f"Bearer {UNHEARD}", "X-API-Key": UNHEARD, "Cookie": UNHEARD, "Referer": UNHEARD}
    headers |= {"X-Request-ID": f"{UNHEARD} no token", "User-Agent": UNHEARD}
    article = {"title": f"A summit {UNHEARD}", "text": f"break {UNHEARD}"}
    good = {"title": f"A summit {UNHEARD}", "url": f"https://news.example/{UNHEARD}", "source": UNHEARD}
    sent: list[tuple[str, str, Any]] = [
        ("PUT", "/v1/articles/good", good),
        ("PUT", "/v1/articles/bad", article),
        ("PUT", "/v1/articles/wrong", {UNHEARD: UNHEARD, "lang": UNHEARD, "title": 7}),
        ("PUT", "/v1/articles/other", {"id": UNHEARD, "title": UNHEARD}),
        ("POST", "/v1/articles", good),
        ("POST", "/v1/articles:batch", good),
        ("POST", "/v1/related", {"title": UNHEARD}),
        ("POST", "/v1/related", article),
        ("POST", "/v1/related", UNHEARD),
        ("GET", f"/v1/related?url=https://news.example/{UNHEARD}", None),
        ("GET", f"/v1/articles/good/related?source={UNHEARD}&key={UNHEARD}", None),
        ("GET", f"/v1/stories?source={UNHEARD}", None),
        ("GET", f"/nowhere?{UNHEARD}", None),
        ("BREW", f"/v1/articles/good?{UNHEARD}", UNHEARD),
        ("DELETE", "/v1/articles/good", None),
    ]
    statuses = [client.request(method, path, json=body, headers=headers).status_code for method, path, body in sent]
    assert statuses.count(500) == 2
    assert len(log.requests) == len(sent)
    assert UNHEARD not in log.text
    assert "test_request_watch.py" in log.text  # where it went wrong is told
    assert "KeyError" in log.text


def test_no_article_is_in_what_is_logged_of_an_error_behind_the_requests(log: Log, client: TestClient) -> None:
    client.put("/v1/articles/bad", json={"title": "A summit", "text": f"break {UNHEARD}"})
    wait_until(lambda: "embedding what waits failed" in log.text)
    assert UNHEARD not in log.text
    assert "ValueError" in log.text
    assert "KeyError" in log.text  # which it came from


def test_no_traceback_in_the_log_says_what_was_sent(log: Log) -> None:
    """Whatever library logs it: uvicorn and asyncio log errors that nothing has caught."""
    try:
        QuotingEncoder().encode([f"break {UNHEARD}"])
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    assert "ValueError" in log.text
    assert "KeyError" in log.text
    assert UNHEARD not in log.text


def test_no_article_is_in_the_message_of_a_failing_store(
    log: Log, client: TestClient, index: CoverageIndex, tmp_path: Path
) -> None:
    (store,) = tmp_path.glob("data/*.sqlite")
    assert client.put("/v1/articles/a", json={"title": "A summit"}).status_code == 201
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON articles BEGIN SELECT RAISE(ABORT, 'not now'); END")
    with pytest.raises(StoreError) as raised:
        index.put([an_article("b", title=f"A summit {UNHEARD}")])
    assert UNHEARD not in "".join(traceback.format_exception(raised.value))
    answer = client.put("/v1/articles/b", json={"title": f"A summit {UNHEARD}"})
    assert answer.status_code == 503
    assert "not now" in log.text
    assert UNHEARD not in log.text


def handled(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> list[Handled]:
    seen: list[Handled] = []
    monkeypatch.setattr(client.app.middleware_stack, "_observers", [seen.append])  # type: ignore[attr-defined]
    return seen


def test_requests_are_told_by_route(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/livez")
    seen = handled(client, monkeypatch)
    for path in ("/v1/stories/s1", "/static/a.css", "/static-offline-docs/none", "/nowhere/%0a", "/x" * 400):
        client.get(path)
    assert [one.route for one in seen] == [
        "/v1/stories/{story_id}",
        "/static/{path}",
        "/static-offline-docs/{path}",
        UNMATCHED,
        UNMATCHED,
    ]
    assert seen[-2].path == "/nowhere/%0A"
    assert len(seen[-1].path) == 300


def test_a_request_with_a_compressed_body_is_told_by_its_route(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/livez")
    seen = handled(client, monkeypatch)
    client.put("/v1/articles/a", content=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    assert [one.route for one in seen] == ["/v1/articles/{article_id}"]


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", None),
        (None, None),
    ],
)
def test_of_a_client_only_its_network_is_told(host: str | None, network: str | None) -> None:
    handled = Handled("GET", UNMATCHED, 200, 0.1, 0, "id", None, {"client": (host, 1) if host else None})
    assert handled.network == network
