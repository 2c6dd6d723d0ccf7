"""How far an ingest has come, so that it goes on from there when it was interrupted.

The state of each ingest is a small file, written anew after every batch that is durable, and gone when all is done. It
is believed only where the files before the one that was read are as they were, and that one too; and where the article
taken last is still there. Otherwise all is read from the beginning: what is there already costs little.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from service.files.opening import size_of
from service.files.records import Start

FOLDER = "ingest"

_VERSION = 1


class Progress(BaseModel):
    """How far an ingest has come.

    Attributes:
        version: of the format.
        files: a digest of the names, sizes and times of the files up to the one that is being read, with it.
        place: of that file among them, from 0.
        number: see `Start`.
        offset: see `Start`.
        witness: the id of an article that was kept.
        outcomes: how many records ended how.
        ignored: how many had a field that articles do not have, by its name.
        report_bytes: how long the report was.
    """

    version: int = _VERSION
    files: str = ""
    place: int = 0
    number: int = 0
    offset: int = 0
    witness: str | None = None
    outcomes: Counter[str] = Field(default_factory=Counter)
    ignored: Counter[str] = Field(default_factory=Counter)
    report_bytes: int = 0

    @property
    def start(self) -> Start:
        """Where to begin in the file."""
        return Start(self.number, self.offset)


class Checkpoint:
    """Keeps the progress of one ingest in a file."""

    def __init__(self, folder: Path | None, files: Sequence[Path | None], told: Iterable[str]) -> None:
        """Of these files, read in this way.

        Args:
            folder: the data directory; None to keep nothing.
            files: in the order in which they are read. Of pipes, which cannot be read again, nothing is kept.
            told: what else tells this ingest from others: where to, and how files are read.
        """
        can_be_read_again = all(size_of(one) is not None for one in files)
        self._digests = list(_digests(files)) if can_be_read_again else []
        key = hashlib.sha256("\n".join([*(str(one and one.resolve()) for one in files), *told]).encode()).hexdigest()
        self._path = folder / FOLDER / f"{key[:32]}.json" if folder and self._digests else None

    def load(self) -> Progress | None:
        """The progress of the one that was interrupted; None if there was none, or files are not as they were."""
        if self._path is None:
            return None
        try:
            found = Progress.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None
        is_here = found.version == _VERSION and found.place < len(self._digests)
        return found if is_here and found.files == self._digests[found.place] else None

    def save(self, progress: Progress) -> None:
        """Write how far it has come; what it says is durable already."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        progress.files = self._digests[progress.place]
        new = self._path.with_suffix(".new")
        new.write_text(progress.model_dump_json(), encoding="utf-8")
        new.replace(self._path)

    def clear(self) -> None:
        """All is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _digests(files: Sequence[Path | None]) -> Iterable[str]:
    digest = hashlib.sha256()
    for path in files:
        if path is not None:
            status = path.stat()
            digest.update(f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}\n".encode(errors="surrogatepass"))
        yield digest.hexdigest()
