"""What becomes of stories, for those who ask again and again and for those who listen."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from index.store.stories import Regrouping, StoryChange
from service.app import create_app
from service.routes import story_stream
from service.server import Server
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import serving
from tests.service.test_articles import assert_problem
from tests.waiting import wait_until

CHANGES = "/v1/stories/changes"
STREAM = "/v1/stories/stream"
MOST_COMMENTS = 4
"""A comment comes every quarter of a minute or so."""

Answer = dict[str, Any]


def put(client: TestClient | httpx2.Client, article_id: str, title: str) -> None:
    body = {"title": title, "lang": "en", "published_at": "2023-09-13T00:00:00Z"}
    assert client.put(f"/v1/articles/{article_id}", json=body).status_code in {200, 201}


def changes(client: TestClient | httpx2.Client, **parameters: Any) -> list[Answer]:
    response = client.get(CHANGES, params=parameters)
    assert response.status_code == 200, response.text
    answer = response.json()
    told: list[Answer] = answer["changes"]
    assert answer["last"] == (told[-1]["change"] if told else parameters.get("after", 0))
    return told


def in_short(told: list[Answer]) -> list[tuple[str, str, str | None, str | None]]:
    return [(one["story"], one["kind"], one["article_id"], one["other"]) for one in told]


@pytest.fixture
def client(topical_service: str) -> Iterator[httpx2.Client]:
    """A client of a service on a real socket."""
    with httpx2.Client(base_url=topical_service, timeout=60) as client:
        yield client


# Asking


def test_before_anything_happens_there_are_no_changes(topical_client: TestClient) -> None:
    assert topical_client.get(CHANGES).json() == {"changes": [], "last": 0}
    assert topical_client.get(CHANGES, params={"after": 7}).json() == {"changes": [], "last": 7}


def test_what_came_and_went_is_told_in_order(topical_client: TestClient) -> None:
    put(topical_client, "s-1", "A summit")
    put(topical_client, "s-2", "The summit")
    put(topical_client, "f-1", "A flood")
    topical_client.delete("/v1/articles/f-1")
    put(topical_client, "s-2", "A volcano now")
    told = changes(topical_client)
    assert in_short(told) == [
        ("s1", "opened", "s-1", None),
        ("s1", "joined", "s-2", None),
        ("s2", "opened", "f-1", None),
        ("s2", "left", "f-1", None),
        ("s2", "closed", None, None),
        ("s1", "updated", "s-2", None),
        ("s1", "left", "s-2", None),
        ("s3", "opened", "s-2", None),
    ]
    numbers = [one["change"] for one in told]
    assert numbers == sorted(set(numbers))
    assert all(one["at"].endswith("Z") for one in told)
    assert topical_client.get("/v1/stories/s1").json()["change"] == told[6]["change"]


def test_merges_splits_and_links_tell_of_the_other(topical_client: TestClient, topical_index: CoverageIndex) -> None:
    for article_id, title in (("s-1", "A summit"), ("s-2", "The summit"), ("f-1", "A flood"), ("v-1", "A volcano")):
        put(topical_client, article_id, title)
    (last, *_) = reversed(changes(topical_client))
    with topical_index._store.stories.changing() as stories:
        stories.link(3, 1)
        assert stories.regroup([1, 2], Regrouping({1: [1, 2, 3]})) == [1]
        assert stories.regroup([1], Regrouping({1: [1, 3], -1: [2]})) == [1, 4]
        stories.regroup([1, 4], Regrouping({1: [1], 4: [2, 3]}))
    assert in_short(changes(topical_client, after=last["change"])) == [
        ("s3", "linked", None, "t1"),
        ("s2", "merged", None, "s1"),
        ("s4", "split", None, "s1"),
        ("s1", "left", "f-1", None),
        ("s4", "joined", "f-1", None),
    ]


def test_asking_again_and_again_misses_nothing_and_repeats_nothing(topical_client: TestClient) -> None:
    for number in range(7):
        put(topical_client, f"a{number}", ("Summit", "Flood")[number % 2])
    whole = changes(topical_client)
    assert len(whole) == 7
    walked: list[list[Answer]] = []
    after = 0
    while step := changes(topical_client, after=after, limit=3):
        walked.append(step)
        after = step[-1]["change"]
    assert list(map(len, walked)) == [3, 3, 1]
    assert [one for step in walked for one in step] == whole
    put(topical_client, "late", "Volcano")
    assert in_short(changes(topical_client, after=after)) == [("s3", "opened", "late", None)]


def test_the_changes_of_one_story_can_be_asked_for_also_when_it_is_gone(
    topical_client: TestClient, topical_index: CoverageIndex
) -> None:
    for article_id, title in (("s-1", "A summit"), ("f-1", "A flood"), ("f-2", "The flood"), ("v-1", "A volcano")):
        put(topical_client, article_id, title)
    with topical_index._store.stories.changing() as stories:
        stories.regroup([1, 2], Regrouping({1: [1, 2, 3]}))
    topical_client.delete("/v1/articles/v-1")
    of_flood = changes(topical_client, story="s2")
    assert in_short(of_flood) == [
        ("s2", "opened", "f-1", None),
        ("s2", "joined", "f-2", None),
        ("s2", "merged", None, "s1"),
    ]
    assert changes(topical_client, story="s2", after=of_flood[0]["change"]) == of_flood[1:]
    assert [one["kind"] for one in changes(topical_client, story="s3")] == ["opened", "left", "closed"]


@pytest.mark.parametrize("story", ["s2", "s0", "t1", "nonsense", "s" + "9" * 30])
def test_the_changes_of_an_unknown_story_are_not_found(topical_client: TestClient, story: str) -> None:
    put(topical_client, "s-1", "A summit")
    assert_problem(topical_client.get(CHANGES, params={"story": story}), 404, repr(story))


# Listening


@contextmanager
def listening(address: str, last: object = None) -> Iterator[Iterator[Answer]]:
    """The events of the stream, from when everything that happens from then on is told."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with httpx2.stream("GET", address + STREAM, headers=headers, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].partition(";")[0] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-cache"
        lines = response.iter_lines()
        assert next(lines).startswith(":")
        yield events(lines)


