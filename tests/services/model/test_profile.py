"""Reading profiles, and the errors for invalid ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop.services.configuration.profile_reader import (
    load_profile,
    load_profiles,
    prepare_folder,
)
from desktop.services.model.policy import Policy
from desktop.services.model.profile import (
    BrokenProfile,
    NoProfile,
    Profile,
    ProfileError,
    UnknownProfile,
    client_binding,
    tokens_binding,
    with_policy,
)
from desktop.services.system import paths
from desktop.services.wording.messages import advice_for

Write = Callable[[str], Path]
CLIENT = 'client_id = "client-1"\n'
ISSUER = 'issuer = "https://login.example"\n'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_it(text: str) -> Path:
        (tmp_path / "profiles.toml").write_text(text, "utf-8")
        return tmp_path / "profiles.toml"

    return write_it


def one(write: Write, members: str) -> Profile:
    return load_profile(file=write(f"[profiles.x]\n{members}"))


@pytest.mark.parametrize(
    ("preset", "place", "issuer"),
    [
        ("xdr-nam", "Cisco XDR · North America", "https://visibility.amp.cisco.com"),
        ("xdr-eu", "Cisco XDR · Europe", "https://visibility.eu.amp.cisco.com"),
        (
            "xdr-apjc",
            "Cisco XDR · Asia Pacific, Japan, and China",
            "https://visibility.apjc.amp.cisco.com",
        ),
    ],
)
def test_a_preset_and_a_client_are_enough(
    write: Write, preset: str, place: str, issuer: str
) -> None:
    profile = one(write, f'preset = "{preset}"\n{CLIENT}')
    assert list(profile.exchanges) == ["secure-endpoint"]
    assert replace(profile, exchanges={}) == Profile(
        id="x",
        name="x",
        client_id="client-1",
        preset=preset,
        provider="Cisco XDR",
        region=place.partition(" · ")[2],
        issuer=issuer,
        expected_issuer="IROH Auth",
        userinfo_endpoint=f"{issuer}/iroh/profile/whoami",
        app_grant_endpoint=f"{issuer}/iroh/oauth2/app-grant",
        scope_guide="xdr",
        services=profile.preset_services,
    )
    assert profile.provider_label == place


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        (f'provider = "Cisco XDR"\n{ISSUER}', "Cisco XDR · login.example"),
        (f'region = "North America"\n{ISSUER}', "North America · login.example"),
        (f'preset = "google"\n{ISSUER}', "Google · login.example"),
        (f'preset = "xdr-custom"\n{ISSUER}', "Cisco XDR · login.example"),
        (f'preset = "keycloak"\nprovider = "Cisco XDR"\n{ISSUER}', "Cisco XDR · login.example"),
        (
            'preset = "xdr-nam"\nregion = "Europe"\n',
            "Cisco XDR · Europe · visibility.amp.cisco.com",
        ),
        (
            'preset = "github"\ntoken_endpoint = "https://login.example/token"\n',
            "GitHub · login.example",
        ),
        ('preset = "github"\n', "GitHub"),
        ('preset = "google"\n', "Google"),
        (ISSUER, "https://login.example"),
    ],
)
def test_a_name_that_the_profile_chose_does_not_hide_its_server(
    write: Write, members: str, shown: str
) -> None:
    assert one(write, f"{CLIENT}{members}").provider_label == shown


def test_a_profile_overrides_its_preset(write: Write) -> None:
    profile = one(write, f'preset = "xdr-eu"\nregion = "Test"\nexpected_issuer = ""\n{CLIENT}')
    assert (profile.region, profile.expected_issuer) == ("Test", None)


def test_a_profile_can_set_everything(write: Write) -> None:
    profile = one(
        write,
        f"""{CLIENT}{ISSUER}
