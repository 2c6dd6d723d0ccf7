"""Who asks?"""

from dataclasses import dataclass

from fastapi import Request

from service.access import key_in_query
from service.access.key_file import FollowedKeyFile, KeyFileError
from service.access.keys import Key, KeyRing, Scope
from service.access.known_keys import key_in_headers
from service.access.origins import origin_of
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


def identify(request: Request) -> Caller:
    """Find out who asks; to be called before anything has read the query or the body.

    Raises:
        ProblemError: a key is needed and is not there, is not known, or is used where it must not be.
    """
    in_query = key_in_query.take(request.scope)
    try:
        ring = _keys(request).current()
    except KeyFileError as error:
        detail = "the keys of this service cannot be read, so that nobody is let in: its log says what is wrong"
        raise ProblemError(make_problem(503, "keys-unreadable", detail), _UNSEEN) from error
    if ring is None:
        _refuse_other_sites(request)
        return Caller(None)
    in_header = key_in_headers(request.headers)
    key = _known(ring, in_header or in_query)
    if key.is_for_widget:
        _refuse_other_pages(request, key)
    if in_query and not in_header:
        if not key.is_for_widget:
            # Addresses are kept in logs and histories, and are passed on.
            raise ProblemError(_unauthorized(f"only the key of a widget can be sent in the query: {_HOW}"), _CHALLENGE)
        key_in_query.remember(request, in_query)
    return Caller(key)


def is_still_let_in(request: Request) -> bool:
    """Whether the caller of a request that lasts could still send it: the key may have been revoked since."""
    caller: Caller = request.state.caller
    try:
        ring = _keys(request).current()
    except KeyFileError:
        return False
    return caller.key is None if ring is None else caller.key in ring.keys


def _keys(request: Request) -> FollowedKeyFile:
    keys: FollowedKeyFile = request.app.state.keys
    return keys


def _known(ring: KeyRing, sent: str | None) -> Key:
    if sent is None:
        raise ProblemError(_unauthorized(f"this needs a key: {_HOW}"), _CHALLENGE)
    key = ring.find(sent)
    if key is None:
        raise ProblemError(
            _unauthorized("there is no such key: it is misspelt, or was revoked; ask for a new one"), _CHALLENGE
        )
    return key


def _unauthorized(detail: str) -> Problem:
    return make_problem(401, "unauthorized", detail)


def _refuse_other_pages(request: Request, key: Key) -> None:
    """Refuse the key of a widget in pages that it is not for. A page that names itself twice is none of them."""
    named: list[str | None] = list(request.headers.getlist("origin"))
    named = named or [origin_of(one) for one in request.headers.getlist("referer")]
    if len(named) != 1 or named[0] not in key.origins:
        detail = "this key is for a widget in the pages of certain origins, and this request comes from none of them"
        raise ProblemError(make_problem(403, "origin", detail), _UNSEEN)


def _refuse_other_sites(request: Request) -> None:
    """Refuse that a page of another site writes while no key is needed: a browser on this machine would let it."""
    origin = request.headers.get("origin")
    if origin is None or request.method in _READING or request.headers.get("sec-fetch-site") == "same-origin":
        return
    if origin.partition("://")[2] != request.headers.get("host"):
        detail = "pages of other sites cannot write here; send this from a program, or create keys and send one"
        raise ProblemError(make_problem(403, "origin", detail), _UNSEEN)
