"""Run the web server."""

import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from index import CoverageIndex, threads
from service.access import binding, key_file
from service.app import create_app
from service.opening import open_configured_index
from service.settings import Settings, SettingsError

_GRACE_SECONDS = 8
"""Less than the 10 s after which Docker kills what has not stopped."""

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
    with (
        _ending_cleanly(),
        _bound_socket(settings) as bound,
        open_configured_index(settings, writer=settings.role == "writer", reencode=reencode) as index,
    ):
        if before:
            before(index)
        config = uvicorn.Config(
            create_app(settings, index),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=settings.log_level == "debug",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            server_header=False,
        )
        Server(config, when_up).run([bound])


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
    """A server that tells when it is up, and on which port."""

    def __init__(self, config: uvicorn.Config, when_up: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._when_up = when_up

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
        """Stop; what would otherwise never end is told to."""
        if isinstance(self.config.app, FastAPI):
            self.config.app.state.is_stopping = True
        await super().shutdown(sockets)
