"""Sites that have feeds."""

from collections.abc import Iterator

import pytest

from tests.service.fetching.sites import Sites, served


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Sites on a local server, each behind a name that leads to a public address."""
    with served() as sites:
        yield sites
