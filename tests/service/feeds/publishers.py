"""Forty publishers with a feed each, good and bad, who publish for days."""

import gzip
import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from tests.service.feeds import written_feeds as written
from tests.service.feeds.time_machine import START, TimeMachine
from tests.service.feeds.written_feeds import ATOM, JSON, RSS, XML, Report
from tests.service.fetching.sites import PUBLIC, Answer, Sites

EVERY = timedelta(hours=8)
REPORTS = 9
"""So many each publishes: one every eight hours, for three days."""

SHOWN = 6
"""So many of the latest are in a feed."""

EDITED_AFTER = timedelta(hours=6)
MAX_BYTES = 200_000


@dataclass
class Publisher:
    """One feed, at a host of its own.

    Attributes:
        name: what makes it special.
        write: writes the feed with certain reports.
        content_type: what it says that is.
        encode: makes bytes of it.
        change: changes each of its reports before it is written.
        answer: answers in place of the feed; None for the feed.
        host: where it is.
        expected: the titles that are to be articles at last, when they are not those of all its reports.
        edits: how many of its reports are edited.
    """

    name: str
    write: Callable[[list[Report]], str] = written.rss
    content_type: str = RSS
    encode: Callable[[str], bytes] = str.encode
    change: Callable[[Report, "Publisher"], Report] = lambda report, _: report
    answer: Callable[["Publisher", Mapping[str, str]], Answer | None] = lambda *_: None
    host: str = ""
    expected: Callable[["Publisher"], list[str]] | None = None
    edits: int = 0
    clock: TimeMachine = field(init=False)
    polled_at: list[datetime] = field(default_factory=list)
    others: threading.Event = field(default_factory=threading.Event)

    @property
    def polls(self) -> int:
        return len(self.polled_at)

    @property
    def url(self) -> str:
        return f"http://{self.host}/{self.name}/feed"

    def report(self, number: int) -> Report:
        published_at = START - timedelta(hours=1) + number * EVERY
        link = f"http://{self.host}/{self.name}/{number}"
        title = f"{self.name} reports number {number} of the summit"
        text = f"<p>What was said on day {number} at the <b>summit</b>, as {self.name} heard it &amp; saw it.</p>"
        return self.change(Report(f"{self.name}-{number}", link, title, text, published_at), self)

    def titles(self) -> list[str]:
        return [self.report(number).title or "" for number in range(REPORTS)]

    def shown(self) -> list[Report]:
        published = [one for number in range(REPORTS) if (one := self.report(number)).published_at]
        return [one for one in published if one.published_at and one.published_at <= self.clock.moment][-SHOWN:][::-1]

    def serve(self, headers: Mapping[str, str]) -> Answer:
        self.polled_at.append(self.clock.moment)
        answer = self.answer(self, headers)
        return answer or self.feed()

    def feed(self, **headers: str) -> Answer:
        body = self.encode(self.write(self.shown()))
        return Answer(body, headers={"Content-Type": self.content_type} | headers)


def serve(publishers: list[Publisher], sites: Sites, clock: TimeMachine) -> None:
    """Put them onto sites."""
    for number, one in enumerate(publishers):
        one.host = one.host or f"news-{number}.example"
        one.clock = clock
        sites.names[one.host] = [[PUBLIC]]
        sites.put(one.url.removeprefix("http://"), one.serve)


# What is special of some: how they answer


def _by_etag(one: Publisher, headers: Mapping[str, str]) -> Answer:
    etag = f'"{hashlib.sha256(one.feed().body).hexdigest()[:8]}"'  # type: ignore[arg-type]  # bytes, of a feed
    return Answer(status=304) if headers.get("If-None-Match") == etag else one.feed(ETag=etag)


def _by_time(one: Publisher, headers: Mapping[str, str]) -> Answer:
    latest = format_datetime(max(shown.published_at for shown in one.shown() if shown.published_at))
    return Answer(status=304) if headers.get("If-Modified-Since") == latest else one.feed(**{"Last-Modified": latest})


def _moved(one: Publisher, _: Mapping[str, str]) -> Answer:
    return Answer(status=301, headers={"Location": f"/{one.name}/feed/new"})


def _at_first(answer: Answer, times: int = 1) -> Callable[[Publisher, Mapping[str, str]], Answer | None]:
    return lambda one, _: answer if one.polls <= times else None


def _always(answer: Answer) -> Callable[[Publisher, Mapping[str, str]], Answer]:
    return lambda *_: answer


def _limiting(one: Publisher, _: Mapping[str, str]) -> Answer | None:
    return Answer(status=429, headers={"Retry-After": "7200"}) if one.polls == 1 else None


def _closed_for_hours(one: Publisher, _: Mapping[str, str]) -> Answer | None:
    back = START + timedelta(hours=3)
    status = Answer(status=503, headers={"Retry-After": format_datetime(back, usegmt=True)})
    return status if one.clock.moment < back else None


def _gone_within_a_day(one: Publisher, _: Mapping[str, str]) -> Answer | None:
    return Answer(status=410) if one.clock.moment >= START + timedelta(hours=22) else None


def _hanging_once(one: Publisher, _: Mapping[str, str]) -> Answer | None:
    def drop_by_drop() -> Iterator[bytes]:
        while True:
            yield b" "
            time.sleep(0.2)

    return Answer(drop_by_drop, headers={"Content-Type": RSS}) if one.polls == 1 else None


def _waiting_for_others(one: Publisher, _: Mapping[str, str]) -> Answer | None:
    one.others.wait(60)
    return None


def _bomb() -> Answer:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    body = b"".join(packed.compress(zeros) for _ in range(100)) + packed.flush()
    return Answer(body, headers={"Content-Type": RSS, "Content-Encoding": "gzip"})


