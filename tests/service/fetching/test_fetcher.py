"""Redirects, bounds, and asking for what is newer."""

import asyncio
import gzip
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import brotli
import pytest
import trustme

from service.fetching.errors import Failure, FetchError
from service.fetching.fetcher import MAX_REDIRECTS, Fetched, Known
from service.fetching.robots import RobotsFile
from tests.service.fetching.sites import HTML, NEWS, PUBLIC, Answer, Sites, served

TYPES = ("text/html", "application/xhtml+xml")
URL = f"http://{NEWS}/a"
MIB = 2**20
BOMB = b"<p>" + b"a" * (16 * MIB)


async def fetched(sites: Sites, url: str = URL, known: Known | None = None, **limits: Any) -> Fetched:
    async with sites.fetcher(**limits) as fetcher:
        return await fetcher.fetch(url, TYPES, known)


async def failure(sites: Sites, url: str = URL, **limits: Any) -> FetchError:
    with pytest.raises(FetchError) as raised:
        await fetched(sites, url, **limits)
    return raised.value


def leading(to: str, status: int = 302) -> Answer:
    return Answer(b"<p>There.", status, {"Location": to})


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(sites: Sites, status: int) -> None:
    sites.names["other.example"] = [[PUBLIC]]
    sites.put(f"{NEWS}/a", leading("/b?x=1", status))
    sites.put(f"{NEWS}/b?x=1", leading("http://other.example/기사", status))
    sites.put("other.example/%EA%B8%B0%EC%82%AC", Answer(b"<p>Here"))
    answered = await fetched(sites)
    assert answered.body == b"<p>Here"
    assert answered.url == "http://other.example/%EA%B8%B0%EC%82%AC"
    assert "other.example/robots.txt" in sites.asked


async def test_only_so_many_redirects_are_followed(sites: Sites) -> None:
    for step in range(MAX_REDIRECTS + 2):
        sites.put(f"{NEWS}/{step}", leading(f"/{step + 1}"))
    sites.put(f"{NEWS}/{MAX_REDIRECTS + 2}", Answer(b"<p>Here"))
    error = await failure(sites, f"http://{NEWS}/0")
    assert (error.kind, f"{MAX_REDIRECTS} times" in str(error)) == (Failure.UNREACHABLE, True)
    assert (await fetched(sites, f"http://{NEWS}/2")).body == b"<p>Here"


@pytest.mark.parametrize("to", ["/a", "http://www.harbor-tribune.example:80/a", "/b"])
async def test_a_circle_is_seen(sites: Sites, to: str) -> None:
    sites.put(f"{NEWS}/a", leading(to))
    sites.put(f"{NEWS}/b", leading("/a"))
    error = await failure(sites)
    assert (error.kind, "circle" in str(error)) == (Failure.UNREACHABLE, True)
    assert len(sites.asked) <= 3


async def test_no_cookie_is_sent_back(sites: Sites) -> None:
    seen: list[str | None] = []

    def answer(headers: Mapping[str, str]) -> Answer:
        seen.append(headers.get("Cookie"))
        return Answer(b"<p>x", headers=HTML | {"Set-Cookie": "reader=1; Path=/"})

    sites.put(f"{NEWS}/a", answer)
    async with sites.fetcher() as fetcher:
        await fetcher.fetch(URL, TYPES)
        await fetcher.fetch(URL, TYPES)
    assert seen == [None, None]


# Bounds


def deflated_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "gzip, br": lambda data: brotli.compress(gzip.compress(data), quality=1),
}


@pytest.mark.parametrize("encoding", PACKED)
async def test_what_comes_compressed_is_inflated(sites: Sites, encoding: str) -> None:
    body = "<p>압축된 기사".encode()
    sites.put(f"{NEWS}/a", Answer(PACKED[encoding](body), headers=HTML | {"Content-Encoding": encoding}))
    assert (await fetched(sites)).body == body


