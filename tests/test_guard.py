"""The guard: which URLs and addresses may be dialled, and what is said of the others."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import NotAllowed
from watcher.guard import check_address, check_url, is_public, parse_allow

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80e::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.1.2.3",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:0808:0808::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


# What the special-purpose registries of IANA set apart, and what a transition mechanism hides an address in.
DENIED = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32",
    "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip


def wrapped(address: IPv4Address) -> list[str]:
    """All that leads to an IPv4 address by way of an IPv6 one."""
    number = int(address)
    ways = {
        "mapped": 0xFFFF << 32 | number,
        "compatible": number,
        "translated": 0xFFFF << 48 | number,
        "NAT64": int(IPv6Address("64:ff9b::")) | number,
        "NAT64 of its own": int(IPv6Address("64:ff9b:1::")) | number,
        "6to4": 0x2002 << 112 | number << 80,
        "Teredo, server": 0x20010000 << 96 | number << 64,
        "Teredo, client": 0x20010000 << 96 | number ^ 0xFFFF_FFFF,
        "ISATAP": int(IPv6Address("fe80::5efe:0:0")) | number,
    }
    return [str(IPv6Address(way)) for way in ways.values()]


def ends(network: IPv4Network | IPv6Network) -> list[str]:
    first, last = network[0], network[-1]
    both = [str(first), str(last)]
    return both + [way for one in (first, last) if isinstance(one, IPv4Address) for way in wrapped(one)]


@pytest.mark.parametrize("network", DENIED)
def test_no_address_of_a_network_that_is_set_apart_is_dialled_however_it_is_written(network):
    target = check_url("https://hooks.example.com/")

    for address in ends(ip_network(network)):
        assert not is_public(address)
        with pytest.raises(NotAllowed, match=r"^address not allowed$"):
            check_address(target, address, ())
        with pytest.raises(NotAllowed, match=r"^address not allowed$"):
            check_url(f"https://[{address}]/" if ":" in address else f"https://{address}/")


@pytest.mark.parametrize("host", ["127.0.0.1.", "[::FFFF:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]"])
def test_an_inner_address_in_another_spelling_is_refused(host):
    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@\u2102.example/",
        "https://user:hunter2@hooks.example.com:port/",
        "https://user:hunter2@[::1/",
        "https://user:hunter2@hooks.example.com/",
        "https://hooks.example.com/hunter2#",
        "https://localhost/hunter2",
        "https://10.0.0.1/hunter2",
        "http://hooks.example.com/hunter2",
        "https://hooks.example.com:22/hunter2",
    ],
)
def test_what_is_said_of_a_url_quotes_nothing_of_it_that_may_be_a_secret(url):
    with pytest.raises(NotAllowed) as caught:
        check_url(url)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None or "hunter2" not in str(caught.value.__cause__)


def test_a_name_in_other_letters_that_is_too_long_is_refused_at_once():
    with pytest.raises(NotAllowed, match="longer than 253 characters"):
        check_url(f"https://{'ü' * 1000}.example/")


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_inside_or_set_apart_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", REFUSED)
def test_a_refused_address_may_not_stand_in_a_url(address):
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_url(f"https://{host}/hook")


@pytest.mark.parametrize("address", REFUSED)
def test_a_name_that_resolves_to_a_refused_address_is_not_dialled(address):
    target = check_url("https://hooks.example.com/hook")

    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_address(target, address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_name_that_resolves_to_a_public_address_is_dialled(address):
    check_address(check_url("https://hooks.example.com/hook"), address, ())


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("HTTPS://Hooks.Example.COM:443/a", "https://hooks.example.com/a"),
        ("https://hooks.example.com.:8443/a?b=c%20d", "https://hooks.example.com:8443/a?b=c%20d"),
        ("https://hooks.example.com:80/", "https://hooks.example.com:80/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://hooks。example。com/", "https://hooks.example.com/"),
        ("https://hooks.example.com/é?q=é", "https://hooks.example.com/%C3%A9?q=%C3%A9"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700:0:0::1111]:8443/", "https://[2606:4700:4700::1111]:8443/"),
        ("https://[::ffff:8.8.8.8]/", "https://8.8.8.8/"),
    ],
)
def test_an_ordinary_url_is_taken_and_made_canonical(url, canonical):
    assert check_url(url).url == canonical


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.com/", "must start with https://"),
        ("ftp://hooks.example.com/", "must start with https://"),
        ("file:///etc/passwd", "must start with https://"),
        ("hooks.example.com/", "must start with https://"),
        ("", "must start with https://"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://user@hooks.example.com/", "user name or password"),
        ("https://user:pass@hooks.example.com/", "user name or password"),
        ("https://8.8.8.8@127.0.0.1/", "user name or password"),
        ("https://hooks.example.com/#part", "fragment"),
        ("https://hooks.example.com/#", "fragment"),
        ("https://hooks.example.com:22/", "port 22 is not allowed"),
        ("https://hooks.example.com:0/", "port 0"),
        ("https://hooks.example.com:99999/", "cannot be read"),
        ("https://hooks.example.com:abc/", "cannot be read"),
        ("https://localhost/", "full name"),
        ("https://intranet:8443/", "full name"),
        ("https://intranet./", "full name"),
        ("https://hooks.example.com\\@127.0.0.1/", "backslash"),
        ("https://hooks.exa mple.com/", "space"),
        ("https://hooks.example.com/\n", "control"),
        ("https://hooks.example.com/\x00", "control"),
        ("https://hooks..example.com/", "not a name"),
        ("https://-hooks.example.com/", "not a name"),
        ("https://%31%32%37.0.0.1/", "four decimal numbers"),
        ("https://hooks%2eexample.com/", "not a name"),
        ("https://straße.example/", "read in two ways"),
        ("https://[fe80::1%25eth0]/", "not an IPv6 address"),
        ("https://[::1]x/", "brackets"),
        ("https://x[::1]/", "brackets|cannot be read"),
        ("https://[127.0.0.1]/", "not an IPv6 address|cannot be read"),
        ("https://" + "a." * 200 + "com/", "not a name"),
        ("https://hooks.example.com/" + "a" * 2_000, "longer than"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, reason):
    with pytest.raises(NotAllowed, match=reason):
        check_url(url)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "017700000001", "0x7f.0x0.0x0.0x1"],
)
def test_an_ipv4_address_in_another_form_is_refused(host):
    with pytest.raises(NotAllowed, match="four decimal numbers"):
        check_url(f"https://{host}/")


@pytest.mark.parametrize("host", ["127。0。0。1", "１２７.０.０.１", "①②⑦.0.0.1"])
def test_an_inner_address_in_other_digits_is_refused(host):
    with pytest.raises(NotAllowed):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://127.0.0.1:9000/hook", "127.0.0.1:9000"),
        ("http://127.0.0.1:9000/hook", "127.0.0.1"),
        ("http://127.0.0.1:9000/hook", "127.0.0.0/8"),
        ("http://10.1.2.3/hook", "10.1.0.0/16"),
        ("https://10.1.2.3:5000/hook", "10.1.0.0/16"),
        ("http://[::1]:9000/hook", "[::1]:9000"),
        ("http://[::1]:9000/hook", "::1"),
        ("http://[::ffff:127.0.0.1]:9000/hook", "127.0.0.1:9000"),
        ("http://169.254.10.1/hook", "169.254.10.1"),
        ("http://8.8.8.8:9000/hook", "8.8.8.8:9000"),
    ],
)
def test_the_allow_list_opens_an_address(url, allow):
    target = check_url(url, [allow])

    check_address(target, target.host, parse_allow([allow]))


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://127.0.0.1:9001/hook", "127.0.0.1:9000"),
        ("http://127.0.0.2:9000/hook", "127.0.0.1:9000"),
        ("http://10.2.0.1/hook", "10.1.0.0/16"),
        ("http://[::1]:9000/hook", "127.0.0.1:9000"),
        ("http://127.0.0.1:9000/hook", "receiver:9000"),
    ],
)
def test_an_allow_list_opens_nothing_beside_what_it_names(url, allow):
    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_url(url, [allow])


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://8.8.8.8/hook", "must start with https"), ("https://8.8.8.8:9000/hook", "port 9000")],
)
def test_an_allow_list_for_one_place_leaves_the_rules_for_all_others(url, reason):
    with pytest.raises(NotAllowed, match=reason):
        check_url(url, ["10.1.0.0/16"])


@pytest.mark.parametrize("address", ["127.0.0.1", "10.9.8.7", "172.17.0.2", "192.168.0.2", "::1", "fd12::1", "8.8.8.8"])
def test_an_allow_listed_name_may_be_at_a_private_address(address):
    target = check_url("http://receiver:9000/hook", ["receiver:9000"])

    check_address(target, address, parse_allow(["receiver:9000"]))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fe80::1", "0.0.0.0", "224.0.0.1"],
)
def test_an_allow_listed_name_may_not_be_where_clouds_keep_credentials(address):
    target = check_url("http://receiver:9000/hook", ["receiver:9000"])

    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_address(target, address, parse_allow(["receiver:9000"]))


@pytest.mark.parametrize("url", ["http://receiver:9001/", "http://other:9000/", "http://a.receiver:9000/"])
def test_an_allow_listed_name_opens_neither_another_port_nor_another_name(url):
    with pytest.raises(NotAllowed):
        check_url(url, ["receiver:9000"])


def test_a_name_may_use_http_where_it_resolves_into_an_allowed_network():
    allow = ["10.1.0.0/16"]

    check_address(check_url("http://hooks.example.com/", allow), "10.1.2.3", parse_allow(allow))


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://hooks.example.com:5000/", "https://receiver/"])
def test_a_name_gets_what_an_allowed_network_gives_only_at_an_address_in_it(url):
    allow = ["10.1.0.0/16"]
    target = check_url(url, allow)

    with pytest.raises(NotAllowed, match=r"^address not allowed$"):
        check_address(target, "8.8.8.8", parse_allow(allow))


def test_a_zone_at_a_resolved_address_does_not_hide_it():
    with pytest.raises(NotAllowed):
        check_address(check_url("https://hooks.example.com/"), "fe80::1%eth0", ())


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "write '127.0.0.1:9000'"),
        ("127.0.0.1:0", "write '127.0.0.1:9000'"),
        ("127.0.0.1:70000", "write '127.0.0.1:9000'"),
        ("http://127.0.0.1:9000", "write '127.0.0.1:9000'"),
        ("10.1.2.3/16", "host bits"),
        ("10.1.0.0/33", "10.1.0.0/33"),
        ("[::g]:9000", "::g"),
        ("127.1:9000", "four decimal numbers"),
        ("a b:80", "not a name"),
    ],
)
def test_an_allow_entry_that_is_none_is_explained(entry, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        parse_allow([entry])

    assert repr(entry) in str(caught.value)


@given(st.text(max_size=60), st.sampled_from(["https://{}", "https://{}.example.com/", "https://[{}]/", "{}"]))
def test_whatever_a_user_writes_is_either_refused_with_a_sentence_or_stays_as_it_was_made(text, pattern):
    try:
        target = check_url(pattern.format(text))
    except NotAllowed:
        return

    assert check_url(target.url) == target
    assert target.is_ordinary


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address):
    assert is_public(f"::ffff:{address}") is is_public(str(address)) is is_public(f"64:ff9b::{address}")
