"""Nobody has this machine ask what only it can reach (server-side request forgery)."""

from ipaddress import ip_network

import pytest

from service.fetching.destinations import Destinations
from service.fetching.errors import Failure, FetchError
from tests.service.fetching.sites import NEWS, PUBLIC, PUBLIC_6, Answer, Sites

TYPES = ("text/html",)
PAGE = Answer(b"<p>A page")
PRIVATE = ["127.0.0.1", "10.0.0.7", "169.254.169.254", "100.64.0.1", "::1", "fd00:ec2::254", "::ffff:10.0.0.7"]

FORGED = {
    "loopback": "http://127.0.0.1/",
    "loopback elsewhere": "http://127.8.9.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "private": "http://192.168.0.1/",
    "any": "http://0.0.0.0/",
    "shared": "http://100.64.0.1/",
    "localhost": "http://localhost/",
    "below localhost": "http://a.localhost./",
    "LOCALHOST": "http://LOCALHOST/",
    "metadata by name": "http://metadata.google.internal/",
    "local": "http://printer.local/",
    "a short name": "http://intranet/",
    "decimal": "http://2130706433/",
    "octal": "http://0177.0.0.1/",
    "octal in one": "http://017700000001/",
    "hexadecimal": "http://0x7f.1/",
    "hexadecimal in one": "http://0x7f000001/",
    "short": "http://127.1/",
    "leading zeros": "http://127.0.0.01/",
    "a dot behind": "http://127.0.0.1./",
    "ideographic dots": "http://127。0。0。1/",
    "wide digits": "http://１２７.0.0.1/",
    "encoded": "http://%31%32%37.0.0.1/",
    "encoded dots": "http://127%2E0%2E0%2E1/",
    "IPv6 loopback": "http://[::1]/",
    "IPv6 any": "http://[::]/",
    "mapped": "http://[::ffff:127.0.0.1]/",
    "compatible": "http://[::127.0.0.1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "6to4": "http://[2002:7f00:1::]/",
    "Teredo": "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "metadata by IPv6": "http://[fd00:ec2::254]/",
    "link-local": "http://[fe80::1%25eth0]/",
    "multicast": "http://[ff02::1]/",
    "an odd port": f"http://{NEWS}:6379/",
    "the port of mail": f"http://{NEWS}:25/",
    "user name": f"http://admin@{NEWS}/",
    "user name and password": f"http://a:b@{NEWS}/",
    "what looks like another host": f"http://{NEWS}@127.0.0.1/",
    "a backslash": f"http://{NEWS}\\@127.0.0.1/",
    "another backslash": f"http://127.0.0.1\\.{NEWS}/",
    "a file": "file:///etc/passwd",
    "gopher": f"gopher://{NEWS}/_x",
    "ftp": f"ftp://{NEWS}/",
    "data": "data:text/html,<p>x",
    "no scheme": f"//{NEWS}/",
    "no host": "http:///x",
    "a line break": f"http://{NEWS}/\r\nHost: 127.0.0.1",
    "too long": f"http://{NEWS}/{'a' * 5000}",
}
NOT_IN_A_HEADER = {"ideographic dots", "wide digits", "no scheme", "no host", "a line break"}
"""Or they lead back to the site itself."""


async def refusal(sites: Sites, url: str) -> FetchError:
    async with sites.fetcher() as fetcher:
        with pytest.raises(FetchError) as raised:
            await fetcher.fetch(url, TYPES)
    return raised.value


def give_local_names_public_addresses(sites: Sites) -> None:
    """It is not their addresses that they are refused for."""
    for name in ("localhost", "a.localhost.", "intranet", "printer.local", "metadata.google.internal"):
        sites.names[name] = [[PUBLIC]]


@pytest.fixture
def sites(sites: Sites) -> Sites:
    sites.put(f"{NEWS}/", PAGE)
    return sites


@pytest.mark.parametrize("url", FORGED.values(), ids=list(FORGED))
async def test_it_is_refused(sites: Sites, url: str) -> None:
    give_local_names_public_addresses(sites)
    error = await refusal(sites, url)
    assert error.kind is Failure.REFUSED
    assert not sites.connected, "it was asked before it was refused"


