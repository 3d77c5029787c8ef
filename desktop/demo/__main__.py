"""`python -m desktop.demo`: the demo server alone, until Ctrl+C."""

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
from desktop.demo.options import FAULTS, OUTCOMES, REFRESH_MODES

DEFAULTS: Final = DemoOptions()
WELCOME: Final = """\
Demo authorization server. Nothing here is real.

  address              {url}
  metadata             {url}/.well-known/oauth-authorization-server
  enter a code         {url}/iroh/oauth2/device
  public client        {public}
  confidential client  {confidential}
    its password       {secret}

To sign in to it, in another terminal:

  xdr-login profiles add demo --preset xdr-custom --issuer {url} --client-id {public}
  xdr-login login --profile demo

Press Ctrl+C to end.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl+C or SIGTERM; give the exit code."""
    parser = _parser()
    try:
        options = _options(parser.parse_args(arguments))
    except ValueError as error:
        parser.error(str(error))
    try:
        with DemoServer(options) as server:
            _wait_for_interrupt(_welcome(server.url))
    except OSError as error:
        parser.exit(1, f"Cannot listen on 127.0.0.1:{options.port}: {error.strerror}.\n")
    except ImportError as error:
        parser.exit(1, f"{error.name} is missing: install xdr-login[demo].\n")
    return 0


def _welcome(url: str) -> str:
    return WELCOME.format(
        url=url,
        public=PUBLIC_CLIENT_ID,
        confidential=CONFIDENTIAL_CLIENT_ID,
        secret=CONFIDENTIAL_CLIENT_SECRET,
    )


def _wait_for_interrupt(welcome: str) -> None:
    """Say where things are, then return on Ctrl+C or SIGTERM."""
    never = threading.Event()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.stdout.write(welcome)
        sys.stdout.flush()
        while not never.wait(0.5):  # Windows cannot interrupt a wait without end
            pass
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _options(parsed: argparse.Namespace) -> DemoOptions:
    given = dict(vars(parsed))
    if given.pop("no_interval"):
        given["interval"] = None
    given["complete_uri"] = not given.pop("no_complete_uri")
    given |= {name: tuple(given[name]) for name in ("faults", "refresh_faults")}
    return DemoOptions(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m desktop.demo", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=DEFAULTS.port, help="0 takes a free one")
    _add_lifetimes(parser)
    add("--no-interval", action="store_true", help="leave `interval` out of the answer")
    add("--no-complete-uri", action="store_true", help="leave verification_uri_complete out")
    add("--outcome", choices=OUTCOMES, default=DEFAULTS.outcome, help="who decides")
    add("--refresh", choices=REFRESH_MODES, default=DEFAULTS.refresh)
    add("--held-scopes", default=DEFAULTS.held_scopes, help="what the demo analyst holds")
    add("--token-size", type=int, default=0, help="least characters of an access token")
    add("--rate-limit-after", type=int, help="token requests, then 429")
    _add_faults(parser)
    return parser


def _add_faults(parser: argparse.ArgumentParser) -> None:
    """Add the options that can be given again and again."""
    for name, words in (
        ("fault", f"for the next token request, repeatable: {', '.join(FAULTS)}; 429:2s, 503:2"),
        ("refresh-fault", "the same for the next request that renews a token"),
    ):
        dest = f"{name.replace('-', '_')}s"
        parser.add_argument(
            f"--{name}", dest=dest, action="append", default=[], metavar="FAULT", help=words
        )


def _add_lifetimes(parser: argparse.ArgumentParser) -> None:
    """Add the options that are seconds."""
    for name, words in (
        ("interval", "told to clients between two requests, and enforced"),
        ("code-lifetime", "until a code expires"),
        ("token-lifetime", "until an access token expires"),
        ("refresh-lifetime", "until an unused refresh token expires"),
        ("approve-after", "until the demo analyst decides by itself"),
        ("rate-limit-window", "over which --rate-limit-after counts"),
        ("clock-skew", "by which the server's clock is ahead"),
    ):
        default = getattr(DEFAULTS, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=float, default=default, metavar="S", help=words)


if __name__ == "__main__":
    sys.exit(main())
