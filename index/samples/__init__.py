"""Sample stories: short reports in many languages, written for this project from facts.

Every line of `articles.jsonl` is an article with an `event` label beside its fields. The labels are for
tests and for measuring; the service never sees them. Publishers and their domains are invented.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from index.article import Article


@dataclass(frozen=True, slots=True)
class Sample:
    """An article and the event that it reports."""

    article: Article
    event: str


def samples() -> list[Sample]:
    """All sample stories, in the order of publication."""
    lines = files(__name__).joinpath("articles.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    read = [Sample(event=row.pop("event"), article=Article.model_validate(row)) for row in rows]
    return sorted(read, key=lambda sample: (str(sample.article.published_at), sample.article.id))
