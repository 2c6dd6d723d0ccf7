"""Errors that a person can act on. Everything the library raises on purpose derives from `SimilarNewsError`."""


class SimilarNewsError(Exception):
    """The message says what is wrong and what to do about it."""


class ModelMismatchError(SimilarNewsError):
    """The data directory was filled with vectors of another model."""


class WriterLockedError(SimilarNewsError):
    """Another process is writing to the data directory."""


class StoreError(SimilarNewsError):
    """The store cannot be opened, read or written: a newer schema, a damaged file, no permission, a lock."""


class StorageFullError(StoreError):
    """The disk is full. Nothing of the refused write was kept, and all that was acknowledged before is there."""


class ReadOnlyError(StoreError):
    """This process only reads the data directory."""


class ModelNotFoundError(SimilarNewsError):
    """The model is neither a folder, nor known here, nor to be had from the hub."""


class UnknownArticleError(SimilarNewsError):
    """No article has that id or URL."""


class TakenDownError(SimilarNewsError):
    """The article was taken down and is not accepted again."""


class ConditionError(SimilarNewsError):
    """An article is not as the caller's condition has it; nothing was kept."""


class UnknownStoryError(SimilarNewsError):
    """No story has or had that id."""


class StoryGoneError(SimilarNewsError):
    """The story's articles are all gone, or are in other stories."""


class MergedStoryError(SimilarNewsError):
    """The story is a part of another one now."""

    def __init__(self, story: str, into: str) -> None:
        """Say of which.

        Args:
            story: its id.
            into: the other one's id.
        """
        super().__init__(f"the story {story} is a part of {into} now")
        self.story = story
        self.into = into


class InvalidArticleError(SimilarNewsError):
    """An article or a text that cannot be read."""


class QuantisationError(SimilarNewsError):
    """The int8 copy of a model cannot be built."""


class BackendError(SimilarNewsError):
    """The model cannot run on the backend that was asked for."""


class EncoderOverloadedError(SimilarNewsError):
    """More text is waiting to be embedded than the encoder takes; nothing of the refused call was begun."""

    def __init__(self, message: str, retry_after: int) -> None:
        """Say when to try again.

        Args:
            message: what is wrong and what to do about it.
            retry_after: seconds after which what waits now is done, as far as can be told.
        """
        super().__init__(message)
        self.retry_after = retry_after
