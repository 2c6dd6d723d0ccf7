"""A small client of the service, for the command line."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from pydantic import SecretStr

_PATIENCE = 5.0
_SENDABLE = re.compile(r"[!-~]+")
_ABSENT = frozenset({404, 410})
_TIMEOUT = httpx2.Timeout(10, read=600)


class ApiError(Exception):
    """The service cannot be reached, or answered with an error."""


class ApiClient:
    """Talks to a service."""

    def __init__(self, address: str, key: SecretStr | None = None) -> None:
        """Talk to a service.

        Args:
            address: such as `http://127.0.0.1:8000`.
            key: what to send as a key, if anything.

        Raises:
            ApiError: no key is written like that. It is not sent, as the error of a header would show it.
        """
        self._address = address.rstrip("/")
        self._headers = {}
        if key is not None:
            if not _SENDABLE.fullmatch(key.get_secret_value()):
                raise ApiError("the key has characters that no key has; it should be as 'keys create' printed it")
            self._headers["Authorization"] = f"Bearer {key.get_secret_value()}"

    def ready(self) -> Any:
        """What the service says of its readiness; asked directly, past any proxy, and with little patience.

        Raises:
            ApiError: it is not ready.
        """
        answer = self._json("GET", "/readyz", timeout=_PATIENCE, trust_env=False)
        if not isinstance(answer, dict) or answer.get("status") != "ready":
            raise ApiError(f"what answers at {self._address} is no service of similar-news")
        return answer

    def get(self, path: str, parameters: dict[str, str | int] | None = None) -> Any:
        """The JSON that a GET answers."""
        return self._json("GET", path, params=parameters, follow_redirects=True)

    def post(self, path: str, body: object, parameters: dict[str, str | int] | None = None) -> Any:
        """The JSON that a POST of JSON answers."""
        return self._json("POST", path, json=body, params=parameters)

    def delete(self, path: str) -> None:
        """Send a DELETE, which answers nothing."""
        self._answer("DELETE", path)

    def delete_if_there(self, path: str) -> bool:
        """Have something deleted; False if it is not there, or not any more."""
        return self._answer("DELETE", path, passed=_ABSENT).is_success

    def post_lines(self, path: str, lines: Iterable[bytes]) -> Iterator[str]:
        """The lines that a POST of lines answers, as they come."""
        with (
            self._errors(),
            httpx2.stream(
                "POST", self._address + path, content=iter(lines), headers=self._headers, timeout=_TIMEOUT
            ) as response,
        ):
            if response.is_error:
                response.read()
                raise ApiError(_detail(response))
            yield from response.iter_lines()

    def _json(self, method: str, path: str, **options: Any) -> Any:
        response = self._answer(method, path, **options)
        with self._errors():
            return response.json()

    def _answer(self, method: str, path: str, passed: Collection[int] = (), **options: Any) -> httpx2.Response:
        with self._errors():
            response = httpx2.request(
                method, self._address + path, headers=self._headers, **{"timeout": _TIMEOUT} | options
            )
            if response.is_error and response.status_code not in passed:
                raise ApiError(_detail(response))
            return response

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ApiError(f"no answer from {self._address}: {error}") from error
        except ValueError as error:
            raise ApiError(f"what {self._address} answered cannot be read: {error}") from error


def _detail(response: httpx2.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the service answered {response.status_code} {response.reason_phrase}"