name = " Northwind SOC "
device_authorization_endpoint = "https://login.example/device"
token_endpoint = "https://login.example/token"
userinfo_endpoint = "https://api.example/me"
revocation_endpoint = "https://login.example/revoke"
app_grant_endpoint = "https://login.example/app-grant"
client_authentication = "client_secret_post"
scope = ["read", "write"]
verification_hosts = ["approve.example"]
extra_parameters = {{ audience = "everyone" }}
""",
    )
    assert profile == Profile(
        id="x",
        name="Northwind SOC",
        client_id="client-1",
        issuer="https://login.example",
        device_authorization_endpoint="https://login.example/device",
        token_endpoint="https://login.example/token",
        userinfo_endpoint="https://api.example/me",
        revocation_endpoint="https://login.example/revoke",
        app_grant_endpoint="https://login.example/app-grant",
        client_authentication="client_secret_post",
        scope=("read", "write"),
        verification_hosts=("approve.example",),
        extra_parameters={"audience": "everyone"},
    )
    assert profile.provider_label == "https://login.example"


def test_scopes_may_be_one_string(write: Write) -> None:
    assert one(write, f'{CLIENT}{ISSUER}scope = "read  write"').scope == ("read", "write")


def test_both_endpoints_stand_in_for_an_issuer(write: Write) -> None:
    endpoints = (
        'device_authorization_endpoint = "https://a.example"\ntoken_endpoint = "https://b.example"'
    )
    profile = one(write, f"{CLIENT}{endpoints}")
    assert profile.issuer == ""
    assert profile.provider_label == "https://b.example", "where it is can always be said"


def test_the_first_profile_is_taken_unless_one_is_named(write: Write) -> None:
    file = write(f"[profiles.b]\n{CLIENT}{ISSUER}[profiles.a]\n{CLIENT}{ISSUER}")
    assert load_profile(file=file).id == "b"
    assert load_profile("a", file=file).id == "a"


def test_a_byte_order_mark_does_no_harm(write: Write) -> None:
    assert load_profile(file=write(f"\ufeff[profiles.x]\n{CLIENT}{ISSUER}")).id == "x"


@pytest.mark.parametrize("text", [None, "", "# nothing yet", "[profiles]"])
def test_having_no_profile_is_reported(write: Write, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "profiles.toml" if text is None else write(text)
    with pytest.raises(NoProfile) as caught:
        load_profile(file=file)
    assert str(file) in advice_for(caught.value).text


def test_an_unknown_profile_is_reported(write: Write) -> None:
    with pytest.raises(UnknownProfile, match="southwind") as caught:
        load_profile(
            "southwind",
            file=write(f"[profiles.x]\n{CLIENT}{ISSUER}[profiles.y]\n{CLIENT}{ISSUER}"),
        )
    assert (
        "No profile is named “southwind”. Your profiles: “x”, “y”." in advice_for(caught.value).text
    )


def test_what_a_later_version_may_know_does_no_harm(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    members = f'{CLIENT}{ISSUER}icon = "SECRET"\nregistration_endpoint = "https://a.example"'
    with caplog.at_level("INFO", "desktop"):
        assert one(write, members).client_id == "client-1"
    assert sorted(caplog.messages) == [
        "profile x: unknown key: icon",
        "profile x: unknown key: registration_endpoint",
    ]


NO_SERVER = "missing a preset, an issuer, or `device_authorization_endpoint` and `token_endpoint`"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[profiles.x]\nclient_id = \n", "Invalid value (at line 2, column 13)"),
        ("[profiles.x", "(at end of document)"),
        ("profiles = 7", "`profiles` must be a table"),
        ("[profiles]\nx = 7", "`x` must be a table named with"),
        (f'[profiles."X y"]\n{CLIENT}{ISSUER}', "`X y` must be a table named with"),
        (f"[profiles.x]\n{ISSUER}", "profile `x`: `client_id` is missing"),
        (f'[profiles.x]\nclient_id = " "\n{ISSUER}', "profile `x`: `client_id` is empty"),
        (
            f'[profiles.x]\nclientid = "c"\n{ISSUER}',
            "profile `x`: unknown key `clientid` (did you mean `client_id`?)",
        ),
        (
            f'[profiles.x]\nClient-ID = "c"\n{ISSUER}',
            "profile `x`: unknown key `Client-ID` (did you mean `client_id`?)",
        ),
        (
            f"[profiles.x]\n{CLIENT}{ISSUER}scopes = []",
            "profile `x`: unknown key `scopes` (did you mean `scope`?)",
        ),
        (
            f"[profile.x]\n{CLIENT}{ISSUER}",
            "unknown key `[profile.…]` (did you mean `[profiles.…]`?)",
        ),
        (f"[profiles.x]\nclient_id = 7\n{ISSUER}", "profile `x`: `client_id` must be a string"),
        (f"[profiles.x]\n{CLIENT}", f"profile `x`: {NO_SERVER}"),
        (
            f'[profiles.x]\n{CLIENT}token_endpoint = "https://a.example"',
            f"profile `x`: {NO_SERVER}",
        ),
        (
            f'[profiles.x]\n{CLIENT}preset = "xdr"',
            "`x`: unknown preset; presets are xdr-nam, xdr-eu",
        ),
        (f"[profiles.x]\n{CLIENT}{ISSUER}preset = 7", "`x`: unknown preset"),
        (f"[profiles.x]\n{CLIENT}{ISSUER}preset = []", "`x`: unknown preset"),
        (f"[profiles.x]\n{CLIENT}{ISSUER}name = 7", "profile `x`: `name` must be a string"),
        (f"[profiles.x]\n{CLIENT}{ISSUER}scope = 7", "`scope` must be a list of strings"),
        (f"[profiles.x]\n{CLIENT}{ISSUER}scope = [7]", "`scope` must be a list of strings"),
        (
            f"[profiles.x]\n{CLIENT}{ISSUER}extra_parameters = 7",
            "`extra_parameters` must be a table of strings",
        ),
        (
            f"[profiles.x]\n{CLIENT}{ISSUER}extra_parameters = {{ a = 7 }}",
            "`extra_parameters` must be a table of strings",
        ),
        (
            f'[profiles.x]\n{CLIENT}{ISSUER}client_authentication = "magic"',
            "`client_authentication` must be one of auto, none, client_secret_basic, ",
        ),
        (
            f"[profiles.x]\n{CLIENT}{ISSUER}userinfo_endpoint = 7",
            "profile `x`: `userinfo_endpoint` must be a string",
        ),
        ("x = " + "[" * 100_000, "the text is nested too deeply"),
        ("a." * 20_000 + "b = 1", "a key has too many parts"),
        ("[" + "'a' . " * 20_000 + "b]\n", "a key has too many parts"),
    ],
)
def test_an_invalid_value_is_reported_with_its_place(
    write: Write, text: str, complaint: str
) -> None:
    file = write(text)
    with pytest.raises(BrokenProfile) as caught:
        load_profile(file=file)
    assert complaint in caught.value.detail
    shown = advice_for(caught.value).text
    assert shown.startswith(f"There's a problem with {file}: ")
    assert shown.endswith(" Correct the file, then try again.")
    assert "?." not in shown


@pytest.mark.parametrize("name", ["userinfo_endpoint", "revocation_endpoint", "app_grant_endpoint"])
@pytest.mark.parametrize(
    "address",
    [
        "https://visibility.amp.cisco.com/x",
        "http://visibility.eu.amp.cisco.com/x",
        "https://visibility.eu.amp.cisco.com:8443/x",
        "/x",
        "https://[/x",
    ],
)
def test_a_token_of_xdr_goes_to_no_other_server(write: Write, name: str, address: str) -> None:
    with pytest.raises(BrokenProfile) as caught:
        one(write, f'preset = "xdr-eu"\n{CLIENT}{name} = "{address}"')
    assert (
        caught.value.detail == f"profile `x`: `{name}` must be on the host of the issuer (line 4)"
    )


def test_a_preset_for_another_host_needs_the_endpoints_of_that_host(write: Write) -> None:
    other = f'preset = "xdr-eu"\n{CLIENT}issuer = "https://xdr.example"\n'
    with pytest.raises(BrokenProfile, match="must be on the host of the issuer"):
        one(write, other)
    endpoints = 'userinfo_endpoint = "https://xdr.example/me"\napp_grant_endpoint = ""'
    profile = one(write, f"{other}{endpoints}")
    assert profile.userinfo_endpoint == "https://xdr.example/me"
    assert profile.app_grant_endpoint == ""


def test_without_an_issuer_the_token_endpoint_says_which_server_it_is(write: Write) -> None:
    members = "".join(
        f'{name} = "https://{host}"\n'
        for name, host in (
            ("device_authorization_endpoint", "a.example/device"),
            ("token_endpoint", "a.example/token"),
            ("revocation_endpoint", "b.example/revoke"),
        )
    )
    with pytest.raises(BrokenProfile, match="`revocation_endpoint` must be on the host"):
        one(write, f'{CLIENT}expected_issuer = "IROH Auth"\n{members}')
    assert one(write, f"{CLIENT}{members}").revocation_endpoint == "https://b.example/revoke"


def test_an_endpoint_of_the_same_server_does_not_change_the_binding(write: Write) -> None:
    plain = one(write, f"{CLIENT}{ISSUER}")
    more = one(write, f'{CLIENT}{ISSUER}revocation_endpoint = "https://login.example/revoke"')
    assert client_binding(plain) == client_binding(more)
    for other in (
        replace(plain, userinfo_endpoint="https://evil.example/x"),
        replace(plain, revocation_endpoint="https://evil.example/x"),
        replace(plain, app_grant_endpoint="https://evil.example/x"),
    ):
        assert client_binding(other) != client_binding(plain), "what is saved is not sent elsewhere"


def test_the_token_of_a_user_is_not_used_as_that_of_the_client(write: Write) -> None:
    person = one(write, f"{CLIENT}{ISSUER}")
    client = replace(person, grant="client-credentials")
    assert tokens_binding(person) == tokens_binding(replace(person, grant="code"))
    assert tokens_binding(person) != tokens_binding(client)
    assert client_binding(person) == client_binding(client), "the password is the same client's"


@pytest.mark.parametrize("address", ["-K/tmp/evil.conf", "http://api.example/me", "ftp://a.b/c"])
def test_an_endpoint_that_gets_tokens_is_a_safe_address(tmp_path: Path, address: str) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(
        f'[profiles.x]\nissuer = "https://a.example"\nclient_id = "c"\n'
        f'userinfo_endpoint = "{address}"\n'
    )
    with pytest.raises(BrokenProfile, match="`userinfo_endpoint` is not a safe address"):
        load_profile("x", file=file)


def test_a_file_that_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_bytes("[profiles.x]".encode("utf-16"))
    with pytest.raises(BrokenProfile, match="save it as UTF-8"):
        load_profiles(file)


def test_a_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BrokenProfile):
        load_profiles(tmp_path)


toml_pieces = st.sampled_from(
    [
        *(
            "[profiles.x]",
            "[profiles]",
            "[[profiles]]",
            "[profiles.x.y]",
            CLIENT,
            ISSUER,
            "\n",
            "=",
        ),
        *(
            'preset = "xdr-eu"',
            "preset = {}",
            "scope = [1]",
            "scope = {}",
            "[",
            '"',
            "'''",
            "x.y = 1",
        ),
        *(
            "a = 1979-05-27",
            "a = nan",
            "a = 0x",
            "extra_parameters = [[]]",
            "\\u0000",
            "\ufeff",
            "#",
        ),
    ]
)


@settings(max_examples=150)
@given(
    st.binary() | st.text().map(str.encode) | st.lists(toml_pieces).map("\n".join).map(str.encode)
)
@example(b"\xff\xfe")
def test_no_file_gives_anything_but_profiles_or_a_profile_error(content: bytes) -> None:
    # hypothesis and a folder per test do not go together
    file = paths.configuration_folder() / "fuzz.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    try:
        profile = load_profile(file=file)
    except ProfileError as error:
        assert advice_for(error).text  # noqa: PT017 - any of three kinds will do
    else:
        assert profile.client_id


# The folder


def test_the_folder_is_prepared_with_an_example_that_is_no_profile_yet() -> None:
    folder = prepare_folder()
    assert folder == paths.configuration_folder()
    with pytest.raises(NoProfile):
        load_profile()


def test_the_example_works_without_its_comment_signs() -> None:
    file = prepare_folder() / "profiles.toml"
    lines = file.read_text("utf-8").splitlines()
    bare = [line.removeprefix("# ") for line in lines if line.startswith(("# [", "# name", "# p"))]
    bare += [
        line.removeprefix("# ") for line in lines if line.startswith(("# client_id", "# scope"))
    ]
    file.write_text("\n".join(bare), "utf-8")
    profile = load_profile("northwind")
    assert profile.provider == "Cisco XDR"
    assert profile.scope == ("enrich:read", "inspect:read", "casebook")


def test_profiles_that_are_there_are_never_overwritten() -> None:
    prepare_folder()
    paths.profiles_file().write_text("# mine", "utf-8")
    prepare_folder()
    assert paths.profiles_file().read_text("utf-8") == "# mine"


@pytest.mark.parametrize(
    ("policy", "is_unattended"),
    [
        (Policy(), True),
        (Policy(unattended_profiles=False), False),
        (Policy(unattended_profiles=False, profiles={"cron": {}}), True),
        (Policy(presence="never"), True),
        (Policy(presence="ask"), False),
        (Policy(presence="ask", profiles={"cron": {}}), True),
    ],
)
def test_a_policy_forbids_own_unattended_profiles(policy: Policy, *, is_unattended: bool) -> None:
    profile = Profile(id="cron", name="Cron", client_id="client-1", unattended=True)
    governed = with_policy(profile, policy)
    assert governed.unattended is is_unattended
    assert not (governed.unattended and governed.demands_presence)


def test_a_policy_decides_when_presence_is_confirmed() -> None:
    profile = Profile(id="soc", name="SOC", client_id="client-1", presence="always")
    assert with_policy(profile, Policy(presence="never")).presence == "never"
    assert with_policy(profile, Policy()).presence == "always"
