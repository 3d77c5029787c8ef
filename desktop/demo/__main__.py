"""`python -m desktop.demo`: run the demo server alone, until Ctrl+C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

from desktop.demo import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    PUBLIC_CLIENT_ID,
    DemoOptions,
    DemoServer,
)
from desktop.demo.options import OUTCOMES

DEFAULTS: Final = DemoOptions()
WELCOME: Final = """\
This is a demo server. Nothing here is real.

  Issuer               {url}
  Metadata             {url}/.well-known/oauth-authorization-server
  Enter a code         {url}/iroh/oauth2/device
  Public client        {public}
  Confidential client  {confidential}
    Client secret      {secret}

To sign in, run in another terminal:

  xdr-login profiles add demo --preset xdr-custom --issuer {url} --client-id {public}
  xdr-login login --profile demo

Press Ctrl+C to stop.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl+C or SIGTERM and return the exit code."""
    parser = make_parser()
    try:
        options = DemoOptions(**vars(parser.parse_args(arguments)))
    except ValueError as error:
        parser.error(str(error))
    try:
        with DemoServer(options) as server:
            wait_for_interrupt(server.url)
    except OSError as error:
        parser.exit(1, f"Cannot listen on 127.0.0.1:{options.port}: {error.strerror}.\n")
    except ImportError as error:
        parser.exit(1, f"{error.name} is missing. Install xdr-login[demo].\n")
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="python -m desktop.demo", description="Run a demo server until Ctrl+C."
    )
    add = parser.add_argument
    add("--port", type=int, default=DEFAULTS.port, help="0 picks a free one")
    add("--outcome", choices=OUTCOMES, default=DEFAULTS.outcome, help="who decides: you, if asked")
    for name, meaning in (
        ("interval", "between two polls for a token"),
        ("code-lifetime", "until a code expires"),
        ("token-lifetime", "until an access token expires"),
        ("approve-after", "until the demo analyst approves"),
    ):
        default = getattr(DEFAULTS, name.replace("-", "_"))
        add(f"--{name}", type=float, default=default, metavar="SECONDS", help=meaning)
    return parser


def wait_for_interrupt(url: str) -> None:
    """Print where things are, then wait for Ctrl+C or SIGTERM."""
    never = threading.Event()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.stdout.write(
            WELCOME.format(
                url=url,
                public=PUBLIC_CLIENT_ID,
                confidential=CONFIDENTIAL_CLIENT_ID,
                secret=CONFIDENTIAL_CLIENT_SECRET,
            )
        )
        sys.stdout.flush()
        while not never.wait(0.5):  # Windows cannot interrupt a wait without end
            pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
