"""Which addresses are public."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by the customers of a provider; the metadata of one cloud
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the host under a virtual machine in one cloud, which looks public
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; the metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112, which answers for private addresses
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
"""What is not globally reachable by the IANA IPv4 Special-Purpose Address Registry, and a little more. Not `is_global`
of the standard library: it differs between its versions, and takes multicast for global."""

_PUBLIC_6 = IPv6Network("2000::/3")
"""All that is given out as global unicast. Outside of it are loopback, link-local, private (with fd00:ec2::254, the
metadata of a cloud) and multicast addresses, and forms that stand for an IPv4 address: mapped, compatible, NAT64."""

_NOT_PUBLIC_6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them Teredo, which stands for an IPv4 address, and benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which stands for an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]


def is_public(address: Address) -> bool:
    """Whether anyone on the internet reaches the same host at an address, so that asking it gives nothing away."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None:
        return False
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
