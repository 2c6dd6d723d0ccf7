"""Who may have this machine ask others."""

from fastapi import Request

from service.access.callers import Caller
from service.problems import ProblemError, make_problem
from service.settings import Settings


def refuse_anonymous(request: Request, what: str, instead: str) -> None:
    """Refuse whoever has no key: nobody knows who that is, perhaps a page in a browser on this machine.

    Args:
        request: of the caller.
        what: what is done for others, as a sentence that goes on with "for callers".
        instead: what to do without a key.

    Raises:
        ProblemError: the caller has no key, and the settings want one for this.
    """
    caller: Caller = request.state.caller
    settings: Settings = request.app.state.settings
    if caller.key is None and not settings.allow_anonymous_fetch:
        detail = (
            f"{what} for callers with a key, as 'similar-news keys create --scope ingest' makes one, or for all with "
            f"SIMILAR_NEWS_ALLOW_ANONYMOUS_FETCH=true; or {instead}"
        )
        raise ProblemError(make_problem(403, "fetch-not-allowed", detail))
