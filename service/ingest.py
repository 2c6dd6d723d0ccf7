"""Read articles from files, into an index or a service, and go on where it was interrupted."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import IO, BinaryIO

from index import PutStatus
from service.files.checkpoint import Checkpoint, Progress
from service.files.errors import UnreadableFileError
from service.files.formats import Format, reader, recognised
from service.files.opening import BROKEN, Opened, opened, size_of
from service.files.records import (
    BEGINNING,
    INVALID,
    SKIPPED,
    UNREADABLE,
    ReadOptions,
    Record,
    Skipped,
    Start,
    Taken,
    TakenDown,
)
from service.files.showing import Show, shown
from service.ingest_targets import NOTHING_TO_TAKE_DOWN, TOOK_DOWN, Outcome, Target

NOT_FETCHED = "not fetched"
"""What became of a page that could not be had."""

AT_ONCE = 256
"""Records; after so many it is kept how far it has come."""

_SHOWN_PROBLEMS = 20
_FAILED = "failed"
_FAULTS = frozenset({INVALID, UNREADABLE, NOT_FETCHED, _FAILED, PutStatus.TAKEN_DOWN.value})
_KEPT = tuple(status.value for status in PutStatus)
_ORDER = (*_KEPT, TOOK_DOWN, NOTHING_TO_TAKE_DOWN, SKIPPED, INVALID, _FAILED, UNREADABLE, NOT_FETCHED)


@dataclass(slots=True)
class Report:
    """What became of the records.

    Attributes:
        outcomes: how many ended how.
        ignored: how many had a field that articles do not have, by its name.
        problems: a message for each of the first that should have been taken, and were not.
        resumed: how many records had been done before, by an ingest that was interrupted.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    resumed: int = 0

    @property
    def faults(self) -> int:
        """How many should have been taken, and were not."""
        return sum(self.outcomes[outcome] for outcome in _FAULTS)

    def summary(self) -> str:
        """A line for people."""
        names = (*_ORDER, *(name for name in self.outcomes if name not in _ORDER))
        counted = ((outcome, self.outcomes[outcome]) for outcome in names)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in counted if count) or "no articles"
        fields = ", ".join(f"{name!r}" for name in self.ignored)
        before = f"; {self.resumed} of them before it was interrupted" if self.resumed else ""
        return counts + before + (f"; ignored the fields {fields}" if fields else "")


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, and how.

    Attributes:
        files: in this order; None for the standard input.
        kind: the format of all of them; None to tell it by what is in each.
        options: how to read them.
        report: where to write what was not taken, and why; JSON Lines.
    """

    files: Sequence[Path | None]
    kind: Format | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    report: Path | None = None

    @property
    def told(self) -> list[str]:
        """What tells it from another one of the same files."""
        return [str(self.kind), repr(self.options)]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record of a file, and how many bytes of all files had been read when it came."""

    place: int
    record: Record
    bytes_done: int


def note(report: Report, place: str, outcome: str, problem: str) -> None:
    """Note what became of one; the problem is told where it should have been taken, of the first ones."""
    report.outcomes[outcome] += 1
    if outcome in _FAULTS and len(report.problems) < _SHOWN_PROBLEMS:
        report.problems.append(f"{place}: {problem}")


def ingest(reading: Reading, target: Target, *, state: Path | None = None, told: str = "") -> Report:
    """Read files and keep what is in them.

    Args:
        reading: what, and how.
        target: where to.
        state: the data directory, in which it is kept how far it has come; None to keep that nowhere.
        told: tells the target from others.
    """
    checkpoint = Checkpoint(state, reading.files, [told, *reading.told])
    before = checkpoint.load()
    if before is None or (before.witness and not target.has(before.witness)):
        before = Progress()
    with ExitStack() as closing:
        written = closing.enter_context(_opened_report(reading.report, before.report_bytes)) if reading.report else None
        show = closing.enter_context(shown(_size(reading.files)))
        report = _Ingest(reading, target, checkpoint, before, written).run(show)
    checkpoint.clear()
    return report