async def test_deflate_is_taken_as_browsers_take_it(sites: Sites) -> None:
    sites.put(f"{NEWS}/a", Answer(deflated_raw(b"<p>x"), headers=HTML | {"Content-Encoding": "deflate"}))
    assert (await fetched(sites)).body == b"<p>x"


@pytest.mark.parametrize("encoding", PACKED)
async def test_a_bomb_goes_no_further_than_the_bound(sites: Sites, encoding: str) -> None:
    bomb = PACKED[encoding](BOMB)
    assert len(bomb) < MIB
    sites.put(f"{NEWS}/a", Answer(bomb, headers=HTML | {"Content-Encoding": encoding}))
    error = await failure(sites, max_bytes=MIB)
    assert (error.kind, f"larger than {MIB} bytes" in str(error)) == (Failure.TOO_LARGE, True)


@pytest.mark.parametrize("encoding", ["zstd", "compress", "gzip, gzip, gzip", "gzip, x"])
async def test_other_encodings_are_refused(sites: Sites, encoding: str) -> None:
    sites.put(f"{NEWS}/a", Answer(b"x", headers=HTML | {"Content-Encoding": encoding}))
    assert (await failure(sites)).kind is Failure.UNREACHABLE


async def test_what_is_not_compressed_as_it_says(sites: Sites) -> None:
    sites.put(f"{NEWS}/a", Answer(b"<p>plain", headers=HTML | {"Content-Encoding": "gzip"}))
    assert (await failure(sites)).kind is Failure.UNREACHABLE


async def test_a_page_that_is_too_large_is_given_up(sites: Sites) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 256 * MIB:
            sent += MIB
            yield b"a" * MIB

    sites.put(f"{NEWS}/a", Answer(endless))
    assert (await failure(sites, max_bytes=MIB)).kind is Failure.TOO_LARGE
    assert sent < 256 * MIB
    sites.put(f"{NEWS}/a", Answer(b"a" * MIB))
    assert len((await fetched(sites, max_bytes=MIB)).body) == MIB


async def test_a_compressed_stream_that_says_nothing_is_given_up(sites: Sites) -> None:
    packer = zlib.compressobj()
    empty = packer.compress(b"<p>") + packer.flush(zlib.Z_SYNC_FLUSH)
    nothing = b"\x00\x00\x00\xff\xff" * 200_000  # a block of no bytes, again and again

    def endless() -> Iterator[bytes]:
        yield empty
        for _ in range(256):
            yield nothing

    sites.put(f"{NEWS}/a", Answer(endless, headers=HTML | {"Content-Encoding": "deflate"}))
    assert (await failure(sites, max_bytes=MIB)).kind is Failure.TOO_LARGE


async def test_a_site_that_sends_drop_by_drop_is_given_up(sites: Sites) -> None:
    hung_up = threading.Event()

    def drops() -> Iterator[bytes]:
        while not hung_up.wait(0.05):
            yield b"a"

    sites.put(f"{NEWS}/a", Answer(drops))
    error = await failure(sites, seconds=0.5)
    hung_up.set()
    assert (error.kind, "0.5 seconds" in str(error)) == (Failure.TIMEOUT, True)


async def test_a_name_that_takes_forever_to_resolve_is_given_up(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: str) -> list[object]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(sites, "resolve", never)
    assert (await failure(sites, seconds=0.2)).kind is Failure.TIMEOUT


