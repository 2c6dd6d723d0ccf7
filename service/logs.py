"""Log lines for people or for machines."""

import logging
import sys

import structlog

from index.tracebacks import traceback_of
from service.access.keys import without_keys
from service.settings import Settings

REQUEST_FIELDS = ("method", "route", "path", "status", "milliseconds", "bytes", "network", "key_id")
"""What a line about a request says, beside the request's id, which every line has that is written during it."""

_CHATTY = (
    "alembic",
    "faiss.loader",
    "filelock",
    "httpcore2",
    "httpx2",
    "huggingface_hub",
    "sentence_transformers",
    "transformers",
)


def configure(settings: Settings) -> None:
    """Send all log records to standard error, in the form that the settings ask for."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(REQUEST_FIELDS),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(lambda info: traceback_of(info[1])),
            renderer,
            lambda _logger, _method, line: without_keys(str(line)),  # addresses have those of widgets in them
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
