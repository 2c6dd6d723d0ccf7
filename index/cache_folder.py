"""Folders that are built once and found again."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_UNFINISHED = ".unfinished-"


def ensure_folder(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`, having `build` fill it if it is not there.

    It is built under another name and renamed when whole, so that a folder that exists is complete;
    processes that start together build it once.

    Raises:
        OSError: it cannot be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f"{folder.name}.lock"):
        if not folder.is_dir():
            _build_atomically(folder, build)
    return folder


def _build_atomically(folder: Path, build: Callable[[Path], None]) -> None:
    for left_over in folder.parent.glob(f"{folder.name}{_UNFINISHED}*"):  # of a build that was killed; we hold the lock
        shutil.rmtree(left_over, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}{_UNFINISHED}", dir=folder.parent))
    try:
        build(unfinished)
        _let_others_read(unfinished)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _let_others_read(folder: Path) -> None:
    """Undo the private modes of temporary folders and of safetensors: a baked image is read by another user."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