def _gzipped(one: Publisher, _: Mapping[str, str]) -> Answer:
    feed = one.feed(**{"Content-Encoding": "gzip"})
    return replace(feed, body=gzip.compress(feed.body))  # type: ignore[arg-type]  # as above


# How they write


def _edited(report: Report, one: Publisher) -> Report:
    """Every other report is edited some hours later."""
    assert report.published_at
    edited_at = report.published_at + EDITED_AFTER
    if int((report.guid or "0").rpartition("-")[2]) % 2 or one.clock.moment < edited_at:
        return report
    return replace(report, title=f"{report.title}, corrected", updated_at=edited_at)


def _dated_now(report: Report, one: Publisher) -> Report:
    return replace(report, published_at=report.published_at, updated_at=one.clock.moment)


def _undated(reports: list[Report]) -> str:
    return written.rss([replace(one, published_at=None) for one in reports])


def _malformed(reports: list[Report]) -> str:
    return written.rss(reports).replace("&lt;b&gt;", " & <b>").replace("</channel></rss>", "")


def _twice(reports: list[Report]) -> str:
    return written.rss([*reports, *reports])


def _with_tombstones(reports: list[Report]) -> str:
    """Of the reports that are not shown any more, every one whose number can be divided by three is deleted."""
    shown = [int((one.guid or "").rpartition("-")[2]) for one in reports]
    deleted = "".join(written.tombstone(f"deleting-{one}") for one in range(min(shown)) if one % 3 == 0)
    return written.atom(reports, more=deleted)


def _with_entities(reports: list[Report]) -> str:
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 20}">' for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    return written.rss(reports).replace("?>", f"?>{bomb}]>", 1).replace("</title>", " &h;</title>", 1)


def _not_deleted(one: Publisher) -> list[str]:
    gone = set(range(0, REPORTS - SHOWN, 3))
    return [title for number, title in enumerate(one.titles()) if number not in gone]


def _none(_: Publisher) -> list[str]:
    return []


def _first_day(one: Publisher) -> list[str]:
    return one.titles()[:3]  # the fourth would come an hour after its end


def all_publishers() -> list[Publisher]:
    """Forty of them; the first two are at one host."""
    korean = lambda report, _: replace(report, title=f"정상회담 {report.title}", text="두 정상이 만나 협력을 논의했다.")  # noqa: E731 - one of many short ones
    russian = lambda report, _: replace(report, title=f"Саммит {report.title}", text="Лидеры обсудили спутники.")  # noqa: E731 - as above
    chinese = lambda report, _: replace(report, title=f"峰会 {report.title}", text="两国领导人讨论了卫星合作。")  # noqa: E731 - as above
    shared = "together.example"
    return [
        Publisher("plain", host=shared),
        Publisher("atom", written.atom, ATOM, host=shared),
        Publisher("json", written.json_feed, JSON),
        Publisher("rdf", written.rdf, "application/rdf+xml"),
        Publisher("sitemap", written.sitemap, XML),
        Publisher("cyrillic", lambda r: written.rss(r, declared="windows-1251"), "text/xml",
                  lambda t: t.encode("cp1251"), russian),
        Publisher("euckr", lambda r: written.rss(r, declared=""), "text/xml; charset=euc-kr",
                  lambda t: t.encode("euc-kr"), korean),
        Publisher("gb", lambda r: written.rss(r, declared="gb18030"), XML, lambda t: t.encode("gb18030"), chinese),
        Publisher("utf16", lambda r: written.rss(r, declared=""), XML, lambda t: t.encode("utf-16"), korean),
        Publisher("unsaid", lambda r: written.rss(r, declared=""), "text/xml", change=korean),
        Publisher("etag", answer=_by_etag),
        Publisher("modified", answer=_by_time),
        Publisher("gzipped", answer=_gzipped),
        Publisher("moved", answer=_moved),
        Publisher("malformed", _malformed),
        Publisher("entities", _with_entities),
        Publisher("waiting", answer=_waiting_for_others),
        Publisher("hanging", answer=_hanging_once),
        Publisher("limiting", answer=_limiting),
        Publisher("closed", answer=_closed_for_hours),
        Publisher("broken-once", answer=_at_first(Answer(status=500), 2)),
        Publisher("mistyped", content_type="text/html; charset=utf-8"),
        Publisher("undated", _undated),
        Publisher("dated-now", written.atom, ATOM, change=_dated_now),
        Publisher("guidless", change=lambda report, _: replace(report, guid=None)),
        Publisher("linkless", change=lambda report, _: replace(report, link=None)),
        Publisher("nameless", change=lambda report, _: replace(report, link=None, guid=None)),
        Publisher("one-guid", change=lambda report, _: replace(report, guid="story")),
        Publisher("one-link", change=lambda report, one: replace(report, link=f"http://{one.host}/")),
        Publisher("relative", change=lambda report, _: replace(report, link=f"../relative/{report.guid}")),
        Publisher("scripted", change=lambda report, _: replace(report, link="javascript:alert(1)")),
        Publisher("twice", _twice),
        Publisher("edited", written.atom, ATOM, change=_edited, edits=5),
        Publisher("deleting", _with_tombstones, ATOM, expected=_not_deleted),
        Publisher("huge", lambda r: written.rss(r) + " " * MAX_BYTES, expected=_none),
        Publisher("bomb", answer=_always(_bomb()), expected=_none),
        Publisher("broken", answer=_always(Answer(status=500)), expected=_none),
        Publisher("page", lambda _: "<html><body>Not a feed</body></html>", "text/html", expected=_none),
        Publisher("empty", lambda _: written.rss([]), expected=_none),
        Publisher("gone", answer=_gone_within_a_day, expected=_first_day),
    ]  # fmt: skip
