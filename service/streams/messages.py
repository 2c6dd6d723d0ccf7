"""What a message says: here is an article, or an article is to be taken down."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from index import Article
from index.article import ArticleId
from service.lines import read_article
from service.problems import Problem, make_problem, validation_problem
from service.streams.source import Message

ARTICLE = "article"
"""The field with the JSON of an article, if its fields are not the message's own."""

DELETE = "delete"
"""The field with the id of an article to take down."""

_ID = TypeAdapter[str](ArticleId)


class Outcome(StrEnum):
    """What became of a message."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    TAKEN_DOWN = "taken_down"
    """Its article was taken down before, and is not accepted again."""
    SUPERSEDED = "superseded"
    """A newer version of its article came right behind it, in the same batch."""
    DELETED = "deleted"
    """Its article was taken down for it."""
    MISSING = "missing"
    """The article that it wants taken down is not there."""
    REJECTED = "rejected"
    """It is neither an article nor a takedown."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """An article is to be taken down.

    Attributes:
        id: the article's.
    """

    id: str


def read_message(message: Message, max_bytes: int) -> Article | Deletion | Problem:
    """What a message says, or what is wrong with it; `max_bytes` is how large all of its fields may be."""
    fields = message.fields
    if not fields:
        return make_problem(410, "gone", "the message was deleted from the stream before it was taken")
    if sum(map(len, fields.values())) > max_bytes:
        return make_problem(413, "too-large", f"the message is larger than {max_bytes} bytes")
    for alone in (ARTICLE, DELETE):
        if alone in fields and len(fields) > 1:
            return make_problem(422, "invalid", f"{alone!r} does not go with other fields: {_list(fields, alone)}")
    if DELETE in fields:
        return _deletion(fields[DELETE])
    if ARTICLE in fields:
        return read_article(fields[ARTICLE], root="the article")
    return _article_of(fields)


def without_superseded(
    read: Sequence[tuple[str, Article | Deletion]],
) -> tuple[list[tuple[str, Article | Deletion]], list[str]]:
    """Leave out the articles that are followed by a newer version, with no takedown of them in between.

    Then a batch that is taken a second time changes nothing: no older version comes back for a moment.

    Args:
        read: what messages say, by their ids, in order.

    Returns:
        What is left, in order, and the ids of the messages that are not.
    """
    left: list[tuple[str, Article | Deletion]] = []
    superseded: list[str] = []
    next_of: dict[str, Article | Deletion] = {}
    for message_id, said in reversed(read):
        if isinstance(said, Article) and isinstance(next_of.get(said.id), Article):
            superseded.append(message_id)
        else:
            left.append((message_id, said))
        next_of[said.id] = said
    return left[::-1], superseded


def runs(said: Sequence[Article | Deletion]) -> Iterator[tuple[list[Article], list[str]]]:
    """Split what messages say into what can be done at once: articles to keep, and then ids to take down."""
    articles: list[Article] = []
    ids: list[str] = []
    for one in said:
        if isinstance(one, Deletion):
            ids.append(one.id)
            continue
        if ids:
            yield articles, ids
            articles, ids = [], []
        articles.append(one)
    if articles or ids:
        yield articles, ids


def of_deletions(ids: Sequence[str], taken: Sequence[str]) -> Counter[Outcome]:
    """The outcomes of messages that wanted the articles `ids` taken down, of which `taken` were there."""
    return Counter({Outcome.DELETED: len(taken), Outcome.MISSING: len(ids) - len(taken)})


def _deletion(sent: bytes) -> Deletion | Problem:
    try:
        return Deletion(_ID.validate_python(sent.decode()))
    except UnicodeDecodeError:
        return make_problem(422, "invalid", f"{DELETE}: is not UTF-8")
    except ValidationError as error:
        errors = [{**one, "loc": ("id",)} for one in error.errors(include_url=False)]
        return validation_problem(errors)


def _article_of(fields: Mapping[str, bytes]) -> Article | Problem:
    try:
        sent = {name: value.decode() for name, value in fields.items()}
    except UnicodeDecodeError:
        return make_problem(422, "invalid", "the fields are not all UTF-8")
    return read_article(json.dumps(sent).encode(), root="the message")


def _list(fields: Mapping[str, bytes], but: str) -> str:
    return ", ".join(repr(name) for name in fields if name != but)
