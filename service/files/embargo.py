"""What must not be shown before its time."""

from datetime import UTC, datetime

from service.files.records import INVALID, Skipped


def embargo(until: str, now: datetime) -> Skipped | None:
    """Why an article is not taken yet; None if it may be.

    Args:
        until: when its embargo ends, in ISO 8601; empty if it has none. Without an offset it is UTC.
        now: the moment.
    """
    if not until.strip():
        return None
    try:
        moment = datetime.fromisoformat(until.strip())
    except ValueError:
        return Skipped(f"when its embargo ends cannot be read: {until!r}", INVALID)
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment <= now:
        return None
    return Skipped(f"it is embargoed until {moment.isoformat()}: ingest it again then")
