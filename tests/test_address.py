"""Whom we ask and as whom: what may stand in the settings."""

import subprocess
import sys

import httpx
import pytest

from watcher.edgar.address import check_base_url, check_contact


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://www.sec.gov", "https://www.sec.gov"),
        ("https://WWW.SEC.gov/", "https://www.sec.gov"),
        ("http://127.0.0.1:8899/", "http://127.0.0.1:8899"),
        ("http://[::1]:8899", "http://[::1]:8899"),
        ("http://edgar_simulator:65535", "http://edgar_simulator:65535"),
        ("http://mirror.example.com", "http://mirror.example.com"),
        ("http://notsec.gov", "http://notsec.gov"),
    ],
)
def test_an_address_comes_back_in_lower_case_without_a_slash_at_its_end(text: str, address: str) -> None:
    assert check_base_url(text) == address
    assert httpx.URL(address).host in address


@pytest.mark.parametrize("host", ["sec.gov", "www.sec.gov", "DATA.SEC.GOV", "www.sec.gov:80"])
def test_the_secs_own_hosts_are_asked_by_https_only(host: str) -> None:
    with pytest.raises(ValueError, match=r"^expected https://"):
        check_base_url(f"http://{host}")


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match=f"port from 1 to 65535, came {port}"):
        check_base_url(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "text",
    [
        *("", "sec.gov", "ftp://host", "https://", "https:///", "https://host/path", "https://host//"),
        *("https://host?", "https://host?a=b", "https://host#", "https://host/#part", "https://user@host"),
        *("https://user:secret@host", "https://@host", "https://host:", "https://host:-1", "https://host:٨٠"),
        *("https://host:123456", " https://host", "https://host\n", "https://a b", "https://a\\b", "https://hóst"),
        *("https://ſec.gov", "https://\x00", "https://[::1"),
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as https://www"):
        check_base_url(text)


@pytest.mark.parametrize(
    "host",
    [
        *("http://www.sec.gov.", "http://a..b", "http://.a", "http://-a", "http://xn--a", "http://a.xn--a"),
        *("http://127.1", "http://999.0.0.1", "http://1", "http://[::::]", "http://[1.2.3.4]"),
        *("http://" + "a" * 64, "http://" + "a." * 127 + "a"),
    ],
)
def test_what_names_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="name of a host"):
        check_base_url(host)


def test_a_contact_loses_the_blanks_around_it() -> None:
    assert check_contact("  Larkspur Research desk@larkspur.example ") == "Larkspur Research desk@larkspur.example"


@pytest.mark.parametrize(
    "text", ["", "   ", "Desk\r\nX-Evil: 1", "Desk a@b.example\n", "a\tb", "a\x7f", "Société x@y.example", "a\u2028b"]
)
def test_a_contact_that_cannot_be_sent_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one line of plain ASCII"):
        check_contact(text)


def test_checking_an_address_loads_no_http_library() -> None:
    code = "import sys, watcher.edgar.address; print('httpx' in sys.modules, 'lxml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "False"]
