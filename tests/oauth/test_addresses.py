import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth.addresses import (
    ascii_address,
    checked_address,
    checked_link,
    checked_named_address,
    checked_user_code,
    has_hidden_characters,
    host_of,
    is_loopback,
    origin_of,
)
from desktop.oauth.errors import OAuthError, UnsafeAddress
from tests.oauth.harness import any_text, fuzzed

HIDDEN = {
    "null": "\0",
    "line feed": "\n",
    "tab": "\t",
    "escape": "\x1b",
    "next line": "\x85",
    "soft hyphen": "\xad",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "right-to-left isolate": "\u2067",
    "byte order mark": "\ufeff",
    "half a surrogate pair": "\ud800",
    "private use": "\ue000",
    "tag": "\U000e0041",
}


@pytest.mark.parametrize(
    "address",
    [
        "https://login.example",
        "https://login.example:8443/device?user_code=AB-CD#top",
        "HTTPS://Login.Example/",
        "https://login.example./",
        "https://intranet/",
        "https://3com/",
        "https://a_b.example/",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:8443/",
        "https://b\u00fccher.example/caf\u00e9",
        "https://xn--bcher-kva.example/",
        f"https://{'a' * 63}.example/",
        f"https://{'a.' * 126}a/",
    ],
)
def test_https_is_accepted(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1:8085", "[::1]:80"]
)
def test_plain_http_is_accepted_on_this_computer(host: str) -> None:
    assert checked_address(f"http://{host}/token") == f"http://{host}/token"


@pytest.mark.parametrize(
    "host",
    [
        "login.example",
        "192.168.0.1",
        "1.0.0.127",
        "localhost.login.example",
        "127.0.0.1.login.example",
        "[2001:db8::1]",
    ],
)
def test_plain_http_is_refused_elsewhere(host: str) -> None:
    with pytest.raises(UnsafeAddress, match="not an https address"):
        checked_address(f"http://{host}/token")


@pytest.mark.parametrize(
    "address",
    [
        "javascript://login.example/%0aalert(1)",
        "file://login.example/etc/passwd",
        "ftp://login.example/",
        "ssh://login.example/",
        "ms-msdt://login.example/",
        "httpsx://login.example/",
        "file://localhost/etc/passwd",
        "ftp://127.0.0.1/",
        "//login.example/",
    ],
)
def test_another_scheme_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress, match="not an https address"):
        checked_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "login.example",
        "/device",
        "https:",
        "https://",
        "https:login.example",
        "https:/login.example",
        "https:///login.example",
        "https://:443/",
        "https://./",
        "https://?login.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,<script>",
        "mailto:dana@login.example",
        r"C:/Windows/system32/calc.exe",
    ],
)
def test_an_address_without_a_host_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress, match="no host"):
        checked_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://login.example@evil.example/",
        "https://@evil.example/",
        "https://dana:secret@login.example/",
        "https://login.example%2F@evil.example/",
    ],
)
def test_a_user_name_before_the_host_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress, match="a user name"):
        checked_address(address)


def test_a_password_in_a_refused_address_is_not_in_the_error() -> None:
    with pytest.raises(UnsafeAddress) as caught:
        checked_address("https://dana:secret@login.example/")
    assert "secret" not in f"{caught.value} {caught.value!r} {caught.value.address}"
    assert caught.value.address == "https://…@login.example/"


@pytest.mark.parametrize(
    "address",
    [
        r"https://login.example\@evil.example/",
        r"https:\\login.example",
        r"\\evil.example\share",
    ],
)
def test_a_backslash_is_refused_because_browsers_read_a_slash(address: str) -> None:
    with pytest.raises(UnsafeAddress, match="backslash"):
        checked_address(address)


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
def test_a_hidden_character_in_an_address_is_refused(character: str) -> None:
    with pytest.raises(UnsafeAddress, match="hidden characters"):
        checked_address(f"https://login.example/{character}x")


@pytest.mark.parametrize("space", [" ", "\xa0", "\u3000", "\u2009"])
def test_a_space_in_an_address_is_refused(space: str) -> None:
    with pytest.raises(UnsafeAddress, match="contains a space"):
        checked_address(f"https://login.example/{space}--flag")


