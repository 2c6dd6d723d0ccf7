import gzip
from pathlib import Path

import pytest
import zstandard

from service.files.errors import UnreadableFileError
from service.files.formats import Format
from service.files.opening import BROKEN, files_of
from service.files.records import INVALID, SKIPPED, Skipped, Start
from tests.service.files.reading import PAGE, TEXT, fields, found, found_in

CANONICAL = '<link rel="canonical" href="https://paper.example/kim">'


def archive(*, compressed: bool = False) -> bytes:
    written = [
        _record("warcinfo", "", b"software: x\r\n"),
        _response("first", PAGE.replace(CANONICAL, "").encode()),
        _response("style.css", b"p {}", "text/css"),
        _response("gone", PAGE.encode(), status="404 Not Found"),
        _response("cyrillic", PAGE.replace("grain", "зерно").encode("cp1251"), "text/html; charset=cp1251"),
    ]
    return b"".join(map(gzip.compress, written) if compressed else written)


def _response(name: str, body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return _record("response", f"WARC-Target-URI: https://paper.example/{name}\r\n", head.encode() + body)


def _record(kind: str, named: str, block: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Date: 2023-09-13T12:00:00Z\r\n{named}"
    of_http = "application/http; msgtype=response" if kind == "response" else "application/warc-fields"
    return f"{head}Content-Type: {of_http}\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def test_a_saved_page_is_an_article() -> None:
    (record,) = found(PAGE)
    read = fields(record)
    assert read["url"] == "https://paper.example/kim"
    assert (read["title"], read["published_at"], read["source"]) == (
        "Kim meets Putin",
        "2023-09-13T00:00:00Z",
        "The Paper",
    )
    assert TEXT in read["text"]
    assert "Sport" not in read["text"]


def test_a_page_may_tell_its_url_as_it_is_shared_elsewhere() -> None:
    shared = '<meta content="https://paper.example/kim?a=1&amp;b=2" property="og:url">'
    (record,) = found(PAGE.replace(CANONICAL, shared))
    assert fields(record)["url"] == "https://paper.example/kim?a=1&b=2"


def test_a_page_that_does_not_tell_its_url_is_reported() -> None:
    (record,) = found(PAGE.replace(CANONICAL, '<link rel="canonical" href="/kim">'))
    assert isinstance(record.what, Skipped)
    assert (record.what.outcome, "URL" in record.what.reason) == (INVALID, True)


def test_a_page_without_an_article_is_passed_over() -> None:
    (record,) = found(PAGE.replace(TEXT, "Home"))
    assert isinstance(record.what, Skipped)
    assert record.what.outcome == SKIPPED


@pytest.mark.parametrize("compressed", [False, True])
def test_responses_of_an_archive_that_are_pages_are_articles(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "crawl"
    path.write_bytes(archive(compressed=compressed))
    first, style, gone, last = found_in(path)
    assert fields(first)["url"] == "https://paper.example/first"
    assert "зерно" in fields(last)["text"]
    for record, why in ((style, "text/css"), (gone, "404")):
        assert isinstance(record.what, Skipped)
        assert record.what.outcome == SKIPPED
        assert why in record.what.reason
    assert [record.number for record in found(archive(), start=Start(3))] == [4]


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(UnreadableFileError):
        found(b"WARC/1.0\r\nnonsense", Format.WARC)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_files_may_be_compressed(tmp_path: Path, compress: object) -> None:
    lines = b"".join(b'{"id": "%d", "title": "A summit"}\n' % number for number in range(5_000))
    path = tmp_path / "a"
    assert callable(compress)
    path.write_bytes(compress(lines[: len(lines) // 2]) + compress(lines[len(lines) // 2 :]))
    assert len(found_in(path)) == 5_000
    path.write_bytes(compress(lines)[:-20])
    with pytest.raises((UnreadableFileError, *BROKEN)):
        assert len(found_in(path)) == 5_000, "it ended early, and nothing was said"


def test_directories_and_patterns_name_files(tmp_path: Path) -> None:
    for name in ("b/2.jsonl", "b/1.jsonl", "a.jsonl", ".hidden/x.jsonl", "b/.y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    names = [str(path and path.relative_to(tmp_path)) for path in files_of([str(tmp_path), str(tmp_path / "a.jsonl")])]
    assert names == ["a.jsonl", "b/1.jsonl", "b/2.jsonl"]
    assert files_of([str(tmp_path / "*.jsonl"), "-"]) == [tmp_path / "a.jsonl", None]
    with pytest.raises(UnreadableFileError, match="no file"):
        files_of([str(tmp_path / "*.csv")])


def test_a_page_that_breaks_what_reads_it_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("service.fetching.extraction.bare_extraction", broken)
    (record,) = found(PAGE)
    assert isinstance(record.what, Skipped)
    assert record.what.outcome == INVALID
