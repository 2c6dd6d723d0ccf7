"""Rows of the store as what they stand for."""

from collections.abc import Mapping

from sqlalchemy import RowMapping

from index.article import Article
from index.store.records import ModelRecord, StoredArticle


def model_record(values: Mapping[str, str]) -> ModelRecord | None:
    """Of the table of settings; None if there is none yet."""
    return ModelRecord(values["model"], values["fingerprint"]) if "fingerprint" in values else None


def stored_article(row: RowMapping) -> StoredArticle:
    """Of the table of articles."""
    # Checked when it came in; what the checks of a later version would say of it does not matter.
    article = Article.model_construct(**{name: row[name] for name in Article.model_fields})
    return StoredArticle(
        key=row["key"],
        sequence=row["sequence"],
        article=article,
        words_hash=row["words_hash"],
        appeared_at=row["appeared_at"],
        first_seen_at=row["first_seen_at"],
        updated_at=row["updated_at"],
    )
