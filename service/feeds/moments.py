"""Points in time as feeds write them."""

from calendar import timegm
from datetime import UTC, datetime, timedelta
from time import struct_time

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""What is before it was put where there was nothing, as 1970 is."""


def moment(written: object) -> datetime | None:
    """A time in ISO 8601, UTC if it has no offset; None if it is none, or is not plausible."""
    if not isinstance(written, str):
        return None
    try:
        found = datetime.fromisoformat(written.strip())
        return plausible(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def moment_of_parts(parts: struct_time | None) -> datetime | None:
    """A time in UTC in its parts; None if it is none, or is not plausible."""
    if parts is None:
        return None
    try:
        return plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=timegm(parts)))
    except (ValueError, OverflowError):
        return None


def plausible(found: datetime) -> datetime | None:
    """A time, if there may have been a report then."""
    return found if found >= _EARLIEST else None
