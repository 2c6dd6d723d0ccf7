"""A real server of streams, empty for every test."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotConnectedError

from index import CoverageIndex, open_index
from tests.index.fakes import FakeEncoder
from tests.waiting import wait_until

SERVER = next(filter(None, map(shutil.which, ("valkey-server", "redis-server"))), None)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serving(port: int, folder: Path) -> Iterator[None]:
    """A server on loopback that keeps nothing when it ends."""
    if SERVER is None:
        if os.environ.get("CI"):
            pytest.fail("no Valkey: on CI scripts/test installs it")
        pytest.skip(
            "no Valkey: install the package valkey-server or redis-server, or run scripts/test as root on Debian"
        )
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port) as client:
            wait_until(lambda: answers(client))
        yield
    finally:
        process.kill()
        process.wait()


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except NotConnectedError:
        return False


@pytest.fixture(scope="module")
def server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    with serving(port, tmp_path_factory.mktemp("valkey")):
        yield port


@pytest.fixture
def server(server_port: int) -> Iterator[Redis]:
    """A client of an empty server."""
    with Redis(port=server_port) as client:
        client.flushall()
        yield client


@pytest.fixture
def url(server: Redis, server_port: int) -> str:
    return f"redis://127.0.0.1:{server_port}/0"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened
