"""The variables of the environment, as curl 8 reads them."""

import time

import httpx
import pytest

from desktop.services.network.environment_proxy import (
    bypasses_proxy,
    find_environment_proxy,
    normalized_proxy,
)

SERVER = "https://login.corp.example/token"
NAMED, PROXY = "p.example:1", "http://p.example:1"


@pytest.mark.parametrize(
    ("no_proxy", "address"),
    [
        ("*", SERVER),
        ("a.example, * ,b", SERVER),
        ("login.corp.example", SERVER),
        ("corp.example", SERVER),
        (".corp.example", SERVER),
        ("corp.example.", SERVER),
        ("*.corp.example", SERVER),
        ("*.example", SERVER),
        ("login.*", SERVER),
        ("CORP.Example", SERVER),
        ("corp.example", "https://LOGIN.CORP.EXAMPLE./"),
        ("a.example corp.example\tb", SERVER),
        (" ,, corp.example,", SERVER),
        ("corp.example:443", SERVER),
        ("corp.example:8443", "https://login.corp.example:8443/"),
        ("10.0.0.0/8", "https://10.9.8.7/"),
        ("10.1.2.3/8", "https://10.9.8.7/"),
        ("192.168.1.7", "https://192.168.1.7/"),
        ("192.168.1.7:8443", "https://192.168.1.7:8443/"),
        ("192.168.*", "https://192.168.1.7/"),
        ("fd00::/8", "https://[fd12::1]/"),
        ("[fd12::1]", "https://[fd12::1]/"),
        ("[fd12::1]:8443", "https://[fd12::1]:8443/"),
        ("[fd00::]/8", "https://[fd12::1]:8443/"),
        ("FD12:0::1", "https://[fd12::1]/"),
        ("10.0.0.0/8", "https://[::ffff:10.9.8.7]/"),
    ],
)
def test_a_host_in_no_proxy_is_reached_directly(no_proxy: str, address: str) -> None:
    assert bypasses_proxy(address, no_proxy)


@pytest.mark.parametrize(
    ("no_proxy", "address"),
    [
        ("", SERVER),
        (".", SERVER),
        ("orp.example", SERVER),
        ("login.corp.example.evil", SERVER),
        ("*.login.corp.example", SERVER),
        ("corp.example:8443", SERVER),
        ("10.0.0.0/8", "https://11.9.8.7/"),
        ("10.0.0.0/8", "https://10.9.8.7.corp.example/"),
        ("10.0.0.0/33", "https://10.9.8.7/"),
        ("9.8.7", "https://10.9.8.7/"),
        ("fd00::/8", "https://[fe80::1]/"),
        ("[fd12::1]:8443", "https://[fd12::1]/"),
        ("corp[.]example", SERVER),
        ("l?gin.corp.example", SERVER),
    ],
)
def test_another_host_is_not(no_proxy: str, address: str) -> None:
    assert not bypasses_proxy(address, no_proxy)


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": NAMED}, PROXY),
        ({"https_proxy": NAMED, "HTTPS_PROXY": "other"}, PROXY),
        ({"https_proxy": "", "HTTPS_PROXY": NAMED}, PROXY),
        ({"https_proxy": " ", "ALL_PROXY": f" {NAMED}\n"}, PROXY),
        ({"all_proxy": "other", "HTTPS_PROXY": NAMED}, PROXY),
        ({"https_proxy": NAMED, "no_proxy": "", "NO_PROXY": "*"}, ""),
        ({"https_proxy": NAMED, "no_proxy": "a.example", "NO_PROXY": "*"}, PROXY),
        ({"http_proxy": NAMED}, ""),
        ({"NO_PROXY": "corp.example"}, ""),
        ({"NO_PROXY": "a.example"}, None),
    ],
)
def test_lower_case_comes_first_and_an_empty_variable_is_not_set(
    variables: dict[str, str], proxy: str | None
) -> None:
    assert find_environment_proxy(SERVER, variables) == proxy


def test_a_header_of_a_request_is_not_a_proxy() -> None:
    server, cgi = "http://login.example", {"HTTP_PROXY": "evil.example", "REQUEST_METHOD": "GET"}
    assert find_environment_proxy(server, cgi) is None
    assert find_environment_proxy(server, cgi | {"http_proxy": NAMED}) == PROXY


@pytest.mark.parametrize(
    ("proxy", "user", "password"),
    [
        (r"http://CORP\dana:s3@p.example:1", r"CORP\dana", "s3"),
        (r"CORP\dana:s3@p.example:1", r"CORP\dana", "s3"),
        ("http://dana:p@ss:w#rd/?@p.example:1", "dana", "p@ss:w#rd/?"),
        ("http://dana:100%@p.example:1", "dana", "100%"),
        ("http://dana:p%40ss%2541@p.example:1", "dana", "p@ss%41"),
        ("http://dana@corp.example:s3@p.example:1", "dana@corp.example", "s3"),
        ("http://dana:s 3 ü[]@p.example:1", "dana", "s 3 ü[]"),
        ("http://dana@p.example:1", "dana", ""),
    ],
)
def test_a_user_and_a_password_may_be_written_as_they_are(
    proxy: str, user: str, password: str
) -> None:
    found = httpx.URL(normalized_proxy(proxy))
    assert (found.username, found.password) == (user, password)
    assert (found.scheme, found.host, found.port) == ("http", "p.example", 1)


@pytest.mark.parametrize("proxy", ["http://p.example:1", "https://[::1]:3128/", "socks5://p:1"])
def test_a_plain_address_stays(proxy: str) -> None:
    assert normalized_proxy(proxy) == proxy


def test_many_asterisks_take_no_time() -> None:
    begun = time.process_time()
    assert not bypasses_proxy(f"https://{'a' * 300}.example/", "*a" * 4 + "b")
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("entry", "expected"),
    [("a*b*c.example", True), ("*z*", False), ("ab*bc.example", False), ("**c**", True)],
)
def test_an_asterisk_is_any_text_between_the_others(entry: str, *, expected: bool) -> None:
    assert bypasses_proxy("https://abc.example/", entry) is expected
