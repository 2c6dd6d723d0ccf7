"""Those who try keys that there are not."""

import time
from math import ceil

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from service.in_memory_counts import InMemoryCounts

WRONG_KEYS_A_MINUTE = 30


class WrongKeys:
    """Counts wrong keys by the network that they come from.

    Nobody guesses 256 bits, but who tries is to be told to stop, and is to be seen. Only the wrong keys of a network
    are refused: nobody can shut out those who share it. Each process counts for itself, in memory.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self._rate: RateLimitItem = RateLimitItemPerMinute(WRONG_KEYS_A_MINUTE)
        self._counts = FixedWindowRateLimiter(InMemoryCounts())

    def seconds_to_wait(self, network: str) -> int | None:
        """Count one more wrong key of a network; gives when it may send the next, or None if it was not too many.

        Args:
            network: as `service.networks.network_of` gives it.
        """
        if self._counts.hit(self._rate, network):
            return None
        return max(1, ceil(self._counts.get_window_stats(self._rate, network).reset_time - time.time()))
