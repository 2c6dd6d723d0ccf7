"""The service on real sockets with the sample stories in it, and on its own with nothing in it."""

import asyncio
import faulthandler
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from index import CoverageIndex, open_index
from index.encoder import Encoder
from index.samples import samples
from service.access import key_file
from service.access.keys import Scope, new_key
from service.app import create_app
from service.server import Server, configured
from service.settings import Settings
from tests.index.fakes import FakeEncoder

SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(autouse=True)
def data_of_its_own(no_settings_from_outside: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test has to do with the keys of whoever runs it."""
    monkeypatch.setenv("SIMILAR_NEWS_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def client(index: CoverageIndex) -> Iterator[TestClient]:
    """A client of a service with nothing in it."""
    with TestClient(create_app(Settings(), index), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def sample_index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoverageIndex]:
    """An index with the sample stories in it. Tests must leave it as it was."""
    with open_index(tmp_path_factory.mktemp("samples"), encoder) as index:
        index.put([sample.article for sample in samples()])
        yield index


@pytest.fixture(scope="session")
def sample_service(sample_index: CoverageIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service with that index."""
    with serving(create_app(Settings(data_dir=tmp_path_factory.mktemp("sample-service")), sample_index)) as address:
        yield address


# Of a module and no longer: a browser brings an event loop, beside which asynchronous tests cannot run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: on CI scripts/test installs it")
        pytest.skip("no Chromium: install the package chromium, or run scripts/test as root on Debian")
    arguments = ["--disable-background-networking", "--disable-quic"]
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def empty_service(index: CoverageIndex) -> Iterator[str]:
    """The address of a service with nothing in it."""
    with serving(create_app(Settings(), index)) as address:
        yield address


@pytest.fixture
def topical_index(tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index in which all articles of one topic of the fake encoder become one story."""
    with open_index(tmp_path / "topical", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def topical_client(topical_index: CoverageIndex) -> Iterator[TestClient]:
    """A client of a service with that index."""
    with TestClient(create_app(Settings(), topical_index), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def topical_service(topical_index: CoverageIndex) -> Iterator[str]:
    """The address of such a service."""
    with serving(create_app(Settings(), topical_index)) as address:
        yield address


@pytest.fixture
def sample_client(sample_service: str) -> Iterator[httpx2.Client]:
    """A client of the service with the sample stories in it."""
    with httpx2.Client(base_url=sample_service, timeout=60) as client:
        yield client


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the keys of those services, not there yet; what becomes of it is seen at once."""
    monkeypatch.setattr(key_file, "_LOOK_SECONDS", 0)
    return tmp_path / "data" / key_file.NAME


def add_key(keys: Path, scope: Scope = Scope.READ, *origins: str) -> str:
    """Make a key, that of a widget if there are origins, and give what to send."""
    key, text = new_key(scope, origins=origins)
    with key_file.changing(keys) as known:
        known.append(key)
    return text


def revoke_key(keys: Path, text: str) -> None:
    """Revoke a key."""
    with key_file.changing(keys) as known:
        known[:] = [key for key in known if key.id != text.split("_")[1]]


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application from a thread, on a free port of loopback; gives its address."""
    started: Queue[tuple[int, asyncio.AbstractEventLoop]] = Queue()
    settings = getattr(app.state, "settings", Settings()).model_copy(update={"host": "127.0.0.1", "port": 0})
    server = Server(configured(app, settings), lambda port: started.put((port, asyncio.get_running_loop())))
    thread = threading.Thread(target=server.run)
    thread.start()
    port, loop = started.get(timeout=60)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        if thread.is_alive():
            faulthandler.dump_traceback(all_threads=True)
            waiting = "\n".join(map(repr, asyncio.all_tasks(loop)))
            pytest.fail(f"the service did not stop within a minute of being told to; it waits for\n{waiting}")


def connected(address: str, sent: bytes = b"") -> socket.socket:
    """A connection to a service on which so much was sent."""
    place = urlsplit(address)
    connection = socket.create_connection((place.hostname, place.port), timeout=30)
    connection.sendall(sent)
    return connection


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))
