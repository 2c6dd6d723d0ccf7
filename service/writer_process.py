"""A writer in a process of its own, beside a reader that starts it and passes on to it: `SIMILAR_NEWS_ROLE=pair`."""

import ipaddress
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated
from urllib.parse import urlsplit

import typer

from index import threads
from index.errors import SimilarNewsError
from service.commands import configured
from service.networks import address_of
from service.settings import PREFIX, Settings

_LOOPBACK = "127.0.0.1"
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_END_SECONDS = 10
"""A little more than the writer takes at most to answer what it was asked."""

_logger = logging.getLogger(__name__)


class WriterProcessError(SimilarNewsError):
    """The writer did not come up."""


class WriterProcess:
    """The process, which is started again when it ends."""

    def __init__(self, settings: Settings) -> None:
        """Prepare to start it; `settings` are those of the reader."""
        place = urlsplit(settings.writer_url or "")
        self._host, self._port = place.hostname or _LOOPBACK, place.port or 0
        self._spawning = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address: str | None = None
        self._was_up = False
        self._is_decided = threading.Event()  # whether it comes up at all
        self._is_over = threading.Event()

    def address(self) -> str | None:
        """Where it listens; None while it does not."""
        return self._address

    @contextmanager
    def running(self, *, reencode: bool = False) -> Iterator[None]:
        """Let it run for as long as the context lasts. It may come up later.

        Args:
            reencode: see `index.open_index`.
        """
        self._spawn(reencode=reencode)
        watching = threading.Thread(target=self._watch, name="writer process", daemon=True)
        watching.start()
        try:
            yield
        finally:
            self._end()
            watching.join()

    def wait_until_up(self) -> None:
        """Wait until it answers, the first time.

        Raises:
            WriterProcessError: it ended instead; it has said why on standard error.
        """
        self._is_decided.wait()
        if not self._was_up:
            raise WriterProcessError(
                "the process that takes articles ended before it was up; SIMILAR_NEWS_WRITER_URL says where it listens"
            )

    def leave(self) -> None:
        """Do not start it again: the reader is about to end, and whoever ended that may have ended both."""
        self._is_over.set()

    def _spawn(self, *, reencode: bool = False) -> None:
        with self._spawning:
            if self._is_over.is_set():
                return
            # A group of its own, since an interrupt from the terminal is for the reader, which ends the writer last. No
            # session of its own, with which Linux (autogroup) would share processors equally between the two.
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", __name__, *(["--reencode"] if reencode else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | self._variables(),
                process_group=0,
            )

    def _variables(self) -> dict[str, str]:
        given = {
            "ROLE": "writer",
            "HOST": self._host,
            "PORT": str(self._port),
            "TRUSTED_PROXIES": self._addresses(),
            "ACCESS_LOG": "false",  # the reader writes it
        }
        return {f"{PREFIX}{name}": value for name, value in given.items()}

    def _addresses(self) -> str:
        """Those from which the reader may connect to it."""
        own = {_LOOPBACK, "::1"}
        with suppress(ValueError):
            own.add(str(ipaddress.ip_address(self._host)))
        return ",".join(sorted(own))

    def _watch(self) -> None:
        """Start it again whenever it ends, if it was ever up."""
        pause = _FIRST_PAUSE
        while True:
            if self._process is not None and self._attend(self._process):
                pause = _FIRST_PAUSE
            if not self._was_up or self._is_over.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            self._process = None
            try:
                self._spawn()
            except OSError as error:  # of a machine that is full
                _logger.error("the process that takes articles cannot be started: %s", error)  # noqa: TRY400 - it says it all

    def _attend(self, process: subprocess.Popen[bytes]) -> bool:
        """Learn where it listens, and wait until it ends; whether it was up."""
        with process:
            assert process.stdout  # noqa: S101 - as asked for
            port = process.stdout.readline().strip()
            if port.isdigit():
                self._address, self._was_up = address_of(self._host, int(port)), True
            self._is_decided.set()
            status = process.wait()
        self._address = None
        if self._was_up and not self._is_over.is_set():
            _logger.error("the process that takes articles ended with status %d, and is started again", status)
        return port.isdigit()

    def _end(self) -> None:
        """Let it end, and wait for that."""
        self._is_over.set()
        with self._spawning:
            process = self._process
        if process is None:
            return
        assert process.stdin  # noqa: S101 - as asked for
        process.stdin.close()  # with which it ends, also where this process is killed
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            _logger.warning("the process that takes articles did not end within %d s and is killed", _END_SECONDS)
            process.kill()
            process.wait()


def main(*, reencode: Annotated[bool, typer.Option("--reencode")] = False) -> None:
    """Take articles until standard input ends; prints the port once requests are answered."""
    threads.leave_processors()
    with configured() as settings:
        from service.server import run  # here, as in `service.cli`

        threading.Thread(target=_end_with_input, name="reader process", daemon=True).start()
        run(settings, reencode=reencode, when_up=typer.echo)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    typer.run(main)
