"""Read articles from JSON Lines files, into an index or a service."""

import difflib
import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from index import Article, CoverageIndex, PutStatus
from index.progress import progress
from service.api_client import ApiClient
from service.lines import FIELDS, read_article

NOT_FETCHED = "not fetched"

_LINES_AT_ONCE = 256


@dataclass(slots=True)
class Report:
    """What became of the lines, and of the pages.

    Attributes:
        outcomes: how many lines and pages ended how: created, updated, unchanged, taken_down, invalid or not fetched.
        ignored: how many lines had a field that articles do not have, by its name.
        problems: a message for every one that was not taken.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """A line for people."""
        counted = ((outcome, self.outcomes[outcome]) for outcome in (*PutStatus, "invalid", NOT_FETCHED))
        counts = ", ".join(f"{count} {outcome}" for outcome, count in counted if count) or "no articles"
        fields = ", ".join(f"{name!r}" for name in self.ignored)
        return counts + (f"; ignored the fields {fields}" if fields else "")


@dataclass(frozen=True, slots=True)
class _Line:
    place: str
    data: bytes


def to_index(files: Sequence[Path], index: CoverageIndex) -> Report:
    """Read files into an index."""
    report = Report()
    with progress("ingesting", _count(files)) as advance:
        lines = _lines(files, report)
        while chunk := list(islice(lines, _LINES_AT_ONCE)):
            articles = {line.place: article for line in chunk if (article := _article(line, report))}
            for place, put in zip(articles, index.put(list(articles.values())), strict=True):
                note(report, place, put.status.value, "the article was taken down")
            advance(len(chunk))
    return report


def to_service(files: Sequence[Path], client: ApiClient) -> Report:
    """Send files to a service."""
    report = Report()
    with progress("ingesting", _count(files)) as advance:
        lines = _lines(files, report)
        while chunk := list(islice(lines, _LINES_AT_ONCE)):
            for result in map(
                json.loads, client.post_lines("/v1/articles:batch", [line.data + b"\n" for line in chunk])
            ):
                place = chunk[result["line"] - 1].place
                note(report, place, result["status"], (result.get("problem") or {}).get("detail", ""))
                advance()
    return report


def _count(files: Sequence[Path]) -> int | None:
    """How many lines there are; None if a file is a pipe, which can be read but once."""
    if not all(file.is_file() for file in files):
        return None
    return sum(1 for file in files for line in _open_lines(file) if line.strip())


def _open_lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield opened.readline().removeprefix(BOM_UTF8)
        yield from opened


def _lines(files: Sequence[Path], report: Report) -> Iterator[_Line]:
    """The lines that are not blank, without fields that articles do not have: an archive often carries more."""
    for file in files:
        for number, line in enumerate(_open_lines(file), start=1):
            if line.strip():
                yield _Line(f"{file}:{number}", _known_fields(line.strip(), report))


def _known_fields(line: bytes, report: Report) -> bytes:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return line  # reported when it is read
    if not isinstance(row, dict):
        return line
    # A field whose name is nearly one of ours is most likely misspelt: it stays, and the line is refused with a hint.
    unknown = [name for name in row if name not in FIELDS and not difflib.get_close_matches(name, FIELDS, cutoff=0.8)]
    report.ignored.update(unknown)
    if not unknown:
        return line
    return json.dumps({name: value for name, value in row.items() if name in FIELDS}).encode()


def _article(line: _Line, report: Report) -> Article | None:
    article = read_article(line.data)
    if isinstance(article, Article):
        return article
    note(report, line.place, "invalid", article.detail)
    return None


def note(report: Report, place: str, outcome: str, problem: str) -> None:
    """Note what became of one; the problem counts where it was not taken."""
    report.outcomes[outcome] += 1
    if outcome in {"invalid", "taken_down", NOT_FETCHED}:
        report.problems.append(f"{place}: {problem}")
