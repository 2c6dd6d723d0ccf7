"""What all commands share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from index.errors import SimilarNewsError
from service import logs
from service.api_client import ApiError
from service.settings import Settings, read_settings

FAILED = 1


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
