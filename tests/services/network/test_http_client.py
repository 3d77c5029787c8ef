"""Reaching a server: certificates, proxies, and their errors."""

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import truststore

from desktop import __version__
from desktop.oauth import errors
from desktop.oauth.addresses import is_loopback
from desktop.oauth.answers import members
from desktop.oauth.http import Answer, get, probe_portal
from desktop.oauth.redaction.causes import causes_of
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    Profile,
    proxy_binding,
    proxy_password_key,
    with_policy,
)
from desktop.services.network import http_client
from desktop.services.network.http_client import NetworkOptions, find_system_proxy, make_http_client
from desktop.services.network.real_environment import Connector
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.secrets.profile_secrets import load_proxy_password, save_proxy_password
from desktop.services.secrets.secret_encoding import encode_password
from desktop.services.system.worker import Worker
from desktop.services.wording.messages import Remedy, Surface, advice_for
from tests.rigs.authority import Authority
from tests.rigs.proxy import PASSWORD, USER, Proxy
from tests.services.harness import PROFILE, FakeKeyring

SIGN_IN = f"BasicAuth {USER} {PASSWORD}"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.2 stand for another computer, which is reached through proxies."""
    monkeypatch.setattr(
        http_client, "is_loopback", lambda host: host != "127.0.0.2" and is_loopback(host)
    )


async def fetched(network: NetworkOptions, address: str) -> Answer:
    async with make_http_client(network) as http:
        return await get(http, address)


def said(text: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A proxy that says just this."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return handler


@asynccontextmanager
async def proxy_that_says(text: str) -> AsyncIterator[str]:
    async with await asyncio.start_server(said(text), "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


# Certificates


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
async def test_the_ca_file_of_the_profile_is_trusted(authority: Authority, host: str) -> None:
    with authority.serve(host) as address:
        found = await fetched(NetworkOptions(ca_file=str(authority.ca_file)), address)
    assert found.body == b"{}"


async def test_a_ca_file_may_be_a_link_and_contain_comments(
    authority: Authority, tmp_path: Path
) -> None:
    own = tmp_path / "own.pem"
    comment = "# Zertifikate für München\n".encode("latin-1")
    own.write_bytes(comment + authority.ca_file.read_bytes().replace(b"\n", b"\r\n") + comment)
    (tmp_path / "link.pem").symlink_to(own)
    with authority.serve() as address:
        found = await fetched(NetworkOptions(ca_file=str(tmp_path / "link.pem")), address)
    assert found.body == b"{}"


async def test_a_private_ca_is_not_trusted_without_the_file(authority: Authority) -> None:
    with authority.serve() as address, pytest.raises(errors.CertificateRejected) as caught:
        await fetched(NetworkOptions(), address)
    advice = advice_for(caught.value)
    assert "127.0.0.2" in advice.text
    assert "CA certificate file" in advice.text


def test_an_unusable_ca_file_is_reported_with_the_reason(tmp_path: Path) -> None:
    text, der = tmp_path / "text.pem", tmp_path / "authority.der"
    text.write_text("Ask the service desk.")
    der.write_bytes(b"\x30\x82\x01\x0a")
    empty = tmp_path / "empty.pem"
    empty.touch()
    pipe, huge = tmp_path / "pipe", tmp_path / "huge.pem"
    os.mkfifo(pipe)
    huge.touch()
    os.truncate(huge, 2**40)
    for file, reason in (
        (tmp_path / "absent.pem", "No such file or directory"),
        (text, "the file contains no PEM certificate"),
        (der, "the file contains no PEM certificate"),
        (empty, "the file contains no PEM certificate"),
        (tmp_path, "Is a directory"),
        (pipe, "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (huge, "the file is larger than 4 MB"),
        (Path("own.pem"), "the path is not absolute"),
    ):
        with pytest.raises(errors.AuthorityUnusable) as caught:
            make_http_client(NetworkOptions(ca_file=str(file)))
        assert (caught.value.where, caught.value.reason) == (str(file), reason)


# A real proxy


async def test_a_proxy_of_the_profile_is_used(
    start_proxy: Callable[..., Proxy], authority: Authority
) -> None:
    proxy = start_proxy()
    with authority.serve() as address:
        network = NetworkOptions(proxy=proxy.address, ca_file=str(authority.ca_file))
        assert (await fetched(network, address)).body == b"{}"
    assert proxy.count_connections() == 1


async def test_a_proxy_gets_the_password_that_it_requires(
    start_proxy: Callable[..., Proxy], authority: Authority
) -> None:
    proxy = start_proxy(SIGN_IN)
    given = ["wrong", PASSWORD]

    async def password(name: str) -> str:
        assert name == proxy.name
        return given.pop(0)

    network = NetworkOptions(
        proxy=proxy.address,
        proxy_user=USER,
        proxy_password=password,
        ca_file=str(authority.ca_file),
    )
    with authority.serve() as address:
        async with make_http_client(network) as http:
            with pytest.raises(errors.ProxySignInNeeded) as caught:
                await get(http, address)
            assert caught.value.by == proxy.name
            # It was corrected meanwhile; a password that works is not asked for again.
            for _ in range(2):
                assert (await get(http, address)).body == b"{}"
    assert "SECRET" not in str(caught.value)


async def test_two_requests_at_once_may_both_be_refused_by_the_proxy(
    start_proxy: Callable[..., Proxy],
) -> None:
    network = NetworkOptions(proxy=start_proxy(SIGN_IN).address, proxy_user=USER)
    async with make_http_client(network) as http:
        asked = [get(http, "https://127.0.0.2:9") for _ in range(2)]
        refused = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in refused] == [errors.ProxySignInNeeded] * 2


async def test_the_system_may_name_user_and_password_in_the_address(
    start_proxy: Callable[..., Proxy], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start_proxy(SIGN_IN)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:{PASSWORD}@{proxy.name}")
    with authority.serve() as address:
        found = await fetched(NetworkOptions(ca_file=str(authority.ca_file)), address)
    assert found.body == b"{}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}:xq%40zj@{proxy.name}")
    with pytest.raises(errors.ProxySignInNeeded) as caught:
        await fetched(NetworkOptions(), "https://127.0.0.2:9")
    assert caught.value.by == proxy.name
    text = advice_for(caught.value).text
    assert "xq" not in text
    assert "zj" not in text


async def test_without_a_password_the_proxy_rejects_the_request(
    start_proxy: Callable[..., Proxy],
) -> None:
    proxy = start_proxy(SIGN_IN)
    with pytest.raises(errors.ProxySignInNeeded) as caught:
        await fetched(NetworkOptions(proxy=proxy.address, proxy_user=USER), "https://127.0.0.2:9")
    text = advice_for(caught.value, surface=Surface.TERMINAL).text
    assert "--proxy-password-stdin" in text


async def test_a_proxy_that_forbids_a_port_is_quoted(start_proxy: Callable[..., Proxy]) -> None:
    proxy = start_proxy("ConnectPort 443")
    with pytest.raises(errors.ProxyRefused) as caught:
        await fetched(NetworkOptions(proxy=proxy.address), "https://127.0.0.2:9")
    assert caught.value.by == proxy.name
    assert caught.value.detail.startswith("403 ")


async def test_behind_a_proxy_a_certificate_is_still_the_servers(
    start_proxy: Callable[..., Proxy], authority: Authority
) -> None:
    proxy = start_proxy()
    with authority.serve() as address, pytest.raises(errors.CertificateRejected):
        await fetched(NetworkOptions(proxy=proxy.address), address)


# Proxies that nobody ships


@pytest.mark.parametrize(
    ("headers", "kind", "detail"),
    [
        ("", errors.ProxySignInNeeded, ""),
        ("Proxy-Authenticate: Basic realm=x\r\n", errors.ProxySignInNeeded, ""),
        (
            "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=x\r\n",
            errors.ProxySignInNeeded,
            "",
        ),
        (
            "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n",
            errors.ProxySignInUnsupported,
            "Negotiate, NTLM",
        ),
        ("Proxy-Authenticate: \r\n", errors.ProxySignInNeeded, ""),
    ],
)
async def test_an_unsupported_proxy_authentication_is_named(
    headers: str, kind: type[errors.ProxyFailure], detail: str
) -> None:
    text = f"HTTP/1.1 407 No\r\n{headers}Content-Length: 0\r\n\r\n"
    async with proxy_that_says(text) as address:
        with pytest.raises(errors.ProxyFailure) as caught:
            await fetched(NetworkOptions(proxy=address), "https://login.example")
    assert type(caught.value) is kind
    assert caught.value.detail == detail


@pytest.mark.parametrize("in_address", [True, False], ids=["in address", "in keyring"])
@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 403 No {0} for {1}\r\n\r\n",
        "HTTP/1.1 407 No\r\nProxy-Authenticate: {0} {1}\r\n\r\n",
    ],
)
async def test_a_proxy_that_repeats_its_password_is_not_quoted_with_it(
    text: str,
    in_address: bool,  # noqa: FBT001
) -> None:
    password = "Zk3Qw8Lr5Tn1Vb7X"
    said = text.format(password, base64.b64encode(f"dana:{password}".encode()).decode())

    async def load(_proxy: str) -> str:
        return password

    async with proxy_that_says(said) as address:
        network = NetworkOptions(proxy=address, proxy_user="dana", proxy_password=load)
        if in_address:
            network = NetworkOptions(proxy=address.replace("//", f"//dana:{password}@"))
        with pytest.raises(errors.ProxyFailure) as caught:
            await fetched(network, "https://login.example")
    for each in causes_of(caught.value):
        assert password[:8] not in f"{each!r} {each} {vars(each)}"
    advice = advice_for(caught.value)
    assert "[redacted]" in f"{advice.text} {advice.facts}"


async def test_an_unreachable_proxy_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(errors.ProxyUnreachable) as caught:
            await fetched(NetworkOptions(proxy=f"http://{name}"), "https://login.example")
    assert (caught.value.by, caught.value.host) == (name, "login.example")


async def test_a_proxy_that_closes_the_connection_is_named() -> None:
    async with proxy_that_says("") as address:
        with pytest.raises(errors.ProxyFailure) as caught:
            await fetched(NetworkOptions(proxy=address), "https://login.example")
    assert caught.value.by == address.removeprefix("http://")


async def silent(scheme: str, answer: str = "") -> errors.Trouble:
    """What is said of a proxy that says `answer`, and nothing more in good time."""
    leave = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer.encode())
        await leave.wait()
        writer.close()

    async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        http = make_http_client(NetworkOptions(proxy=f"{scheme}://127.0.0.1:{port}"))
        http.timeout = httpx.Timeout(0.2)
        async with http:
            with pytest.raises(errors.Trouble) as caught:
                await get(http, "https://login.example")
        leave.set()
    return caught.value


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_does_not_answer_is_named(scheme: str) -> None:
    error = await silent(scheme)
    assert type(error) is errors.ProxyUnreachable
    assert error.by.startswith("127.0.0.1:")
    assert error.unused


async def test_a_server_that_does_not_answer_behind_a_proxy_is_named() -> None:
    error = await silent("http", "HTTP/1.1 200 Connection established\r\n\r\n")
    assert type(error) is errors.NoAnswerInTime
    assert error.host == "login.example"


async def test_over_plain_http_it_is_not_guessed_which_side_failed() -> None:
    async with await asyncio.start_server(said(""), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with make_http_client(NetworkOptions(proxy=f"http://127.0.0.1:{port}")) as http:
            with pytest.raises(errors.TransportFailure) as caught:
                await probe_portal(http, "login.example")
    assert not isinstance(caught.value, errors.ProxyFailure)


async def test_a_proxy_whose_certificate_is_not_trusted_is_named(authority: Authority) -> None:
    with authority.serve() as address, pytest.raises(errors.ProxyNotTrusted) as caught:
        await fetched(NetworkOptions(proxy=address), "https://login.example")
    text = advice_for(caught.value).text
    assert f"doesn't trust the certificate of the proxy {caught.value.by}" in text
    assert "Ask your administrator for the CA certificate" in text
    assert "SOCKS" not in text


async def test_an_https_address_of_a_plain_proxy_is_named() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        proxy = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(errors.ProxyWithoutTls) as caught:
            await fetched(NetworkOptions(proxy=proxy), "https://login.example")
    text = advice_for(caught.value).text
    assert "must begin with http://" in text
    assert "SOCKS" not in text


@pytest.mark.parametrize(
    ("address", "by"),
    [
        ("socks5://dana:secret@proxy.example:1080", "proxy.example"),
        ("http://proxy.example:port", ""),
        ("http://[proxy", ""),
        ("http://", ""),
        ("file:///etc/passwd", ""),
        ("http://pro xy\x00", ""),
    ],
)
async def test_an_invalid_proxy_address_is_rejected(address: str, by: str) -> None:
    network = NetworkOptions(find_proxy=lambda _: address)
    with pytest.raises(errors.ProxyUnusable) as caught:
        await fetched(network, "https://login.example")
    assert caught.value.by == by
    assert "secret" not in f"{caught.value} {advice_for(caught.value).text}"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value", ["http://proxy.example:port", "[proxy", "socks5://proxy.example", "127.0.0.1:9"]
)
async def test_the_variable_that_sets_an_unusable_proxy_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(errors.ProxyFailure) as caught:
        await fetched(NetworkOptions(), "https://login.example")
    text = advice_for(caught.value).text
    assert f"Check the environment variable {variable}, which sets this proxy." in text
    assert "profile" not in text


# Redirects


@pytest.mark.parametrize(
    "target",
    [
        *("https://[2001:db8::1]x/", "https://x:port/", "http://[::1", "https://xn--/"),
        *("javascript:alert(1)", f"https://{'a' * 70_000}/", "https://a\x01b/"),
    ],
)
async def test_a_redirect_to_what_is_no_address_is_a_redirect(target: str) -> None:
    async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(redirect, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answer = await fetched(NetworkOptions(), f"http://127.0.0.1:{port}/")
    with pytest.raises(errors.UnexpectedRedirect) as caught:
        members(answer, datetime.now(UTC))
    assert caught.value.status == 302
    assert "redirected XDR Login to another address" in advice_for(caught.value).text


# Which proxy


@pytest.mark.parametrize(
    ("variables", "address", "proxy"),
    [
        ({}, "https://login.example/x", ""),
        ({"https_proxy": "http://p.example:1"}, "https://login.example", "http://p.example:1"),
        ({"HTTPS_PROXY": "p.example:1"}, "https://login.example", "http://p.example:1"),
        ({"all_proxy": "http://p.example:1"}, "https://login.example", "http://p.example:1"),
        ({"http_proxy": "http://p.example:1"}, "https://login.example", ""),
        ({"https_proxy": "p.example:1", "no_proxy": "example"}, "https://login.example", ""),
        ({"https_proxy": "p.example:1", "no_proxy": "*"}, "https://login.example", ""),
        ({"https_proxy": "p.example:1", "no_proxy": ".other"}, "https://a.b", "http://p.example:1"),
        (
            {"https_proxy": "p.example:1", "no_proxy": "login.example:8443"},
            "https://login.example:8443/x",
            "",
        ),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str, proxy: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert find_system_proxy(address) == proxy


@pytest.mark.parametrize("network", [NetworkOptions(proxy="http://127.0.0.1:9"), NetworkOptions()])
async def test_this_computer_is_reached_without_any_proxy(
    network: NetworkOptions, authority: Authority
) -> None:
    network = replace(
        network, ca_file=str(authority.ca_file), find_proxy=lambda _: "http://127.0.0.1:9"
    )
    with authority.serve("127.0.0.1") as address:
        assert (await fetched(network, address)).body == b"{}"


async def test_a_profile_may_say_that_there_is_no_proxy(authority: Authority) -> None:
    network = NetworkOptions(
        proxy="none",
        ca_file=str(authority.ca_file),
        find_proxy=lambda _: "http://127.0.0.1:9",
    )
    with authority.serve() as address:
        assert (await fetched(network, address)).body == b"{}"


async def test_the_system_proxy_is_looked_up_for_each_request(authority: Authority) -> None:
    asked: list[str] = []

    def find_proxy(address: str) -> str:
        asked.append(address)
        return ""

    network = NetworkOptions(ca_file=str(authority.ca_file), find_proxy=find_proxy)
    with authority.serve() as address:
        async with make_http_client(network) as http:
            await get(http, f"{address}/a")
            await get(http, f"{address}/b")
    assert asked == [f"{address}/a", f"{address}/b"]


# What a profile, the keyring and a policy say


@pytest.fixture
def keyring() -> FakeKeyring:
    return FakeKeyring()


def saved(keyring: FakeKeyring, profile: Profile, password: str = PASSWORD) -> None:
    value = encode_password(password, issued_for=proxy_binding(profile))
    keyring.entries[proxy_password_key(profile)] = value


async def opened(connector: Connector, profile: Profile, address: str, **given: str) -> Answer:
    async with await connector(profile, **given) as http:
        return await get(http, address)


async def test_the_password_for_the_proxy_comes_from_the_keyring(
    start_proxy: Callable[..., Proxy], authority: Authority, keyring: FakeKeyring
) -> None:
    proxy = start_proxy(SIGN_IN)
    profile = replace(PROFILE, proxy=proxy.address, proxy_user=USER, ca_file=str(authority.ca_file))
    connector = Connector(keyring, Worker("loader"))
    saved(keyring, profile)
    with authority.serve() as address:
        assert (await opened(connector, profile, address)).body == b"{}"
        saved(keyring, profile, "wrong")
        found = await opened(connector, profile, address, proxy_password=PASSWORD)
        assert found.body == b"{}"


async def test_no_other_proxy_gets_the_password(
    start_proxy: Callable[..., Proxy], keyring: FakeKeyring
) -> None:
    proxy = start_proxy(SIGN_IN)
    profile = replace(PROFILE, proxy="http://other.example:3128", proxy_user=USER)
    saved(keyring, profile)
    governed = with_policy(profile, Policy(proxy=proxy.address))
    with pytest.raises(errors.ProxySignInNeeded) as caught:
        await opened(Connector(keyring, Worker("loader")), governed, "https://127.0.0.2:9")
    assert caught.value.by == proxy.name


async def test_only_the_first_proxy_that_the_system_names_gets_the_password(
    start_proxy: Callable[..., Proxy], authority: Authority, keyring: FakeKeyring
) -> None:
    first, second = start_proxy(SIGN_IN), start_proxy(SIGN_IN)
    named = [first.address]
    profile = replace(PROFILE, proxy_user=USER, ca_file=str(authority.ca_file))
    await save_proxy_password(keyring, profile, PASSWORD)
    connector = Connector(keyring, Worker("loader"), find_proxy=lambda _: named[-1])
    with authority.serve() as address:
        assert (await opened(connector, profile, address)).body == b"{}"
        named.append(second.address)
        with pytest.raises(errors.ProxySignInNeeded) as caught:
            await opened(connector, profile, address)
        assert caught.value.by == second.name
        named.append(first.address)
        assert (await opened(connector, profile, address)).body == b"{}"
        await save_proxy_password(keyring, profile, PASSWORD)  # typed anew, for whoever is there
        named.append(second.address)
        assert (await opened(connector, profile, address)).body == b"{}"
    assert await load_proxy_password(keyring, profile) == PASSWORD


async def test_a_password_that_cannot_be_bound_to_a_proxy_is_not_sent(
    start_proxy: Callable[..., Proxy], keyring: FakeKeyring, expect_log: Callable[[str], None]
) -> None:
    proxy = start_proxy(SIGN_IN)
    profile = replace(PROFILE, proxy_user=USER)
    await save_proxy_password(keyring, profile, PASSWORD)
    keyring.errors["save"] = KeyringLocked()
    expect_log("cannot load the proxy password: KeyringLocked")
    connector = Connector(keyring, Worker("loader"), find_proxy=lambda _: proxy.address)
    with pytest.raises(errors.ProxySignInNeeded):
        await opened(connector, profile, "https://127.0.0.2:9")


async def test_a_proxy_of_the_administrator_is_named_as_theirs(keyring: FakeKeyring) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        connector = Connector(keyring, Worker("loader"))
        own = replace(PROFILE, proxy=address)
        governed = with_policy(PROFILE, Policy(source="policy.toml", proxy=address))
        said = []
        for profile in (own, governed):
            with pytest.raises(errors.ProxyUnreachable) as caught:
                await opened(connector, profile, "https://127.0.0.2:9")
            said.append(advice_for(caught.value))
    assert said[0].remedies == (Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE)
    assert "Check the proxy in your profile" in said[0].text
    assert said[1].remedies == (Remedy.TRY_AGAIN,)
    assert "Your administrator set this proxy (policy.toml)" in said[1].text


async def test_with_a_locked_keyring_the_proxy_rejects_the_request(
    start_proxy: Callable[..., Proxy], keyring: FakeKeyring, expect_log: Callable[[str], None]
) -> None:
    profile = replace(PROFILE, proxy=start_proxy(SIGN_IN).address, proxy_user=USER)
    keyring.errors["load"] = KeyringLocked()
    expect_log("cannot load the proxy password: KeyringLocked")
    with pytest.raises(errors.ProxySignInNeeded):
        await opened(Connector(keyring, Worker("loader")), profile, "https://127.0.0.2:9")


async def test_a_policy_counts_more_than_the_profile(
    start_proxy: Callable[..., Proxy], authority: Authority, keyring: FakeKeyring
) -> None:
    proxy = start_proxy()
    policy = Policy(proxy=proxy.address, ca_file=str(authority.ca_file))
    connector = Connector(keyring, Worker("loader"))
    with authority.serve() as address:
        profile = with_policy(replace(PROFILE, proxy="none", ca_file="/nowhere"), policy)
        assert (await opened(connector, profile, address)).body == b"{}"
    assert proxy.count_connections() == 1


def test_the_client_follows_no_redirect_and_keeps_no_cookie() -> None:
    client = make_http_client()
    assert isinstance(client, httpx.AsyncClient)
    assert not client.follow_redirects


async def test_the_client_trusts_the_systems_certificates_and_follows_no_redirect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contexts = []

    class Context(truststore.SSLContext):
        def __init__(self, protocol: int) -> None:
            super().__init__(protocol)
            contexts.append(self)

    monkeypatch.setattr(truststore, "SSLContext", Context)
    async with make_http_client() as client:
        assert not client.follow_redirects
        assert client.timeout == httpx.Timeout(10.0)
        assert client.headers["user-agent"].startswith(f"xdr-login/{__version__} (")
    assert [context.verify_mode for context in contexts] == [ssl.CERT_REQUIRED]
    assert [context.check_hostname for context in contexts] == [True]
