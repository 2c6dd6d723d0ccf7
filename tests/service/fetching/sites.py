"""Sites of other people, all on one local server, and names and addresses that lead to it."""

import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import httpcore2

from service.fetching.addresses import Address
from service.fetching.destinations import Destinations
from service.fetching.fetcher import Fetcher, FetchLimits

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"
NEWS = "www.harbor-tribune.example"
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, and is quicker to make than one that trusts whom the system trusts."""

HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True)
class Answer:
    """What a site answers; a body in parts is sent part by part."""

    body: bytes | Callable[[], Iterable[bytes]] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: HTML)


Answering = Answer | Callable[[Mapping[str, str]], Answer]


class Sites:
    """What is at which host and path; notes what was asked, and which addresses somebody connected to."""

    def __init__(self) -> None:
        self.answers: dict[str, Answering] = {}
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.names: dict[str, list[list[str]]] = {NEWS: [[PUBLIC]]}
        self.resolved: dict[str, int] = defaultdict(int)
        self.port = 0

    def put(self, url: str, answer: Answering) -> None:
        """Have something at a host and path, such as `www.harbor-tribune.example/a`."""
        self.answers[url] = answer

    async def resolve(self, name: str) -> Sequence[Address]:
        """The addresses of a name: of several lists the next one every time, and the last one from then on."""
        if name not in self.names:
            raise OSError(name)
        lists = self.names[name]
        found = lists[min(self.resolved[name], len(lists) - 1)]
        self.resolved[name] += 1
        return [ip_address(one) for one in found]

    def fetcher(self, tls: ssl.SSLContext | None = None, **limits: Any) -> Fetcher:
        """A fetcher to which these are the internet."""
        return Fetcher(
            "similar-news/test",
            FetchLimits(**{"seconds": 10} | limits),
            Destinations(),
            resolve=self.resolve,
            connector=_Connector(self),
            tls=tls or _NO_TLS,
        )


class _Connector(httpcore2.AsyncNetworkBackend):
    """Leads to the server what is to go to certain public addresses; from all others nothing would answer."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._real = httpcore2.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        ip_address(host)  # never a name
        self._sites.connected.append((host, port))
        if host not in {PUBLIC, PUBLIC_6}:
            raise httpcore2.ConnectError(host)
        return await self._real.connect_tcp("127.0.0.1", self._sites.port, *rest, **options)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        url = self.headers["Host"] + self.path
        self.server.sites.asked.append(url)
        answering = self.server.sites.answers.get(url, Answer(b"there is nothing", 404))
        answer = answering if isinstance(answering, Answer) else answering(dict(self.headers))
        parts = [answer.body] if isinstance(answer.body, bytes) else answer.body()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value.encode().decode("latin-1"))  # bytes of UTF-8, as sites do
        if isinstance(answer.body, bytes) and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        for part in parts:
            self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    sites: Sites

    def handle_error(self, *_: object) -> None:
        """Whoever is refused what is too much hangs up."""


@contextmanager
def served(tls: ssl.SSLContext | None = None) -> Iterator[Sites]:
    """Serve sites on a free port of loopback, by TLS if it is given a context."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.sites = sites = Sites()
        sites.port = server.server_address[1]
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield sites
        finally:
            server.shutdown()
            thread.join()
