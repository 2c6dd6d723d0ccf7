"""Whatever moment a consumer is killed at: nothing is lost, and nothing comes twice."""

import json
import multiprocessing
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from redis import Redis

from index.maintenance import check
from index.opening import STORE_FILE
from index.store.sql_store import open_sqlite
from tests.service.streams import killed_consumer

MESSAGES = 2_000
KILLS = 8
BAD = b"{nothing"
TOPICS = ("summit", "flood", "football", "election", "volcano")
# Forked off a process that has imported everything, and started no thread.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.service.streams.killed_consumer"])

Fields = dict[Any, Any]


def messages(choice: random.Random) -> tuple[list[Fields], dict[str, str]]:
    """Articles, each in one of the two forms, and the titles that they have at last, by id.

    Among them are changes of earlier ones, takedowns, and messages that are none.
    """
    made: list[Fields] = []
    titles: dict[str, str] = {}
    for number in range(MESSAGES):
        dice = choice.random()
        near = list(titles)[-40:]  # some of them in the same batch
        if dice < 0.02:
            made.append({"article": BAD + b"%d" % number})
        elif dice < 0.04 and near:
            article_id = choice.choice(near)
            del titles[article_id]
            made.append({"delete": article_id})
        else:
            article_id = choice.choice(near) if dice < 0.15 and near else f"a{number}"
            titles[article_id] = f"{choice.choice(TOPICS)} {number}"  # no two the same
            made.append(message(article_id, titles[article_id], as_json=number % 2 == 0))
    return made, titles


def message(article_id: str, title: str, *, as_json: bool) -> Fields:
    article = {"id": article_id, "title": title, "lang": "en"}
    return {"article": json.dumps(article)} if as_json else article


def fill(server: Redis, stream: str, made: list[Fields]) -> None:
    together = server.pipeline(transaction=False)
    for fields in made:
        together.xadd(stream, fields)
    together.xgroup_create(stream, "similar-news", id="0")
    together.execute()


def waiting(server: Redis, stream: str) -> int:
    """How many messages are not acknowledged."""
    (group,) = server.xinfo_groups(stream)
    return int(group["pending"]) + int(group["lag"])


def wait_until_at_most(left: int, server: Redis, stream: str, process: BaseProcess) -> None:
    for _ in range(30_000):
        assert process.is_alive(), "the consumer ended"
        if waiting(server, stream) <= left:
            return
        time.sleep(0.002)
    raise AssertionError("it took more than a minute")


@contextmanager
def consuming(data: Path, url: str, stream: str) -> Iterator[BaseProcess]:
    """A consumer in a process of its own, which is killed in the end."""
    process = PROCESSES.Process(target=killed_consumer.run, args=(data, url, stream))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -signal.SIGKILL


def kept(data: Path) -> dict[str, str | None]:
    with open_sqlite(data / STORE_FILE, writer=False) as store:
        return {one.article.id: one.article.title for one in store.latest(1_000_000)}


def changes(data: Path) -> list[tuple[str, str]]:
    """All that was ever done to articles, in order; when they were embedded is no matter."""
    with closing(sqlite3.connect(data / STORE_FILE)) as connection:
        return connection.execute(
            "SELECT article_id, kind FROM changes WHERE kind != 'embed' ORDER BY sequence"
        ).fetchall()


def bad(server: Redis, stream: str) -> list[bytes]:
    """The ids of the messages that are nothing."""
    entries: Any = server.xrange(stream)
    return [one for one, fields in entries if BAD in fields.get(b"article", b"")]


def rejected(server: Redis, stream: str) -> list[bytes]:
    entries: Any = server.xrange(f"{stream}:rejected")
    return [fields[b"id"] for _, fields in entries]


def test_killed_and_restarted_nothing_is_lost_and_nothing_twice(server: Redis, url: str, tmp_path: Path) -> None:
    choice = random.Random(5)
    made, titles = messages(choice)
    for stream in ("killed", "spared"):
        fill(server, stream, made)
    interrupted = 0
    for _ in range(KILLS):
        enough = waiting(server, "killed") - choice.randint(1, MESSAGES // KILLS - 64)
        with consuming(tmp_path / "killed", url, "killed") as process:
            wait_until_at_most(max(0, enough), server, "killed", process)
            time.sleep(choice.uniform(0, 0.03))
        interrupted += server.xpending("killed", "similar-news")["pending"] > 0
    assert interrupted  # at least one had taken a batch, and not acknowledged it
    for stream in ("killed", "spared"):
        with consuming(tmp_path / stream, url, stream) as process:
            wait_until_at_most(0, server, stream, process)

    assert kept(tmp_path / "killed") == titles
    assert check(tmp_path / "killed") == []
    # Not a version more than where nobody was killed, and none in another order.
    assert changes(tmp_path / "killed") == changes(tmp_path / "spared")
    assert rejected(server, "killed") == bad(server, "killed")
