"""Which addresses anybody on the internet may be reached at, and which are this network's own. Pure."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

type Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
# Special ones (IANA's registries) that not every release of Python knows, and the one address of a cloud's metadata
# that is in no special network; 169.254.169.254, 100.100.100.200, 192.0.0.192 and fd00:ec2::254 are.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared by the customers of a provider
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b:1::/48",  # NAT64 of one network
        "2001::/23",  # Teredo, benchmarks and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)


def literal(host: str) -> Address | None:
    """The address that a host is named by; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether the address is of the public internet: not loopback, private, link-local, multicast or reserved.

    An IPv6 address that stands for an IPv4 one (mapped, RFC 4291; NAT64, RFC 6052) is judged as that one.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    unusual = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not unusual and not any(address in network for network in _SPECIAL)
