"""similar-news, the library: articles in, related coverage out. Knows nothing of HTTP.

from pathlib import Path
from index import Article, RelatedQuery, load_encoder, open_index

encoder = load_encoder(cache=Path("cache"))
with open_index(Path("data"), encoder) as index:
    index.put([Article(id="a", title="A headline", text="A text.")])
    answer = index.related_to(index.article("a"), RelatedQuery(limit=5))
"""

from index.article import Article, Content
from index.coverage_index import CoverageIndex
from index.encoder.loading import load_encoder
from index.errors import SimilarNewsError
from index.opening import open_index
from index.related import Answer, Reason, ReasonKind, Related, RelatedQuery, Relation
from index.store import Put, PutStatus, StoredArticle
from index.vectors import Filters

__all__ = [
    "Answer",
    "Article",
    "Content",
    "CoverageIndex",
    "Filters",
    "Put",
    "PutStatus",
    "Reason",
    "ReasonKind",
    "Related",
    "RelatedQuery",
    "Relation",
    "SimilarNewsError",
    "StoredArticle",
    "load_encoder",
    "open_index",
]
