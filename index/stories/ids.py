"""The ids of stories and threads: a letter and a number."""

import re

_NUMBER = "[1-9][0-9]{0,17}"
_ID = re.compile(rf"([st])({_NUMBER})")


def story_id(number: int) -> str:
    """The id of a story."""
    return f"s{number}"


def thread_id(number: int) -> str:
    """The id of a thread, by the number of the story with which it began."""
    return f"t{number}"


def pattern_of(kind: str) -> str:
    """What ids of a kind, `s` or `t`, look like, for a JSON schema."""
    return f"^{kind}{_NUMBER}$"


def number_of(given: str, kind: str) -> int | None:
    """The number in an id; None if it is none of that kind, `s` or `t`."""
    found = _ID.fullmatch(given)
    return int(found[2]) if found and found[1] == kind else None
