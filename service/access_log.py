"""A log line for every request."""

import logging

from service.request_watch import QUIET_PATHS, Handled

_logger = logging.getLogger(__name__)


def log_request(handled: Handled) -> None:
    """Log a request, without its query, which may quote what is read or asked."""
    level = logging.DEBUG if handled.route in QUIET_PATHS else logging.INFO
    if not _logger.isEnabledFor(level):
        return
    fields = {
        "method": handled.method,
        "route": handled.route,
        "path": handled.path,
        "status": handled.status,
        "milliseconds": round(handled.seconds * 1_000, 1),
        "bytes": handled.bytes,
        "network": handled.network,
        "key_id": handled.key_id,
    }
    _logger.log(level, "request", extra={name: value for name, value in fields.items() if value is not None})
