"""`python -m tests.rigs.demo_server`: meet faults by hand, until Ctrl+C."""

import argparse
import sys
from collections.abc import Sequence

from desktop.demo.console import serve_until_interrupted
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.demo_server.faults import FAULTS
from tests.rigs.demo_server.options import CISCO_LIMIT, REFRESH_MODES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl+C or SIGTERM and return the exit code."""
    parser = argparse.ArgumentParser("python -m tests.rigs.demo_server")
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--interval", type=float, default=1, help="seconds between two polls for a token")
    add("--code-lifetime", type=float, default=600, help="seconds")
    add("--token-lifetime", type=float, default=600, help="seconds")
    add("--approve-after", type=float, help="seconds until the demo analyst approves")
    add("--refresh", choices=REFRESH_MODES, default="rotate")
    add("--token-size", type=int, default=0, help="least characters of an access token")
    add("--refresh-size", type=int, default=0, help="least characters of a refresh token")
    add("--clock-skew", type=float, default=0, help="seconds that the server's clock is ahead")
    add("--rate-limit-after", type=int, default=CISCO_LIMIT, help="token requests, then 429")
    add("--rate-limit-window", type=float, default=3600, help="seconds over which that counts")
    faults = f"for the next token request, repeatable: {', '.join(FAULTS)}; 429:2s, 503:2"
    add("--fault", dest="faults", action="append", default=[], help=faults)
    renewals = "the same for the next request that renews a token"
    add("--refresh-fault", dest="refresh_faults", action="append", default=[], help=renewals)
    try:
        options = DemoOptions(**vars(parser.parse_args(arguments)))
        serve_until_interrupted(DemoServer(options))
    except ValueError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