def events(lines: Iterator[str]) -> Iterator[Answer]:
    """Events as a browser reads them, each with the fields that it has, its data read."""
    fields: Answer = {}
    comments = 0
    for line in lines:
        if line.startswith(":"):
            comments += 1
            assert comments < MOST_COMMENTS, "nothing is told"
        elif line:
            name, _, value = line.partition(": ")
            assert name not in fields
            fields[name] = json.loads(value) if name == "data" else value
        elif fields:
            yield fields
            fields, comments = {}, 0
    assert not fields, "the stream ended within an event"


def read(stream: Iterator[Answer], count: int) -> list[Answer]:
    """The changes that the next events tell; each is named by its kind and numbered."""
    told = [next(stream) for _ in range(count)]
    for event in told:
        assert event == {"id": str(event["data"]["change"]), "event": event["data"]["kind"], "data": event["data"]}
    return [event["data"] for event in told]


def test_what_happens_is_told_to_those_who_listen(client: httpx2.Client, topical_service: str) -> None:
    put(client, "s-0", "A summit before")
    with listening(topical_service) as stream, listening(topical_service) as another:
        put(client, "s-1", "A summit")
        told = read(stream, 1)
        assert in_short(told) == [("s1", "joined", "s-1", None)]
        put(client, "f-1", "A flood")
        client.delete("/v1/articles/f-1")
        told += read(stream, 3)
        assert told == changes(client)[1:]
        assert read(another, 4) == told


