"""Who asks?"""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from service.access import key_in_query
from service.access.key_file import FollowedKeyFile, KeyFileError
from service.access.keys import Key, Scope
from service.access.origins import origin_of
from service.access.wrong_keys import WrongKeys
from service.networks import network_of
from service.problems import Problem, ProblemError, make_problem

_CHALLENGE = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
_UNSEEN = {"Cache-Control": "no-store"}
_HOW = "send it in the header 'Authorization: Bearer <key>'"
_READING = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        key: the key that was sent; None when none is needed.
    """

    key: Key | None

    def refuse_unless(self, scope: Scope) -> None:
        """Refuse what the key does not let do.

        Raises:
            ProblemError: a key with another scope is needed.
        """
        if self.key is not None and not self.key.scope.includes(scope):
            detail = f"this needs a key with the scope '{scope}'; the one that was sent has '{self.key.scope}'"
            raise ProblemError(make_problem(403, "scope", detail), _UNSEEN)


@dataclass(frozen=True, slots=True)
class Identified:
    """What is known of whoever sent a request.

    Attributes:
        key: the key that was sent, if there is such a one, whether it may be used here or not. One that is merely
            claimed is none: whoever made up new ones would be a new caller each time.
        refusal: why the caller is let in nowhere but to what is public; None if it is let in.
    """

    key: Key | None
    refusal: ProblemError | None = None

    def caller(self) -> Caller:
        """Whoever sent the request.

        Raises:
            ProblemError: a key is needed and is not there, is not known, or is used where it must not be.
        """
        if self.refusal is not None:
            raise self.refusal
        return Caller(self.key)


def identify(scope: AsgiScope, keys: FollowedKeyFile, wrong_keys: WrongKeys) -> Identified:
    """Find out who asks, and take the key of a widget out of the query; to be called before anything has read that.

    Args:
        scope: of the request.
        keys: those that there are.
        wrong_keys: where one that there is not is counted.
    """
    in_query = key_in_query.take(scope)
    headers = Headers(scope=scope)
    try:
        ring = keys.current()
    except KeyFileError:
        detail = "the keys of this service cannot be read, so that nobody is let in: its log says what is wrong"
        return Identified(None, ProblemError(make_problem(503, "keys-unreadable", detail), _UNSEEN))
    if ring is None:
        return Identified(None, _refusal_of_other_sites(scope["method"], headers))
    in_header = _key_in_headers(headers)
    sent = in_header or in_query
    key = ring.find(sent) if sent else None
    if key is None:
        return Identified(None, _wrong(scope, wrong_keys) if sent else _unauthorized(f"this needs a key: {_HOW}"))
    if key.is_for_widget and not _is_from_its_pages(headers, key):
        detail = "this key is for a widget in the pages of certain origins, and this request comes from none of them"
        return Identified(key, ProblemError(make_problem(403, "origin", detail), _UNSEEN))
    if in_query and not in_header:
        if not key.is_for_widget:
            # Addresses are kept in logs and histories, and are passed on.
            return Identified(key, _unauthorized(f"only the key of a widget can be sent in the query: {_HOW}"))
        key_in_query.remember(scope, in_query)
    return Identified(key)


def is_still_let_in(request: Request) -> bool:
    """Whether the caller of a request that lasts could still send it: the key may have been revoked since."""
    caller: Caller = request.state.caller
    keys: FollowedKeyFile = request.app.state.keys
    try:
        ring = keys.current()
    except KeyFileError:
        return False
    return caller.key is None if ring is None else caller.key in ring.keys


def _key_in_headers(headers: Headers) -> str | None:
    """The key that was sent in a header, if one was."""
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and sent.strip():
        return sent.strip()
    return headers.get("x-api-key", "").strip() or None


def _wrong(scope: AsgiScope, wrong_keys: WrongKeys) -> ProblemError:
    """What to say of a key that there is not, once it is counted."""
    seconds = wrong_keys.seconds_to_wait(network_of(scope))
    if seconds is None:
        return _unauthorized("there is no such key: it is misspelt, or was revoked; ask for a new one")
    detail = f"too many wrong keys came from your network: send one that is right, or wait for {seconds} s"
    return ProblemError(make_problem(429, "too-many-wrong-keys", detail), _UNSEEN | {"Retry-After": str(seconds)})


def _unauthorized(detail: str) -> ProblemError:
    problem: Problem = make_problem(401, "unauthorized", detail)
    return ProblemError(problem, _CHALLENGE)


def _is_from_its_pages(headers: Headers, key: Key) -> bool:
    """Whether the key of a widget is used in a page that it is for. A page that names itself twice is none of them."""
    named: list[str | None] = list(headers.getlist("origin"))
    named = named or [origin_of(one) for one in headers.getlist("referer")]
    return len(named) == 1 and named[0] in key.origins


def _refusal_of_other_sites(method: str, headers: Headers) -> ProblemError | None:
    """Why a page of another site may not write while no key is needed: a browser on this machine would let it."""
    origin = headers.get("origin")
    if origin is None or method in _READING or headers.get("sec-fetch-site") == "same-origin":
        return None
    if origin.partition("://")[2] == headers.get("host"):
        return None
    detail = "pages of other sites cannot write here; send this from a program, or create keys and send one"
    return ProblemError(make_problem(403, "origin", detail), _UNSEEN)
