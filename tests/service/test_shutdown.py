"""A service that is told to end answers what it was asked, and keeps what it took."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

import pytest

from tests.service.test_kill import service
from tests.waiting import wait_until

BODY = b'{"title": "A summit", "text": "The leaders met.", "lang": "en"}'

_BUSY_SECONDS = 0.7
_PUT_BY_THEN = 8
"""More articles than that, which takes a slow processor a little longer."""


class End(Enum):
    """How an exchange ended that was not answered whole."""

    REFUSED = auto()
    """There was nobody to connect to."""
    CLOSED = auto()
    """An idle connection was closed before a byte of an answer came."""
    RESET = auto()
    """The same with a reset, which a client may take for more than it is."""
    BROKEN = auto()
    """The answer began and did not end."""


@dataclass
class Client:
    """Sends one request after the other, by hand, so that what becomes of every byte can be seen.

    Attributes:
        kept: whether it sends all on one connection, as long as that is open.
        answered: the statuses that were answered whole, by path.
        end: how the last exchange ended.
    """

    port: int
    requests: Callable[[int], tuple[str, str, bytes]]
    kept: bool
    pause: float = 0.0
    answered: dict[str, int] = field(default_factory=dict)
    end: End | None = None

    def run(self) -> None:
        number = 0
        connection: socket.socket | None = None
        while self.end is None:
            if connection is None:
                try:
                    connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                except ConnectionError:
                    self.end = End.REFUSED
                    return
            method, path, body = self.requests(number)
            number += 1
            stays = self._exchange(connection, method, path, body)
            if not (stays and self.kept):
                connection.close()
                connection = None
            time.sleep(self.pause)

    def _exchange(self, connection: socket.socket, method: str, path: str, body: bytes) -> bool:
        """Whether the connection may be used again."""
        head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        head += "\r\n\r\n" if self.kept else "\r\nConnection: close\r\n\r\n"
        received = b""
        try:
            connection.sendall(head.encode() + body)
            while b"\r\n\r\n" not in received:
                received += self._more(connection)
            start, _, rest = received.partition(b"\r\n\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in start.split(b"\r\n")[1:])
            while len(rest) < int(headers[b"content-length"]):
                rest += self._more(connection)
        except EOFError:
            self.end = End.BROKEN if received else End.CLOSED
        except ConnectionError:
            self.end = End.BROKEN if received else End.RESET
        else:
            self.answered[f"{method} {path}"] = int(start.split(b" ")[1])
            return headers.get(b"connection") != b"close"
        return False

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        more = connection.recv(65_536)
        if not more:
            raise EOFError
        return more


def puts(name: str) -> Callable[[int], tuple[str, str, bytes]]:
    return lambda number: (
        "PUT",
        f"/v1/articles/{name}-{number}",
        BODY.replace(b"met", f"met {name} {number}".encode()),
    )


def reads(number: int) -> tuple[str, str, bytes]:
    return "GET", "/v1/articles/first/related", b""


def asks(number: int) -> tuple[str, str, bytes]:
    return "POST", "/v1/related", BODY.replace(b"met", f"met for the {number}th time".encode())


@pytest.mark.parametrize("role", ["writer", "pair"])
def test_under_load_everything_sent_is_answered_and_everything_taken_is_kept(
    tmp_path: Path, cache_dir: Path, role: str
) -> None:
    with service(tmp_path, cache_dir, role) as (process, http):
        http.put("/v1/articles/first", content=BODY, headers={"Content-Type": "application/json"}).raise_for_status()
        port = http.base_url.port
        assert port
        clients = [Client(port, puts(f"k{number}"), kept=True) for number in range(4)]
        clients += [Client(port, puts(f"n{number}"), kept=False) for number in range(4)]
        clients += [Client(port, reads, kept=True), Client(port, reads, kept=False), Client(port, asks, kept=True)]
        clients += [Client(port, reads, kept=True, pause=0.05)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(_BUSY_SECONDS)
        # Of a pair the one that puts has what other tests leave of the processors.
        wait_until(lambda: sum(list(client.answered.values()).count(201) for client in clients) > _PUT_BY_THEN, 60)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert process.wait(60) == 0
    answered = {request: status for client in clients for request, status in client.answered.items()}
    assert all(client.answered for client in clients)
    assert set(answered.values()) <= {200, 201, 503}
    assert {client.end for client in clients} <= {End.REFUSED}

    kept = [request.removeprefix("PUT ") for request, status in answered.items() if status == 201]
    assert len(kept) > _PUT_BY_THEN
    with service(tmp_path, cache_dir) as (_, http):
        missing = [path for path in kept if http.get(path).status_code != 200]
    assert missing == []
