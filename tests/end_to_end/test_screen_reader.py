"""What Orca says, as somebody who cannot see the window hears it."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from tests.end_to_end.conftest import write_profile
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.orca import Orca
from tests.rigs.process import Program, run_program

_CODE = "Your code is "


@pytest.fixture
def options() -> DemoOptions:
    return DemoOptions(interval=1)


@pytest.fixture
def server(options: DemoOptions) -> Iterator[DemoServer]:
    with DemoServer(options) as running:
        yield running


@pytest.fixture
def listen(orca: Orca, server: DemoServer) -> Iterator[Callable[..., Program]]:
    """Start the app: `listen(client_id="another")`, or without a profile: `listen("")`."""
    with ExitStack() as running:

        def begin(client_id: str = PUBLIC_CLIENT_ID) -> Program:
            if client_id:
                write_profile(
                    name="Northwind SOC",
                    issuer=server.url,
                    expected_issuer="IROH Auth",
                    client_id=client_id,
                    scope="enrich:read casebook response",
                    scope_guide="xdr",
                    **{"settings.clipboard_seconds": 5},
                )
            environment = dict(os.environ) | orca.environment
            return running.enter_context(
                run_program([sys.executable, "-m", "desktop"], environment)
            )

        yield begin


def hear_code(orca: Orca) -> str:
    """Wait until the code is spelled, and return it."""
    heard = orca.wait_for(_CODE).removeprefix(_CODE).partition(". ")[0]
    return "".join({"dash": "-"}.get(each, each) for each in heard.split(", "))


def spelled(code: str) -> str:
    """Return the words in which a code is heard."""
    letters = ", ".join({"-": "dash"}.get(each, each) for each in code)
    return f"{_CODE}{letters}. Approve it in your browser."


def test_a_whole_sign_in_is_heard(
    orca: Orca, server: DemoServer, listen: Callable[..., Program]
) -> None:
    listen()
    orca.wait_for("XDR Login")
    orca.wait_for("Open browser push button")
    code = hear_code(orca)
    assert not orca.was_interrupted(_CODE)
    server.approve(code)
    orca.wait_for("Signed in as dana@northwind.example.")
    assert orca.said_after(spelled(code)) == [
        "Copy token push button.",
        "Signed in as dana@northwind.example.",
    ]
    assert not orca.was_interrupted("Signed in as")
    assert any(orca.count_events(seconds=5) <= 1 for _ in range(3))
    orca.press("ctrl+c")
    orca.wait_for("Token copied · clears in 5 s")
    orca.wait_for("Clipboard cleared")
    # The countdown is silent, and so is the button that says "Copied" for a moment.
    assert [each for each in orca.said_after("left control") if each != "c"] == [
        "Token copied · clears in 5 s",
        "Clipboard cleared",
    ]


def test_a_denial_is_heard_with_what_to_do(
    orca: Orca, server: DemoServer, listen: Callable[..., Program]
) -> None:
    listen()
    server.deny(hear_code(orca))
    orca.wait_for("Sign in again push button")
    text = orca.wait_for("Sign-in denied")
    assert "Someone selected Deny on the approval page" in text
    assert not orca.was_interrupted("Sign-in denied")


def test_a_wrong_client_is_heard_with_what_to_do(
    orca: Orca, listen: Callable[..., Program]
) -> None:
    listen(client_id="client-that-nobody-registered")
    orca.wait_for("Edit profile push button")
    text = orca.wait_for("Client ID not recognized.")
    assert "Check the client ID, the client secret and the issuer in your profile." in text


def test_the_form_of_a_profile_is_heard_with_its_first_field_and_little_else(
    orca: Orca, listen: Callable[..., Program]
) -> None:
    listen(client_id="client-that-nobody-registered")
    orca.wait_for("Client ID not recognized.")
    orca.press("Return")
    orca.wait_for("Edit “Northwind SOC”")
    assert orca.said_after("return") == [
        "Provider and region combo box.",
        "Other provider.",
        "Edit “Northwind SOC”",
    ]
    orca.tab_to("Client secret password text.")
    orca.tab_to("More options push button.")
    orca.press("Return")
    orca.wait_for("Fewer options")
    orca.tab_to("Sign-in method combo box.")


def test_an_invalid_field_is_heard_with_what_is_wrong(
    orca: Orca, listen: Callable[..., Program]
) -> None:
    listen(client_id="")
    orca.wait_for("Paste JSON push button.")
    orca.wait_for("Set up your first profile")
    orca.tab_to("Client ID text.")
    orca.tab_to("Save push button.")
    orca.press("Return")
    orca.wait_for("Client ID text.")
    orca.wait_for("Invalid entry: Enter the client ID.")
    assert not orca.was_interrupted("Invalid entry")


def test_the_settings_are_heard_with_their_values(
    orca: Orca, listen: Callable[..., Program]
) -> None:
    listen()
    code = hear_code(orca)
    orca.said_after(spelled(code))  # the shortcuts work soon after
    orca.press("ctrl+comma")
    orca.wait_for("Settings")
    assert orca.said_after("left control") == [
        "Start at login check box not checked.",
        "Settings.",
    ]
    orca.tab_to("Clear clipboard after 30 s spin button")
    orca.tab_to("Appearance combo box")
    orca.wait_for("System default")


def test_the_details_are_read_with_the_keyboard(
    orca: Orca, server: DemoServer, listen: Callable[..., Program]
) -> None:
    listen()
    server.approve(hear_code(orca))
    orca.wait_for("Signed in as")
    orca.tab_to("Details push button")
    orca.press("Return")
    orca.wait_for("Details.")
    orca.tab_to("Issued: ")
    orca.press("Down")
    orca.wait_for("Expires: ")


@pytest.mark.parametrize("options", [DemoOptions(interval=1, code_lifetime=40)])
def test_waiting_is_silent_but_for_the_last_half_minute_and_the_end(
    orca: Orca, listen: Callable[..., Program]
) -> None:
    listen()
    hear_code(orca)
    orca.wait_for("30 seconds left")
    time.sleep(1)
    # Late words of the start are no reason to fail: of three times, one is enough.
    assert any(orca.count_events(seconds=8) <= 1 for _ in range(3))
    orca.wait_for("The code has expired")
    assert orca.said_after("30 seconds left") == [
        "Get a new code push button.",
        (
            "The code has expired. The sign-in wasn't approved in time. Get a new code and approve "
            "that one."
        ),
    ]
