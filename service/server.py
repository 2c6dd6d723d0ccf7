"""Run the web server."""

import asyncio
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress

import uvicorn
from fastapi import FastAPI

from index import CoverageIndex, threads
from service.access import binding, key_file
from service.app import create_app
from service.limits.connections import timed_connection
from service.opening import open_configured_index
from service.settings import Settings, SettingsError
from service.writer_process import WriterProcess

_GRACE_SECONDS = 7
"""With the moment before, less than the 10 s after which Docker kills what has not stopped."""

_LAST_REQUESTS_SECONDS = 0.5
"""How long a client that has just been answered may take to send its next request."""

_LOOK_AGAIN_SECONDS = 0.02

_logger = logging.getLogger(__name__)


def run(
    settings: Settings,
    *,
    reencode: bool = False,
    before: Callable[[CoverageIndex], None] | None = None,
    when_up: Callable[[int], None] | None = None,
) -> None:
    """Open the index and serve until a signal ends it.

    The index is opened before the server starts, so that an error ends the program with its message.

    Args:
        settings: how to run.
        reencode: see `index.open_index`.
        before: called with the open index before the server listens.
        when_up: called with the port once requests are answered; runs on the event loop and must not block.
    """
    threads.take_short_turns()
    writer = WriterProcess(settings) if settings.role == "pair" else None
    with (
        _ending_cleanly(),
        _bound_socket(settings) as bound,
        writer.running(reencode=reencode) if writer else nullcontext(),
        open_configured_index(
            settings,
            writer=settings.role == "writer",
            reencode=reencode,
            when_loaded=writer.wait_until_up if writer else None,
        ) as index,
    ):
        if before:
            before(index)
        app = create_app(settings, index, writer.address if writer else None)
        Server(configured(app, settings), when_up, writer.leave if writer else None).run([bound])


def configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the server runs an application."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=timed_connection(settings.client_timeout),
        ws="none",
        log_config=None,
        access_log=False,  # it would have the queries; service.access_log writes one without
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
        # Without these two, whoever asks from this machine could claim any address.
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies or "",
    )


@contextmanager
def _bound_socket(settings: Settings) -> Iterator[socket.socket]:
    """Take the port before the model is loaded, so that one in use is known at once. Nobody can connect yet.

    Raises:
        SettingsError: the address cannot be used, or would open the service to everyone.
        KeyFileError: the keys cannot be read.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio lets no answer on a kept connection wait 40 ms for the client's delayed
    # acknowledgement; without it, it takes the sockets for ones of another kind.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "SIMILAR_NEWS_HOST and SIMILAR_NEWS_PORT choose another address"
            ) from error
        binding.refuse_open(
            bound.getsockname()[0], settings.data_dir / key_file.NAME, allow_anonymous=settings.allow_anonymous
        )
        yield bound


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """Let a signal end the program through its context managers, so that the store is closed.

    Uvicorn stops at a signal and raises it again when it has stopped, which would end the program there and then.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        yield
    except KeyboardInterrupt:
        _logger.info("interrupted")
    finally:
        signal.signal(signal.SIGTERM, before)


class Server(uvicorn.Server):
    """A server that tells when it is up, and on which port, and when it is about to end."""

    def __init__(
        self,
        config: uvicorn.Config,
        when_up: Callable[[int], None] | None,
        when_ending: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._when_up = when_up
        self._when_ending = when_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `when_up` with the port, if the server could start."""
        await super().startup(sockets)
        if not self.started:
            return
        port = self.servers[0].sockets[0].getsockname()[1]
        _logger.info("serving at http://%s:%d", self.config.host, port)
        if self._when_up:
            self._when_up(port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; what would otherwise never end is told to, and no request is cut off that was sent before.

        Uvicorn closes connections that are idle at once, and with them whatever a client is sending just then, and
        those that are not accepted yet. So they get a moment first, in which each answer closes its connection.
        """
        if self._when_ending:
            self._when_ending()
        if isinstance(self.config.app, FastAPI):
            self.config.app.state.is_stopping = True
        for server in self.servers:
            connected = [one for listening in server.sockets for one in _waiting_at(listening.dup())]
            server.close()  # at once after that: whoever has connected in between is reset
            for one in connected:
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, one)
        deadline = time.monotonic() + _LAST_REQUESTS_SECONDS
        while self.server_state.connections and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        """What serves a connection, as uvicorn makes it."""
        config = self.config
        return config.http_protocol_class(  # type: ignore[call-arg]  # one of several classes, which are made alike
            config=config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _waiting_at(listening: socket.socket) -> Iterator[socket.socket]:
    """Those who have connected and were not accepted yet."""
    with listening, suppress(OSError):
        while True:
            yield listening.accept()[0]
