"""What all commands share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from index.errors import SimilarNewsError
from service import logs
from service.api_client import ApiClient, ApiError
from service.settings import Settings, read_settings

FAILED = 1

Api = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="A running service to talk to, instead of opening the data directory."),
]
ServiceKey = Annotated[
    str | None,
    typer.Option(
        "--key", metavar="KEY", help="Key to send with --api; SIMILAR_NEWS_API_KEY keeps it out of the shell's history."
    ),
]


@contextmanager
def configured() -> Iterator[Settings]:
    """The settings, with logging set up; an error that a person can act on ends the command with its message."""
    try:
        settings = read_settings()
        logs.configure(settings)
        yield settings
    except (SimilarNewsError, ApiError, OSError) as error:
        logging.getLogger(__name__).debug("failed", exc_info=error)
        complain(f"similar-news: {error}")
        raise typer.Exit(FAILED) from error


def complain(message: str) -> None:
    """Print what is wrong."""
    Console(stderr=True, soft_wrap=True).print(message, style="red", highlight=False, markup=False)


def client_of(api: str, key: str | None, settings: Settings) -> ApiClient:
    """A client of the service at an address, with the key given or that of the settings."""
    return ApiClient(api, settings.api_key if key is None else SecretStr(key))


def is_url(given: str) -> bool:
    """Whether what was named on a command line is a URL, and no file."""
    return given.lower().startswith(("http://", "https://"))
