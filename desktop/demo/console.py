"""The demo server in a terminal, until Ctrl+C."""

import signal
import sys
import threading
from typing import Final

from desktop.demo.clients import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    PUBLIC_CLIENT_ID,
)
from desktop.demo.server import DemoServer

WELCOME: Final = """\
This is a demo server. Nothing here is real.

  Issuer               {url}
  Metadata             {url}/.well-known/oauth-authorization-server
  Enter a code         {url}/iroh/oauth2/device
  Public client        {public}
  Confidential client  {confidential}
    Client secret      {secret}

  API services, which accept its tokens:
{services}
  Secure Endpoint, which requires a token of its own: {endpoint}/v3/organizations

To sign in, run in another terminal:

  xdr-login profiles add demo --preset xdr-custom --issuer {url} --client-id {public} {options}
  xdr-login login --profile demo

To try "xdr-login token --for secure-endpoint", add this to profiles.toml:

  [profiles.demo.exchanges.secure-endpoint]
  kind = "bearer"
  url = "{endpoint}/v3/access_tokens"

Press Ctrl+C to stop.
"""


def serve_until_interrupted(server: DemoServer) -> None:
    """Start the server and print its addresses until it ends; stop it at Ctrl+C or SIGTERM.

    Raises OSError when the port is taken.
    """
    never = threading.Event()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server:
            # The preset knows the platform.
            others = [each for each in server.services.items() if each[0] != "platform"]
            text = WELCOME.format(
                url=server.url,
                services="".join(_row(*each) for each in server.services.items()),
                endpoint=server.secure_endpoint,
                options=" ".join(f"--service {name}={address}" for name, address in others),
                public=PUBLIC_CLIENT_ID,
                confidential=CONFIDENTIAL_CLIENT_ID,
                secret=CONFIDENTIAL_CLIENT_SECRET,
            )
            sys.stdout.write(text)
            sys.stdout.flush()
            while not server.ended.done():
                never.wait(0.5)  # Windows cannot interrupt a wait without end
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _row(name: str, address: str) -> str:
    return f"    {name:<18} {address}\n"
