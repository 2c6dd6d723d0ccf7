"""Errors that a person can act on. Everything the library raises on purpose derives from `SimilarNewsError`."""


class SimilarNewsError(Exception):
    """The message says what is wrong and what to do about it."""


class ModelMismatchError(SimilarNewsError):
    """The data directory was filled with vectors of another model."""


class WriterLockedError(SimilarNewsError):
    """Another process is writing to the data directory."""


class StoreError(SimilarNewsError):
    """The store cannot be opened: a newer schema, a damaged file, no permission."""


class ModelNotFoundError(SimilarNewsError):
    """The model is neither a folder, nor known here, nor to be had from the hub."""


class UnknownArticleError(SimilarNewsError):
    """No article has that id or URL."""


class TakenDownError(SimilarNewsError):
    """The article was taken down and is not accepted again."""


class InvalidArticleError(SimilarNewsError):
    """An article or a text that cannot be read."""
