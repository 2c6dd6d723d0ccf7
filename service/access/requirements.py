"""What a route needs: a scope, or nothing."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBearer

from service.access import key_in_query
from service.access.callers import Caller
from service.access.identified import identified
from service.access.keys import Scope

_BEARER = HTTPBearer(scheme_name="bearer", auto_error=False, description="A key, as `similar-news keys create` prints.")
_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="header", auto_error=False, description="The same.")
_QUERY = APIKeyQuery(
    name=key_in_query.NAME, scheme_name="query", auto_error=False, description="The key of a widget, and no other."
)


class Needs:
    """The dependency of a route that only those may ask who have a scope."""

    def __init__(self, scope: Scope) -> None:
        """Need a scope."""
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        # For the description of the API alone; which of them counts is for `identify` to say.
        _bearer: Annotated[Any, Security(_BEARER)],
        _header: Annotated[Any, Security(_HEADER)],
        _query: Annotated[Any, Security(_QUERY)],
    ) -> Caller:
        """The caller, who has the scope. A route that is no `GuardedRoute` has none, and fails.

        Raises:
            ProblemError: the caller does not have it.
        """
        caller: Caller = request.state.caller
        caller.refuse_unless(self.scope)
        return caller


def _nothing() -> None:
    """What is needed for what anyone may ask."""


READ = Security(Needs(Scope.READ), scopes=[Scope.READ.value])
INGEST = Security(Needs(Scope.INGEST), scopes=[Scope.INGEST.value])
ADMIN = Security(Needs(Scope.ADMIN), scopes=[Scope.ADMIN.value])
PUBLIC = Depends(_nothing)


class GuardedRoute(APIRoute):
    """A route that has READ, INGEST, ADMIN or PUBLIC among its dependencies.

    Dependencies alone come too late: by then the body was read, and told wrong from right, for whoever sent it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the question who asks.

        Raises:
            TypeError: the route does not say what it needs.
        """
        handle = self.handler_for_those_let_in()
        needs = [one.dependency for one in self.dependencies if isinstance(one.dependency, Needs)]
        if bool(needs) == (PUBLIC in self.dependencies):
            raise TypeError(f"{self.path} has to need a scope, or to be PUBLIC")
        if not needs:
            return handle

        async def guarded(request: Request) -> Response:
            caller = identified(request.scope).caller()
            for need in needs:
                caller.refuse_unless(need.scope)
            request.state.caller = caller
            response = await handle(request)
            if caller.key is not None:
                response.headers.setdefault("Cache-Control", "private")  # not for those who have no key
            return response

        return guarded

    def handler_for_those_let_in(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers once it is known who asks, in `request.state.caller`."""
        return super().get_route_handler()
