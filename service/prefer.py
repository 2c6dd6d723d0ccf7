"""How long a client would wait for its articles to be found (RFC 7240)."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

_MOST_SECONDS = 3600
_RESPOND_ASYNC = "respond-async"
_WAIT = re.compile(r'wait\s*=\s*"?(\d{1,9})"?')


@dataclass(frozen=True, slots=True)
class Preference:
    """What is preferred.

    Attributes:
        patience: seconds to wait for articles to be found when they are durable; None for as long as it takes.
        applied: for the header Preference-Applied.
    """

    patience: float | None
    applied: str


def _preference(
    prefer: Annotated[
        str | None,
        Header(
            description="`respond-async`: answer by 202 once articles are durable; they are found a little later. "
            "`wait=N`: wait at most N seconds for that, then answer by 202."
        ),
    ] = None,
) -> Preference:
    """The preference of a request. What is not known is passed over, as RFC 7240 has it."""
    asked = [part.partition(";")[0].strip().lower() for part in (prefer or "").split(",")]
    waits = [found[1] for part in asked if (found := _WAIT.fullmatch(part))]
    is_async = _RESPOND_ASYNC in asked
    applied = ([_RESPOND_ASYNC] if is_async else []) + [f"wait={seconds}" for seconds in waits[:1]]
    if waits:
        return Preference(min(float(waits[0]), _MOST_SECONDS), ", ".join(applied))
    return Preference(0.0 if is_async else None, ", ".join(applied))


Prefer = Annotated[Preference, Depends(_preference)]
