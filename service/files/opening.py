"""Find files and open them, compressed or not."""

import glob
import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from service.files.errors import UnreadableFileError
from service.files.formats import HEAD

STDIN = "-"

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BUFFER = 2**18

BROKEN = (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile)
"""What reading a compressed file that is damaged raises."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file.

    Attributes:
        stream: its bytes, inflated; it can go to any place, only forwards.
        head: the first of them.
        raw: its bytes as they are, so that one sees how far it was read.
    """

    stream: BinaryIO
    head: bytes
    raw: BinaryIO


def files_of(names: Sequence[str]) -> list[Path | None]:
    """The files that are named, each once, in the order of the names; None for the standard input.

    Args:
        names: of files, of directories, for all files that are in them and their subdirectories, and patterns such as
            `2023-*.jsonl.gz`. Hidden files are left out of directories.

    Raises:
        UnreadableFileError: there is none of a name.
    """
    found: dict[Path | None, None] = {}
    for name in names:
        path = Path(name)
        if name == STDIN:
            found[None] = None
        elif path.is_dir():
            found |= dict.fromkeys(_in_directory(path))
        elif path.exists():
            found[path] = None
        elif matches := sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 - a pattern may be absolute
            found |= dict.fromkeys(one for match in matches for one in _files(Path(match)))
        else:
            raise UnreadableFileError(f"there is no file {name!r}")
    return list(found)


def size_of(path: Path | None) -> int | None:
    """How many bytes a file has; None of a pipe, which can be read but once, and goes on for as long as it likes."""
    return path.stat().st_size if path is not None and path.is_file() else None


def _files(path: Path) -> list[Path]:
    return _in_directory(path) if path.is_dir() else [path]


def _in_directory(directory: Path) -> list[Path]:
    inside = (one for one in directory.rglob("*") if one.is_file())
    return sorted(one for one in inside if not any(part.startswith(".") for part in one.relative_to(directory).parts))


@contextmanager
def opened(path: Path | None) -> Iterator[Opened]:
    """Open a file, or the standard input where there is none."""
    raw = cast("BinaryIO", sys.stdin.buffer) if path is None else path.open("rb")
    try:
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", raw), _BUFFER)
        stream = io.BufferedReader(cast("io.RawIOBase", _inflated(buffered)), _BUFFER)
        # It may give few at a time, but then they are as much as there is, or enough.
        yield Opened(cast("BinaryIO", stream), stream.peek(HEAD)[:HEAD], cast("BinaryIO", buffered))
    finally:
        if path is not None:
            raw.close()


def _inflated(stream: io.BufferedReader) -> io.IOBase:
    mark = stream.peek(len(_ZSTD))[: len(_ZSTD)]
    if mark.startswith(_GZIP):
        return gzip.GzipFile(fileobj=stream)
    if mark == _ZSTD:
        return _Zstd(stream)
    return stream


class _Zstd(io.RawIOBase):
    """What one or more frames of zstd say. The library's own reader ends in silence where a frame is cut off."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_begun = False
        self._inflated = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as much as there is, at least one byte before the end."""
        while not self._inflated and (data := self._stream.read(_BUFFER)):
            self._inflated = memoryview(self._inflate(data))
        if not self._inflated and self._is_begun:
            raise EOFError("the file ends in the middle")
        size = min(len(buffer), len(self._inflated))
        buffer[:size] = self._inflated[:size]
        self._inflated = self._inflated[size:]
        return size

    def _inflate(self, data: bytes) -> bytes:
        pieces = []
        while data:
            pieces.append(self._frame.decompress(data))
            data, self._is_begun = self._frame.unused_data, not self._frame.eof
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        return b"".join(pieces)
