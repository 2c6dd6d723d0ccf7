"""What an embedding is tuned from: reports of events, and parallel documents.

Both come as JSON Lines, a row being told by its fields; rows with one `event` or one `doc` belong together, also across
files:

- reports of events: `event`, `lang`, and `title`, `text` or both
- parallel documents: `doc`, `lang` and `sentences`, which in every language are translations of each other

From an event or a document come pairs of texts that are to be close to each other.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from index.article import clean_text
from index.language import standard_tag

Rng = np.random.Generator
_T = TypeVar("_T")

OWN_TEXT = 0.3
"""How often a title is to find the text of its own report, and not another report."""

APART = 0.6
"""How often two passages do not overlap: two reports of one event need not have a sentence in common."""

LEADING = 0.3
"""How often a passage is from the beginning, as titles and leads are."""

WHOLE = 0.2
"""How often a report is read whole, title and text, and not one of them alone."""

MOST_SENTENCES = 6
"""Of a passage."""

LEAD = 3
"""How many sentences of a document are like the lead of a report."""

HELD_OUT = 10
"""One event and one document in so many is not learnt from, but measured on."""


class Text(NamedTuple):
    """What is embedded, and the tag of its language."""

    words: str
    language: str


Pair = tuple[Text, Text]


class Report(NamedTuple):
    """A report as it stands in a file; the title or the text may be empty."""

    title: str
    text: str
    language: str

    def views(self) -> list[Text]:
        """What there is of the title, the text, and both as an article is embedded."""
        parts = [part for part in (self.title, self.text) if part]
        whole = ["\n".join(parts)] if len(parts) > 1 else []
        return [Text(words, self.language) for words in parts + whole]

    def any_view(self, rng: Rng) -> Text:
        """One of these, the whole seldom."""
        *parts, whole = self.views()
        return one_of(parts, rng) if parts and rng.random() >= WHOLE else whole


@dataclass(frozen=True, slots=True)
class Event:
    """The reports of one event."""

    name: str
    reports: list[Report] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        """Whether there are two texts to make a pair of."""
        return len(self.reports) > 1 or any(report.title and report.text for report in self.reports)

    @property
    def example(self) -> Text:
        """What shows which events are alike."""
        return self.reports[0].views()[-1]

    def reported(self, rng: Rng) -> Pair:
        """The title, the text or both of one report, and of another; or the title and the text of one."""
        place = int(rng.integers(len(self.reports)))
        one = self.reports[place]
        if len(self.reports) == 1 or (one.title and one.text and rng.random() < OWN_TEXT):
            return Text(one.title, one.language), Text(one.text, one.language)
        other = self.reports[(place + int(rng.integers(1, len(self.reports)))) % len(self.reports)]
        return one.any_view(rng), other.any_view(rng)


@dataclass(frozen=True, slots=True)
class Document:
    """The sentences of one document by language, as many in every one."""

    name: str
    sentences: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_usable(self) -> bool:
        """Whether there are two texts to make a pair of."""
        return len(self.sentences) > 1 and self.length > 0

    @property
    def length(self) -> int:
        """The number of sentences."""
        return len(next(iter(self.sentences.values())))

    @property
    def example(self) -> Text:
        """What shows which documents are alike."""
        return self.leads()[0]

    def leads(self) -> list[Text]:
        """What is like the lead of a report, in every language."""
        return [Text(" ".join(sentences[:LEAD]), language) for language, sentences in self.sentences.items()]

    def passages(self, rng: Rng) -> Pair:
        """Two passages in any languages; in one language they do not overlap."""
        if self.length == 1:
            return self.translation(rng, 0)
        languages = list(self.sentences)
        first, second = one_of(languages, rng), one_of(languages, rng)
        one = other = range(self.length)
        if first == second or rng.random() < APART:
            cut = int(rng.integers(1, self.length))
            one, other = shuffled([one[:cut], one[cut:]], rng)
        return self._passage(first, one, rng), self._passage(second, other, rng)

    def translation(self, rng: Rng, place: int) -> Pair:
        """A sentence in two languages."""
        first, second = shuffled(list(self.sentences), rng)[:2]
        return Text(self.sentences[first][place], first), Text(self.sentences[second][place], second)

    def _passage(self, language: str, within: range, rng: Rng) -> Text:
        length = int(rng.integers(1, min(MOST_SENTENCES, len(within)) + 1))
        start = 0 if rng.random() < LEADING else int(rng.integers(len(within) - length + 1))
        places = within[start : start + length]
        return Text(" ".join(self.sentences[language][place] for place in places), language)


Group = Event | Document
"""What the texts belong to that are to be close to each other."""


def read_groups(files: Sequence[Path]) -> list[Group]:
    """Read files; events and documents of which no two texts are there are left out.

    Raises:
        ValueError: a line is no JSON object, neither a report nor part of a document, or a document has not as many
            sentences in every language; or no two texts in all of them belong together.
    """
    groups: dict[tuple[str, str], Group] = {}
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    _add(groups, json.loads(line))
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    raise ValueError(f"{file}, line {number}: {error!r}") from error
    usable = [group for group in groups.values() if group.is_usable]
    if not usable:
        raise ValueError("there are no two texts in the files that belong together")
    return usable


def is_held_out(group: Group) -> bool:
    """Whether a group is to measure on: by its name, whatever else there is."""
    return int(hashlib.sha256(group.name.encode()).hexdigest(), 16) % HELD_OUT == 0


def one_of(values: Sequence[_T], rng: Rng) -> _T:
    """Any of some values."""
    return values[int(rng.integers(len(values)))]


def shuffled(values: Sequence[_T], rng: Rng) -> list[_T]:
    """All of some values in any order."""
    return [values[place] for place in rng.permutation(len(values))]


def _add(groups: dict[tuple[str, str], Group], row: dict[str, Any]) -> None:
    language = standard_tag(row["lang"])
    if "event" in row:
        report = Report(clean_text(row.get("title") or ""), clean_text(row.get("text") or ""), language)
        event = groups.setdefault(("event", row["event"]), Event(row["event"]))
        if report.views() and isinstance(event, Event):
            event.reports.append(report)
    elif "doc" in row:
        document = groups.setdefault(("doc", row["doc"]), Document(row["doc"]))
        if isinstance(document, Document):
            document.sentences[language] = [clean_text(sentence) for sentence in row["sentences"]]
            if len(set(map(len, document.sentences.values()))) > 1:
                raise ValueError("has not as many sentences as in another language")
    else:
        raise ValueError("has neither an 'event' nor a 'doc'")