class _Ingest:
    def __init__(
        self, reading: Reading, target: Target, checkpoint: Checkpoint, before: Progress, written: IO[bytes] | None
    ) -> None:
        self._reading = reading
        self._target = target
        self._checkpoint = checkpoint
        self._progress = before
        self._written = written
        self._report = Report(before.outcomes, before.ignored, resumed=before.outcomes.total())

    def run(self, show: Show) -> Report:
        before = self._report.outcomes.total()
        for is_takedown, entries in groupby(self._entries(), key=lambda one: isinstance(one.record.what, TakenDown)):
            for batch, outcomes in self._taken_down(entries) if is_takedown else self._put(entries):
                for entry, outcome in zip(batch, outcomes, strict=True):
                    self._note(entry, outcome)
                self._save(batch[-1])
                show(self._report.outcomes.total() - before, batch[-1].bytes_done)
        return self._report

    # Reading

    def _entries(self) -> Iterator[_Entry]:
        """All records from where to begin, of one file after the other."""
        first = self._progress.place
        start = self._progress.start
        done = _size(self._reading.files[:first]) or 0
        for place, path in list(enumerate(self._reading.files))[first:]:
            number, end, size = 0, 0, size_of(path) or 0
            try:
                with opened(path) as file:
                    for record in self._reader(file)(file.stream, start):
                        number, end = record.number, record.end
                        yield _Entry(place, record, done + (file.raw.tell() if size else 0))
            except (UnreadableFileError, *BROKEN, OSError) as error:
                yield _Entry(place, Record(number + 1, Skipped(str(error), UNREADABLE), end), done)
            done += size
            start = BEGINNING

    def _reader(self, file: Opened) -> Callable[[BinaryIO, Start], Iterator[Record]]:
        kind = self._reading.kind or recognised(file.head, self._reading.options)
        return reader(kind, file.head, self._reading.options)

    # Keeping

    def _put(self, entries: Iterable[_Entry]) -> Iterator[tuple[list[_Entry], list[Outcome]]]:
        under_way: deque[list[_Entry]] = deque()

        def batches() -> Iterator[list[bytes]]:
            rest = iter(entries)
            while batch := list(islice(rest, AT_ONCE)):
                under_way.append(batch)
                yield [one.record.what.data for one in batch if isinstance(one.record.what, Taken)]

        for found in self._target.put(batches()):
            outcomes = iter(found)
            batch = under_way.popleft()
            yield batch, [_skipped(one.record.what) or next(outcomes) for one in batch]

    def _taken_down(self, entries: Iterable[_Entry]) -> Iterator[tuple[list[_Entry], list[Outcome]]]:
        rest = iter(entries)
        while batch := list(islice(rest, AT_ONCE)):
            ids = [one.record.what.id for one in batch if isinstance(one.record.what, TakenDown)]
            yield batch, self._target.take_down(ids)

    # Telling

    def _note(self, entry: _Entry, outcome: Outcome) -> None:
        path = self._reading.files[entry.place]
        name = str(path) if path else "standard input"
        note(self._report, f"{name}:{entry.record.number}", outcome.status, outcome.problem)
        if isinstance(entry.record.what, Taken):
            self._report.ignored.update(entry.record.what.ignored)
            if outcome.id and not outcome.problem:
                self._progress.witness = outcome.id
        elif outcome.id == self._progress.witness:
            self._progress.witness = None
        if self._written and outcome.problem:
            row = {"file": name, "record": entry.record.number, "outcome": outcome.status, "reason": outcome.problem}
            named = {"id": outcome.id} if outcome.id else {}
            self._written.write(json.dumps(row | named, ensure_ascii=False).encode(errors="replace") + b"\n")

    def _save(self, last: _Entry) -> None:
        self._progress.place = last.place
        self._progress.number, self._progress.offset = last.record.number, last.record.end
        if self._written:
            self._written.flush()
            self._progress.report_bytes = self._written.tell()
        self._checkpoint.save(self._progress)


def _skipped(what: object) -> Outcome | None:
    return Outcome(what.outcome, problem=what.reason) if isinstance(what, Skipped) else None


def _size(files: Sequence[Path | None]) -> int | None:
    """The bytes of all files as they lie on the disk; None if one is a pipe."""
    sizes = [size for one in files if (size := size_of(one)) is not None]
    return sum(sizes) if len(sizes) == len(files) else None


def _opened_report(path: Path, kept: int) -> IO[bytes]:
    """The report, with as much of it as had been written for what is not read again."""
    file = path.open("r+b" if kept and path.exists() else "wb")
    file.truncate(kept)
    file.seek(kept)
    return file
