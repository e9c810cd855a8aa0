"""Sources (LG-4): what a request's budget is counted on cannot be forged."""

from ipaddress import ip_network

import pytest

from shared.http.sources import Sources, network_of

DIRECT = Sources(trusted=(), header="X-Forwarded-For")
PROXIED = Sources(
    trusted=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")), header="X-Forwarded-For"
)


@pytest.mark.proves("LG-4")
@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_a_source_is_an_ipv4_address_or_an_ipv6_64(peer: str | None, key: str) -> None:
    assert DIRECT.key(peer, []) == key


def test_a_forwarded_address_from_anybody_is_not_believed() -> None:
    assert DIRECT.key("203.0.113.7", ["198.51.100.1"]) == "203.0.113.7"
    assert PROXIED.key("203.0.113.7", ["198.51.100.1"]) == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "key"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # the left one is the client's own word
        (["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, 10.9.9.9"], "198.51.100.1"),  # through two proxies of ours
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["[2001:db8::1]:4711"], "2001:db8::/64"),
        (["2001:db8:0:0:5::1"], "2001:db8::/64"),
        (["10.1.1.1"], "10.1.1.1"),  # only proxies: the furthest one
        (["198.51.100.1, garbage"], "10.0.0.1"),
        (["198.51.100.1,"], "10.0.0.1"),
        (['"198.51.100.1:4711"'], "198.51.100.1"),
        (['"[2001:db8::1]"'], "2001:db8::/64"),
        (["fe80::1%eth0"], "fe80::/64"),
        (["[198.51.100.7"], "10.0.0.1"),
        (["[::1"], "10.0.0.1"),
        (["198.51.100.7:abc"], "10.0.0.1"),
        (["198.51.100.7:"], "10.0.0.1"),
        (["198.51.100.7%1"], "10.0.0.1"),
        (["[198.51.100.7]"], "10.0.0.1"),
        (["[2001:db8::1]x"], "10.0.0.1"),
        (["[2001:db8::1]:"], "10.0.0.1"),
        (["[[2001:db8::1]]"], "10.0.0.1"),
        (['"198.51.100.7'], "10.0.0.1"),
        (["198.51.100.\uff17"], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_from_a_proxy_the_rightmost_untrusted_address_counts(
    forwarded: list[str], key: str
) -> None:
    assert PROXIED.key("10.0.0.1", forwarded) == key


@pytest.mark.proves("SE-1")
@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("unknown", None),
        ("", None),
    ],
)
def test_a_person_is_told_the_network_and_not_the_house(source: str, network: str | None) -> None:
    assert network_of(source) == network
