"""Nothing that is sent becomes a header of the answer.

On real sockets: clients refuse to send most of this.
"""

import re

from fastapi.testclient import TestClient

from index import CoverageIndex
from tests.index.fakes import an_article
from tests.service.conftest import connected, received
from tests.service.test_cli_stories import merge

ENDS = ["%0D%0A", "%0A", "%0d", "%250d%250a", "%C4%8A", "%E5%98%8D%E5%98%8A", "%00"]
"""Ends of lines, and what careless decoding makes them of."""


def answered(address: str, request: bytes) -> tuple[int, dict[bytes, list[bytes]]]:
    """The status of an answer, and its headers as one finds them who takes every kind of line end for one."""
    with connected(address, request) as connection:
        head = received(connection).partition(b"\r\n\r\n")[0]
    status, *lines = re.split(rb"[\r\n\v\f\x85]+", head)
    headers: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return int(status.split()[1]), headers


def got(address: str, target: str) -> tuple[int, dict[bytes, list[bytes]]]:
    return answered(address, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())


def test_what_comes_as_one_header_does_not_come_back_as_two(topical_service: str) -> None:
    body = b'{"id": "a", "title": "A summit"}'
    head = b"POST /v1/articles HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    for name in (b"X-Request-ID", b"Idempotency-Key", b"Origin", b"If-Match", b"Prefer"):
        for end in (b"\r\n ", b"\r", b"\n", b"\n ", b"\0", b"\v", "\u010a".encode(), b"%0d%0a"):
            sent = head + b"Content-Length: %d\r\n%s: sent%sX-Evil: b\r\n\r\n" % (len(body), name, end)
            status, headers = answered(topical_service, sent + body)
            assert status in {200, 201, 400, 403}
            assert b"x-evil" not in headers
            for request_id in headers.get(b"x-request-id", []):  # there is none when it was no HTTP at all
                assert re.fullmatch(rb"[0-9a-f]{16}|sent", request_id)


def test_an_address_that_an_answer_leads_on_to_is_one_line(topical_index: CoverageIndex, topical_service: str) -> None:
    topical_index.put([an_article("a", "A summit"), an_article("b", "A flood"), an_article("c", "An election")])
    merge(topical_index)
    for end in ENDS:
        for target, expected, name in (
            (f"/v1/stories?limit=1&key={end}X-Evil:b", 200, b"link"),
            (f"/v1/stories/s2?a={end}X-Evil:b", 308, b"location"),
            (f"/v1/stories/s2/articles?{end}X-Evil:b=1", 422, b"content-type"),
            (f"/v1/articles/a{end}X-Evil:b", 422, b"content-type"),
        ):
            status, headers = got(topical_service, target)
            assert status == expected
            assert len(headers[name]) == 1
            assert b"x-evil" not in headers


def test_white_space_around_a_parameter_stays_out_of_the_link(
    topical_index: CoverageIndex, topical_service: str
) -> None:
    topical_index.put([an_article("a", "A summit"), an_article("b", "A flood")])
    status, headers = got(topical_service, "/v1/stories?limit=1%0D%0A")
    assert status == 200
    (link,) = headers[b"link"]
    assert link.startswith(b"</v1/stories?limit=1%0D%0A&cursor=")


def test_neither_id_nor_url_gets_into_the_address_of_an_article(topical_client: TestClient) -> None:
    for end in ("\r\n", "\n", "\r", "%0d%0a", "\u2028", "\u010a"):
        url = f"https://a.example/{end}X-Evil:%20b"
        answer = topical_client.post("/v1/articles", json={"url": url, "title": "A summit"})
        assert answer.status_code in {200, 201}  # ends of lines are taken out of addresses
        assert re.fullmatch(r"/v1/articles/url-[0-9a-f]{32}", answer.headers["Location"])
        refused = topical_client.post("/v1/articles", json={"id": f"a{end}X-Evil:b", "title": "A flood"})
        assert refused.status_code == 422
        assert "X-Evil" not in refused.headers
