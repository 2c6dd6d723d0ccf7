"""Writes that are to happen only if an article is as the client knows it (RFC 9110, section 13)."""

import re
from typing import Annotated

from fastapi import Depends, Header
from pydantic import JsonValue

from index.store import Condition
from service.problems import ProblemError, make_problem

_ANY = "*"
_TAG = re.compile(r'[ \t]*(?P<weak>W/)?"(?P<version>[\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)')


_DESCRIBED: dict[str, JsonValue] = {"pattern": r'^(\*|((W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)?)$'}
"""The same for a JSON schema, but for what clients had better not send."""


def etag_of(version: str) -> str:
    """The entity tag of a version of an article. It is of what the publisher sent, not of the story that it is in."""
    return f'"{version}"'


def _condition(
    if_match: Annotated[
        str | None,
        Header(
            description="Only if the article's ETag is one of these; `*` if there is one at all.",
            json_schema_extra=_DESCRIBED,
        ),
    ] = None,
    if_none_match: Annotated[
        str | None,
        Header(
            description="Only if the article's ETag is none of these; `*` if there is none at all.",
            json_schema_extra=_DESCRIBED,
        ),
    ] = None,
) -> Condition | None:
    """The condition of a request, None if it makes none.

    Raises:
        ProblemError: a header cannot be read.
    """
    if if_match is None and if_none_match is None:
        return None
    # Compared strongly the one, weakly the other.
    wanted = None if if_match is None else _versions("If-Match", if_match, take_weak=False)
    unwanted = None if if_none_match is None else _versions("If-None-Match", if_none_match, take_weak=True)

    def holds(version: str | None) -> bool:
        return (wanted is None or _is_among(version, wanted)) and (unwanted is None or not _is_among(version, unwanted))

    return holds


PutCondition = Annotated[Condition | None, Depends(_condition)]


def _is_among(version: str | None, versions: frozenset[str]) -> bool:
    return version is not None and (_ANY in versions or version in versions)


def _versions(name: str, given: str, *, take_weak: bool) -> frozenset[str]:
    """The versions that a header names; `*` is in them alone, since no version is called so."""
    if given.strip() == _ANY:
        return frozenset({_ANY})
    versions = set[str]()
    place = 0
    while place < len(given):
        tag = _TAG.match(given, place)
        if not tag:
            detail = f"{name}: {given!r} is no list of entity tags; send one as an ETag gave it, in quotation marks"
            raise ProblemError(make_problem(400, "bad-precondition", detail))
        if tag["version"] != _ANY and (take_weak or not tag["weak"]):
            versions.add(tag["version"])
        place = tag.end()
    return frozenset(versions)