def test_who_hangs_up_while_much_is_told_is_no_error(
    client: httpx2.Client, topical_service: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [json.dumps({"id": f"a{number}", "title": "A summit"}) for number in range(500)]
    assert client.post("/v1/articles:batch", content="\n".join(lines)).status_code == 200
    caplog.clear()
    for _ in range(5):
        with listening(topical_service, 0) as stream:
            read(stream, 1)
    handled = f'similar_news_http_requests_total{{method="GET",route="{STREAM}",status="200"}} 5.0'
    wait_until(lambda: handled in client.get("/metrics").text)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_who_was_away_goes_on_where_it_was(client: httpx2.Client, topical_service: str) -> None:
    for number in range(4):
        put(client, f"a{number}", ("Summit", "Flood")[number % 2])
    told = changes(client)[:2]
    with listening(topical_service, told[-1]["change"]) as stream:
        told += read(stream, 1)
    put(client, "b", "A volcano")
    client.delete("/v1/articles/a0")
    with listening(topical_service, told[-1]["change"]) as stream:
        told += read(stream, 3)
        put(client, "c", "An election")
        told += read(stream, 1)
    with listening(topical_service, told[-1]["change"]) as stream:
        put(client, "d", "Football")
        told += read(stream, 1)
    assert told == changes(client)
    assert len(told) == 8


def test_who_was_away_for_long_is_told_everything_in_order(
    client: httpx2.Client, topical_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_stream, "MOST_CHANGES", 2)
    for number in range(7):
        put(client, f"a{number}", ("Summit", "Flood")[number % 2])
    with listening(topical_service, 0) as stream:
        assert read(stream, 7) == changes(client)


def test_what_is_done_while_others_listen_and_write_is_told_once(client: httpx2.Client, topical_service: str) -> None:
    def write(writer: int) -> None:
        with httpx2.Client(base_url=topical_service, timeout=60) as own:
            for number in range(8):
                put(own, f"w{writer}-{number}", ("Summit", "Flood", "Volcano")[number % 3])

    with listening(topical_service) as stream:
        writers = [threading.Thread(target=write, args=[writer]) for writer in range(3)]
        for thread in writers:
            thread.start()
        told = read(stream, 24)
        for thread in writers:
            thread.join()
        assert told == changes(client)


def test_a_reader_tells_those_who_listen(client: httpx2.Client, topical_index: CoverageIndex, tmp_path: Path) -> None:
    with (
        open_index(tmp_path / "topical", FakeEncoder(), writer=False) as opened,
        serving(create_app(Settings(role="reader"), opened)) as address,
        listening(address) as stream,
    ):
        put(client, "s-1", "A summit")
        assert in_short(read(stream, 1)) == [("s1", "opened", "s-1", None)]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", 2**63])
def test_a_last_event_that_is_none_is_refused(topical_client: TestClient, last: object) -> None:
    response = topical_client.get(STREAM, headers={"Last-Event-ID": str(last)})
    assert_problem(response, 422, "last-event-id")


def test_nobody_asks_for_those_who_have_gone(
    topical_index: CoverageIndex, topical_service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    changes_after = topical_index.stories.changes_after

    def count(sequence: int, limit: int, given: str | None = None) -> list[StoryChange]:
        asked.append(sequence)
        return changes_after(sequence, limit, given)

    def is_quiet() -> bool:
        before = len(asked)
        time.sleep(0.5)
        return len(asked) == before

    monkeypatch.setattr(story_stream, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(topical_index.stories, "changes_after", count)
    with listening(topical_service):
        wait_until(lambda: len(asked) > 2)
    wait_until(is_quiet)


def test_the_stream_ends_when_the_server_is_told_to_stop(
    topical_index: CoverageIndex, caplog: pytest.LogCaptureFixture
) -> None:
    ports: Queue[int] = Queue()
    config = uvicorn.Config(create_app(Settings(), topical_index), host="127.0.0.1", port=0, log_config=None)
    server = Server(config, ports.put)  # which waits for what is under way for as long as that takes
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        address = f"http://127.0.0.1:{ports.get(timeout=60)}"
        with listening(address), listening(address, 0) as another, listening(address) as stream:
            with httpx2.Client(base_url=address, timeout=60) as client:
                put(client, "s-1", "A summit")
            assert read(another, 1) == read(stream, 1)
            server.should_exit = True
            assert list(stream) == []  # with the end that a whole answer has
            thread.join(timeout=30)
            assert not thread.is_alive()
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=60)
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]