def test_an_endless_address_is_refused() -> None:
    assert checked_address("https://h/" + "x" * 2038)
    with pytest.raises(UnsafeAddress, match="too long"):
        checked_address("https://h/" + "x" * 2039)


@pytest.mark.parametrize(
    "address", ["https://h:99999/", "https://h:-1/", "https://h:x/", "https://[::1", "https://a]/"]
)
def test_an_address_that_cannot_be_split_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress, match="not an address"):
        checked_address(address)


@pytest.mark.parametrize(
    "host",
    [
        "%65vil.example",  # browsers decode it
        "login.example%2eevil.example",
        "a$(calc).example",
        'a"b.example',
        "a|b.example",
        "a'b.example",
        "a..example",
        ".example",
        "example..",
        "-a.example",
        "a-.example",
        f"{'a' * 64}.example",
        f"{'a.' * 126}ab",
        "\u24d0.example",  # a circled letter is no letter of a name
        "xn--\u0430.example",
        "a\u2044b.example",  # a fraction slash looks like the end of the host
    ],
)
def test_a_host_that_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(UnsafeAddress):
        checked_address(f"https://{host}/")


@pytest.mark.parametrize(
    "host", ["999.1.1.1", "0x7f.1", "2130706433", "1.2.3", "a.0x", "[v1.fe80]", "[fe80::1%25eth0]"]
)
def test_a_host_that_is_read_as_another_machine_elsewhere_is_refused(host: str) -> None:
    with pytest.raises(UnsafeAddress, match="invalid host name"):
        checked_address(f"https://{host}/")


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Login.EXAMPLE:8443/x", "login.example"),
        ("https://login.example./", "login.example"),
        ("https://[2001:DB8::1]/", "2001:db8::1"),
        ("https://B\u00dcCHER.example/", "xn--bcher-kva.example"),
        ("https://b\u00fccher.example./", "xn--bcher-kva.example"),
        ("https://login\u3002example/", "login.example"),
        # The first letter is Cyrillic: what users would take for apple.example is not.
        ("https://\u0430pple.example/", "xn--pple-43d.example"),
        # IDNA 2003 would show fass.example, somebody else's name.
        ("https://fa\u00df.example/", "xn--fa-hia.example"),
        ("", ""),
        ("login.example", ""),
    ],
)
def test_the_host_is_shown_as_the_network_sees_it(address: str, host: str) -> None:
    assert host_of(address) == host


LOOKALIKE, SHOWN = "https://l\u043egin.example", "https://xn--lgin-55d.example"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (LOOKALIKE, SHOWN),
        (f"{LOOKALIKE}/x?y=\u043e", f"{SHOWN}/x?y=\u043e"),
        (f"{LOOKALIKE}:8443/x", f"{SHOWN}:8443/x"),
        (f"{LOOKALIKE}./x", f"{SHOWN}/x"),
        # A whole label of Cyrillic letters reads as Latin, too.
        ("https://\u0441\u043e\u0441\u043e.example", "https://xn--n1aahb.example"),
        ("https://\u03bfkta.example", "https://xn--kta-8yc.example"),
        ("http://dana@l\u043egin.example/", "http://dana@xn--lgin-55d.example/"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
        ("https://login.example/\u043e", "https://login.example/\u043e"),
        ("https://login.example/", "https://login.example/"),
        ("IROH Auth", "IROH Auth"),
        ("https://l\u043egin example/", "https://l\u043egin example/"),
        ("", ""),
    ],
)
def test_an_address_is_written_with_the_host_that_the_network_sees(
    address: str, shown: str
) -> None:
    assert ascii_address(address) == shown


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Login.example/x", "https://login.example:443"),
        ("https://login.example:443", "https://login.example:443"),
        ("https://login.example:0", "https://login.example:0"),
        ("http://localhost/", "http://localhost:80"),
        ("http://localhost:8085/", "http://localhost:8085"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: str) -> None:
    assert origin_of(address) == origin


