"""What can be wrong with a file as a whole."""

from index.errors import SimilarNewsError


class UnreadableFileError(SimilarNewsError):
    """A file cannot be read as what it is taken for; the message says what to do."""
