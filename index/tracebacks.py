"""What can be logged of an error that was not expected."""

import traceback


def traceback_of(error: BaseException) -> str:
    """Where an error and those that it came from were raised, and their types.

    Not what they say: an unexpected one may quote what was sent, and no article is to be in a log.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = "".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__
    return f"{traceback_of(before)}\n\nafter which came:\n\n{own}" if before else own