THIS_COMPUTER = [
    *("localhost", "LOCALHOST", "localhost.", "app.localhost", "a.b.LocalHost."),
    *("localhost.localdomain", "ip6-localhost", "localhost6.localdomain6", "[::1]"),
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "127.0.0.1.", "0.0.0.0"),  # noqa: S104
    *("::1", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::ffff:127.8.9.1"),
    *("::ffff:0.0.0.0", "::1%lo", "::ffff:127.0.0.1%1"),
    *("2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0X7F.0.0.1"),
    *("0177.0.0.1", "0", "0x0", "00000.0", "127.0.0.0x1"),
    *(
        "127\u30020\u30020\u30021",
        "127\uff0e0\uff0e0\uff0e1",
        "localhost\uff61",
        "\uff11\uff12\uff17.1",
    ),
    "localho\u017ft",  # browsers read the long s as an s
]
"""What resolvers, browsers, inet_aton or IDNA take for this computer."""


@pytest.mark.parametrize("host", THIS_COMPUTER)
def test_this_computer_is_known_in_every_form(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", THIS_COMPUTER)
def test_a_server_elsewhere_may_not_name_this_computer_in_any_form(host: str) -> None:
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    for scheme in ("http", "https"):
        with pytest.raises(UnsafeAddress):
            checked_named_address(f"{scheme}://{shown}/token", by="https://login.example")
        with pytest.raises(UnsafeAddress):
            checked_link(f"{scheme}://{shown}/device", by="https://login.example")


@pytest.mark.parametrize(
    "host", ["app.localhost", "127.9.8.7", "[::ffff:127.0.0.1]", "127\u30020\u30020\u30021", "[::]"]
)
def test_a_server_on_this_computer_may_name_every_form_of_it(host: str) -> None:
    address = f"http://{host}/token"
    assert checked_named_address(address, by="http://localhost:8085") == address


@pytest.mark.parametrize(
    "host",
    [
        *("login.example", "", "128.0.0.1", "::2", "1.0.0.127", "126.255.255.255"),
        *("localhost.login.example", "notlocalhost", "localhost-1", "127.0.0.1.login.example"),
        *("2130706432999", "0x80000000", "0200.0.0.1", "127.0.0.256", "127.1.1.1.1", "127.0.65536"),
        *("::ffff:128.0.0.1", "::127.0.0.1", "fe80::1%lo", "0x7f.1.example", "127", "08.1"),
    ],
)
def test_another_computer_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("code", ["WDJB-MJHT", "123 456", "K7QW-2M9X-PLTR-8VZC", "x" * 64])
def test_a_readable_code_is_accepted_as_it_stands(code: str) -> None:
    assert checked_user_code(code) == code


@pytest.mark.parametrize(
    "code", ["", "   ", "\xa0", "x" * 65, "\u00e9", "\u115f", "curl x|sh", "-AB"]
)
def test_a_code_that_nobody_can_compare_is_refused(code: str) -> None:
    with pytest.raises(UnsafeAddress, match="not a readable code"):
        checked_user_code(code)


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
def test_a_hidden_character_in_a_code_is_refused_and_not_shown(character: str) -> None:
    with pytest.raises(UnsafeAddress) as caught:
        checked_user_code(f"WDJB{character}MJHT")
    assert not has_hidden_characters(str(caught.value))


pieces = st.sampled_from(
    (
        *("https:", "http:", "//", "/", "\\", "@", ":", "[", "]", "::1", "127.0.0.1", "localhost"),
        *("login.example", ".", "0x7f", "1", "xn--", "b\u00fccher", "%41", "?", "#", "-", "443"),
    )
)
near_addresses = st.lists(pieces | any_text, max_size=8).map("".join)


@fuzzed
@given(near_addresses | near_addresses.map("https://{}".format))
def test_whatever_is_accepted_is_read_alike_by_the_http_client(text: str) -> None:
    try:
        address = checked_address(text)
    except OAuthError:
        return
    url = httpx.URL(address)
    assert url.raw_host.decode().removesuffix(".") == host_of(address)
    assert url.scheme == "https" or is_loopback(host_of(address))
    assert not url.userinfo
    assert origin_of(address).endswith(f":{url.port or {'https': 443, 'http': 80}[url.scheme]}")


@fuzzed
@given(any_text)
def test_a_code_is_either_shown_as_it_stands_or_refused(text: str) -> None:
    try:
        shown = checked_user_code(text)
    except UnsafeAddress as error:
        shown = str(error)
    else:
        assert shown == text
    assert not has_hidden_characters(shown)
