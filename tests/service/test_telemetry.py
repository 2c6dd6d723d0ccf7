"""OpenTelemetry, with its SDK."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder

UNHEARD = "xyzzy-plugh"

SERVICE = f"""
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from index import open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
with open_index(Path(sys.argv[1]), FakeEncoder()) as index, TestClient(create_app(Settings(), index)) as client:
    client.get("/v1/stories?source={UNHEARD}")
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Whatever is traced, in place of what `opentelemetry-instrument` would set up."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def ask(index: CoverageIndex, *, is_on: bool) -> None:
    app = create_app(Settings(telemetry=is_on), index)
    with TestClient(app, raise_server_exceptions=False) as client:
        header = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        client.get(f"/v1/stories/s1?source={UNHEARD}", headers=header)
        client.get(f"/v1/stories?source={UNHEARD}")
        client.put("/v1/articles/a", json={"title": UNHEARD, UNHEARD: UNHEARD})
        for quiet in ("/livez", "/readyz", "/metrics"):
            client.get(quiet)


def test_requests_are_traced_without_what_they_ask(index: CoverageIndex, spans: InMemorySpanExporter) -> None:
    ask(index, is_on=True)
    finished = spans.get_finished_spans()
    requests = [span for span in finished if span.kind is trace.SpanKind.SERVER]
    assert [span.name for span in requests] == [
        "GET /v1/stories/{story_id}",
        "GET /v1/stories",
        "PUT /v1/articles/{article_id}",
    ]
    assert requests[0].context is not None
    assert requests[0].context.trace_id == 0x0AF7651916CD43DD8448EB211C80319C
    assert UNHEARD not in "".join(span.to_json() for span in finished)


def test_nothing_is_traced_unless_it_is_wanted(index: CoverageIndex, spans: InMemorySpanExporter) -> None:
    ask(index, is_on=False)
    assert spans.get_finished_spans() == ()


def test_without_a_collector_nothing_is_amiss(index: CoverageIndex, caplog: pytest.LogCaptureFixture) -> None:
    ask(index, is_on=True)
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


@contextmanager
def collecting() -> Iterator[tuple[str, dict[str, bytes]]]:
    """The address of a collector, and the bodies that it has got by path."""
    got: dict[str, bytes] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got[self.path] = got.get(self.path, b"") + body
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def test_the_standard_variables_say_where_it_goes(tmp_path: Path) -> None:
    with collecting() as (address, got):
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_SERVICE_NAME": "news-of-the-day",
            "SIMILAR_NEWS_TELEMETRY": "true",
        }
        subprocess.run([sys.executable, "-c", SERVICE, tmp_path], env={**os.environ, **variables}, check=True)
    assert set(got) == {"/v1/traces", "/v1/metrics"}
    assert b"GET /v1/stories" in got["/v1/traces"]
    assert b"news-of-the-day" in got["/v1/traces"]
    assert UNHEARD.encode() not in b"".join(got.values())
