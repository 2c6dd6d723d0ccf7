"""A pair: one process answers, and has another one take articles."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import psutil
import pytest

from index.errors import WriterLockedError
from index.opening import write_lock
from service.settings import Settings
from service.writer_process import WriterProcess, WriterProcessError
from tests.service.test_kill import service
from tests.waiting import wait_until

SUMMIT = {"title": "The leaders of both countries meet", "text": "They met in Seoul on Monday.", "lang": "en"}
_LOADING_SECONDS = 120
"""For what waits for a process that loads the model with what others leave of the processors."""


def writer_of(pair: subprocess.Popen[bytes]) -> psutil.Process:
    (writer,) = psutil.Process(pair.pid).children()
    return writer


def has_writer(data: Path) -> bool:
    """Whether some process may write to a directory."""
    try:
        write_lock(data).release()
    except WriterLockedError:
        return True
    return False


def group_of(process: int) -> list[str]:
    """The autogroup within which Linux gives a process what others leave; containers' processes often have none."""
    file = Path(f"/proc/{process}/autogroup")
    return file.read_text().split()[:1] if file.exists() else []


def test_a_pair_is_one_service_whose_writer_may_die(tmp_path: Path, cache_dir: Path) -> None:
    def put(client: httpx2.Client, article_id: str) -> int:
        return client.put(f"/v1/articles/{article_id}", json=SUMMIT | {"source": article_id}).status_code

    with service(tmp_path, cache_dir, "pair") as (pair, client):
        assert client.get("/readyz").json()["role"] == "pair"
        assert [put(client, "a"), put(client, "b")] == [201, 201]
        assert client.get("/v1/articles/a").json()["story"] == client.get("/v1/articles/b").json()["story"]
        first = writer_of(pair)
        if sys.platform == "linux":
            assert os.sched_getscheduler(first.pid) == os.SCHED_IDLE
            assert os.sched_getscheduler(pair.pid) == os.SCHED_OTHER
            assert group_of(first.pid) == group_of(pair.pid)

        first.kill()
        wait_until(lambda: put(client, "c") == 503)
        assert client.get("/v1/articles/a").status_code == 200
        wait_until(lambda: put(client, "c") in {200, 201}, _LOADING_SECONDS)
        assert writer_of(pair).pid != first.pid
        assert client.get("/v1/articles/c").status_code == 200

        pair.kill()
        pair.wait()
        wait_until(lambda: not has_writer(tmp_path), _LOADING_SECONDS)


def test_a_writer_that_does_not_come_up_is_not_started_again(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = WriterProcess(Settings(writer_url=f"http://127.0.0.1:{taken.getsockname()[1]}"))
        with process.running():
            with pytest.raises(WriterProcessError, match="ended before it was up"):
                process.wait_until_up()
            assert process.address() is None
    assert "cannot listen on" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        (None, "127.0.0.1,::1"),
        ("http://localhost:8001", "127.0.0.1,::1"),
        ("http://192.0.2.1:8001", "127.0.0.1,192.0.2.1,::1"),
    ],
)
def test_a_writer_believes_its_reader_who_asks(url: str | None, trusted: str) -> None:
    given = WriterProcess(Settings(writer_url=url))._variables()
    assert given["SIMILAR_NEWS_TRUSTED_PROXIES"] == Settings(trusted_proxies=trusted).trusted_proxies


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8001",
        "https://127.0.0.1:8001",
        "http://",
        "http://127.0.0.1",
        "http://b\u00fccher:1",
        "http://a:1/b",
        "http://u:p@a:1",
        "http://a:0",
        "http://a:1?b",
    ],
)
def test_the_address_of_a_writer_has_to_be_one(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a writer"):
        Settings(writer_url=url)