@pytest.mark.parametrize("url", [url for name, url in FORGED.items() if name not in NOT_IN_A_HEADER])
async def test_it_is_refused_when_a_site_leads_to_it(sites: Sites, url: str) -> None:
    give_local_names_public_addresses(sites)
    sites.put(f"{NEWS}/start", Answer(status=302, headers={"Location": url}))
    error = await refusal(sites, f"http://{NEWS}/start")
    assert error.kind is Failure.REFUSED
    assert set(sites.connected) == {(PUBLIC, 80)}


async def test_a_public_page_is_fetched(sites: Sites) -> None:
    async with sites.fetcher() as fetcher:
        fetched = await fetcher.fetch(f"http://{NEWS}/", TYPES)
    assert (fetched.status, fetched.body) == (200, PAGE.body)
    assert set(sites.connected) == {(PUBLIC, 80)}
    assert sites.asked == [f"{NEWS}/robots.txt", f"{NEWS}/"], "the host is asked for by its name"


@pytest.mark.parametrize("host", [PUBLIC, f"[{PUBLIC_6}]"])
async def test_a_public_address_is_fetched_from(sites: Sites, host: str) -> None:
    sites.put(f"{host}/", PAGE)
    async with sites.fetcher() as fetcher:
        assert (await fetcher.fetch(f"http://{host}/", TYPES)).body == PAGE.body


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_refused(sites: Sites, address: str) -> None:
    sites.names["forged.example"] = [[address]]
    error = await refusal(sites, "http://forged.example/")
    assert error.kind is Failure.REFUSED
    assert address not in str(error), "whoever asks would learn what is in this network"
    assert not sites.connected


@pytest.mark.parametrize("address", PRIVATE)
async def test_one_private_address_among_public_ones_is_enough(sites: Sites, address: str) -> None:
    sites.names["forged.example"] = [[PUBLIC, PUBLIC_6, address]]
    assert (await refusal(sites, "http://forged.example/")).kind is Failure.REFUSED
    assert not sites.connected


async def test_a_site_that_leads_to_a_name_that_leads_to_a_private_address(sites: Sites) -> None:
    sites.names["forged.example"] = [["10.0.0.7"]]
    sites.put(f"{NEWS}/start", Answer(status=301, headers={"Location": "http://forged.example/"}))
    assert (await refusal(sites, f"http://{NEWS}/start")).kind is Failure.REFUSED
    assert set(sites.connected) == {(PUBLIC, 80)}


async def test_a_robots_txt_that_leads_to_a_private_address(sites: Sites) -> None:
    sites.put(f"{NEWS}/robots.txt", Answer(status=302, headers={"Location": "http://127.0.0.1/admin"}))
    assert (await refusal(sites, f"http://{NEWS}/")).kind is Failure.REFUSED
    assert sites.connected == [(PUBLIC, 80)]


async def test_a_name_is_resolved_once_for_each_connection_and_never_between_check_and_use(sites: Sites) -> None:
    sites.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    sites.put("rebinding.example/", PAGE)
    error = await refusal(sites, "http://rebinding.example/")
    assert error.kind is Failure.REFUSED, "the connection for the page is a second one, after that for robots.txt"
    assert sites.connected == [(PUBLIC, 80)]
    assert sites.resolved["rebinding.example"] == 2
    sites.resolved.clear()
    sites.names["rebinding.example"] = [[PUBLIC], [PUBLIC], ["127.0.0.1"]]
    async with sites.fetcher() as fetcher:
        assert (await fetcher.fetch("http://rebinding.example/", TYPES)).body == PAGE.body
    assert set(sites.connected) == {(PUBLIC, 80)}


async def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(sites: Sites) -> None:
    sites.names[NEWS] = [["93.184.216.35", PUBLIC]]
    async with sites.fetcher() as fetcher:
        assert (await fetcher.fetch(f"http://{NEWS}/", TYPES)).body == PAGE.body
    assert sites.connected[:2] == [("93.184.216.35", 80), (PUBLIC, 80)]


async def test_a_proxy_in_the_environment_is_not_asked(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    async with sites.fetcher() as fetcher:
        assert (await fetcher.fetch(f"http://{NEWS}/", TYPES)).body == PAGE.body


def test_an_operator_can_name_networks_and_ports_of_their_own() -> None:
    own = Destinations(ports=(80, 8080), networks=[ip_network("10.1.0.0/16")])
    own.parsed("http://10.1.2.3:8080/")
    own.parsed("http://news.internal/")
    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://10.1.2.3:8081/", "http://[::ffff:10.1.0.1]/"):
        with pytest.raises(FetchError):
            own.parsed(url)
