"""No path leads to a file that is not meant to be served.

On real sockets: clients tidy up such paths before they send them.
"""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import pytest

from index import CoverageIndex, open_index
from service import pages
from service.access import key_file
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article
from tests.service.conftest import add_key, connected, received, serving

STATIC = Path(str(files(pages).joinpath("static")))
SECRET = b"sesame-opens"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def hidden(tmp_path: Path, index: CoverageIndex, keys: Path) -> list[Path]:
    """Files that are there and can be read by the service: keys, store, a backup, its own code."""
    index.put([an_article("a", text=SECRET.decode())])
    (tmp_path / "data" / "backup").write_bytes(SECRET)
    store = next(path for path in tmp_path.glob("data/*.sqlite*") if path.is_file())
    return [
        keys,
        store,
        tmp_path / "data" / "backup",
        Path(pages.__file__),
        STATIC.parent / "templates/front_page.html",
    ]


def spelled(path: str) -> Iterator[str]:
    """A path in the ways in which it can be written in a URL."""
    yield path
    for dots in ("%2e%2e", ".%2e", "%252e%252e", "..%00", "....", "..;"):
        yield path.replace("..", dots)
    for slash in ("%2f", "%5c", "\\", "%252f", "//", "/./", "%c0%af"):
        yield path.replace("/", slash)
    yield quote(path.replace("..", "%2e%2e").replace("/", "%2f"), safe="%")


def targets(to: Path) -> Iterator[str]:
    """What to ask for to be given a file."""
    beside = os.path.relpath(to, STATIC)
    names = [beside, str(to), f"{'../' * 30}{to}", f"pages.css/../{beside}"]
    for folder in ("/static/", "/static-offline-docs/", "/v1/articles/", "/v1/stories/", "/docs/", "/"):
        for name in names:
            yield from (f"{folder}{one}" for one in spelled(name))
    yield from (f"/static/{to.name}", f"/{to.name}", f"/data/{to.name}", f"http://a{to}", f"http://a/static/{beside}")


def answered(address: str, target: str, key: str) -> bytes:
    request = f"GET {target} HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n"
    with connected(address, request.encode()) as connection:
        return received(connection)


def test_no_file_is_given_but_those_that_are_meant_to_be(index: CoverageIndex, keys: Path, hidden: list[Path]) -> None:
    key = add_key(keys, Scope.ADMIN)
    contents = [path.read_bytes() for path in hidden]
    with serving(create_app(Settings(), index)) as address:
        for path, content in zip(hidden, contents, strict=True):
            for target in dict.fromkeys(targets(path)):
                answer = answered(address, target, key)
                status = int(answer.split(b" ", 2)[1])
                assert 400 <= status < 500, (target, answer)
                assert content[:200] not in answer, target
                assert SECRET not in answer, target
        assert answered(address, "/static/pages.css", key).startswith(b"HTTP/1.1 200 ")


def test_the_keys_are_where_they_would_be_found(keys: Path, hidden: list[Path]) -> None:
    """The paths that are tried do lead there."""
    add_key(keys)
    assert hidden[0].name == key_file.NAME
    for path in hidden:
        assert (STATIC / os.path.relpath(path, STATIC)).samefile(path)