async def test_so_many_are_fetched_at_once_and_no_more(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.fetching.fetcher._WAIT_SECONDS", 0.2)
    hung_up = threading.Event()

    def hangs(_: Mapping[str, str]) -> Answer:
        hung_up.wait(10)
        return Answer(b"<p>late")

    sites.put(f"{NEWS}/a", hangs)
    sites.put(f"{NEWS}/b", Answer(b"<p>x"))
    async with sites.fetcher(at_once=2) as fetcher:
        slow = [asyncio.create_task(fetcher.fetch(URL, TYPES)) for _ in range(2)]
        while sites.asked.count(f"{NEWS}/a") < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(FetchError) as raised:
            await fetcher.fetch(f"http://{NEWS}/b", TYPES)
        assert raised.value.kind is Failure.BUSY
        hung_up.set()
        assert [one.body for one in await asyncio.gather(*slow)] == [b"<p>late"] * 2
        assert (await fetcher.fetch(f"http://{NEWS}/b", TYPES)).body == b"<p>x"


@pytest.mark.parametrize("media_type", ["image/png", "application/pdf", "text/plain; charset=utf-8", "nonsense"])
async def test_what_is_of_another_type_is_not_read(sites: Sites, media_type: str) -> None:
    sites.put(f"{NEWS}/a", Answer(b"a" * MIB, headers={"Content-Type": media_type}))
    error = await failure(sites, max_bytes=10)
    assert (error.kind, media_type.partition(";")[0] in str(error)) == (Failure.NOT_A_PAGE, True)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "TEXT/HTML"}, {"Content-Type": "application/xhtml+xml"}])
async def test_what_is_of_a_type_that_is_wanted_or_of_none_is_read(sites: Sites, headers: dict[str, str]) -> None:
    sites.put(f"{NEWS}/a", Answer(b"<p>x", headers=headers))
    assert (await fetched(sites)).body == b"<p>x"


async def test_there_is_no_such_host(sites: Sites) -> None:
    error = await failure(sites, "http://nowhere.example/")
    assert (error.kind, "nowhere.example" in str(error)) == (Failure.UNREACHABLE, True)


async def test_a_host_does_not_answer(sites: Sites) -> None:
    sites.names["silent.example"] = [["93.184.216.35", "93.184.216.36"]]
    error = await failure(sites, "http://silent.example/")
    assert error.kind is Failure.UNREACHABLE
    assert len(sites.connected) == 2


async def test_what_answers_is_no_http(sites: Sites) -> None:
    sites.put(f"{NEWS}/a", Answer(b"", status=200, headers={"Content-Length": "nonsense"}))
    assert (await failure(sites)).kind is Failure.UNREACHABLE


# What is newer


async def test_a_page_that_is_still_the_same(sites: Sites) -> None:
    def answer(headers: Mapping[str, str]) -> Answer:
        named = {"ETag": '"v1"', "Last-Modified": "Thu, 14 Sep 2023 09:30:00 GMT"}
        same = headers.get("If-None-Match") == '"v1"' and headers.get("If-Modified-Since") == named["Last-Modified"]
        return Answer(b"", 304, named) if same else Answer(b"<p>x", headers=HTML | named)

    sites.put(f"{NEWS}/a", answer)
    first = await fetched(sites)
    assert (first.status, first.body) == (200, b"<p>x")
    assert first.known == Known('"v1"', "Thu, 14 Sep 2023 09:30:00 GMT")
    again = await fetched(sites, known=first.known)
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500, 503])
async def test_errors_are_answers_without_a_body(sites: Sites, status: int) -> None:
    sites.put(f"{NEWS}/a", Answer(b"<p>An error", status))
    answered = await fetched(sites)
    assert (answered.status, answered.body, answered.url) == (status, b"", URL)


# robots.txt

ROBOTS = b"""User-agent: *
Disallow: /private
Allow: /private/open

User-agent: similar-news
Disallow: /*/comments$
Disallow: /old
"""


async def test_robots_txt_is_obeyed(sites: Sites) -> None:
    sites.put(f"{NEWS}/robots.txt", Answer(ROBOTS, headers={"Content-Type": "text/plain"}))
    for path in ("private", "news/comments?page=2"):
        sites.put(f"{NEWS}/{path}", Answer(b"<p>x"))
        assert (await fetched(sites, f"http://{NEWS}/{path}")).body == b"<p>x"
    for path in ("old/a", "news/comments"):
        error = await failure(sites, f"http://{NEWS}/{path}")
        assert (error.kind, "robots.txt" in str(error)) == (Failure.ROBOTS, True)
        assert f"{NEWS}/{path}" not in sites.asked


