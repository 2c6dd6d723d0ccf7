"""What else is being reported about this: which of the articles found are an answer, in which order, and why.

The vector index gives neighbours. The `scorer` tells how probable it is that they report the same event, or one of the
same running story; `copies` folds those that are one text; `choosing` orders and limits what is left, and `reasons`
says what speaks for each. All of it goes by the embeddings and by the `signals` that were kept of each article when it
came in, so that of the neighbours only those that are shown are read from the store.
"""

from index.related.choosing import Answer, Related
from index.related.query import DIVERSITY, MIN_SCORE, RelatedQuery, Relation
from index.related.reasons import Reason, ReasonKind

__all__ = ["DIVERSITY", "MIN_SCORE", "Answer", "Reason", "ReasonKind", "Related", "RelatedQuery", "Relation"]
