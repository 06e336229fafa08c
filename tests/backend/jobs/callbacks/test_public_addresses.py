"""Addresses that anybody may be reached at, against the registries of special ones (IANA, RFC 6890)."""

from ipaddress import ip_address, ip_network

import pytest

from backend.jobs.callbacks.addresses import is_public

SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::ffff:10.0.0.0/104",
    "::ffff:127.0.0.0/104",
    "::ffff:169.254.0.0/112",
    "64:ff9b::7f00:0/104",
    "64:ff9b::a00:0/104",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "2002::/16",
    "2001::/32",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]


@pytest.mark.parametrize("network", SPECIAL)
def test_no_address_of_a_special_network_is_public(network: str) -> None:
    among = ip_network(network)
    chosen = {among[0], among[-1], among[among.num_addresses // 2]}
    assert [address for address in chosen if is_public(address)] == []


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"]
)
def test_no_address_of_a_cloud_s_metadata_is_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"])
def test_others_are_public(text: str) -> None:
    assert is_public(ip_address(text))
