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
from typing import BinaryIO, cast

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
        return cast("io.IOBase", zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
    return stream
