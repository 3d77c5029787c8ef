"""A demo server, a profile that signs in to it, and a token; for the commands that call routes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from click.testing import CliRunner, Result

from desktop.cli.program import program
from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import DEVICE_CODE
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile
from tests.rigs.demo_server import DemoServer

PROFILE_ID = "northwind"


@dataclass
class DemoHarness:
    """The server, and what stands in for who has the tokens; `wanted` are the validities asked."""

    server: DemoServer
    tokens: list[str] = field(default_factory=list)
    validities: list[float] = field(default_factory=list)

    def fetch_token(self, profile: Profile, *, min_validity: float = 60.0) -> AccessToken:
        """The next of the tokens; the last one for ever."""
        assert profile.id == PROFILE_ID
        self.validities.append(min_validity)
        token = self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]
        expires_at = datetime.now(UTC) + timedelta(seconds=500)
        return AccessToken(token, "Bearer", expires_at, ("profile",))

    def sign_in(self) -> str:
        """A new token."""
        url = f"{self.server.url}/iroh/oauth2"
        form = {"client_id": PUBLIC_CLIENT_ID}
        issued = httpx.post(f"{url}/device_authorization", data=form).json()
        form |= {"grant_type": DEVICE_CODE, "device_code": issued["device_code"]}
        return str(httpx.post(f"{url}/token", data=form).json()["access_token"])

    def statuses_of(self, path: str) -> list[int]:
        """The statuses of what was answered below `path`."""
        return [each.status for each in self.server.history() if each.path.startswith(path)]

    def run(self, *arguments: str, stdin: str | bytes = "") -> Result:
        """Run a command whose output goes into a pipe."""
        return CliRunner().invoke(program, arguments, stdin, standalone_mode=False)


def write_profile(
    issuer: str, *, app_grants: bool = True, services: Mapping[str, str] | None = None
) -> None:
    """Make the one profile there is."""
    folder = Path(os.environ["XDG_CONFIG_HOME"], "xdr-login")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profiles.toml").write_text(
        f"""\
[profiles.{PROFILE_ID}]
name = "Northwind SOC"
client_id = "{PUBLIC_CLIENT_ID}"
issuer = "{issuer}"
expected_issuer = "IROH Auth"
{f'app_grant_endpoint = "{issuer}/iroh/oauth2/app-grant"' if app_grants else ""}
userinfo_endpoint = "{issuer}/iroh/profile/whoami"
services = {{ {", ".join(f'{name} = "{each}"' for name, each in (services or {}).items())} }}
""",
        "utf-8",
    )
