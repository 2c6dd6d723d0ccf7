"""Bring files to the disk."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Put a file in the place of another one, or none at all: gives a path to write to, which is renamed in the end.

    Args:
        file: where it comes to lie, once it is complete and on the disk.

    Raises:
        OSError: it cannot be brought there; then nothing is left of it.
    """
    unfinished = file.absolute().with_name(f".{file.name}-{secrets.token_hex(8)}.part")
    try:
        yield unfinished
        to_disk(unfinished)
        unfinished.replace(file)
        to_disk(file.absolute().parent)
    finally:
        unfinished.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises:
        OSError: they cannot be brought there.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
