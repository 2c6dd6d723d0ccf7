"""Sealed segments in files, so that they need not be built again.

A folder holds a manifest and a folder for each segment. Everything is written beside its place, brought to the disk and
then renamed, so that a crash leaves the old state or the new one. What does not have the checksum that the manifest
gives is not used: the store has all that is in it.
"""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from index.disk import replaced, to_disk
from index.vectors.columns import Columns, Dictionaries, Names
from index.vectors.quantised_vectors import QuantisedVectors
from index.vectors.segments import Sealed

FORMAT = 2
"""Raised when older files can no longer be read; they are then built again."""

MANIFEST_FILE = "manifest.json"
VECTORS_FILE = "vectors.faiss"
COLUMNS_FILE = "columns.npz"

_logger = logging.getLogger(__name__)

_TEMPORARY = ".new"
_NAMED = ("langs", "sources", "countries")


class SegmentRecord(BaseModel):
    """What the manifest says of a segment: the name of its folder, and the SHA-256 of each file."""

    model_config = ConfigDict(frozen=True)

    name: str
    files: dict[str, str]


class Manifest(BaseModel):
    """Which segments there are.

    Attributes:
        format: of the files.
        stamp: what the vectors are of; with another one they are of no use.
        next: the number of the next folder; a number is not used twice.
        segments: in no order.
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    stamp: str
    next: int = 1
    segments: tuple[SegmentRecord, ...] = ()


class DamagedSegmentError(Exception):
    """The files of a segment are not those that were written."""


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest; None if there is none that can be read.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        return Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        _logger.warning("%s is damaged: the index is built again from the store", folder / MANIFEST_FILE)
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the old one."""
    with replaced(folder / MANIFEST_FILE) as unfinished:
        unfinished.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")


def write_segment(folder: Path, name: str, segment: Sealed, names: Dictionaries) -> SegmentRecord:
    """Write a segment into a folder of its own; of its rows all are written, dead ones too.

    Raises:
        OSError: it cannot be written; then nothing is left of it.
    """
    with _new_folder(folder / name) as new:
        try:
            segment.vectors.write(new / VECTORS_FILE)
        except RuntimeError as error:  # which is what FAISS makes of an error of the system
            raise OSError(f"cannot write {new / VECTORS_FILE}: {error}") from error
        labels = {f"{kind}_names": np.array(getattr(names, kind).all(), np.str_) for kind in _NAMED}
        with (new / COLUMNS_FILE).open("wb") as file:
            np.savez(file, **segment.columns.arrays(), **labels)  # type: ignore[arg-type]  # numpy/numpy#25148
        files = {}
        for file_name in (VECTORS_FILE, COLUMNS_FILE):
            to_disk(new / file_name)
            files[file_name] = _checksum(new / file_name)
    return SegmentRecord(name=name, files=files)


def read_segment(folder: Path, record: SegmentRecord, names: Dictionaries) -> Sealed:
    """Read a segment, whose vectors stay in their file; all rows are alive.

    Raises:
        DamagedSegmentError: it is not as it was written.
    """
    place = folder / record.name
    try:
        for file_name, checksum in record.files.items():
            if _checksum(place / file_name) != checksum:
                raise DamagedSegmentError(f"{place / file_name} has changed since it was written")
        with np.load(place / COLUMNS_FILE) as arrays:
            columns = Columns(**{name: _read(arrays, name, names) for name in Columns.__dataclass_fields__})
        vectors = QuantisedVectors.read(place / VECTORS_FILE)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise DamagedSegmentError(f"{place} cannot be read: {error}") from error
    return Sealed.of(columns, vectors, name=record.name)


def remove_others(folder: Path, manifest: Manifest) -> None:
    """Remove what is in the folder and not in the manifest: what was replaced, and what a crash left."""
    kept = {MANIFEST_FILE, *(record.name for record in manifest.segments)}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _read(arrays: "np.lib.npyio.NpzFile", name: str, names: Dictionaries) -> NDArray[Any]:
    column: NDArray[Any] = arrays[name]
    if name not in _NAMED:
        return column
    now: Names = getattr(names, name)
    numbers = np.array([now.number(label) for label in arrays[f"{name}_names"].tolist()], np.int32)
    numbered: NDArray[Any] = numbers[column]
    return numbered


@contextmanager
def _new_folder(place: Path) -> Iterator[Path]:
    new = place.with_name(place.name + _TEMPORARY)
    shutil.rmtree(new, ignore_errors=True)
    try:
        new.mkdir(parents=True)
        yield new
        to_disk(new)
        new.replace(place)
        to_disk(place.parent)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
