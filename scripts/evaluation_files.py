"""Files of evaluation sets: JSON Lines, told apart by the beginning of their names."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from index.article import Article, Content
from index.language import primary, standard_tag
from index.samples import samples

FOLDER_VARIABLE = "SIMILAR_NEWS_EVAL"
"""Names the folder of the sets where a script is not told."""

SetsFolder = Annotated[
    Path | None,
    typer.Argument(help="The evaluation sets.", envvar=FOLDER_VARIABLE, exists=True, file_okay=False),
]

Row = dict[str, Any]

SAME_GRADE = 5 / 6
RELATED_GRADE = 1 / 2
"""Of SemEval's grades, 1 for very similar to 0 for very dissimilar in thirds: half way between "very" and "somewhat
similar", and between "somewhat similar" and "somewhat dissimilar"."""

_WORDS = ("title", "text")
_FIELDS = ("published_at", "source", "country", "url")


def given_folder(folder: Path | None) -> Path:
    """The folder that a script was given; if it was none, the script ends with a message."""
    if folder is None:
        raise typer.BadParameter(f"give the folder with the evaluation sets, or set {FOLDER_VARIABLE} to it")
    return folder


def rows_of(file: Path) -> list[Row]:
    """The rows of a file."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sample_rows() -> list[Row]:
    """The sample stories; a single one is a story of its own."""
    return [one.article.model_dump(mode="json", exclude_none=True) | {"story": one.event} for one in samples()]


def known_tag(tag: str) -> str | None:
    """The tag, or its language alone; None to have it identified. Wikipedias have codes that are not BCP 47."""
    for candidate in (tag, primary(tag)):
        try:
            return standard_tag(candidate)
        except ValueError:
            continue
    return None


def content_of(row: Row) -> Content:
    """The words of a row and when they were published. A title or text without letter or digit is as good as none."""
    words = {name: row[name] for name in _WORDS if any(map(str.isalnum, row.get(name) or ""))}
    dated = {"published_at": row["published_at"]} if row.get("published_at") else {}
    return Content.model_validate(words | dated | {"lang": known_tag(row["lang"])})


def article_of(row: Row) -> Article:
    """The article of a row that has an `id`."""
    content = content_of(row)
    others = {name: row[name] for name in _FIELDS if row.get(name)}
    lang = content.language  # as it is kept
    return Article.model_validate(
        {name: getattr(content, name) for name in _WORDS if getattr(content, name)}
        | others
        | {"id": row["id"], "lang": lang}
    )
