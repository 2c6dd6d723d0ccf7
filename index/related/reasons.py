"""What speaks for two articles belonging together, in a form that can be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from index.article import Content
from index.related.mentions import name_key, numbers, quotations

_MOST = 5
_DAY_HOURS = 24


class ReasonKind(StrEnum):
    """What two articles have in common."""

    MEANING = "meaning"
    """What they say, as the embeddings tell; always there. The evidence is the similarity."""
    NAMES = "names"
    """Proper names, as the item writes them."""
    COUNTRIES = "countries"
    """Countries that both name, as ISO 3166-1 codes."""
    NUMBERS = "numbers"
    """Numbers that are rare enough to say something."""
    QUOTATION = "quotation"
    """The same words in quotation marks."""
    TIME = "time"
    """They appeared within a day. The evidence is how many hours apart."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that two articles have in common.

    Attributes:
        kind: what.
        evidence: what exactly, at most five.
    """

    kind: ReasonKind
    evidence: tuple[str, ...]


class Evidence:
    """What of an article can be shown as evidence.

    Attributes:
        names: as the article writes them.
        countries: that it names, ISO 3166-1 codes.
        words: its words.
    """

    def __init__(self, content: Content, names: Sequence[str], countries: Sequence[str]) -> None:
        """Take what is known of an article; the rest is read when it is needed, and once."""
        self.names = names
        self.countries = countries
        self.words = content.words

    @cached_property
    def whole_names(self) -> frozenset[str]:
        """The keys of the names."""
        return frozenset(map(name_key, self.names))

    @cached_property
    def single_names(self) -> frozenset[str]:
        """Those of the names that are one word."""
        return frozenset(name_key(name) for name in self.names if " " not in name)

    @cached_property
    def last_names(self) -> frozenset[str]:
        """The keys of the names' last words."""
        return frozenset(map(_last_name, self.names))

    def has_name(self, name: str) -> bool:
        """Whether a name is among these, or one of them alone is the last word of the other: a surname, mostly."""
        is_last = _last_name(name) in self.single_names
        return name_key(name) in (self.whole_names if " " in name else self.last_names) or is_last

    @cached_property
    def numbers(self) -> dict[str, None]:
        """The numbers that are rare enough to say something, in order."""
        return {number.plain: None for number in numbers(self.words) if number.is_telling}

    @cached_property
    def quotations(self) -> dict[str, str]:
        """What stands in quotation marks, by its letters."""
        return {quoted.casefold(): quoted for quoted in quotations(self.words)}


def reasons(own: Evidence, other: Evidence, similarity: float, days: float | None) -> tuple[Reason, ...]:
    """What speaks for an article.

    Args:
        own: of the article asked about.
        other: of the item.
        similarity: of their embeddings.
        days: between their publications; None if one is not known.
    """
    found = {
        ReasonKind.NAMES: [name for name in other.names if own.has_name(name)],
        ReasonKind.COUNTRIES: [code for code in other.countries if code in own.countries],
        ReasonKind.NUMBERS: [number for number in other.numbers if number in own.numbers] if own.numbers else [],
        ReasonKind.QUOTATION: (
            [quoted for key, quoted in other.quotations.items() if key in own.quotations] if own.quotations else []
        ),
        ReasonKind.TIME: [] if days is None or days > 1 else [f"{days * _DAY_HOURS:.0f}"],
    }
    given = [Reason(kind, tuple(evidence[:_MOST])) for kind, evidence in found.items() if evidence]
    return (Reason(ReasonKind.MEANING, (f"{similarity:.2f}",)), *given)


@lru_cache(10_000)
def _last_name(name: str) -> str:
    return name_key(name.rpartition(" ")[2])