async def test_a_site_that_leads_to_what_another_one_forbids(sites: Sites) -> None:
    sites.names["other.example"] = [[PUBLIC]]
    sites.put("other.example/robots.txt", Answer(b"\xef\xbb\xbfUser-agent: *\nDisallow: /", headers={}))
    sites.put(f"{NEWS}/a", leading("http://other.example/a"))
    assert (await failure(sites)).kind is Failure.ROBOTS
    assert "other.example/a" not in sites.asked


async def test_robots_txt_is_asked_for_once_in_a_while(sites: Sites) -> None:
    sites.put(f"{NEWS}/a", Answer(b"<p>x"))
    async with sites.fetcher() as fetcher:
        for _ in range(3):
            await fetcher.fetch(URL, TYPES)
    assert sites.asked.count(f"{NEWS}/robots.txt") == 1


@pytest.mark.parametrize(("status", "allows"), [(404, True), (403, True), (410, True), (429, False), (503, False)])
async def test_a_site_without_robots_txt_allows_all_and_one_in_trouble_nothing(
    sites: Sites, status: int, allows: bool
) -> None:
    sites.put(f"{NEWS}/robots.txt", Answer(b"User-agent: *\nDisallow: /", status))
    sites.put(f"{NEWS}/a", Answer(b"<p>x"))
    if allows:
        assert (await fetched(sites)).status == 200
    else:
        assert (await failure(sites)).kind is Failure.ROBOTS


async def test_a_robots_txt_elsewhere_counts(sites: Sites) -> None:
    sites.names["other.example"] = [[PUBLIC]]
    sites.put(f"{NEWS}/robots.txt", leading("http://other.example/ours.txt"))
    sites.put("other.example/ours.txt", Answer(b"User-agent: *\nDisallow: /", headers={}))
    assert (await failure(sites)).kind is Failure.ROBOTS


async def test_of_a_long_robots_txt_the_beginning_counts(sites: Sites) -> None:
    comment = b"# " + b"a" * 1000 + b"\n"
    rules = b"User-agent: *\nDisallow: /a\n" + comment * (RobotsFile.MOST_BYTES // len(comment) + 1) + b"Disallow: /b\n"
    sites.put(f"{NEWS}/robots.txt", Answer(gzip.compress(rules), headers={"Content-Encoding": "gzip"}))
    sites.put(f"{NEWS}/b", Answer(b"<p>x"))
    assert (await fetched(sites, f"http://{NEWS}/b")).status == 200
    assert (await failure(sites)).kind is Failure.ROBOTS


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(("certified", "is_right"), [(NEWS, True), ("other.example", False), (PUBLIC, False)])
async def test_the_certificate_is_checked_for_the_name(authority: trustme.CA, certified: str, is_right: bool) -> None:
    of_site, of_fetcher = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert(certified).configure_cert(of_site)
    authority.configure_trust(of_fetcher)
    named: list[str | None] = []
    of_site.sni_callback = lambda _socket, name, _context: named.append(name)
    with served(of_site) as sites:
        sites.put(f"{NEWS}/a", Answer(b"<p>x"))
        async with sites.fetcher(of_fetcher) as fetcher:
            if is_right:
                assert (await fetcher.fetch(f"https://{NEWS}/a", TYPES)).body == b"<p>x"
            else:
                with pytest.raises(FetchError) as raised:
                    await fetcher.fetch(f"https://{NEWS}/a", TYPES)
                assert raised.value.kind is Failure.UNREACHABLE
    assert set(named) == {NEWS}
    assert set(sites.connected) == {(PUBLIC, 443)}
