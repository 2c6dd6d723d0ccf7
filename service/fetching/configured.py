"""A fetcher as the settings want it."""

from ipaddress import ip_network

from service.fetching.destinations import Destinations
from service.fetching.fetcher import Fetcher, FetchLimits
from service.settings import Settings


def configured_destinations(settings: Settings) -> Destinations:
    """What may be asked."""
    networks = settings.fetch_private_networks or ""
    return Destinations(settings.fetch_ports, [ip_network(one.strip()) for one in networks.split(",") if one.strip()])


def configured_fetcher(settings: Settings) -> Fetcher:
    """Make one, to be closed after use."""
    return Fetcher(
        settings.fetch_user_agent,
        FetchLimits(settings.max_page_bytes, settings.fetch_timeout, settings.max_concurrent_fetches),
        configured_destinations(settings),
    )
