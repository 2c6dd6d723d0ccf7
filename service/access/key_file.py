"""The file with the keys, in the data directory."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from index.disk import replaced
from index.errors import SimilarNewsError
from service.access.keys import Key, KeyRing

NAME = "keys.json"

_LOOK_SECONDS = 1.0
_FOR_OWNER = 0o600

_logger = logging.getLogger(__name__)


class KeyFileError(SimilarNewsError):
    """The keys cannot be read or kept, so that nobody can be told from anybody."""


def read(file: Path) -> KeyRing | None:
    """The keys of a file; None when there is no file, and nobody has ever made a key.

    Raises:
        KeyFileError: there is one that cannot be read.
    """
    try:
        text = file.read_bytes()
    except FileNotFoundError as error:
        if file.is_symlink():
            raise KeyFileError(f"the keys cannot be read: {file} leads nowhere") from error
        return None
    except OSError as error:
        raise KeyFileError(f"the keys cannot be read: {file}: {error.strerror}") from error
    try:
        return KeyRing.model_validate_json(text)
    except ValidationError as error:
        # What is there is left out: it may be anything.
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'all of it'}: {one['msg']}" for one in error.errors()]
        raise KeyFileError(
            f"the keys cannot be read: {file} is damaged ({'; '.join(wrong)}); mend it, put a copy in its place, or "
            "move it away and create keys anew"
        ) from error


@contextmanager
def changing(file: Path) -> Iterator[list[Key]]:
    """The keys of a file, to be changed: what the list holds at the end of the block is kept.

    Raises:
        KeyFileError: the file cannot be read or written; then it stays as it was.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            ring = read(file)
            keys = list(ring.keys) if ring else []
            yield keys
            _write(file, KeyRing(keys=tuple(keys)))
    except OSError as error:
        raise KeyFileError(f"the keys cannot be kept in {file}: {error.strerror}") from error


def _write(file: Path, ring: KeyRing) -> None:
    text = ring.model_dump_json(indent=2) + "\n"
    with replaced(file) as unfinished:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_OWNER)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)


class FollowedKeyFile:
    """The keys of a file as they are now, within a second; to be asked on the event loop alone."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Follow a file, which is first looked at when it is first asked for."""
        self._file = file
        self._clock = clock
        self._look_at = -float("inf")
        self._signature: tuple[int, ...] | None = None
        self._was_there = False
        self._ring: KeyRing | None = None
        self._fault: str | None = None

    def current(self) -> KeyRing | None:
        """The keys; None when no request needs one, because none was ever made.

        Raises:
            KeyFileError: they cannot be read, or were there before and are not any more. A file that was lost must not
                open what it guarded.
        """
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._look()
        if self._fault is not None:
            raise KeyFileError(self._fault)
        return self._ring

    def origins(self) -> frozenset[str]:
        """Those that the keys of widgets are for; none while the keys cannot be read."""
        try:
            ring = self.current()
        except KeyFileError:
            return frozenset()
        return ring.origins() if ring else frozenset()

    def _look(self) -> None:
        signature = self._signature_now()
        if signature is not None and signature == self._signature and self._fault is None:
            return
        fault, ring = None, None
        try:
            ring = read(self._file)
        except KeyFileError as error:
            fault = str(error)
        if fault is None and ring is None and self._was_there:
            fault = f"the keys cannot be read: {self._file} is gone; put it back, or start again to go without keys"
        if fault is not None and fault != self._fault:
            _logger.error("%s; no request that needs a key is answered", fault)
        elif ring is not None and ring != self._ring:
            _logger.info("requests need a key; there are %d", len(ring.keys))
        self._was_there = self._was_there or ring is not None or fault is not None
        self._signature, self._ring, self._fault = signature, ring, fault

    def _signature_now(self) -> tuple[int, ...] | None:
        """What is different of a file that was changed; taken before it is read, so that no change is overlooked."""
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
