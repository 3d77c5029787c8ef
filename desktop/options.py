"""The options of the command line, and the profile that they select."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from desktop.demo import DemoOptions, DemoServer
    from desktop.services.configuration.profile_reader import Profiles
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import Profile


class DemoServerFailed(Exception):
    """The demo server could not start, or it stopped; the cause says why."""


class Options:
    """The options of one run. With `demo` a demo server is started, and its profile is used.

    With `hidden` the window is not shown at the start. This is not a dataclass, because that would
    cost four milliseconds before the first paint.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        demo: DemoOptions | None = None,
        verbose: bool = False,
        hidden: bool = False,
    ) -> None:
        self.profile = profile
        self.demo = demo
        self.verbose = verbose
        self.hidden = hidden
        self._server: DemoServer | None = None

    def load_profiles(self) -> Profiles:
        """Load all profiles. Blocks; raises `BrokenProfile` or `BrokenPolicy`."""
        from desktop.services.configuration.load import load_configuration
        from desktop.services.configuration.profile_reader import Profiles
        from desktop.services.system.paths import profiles_file

        if self.demo is None:
            return load_configuration()
        profile = self._demo_profile()
        return Profiles(profiles_file(), {profile.id: profile}, {})

    def load_profile(self) -> Profile:
        """Load the selected profile, or the first one. Blocks; raises `ProfileError`."""
        profiles = self.load_profiles()
        return profiles.find(None if self.demo is not None else self.profile)

    def load_policy(self) -> Policy:
        """Load the policy of the administrator. Blocks; raises nothing."""
        from desktop.services.configuration.policy_reader import load_policy

        return load_policy()

    @property
    def demo_ended(self) -> Future[None] | None:
        """The end of the demo server, if one was started, with the error that caused it."""
        return self._server.ended if self._server is not None else None

    def close(self) -> None:
        """Stop the demo server if it was started."""
        if self._server is not None:
            self._server.stop()

    def _demo_profile(self) -> Profile:
        from desktop.demo import DemoServer

        if self._server is None:
            server = DemoServer(self.demo)
            try:
                server.start()
            except Exception as error:
                raise DemoServerFailed from error
            self._server = server
        return demo_profile(self._server.url, self._server.services, self._server.secure_endpoint)


def demo_profile(
    address: str, services: Mapping[str, str] | None = None, secure_endpoint: str = ""
) -> Profile:
    """Make the profile of the demo server at `address`, which has those API services.

    Its tokens can be exchanged for those of `secure_endpoint`.
    """
    from desktop.demo import PUBLIC_CLIENT_ID
    from desktop.demo.services import SECURE_ENDPOINT
    from desktop.services.model.exchanges import BEARER
    from desktop.services.model.profile import Profile
    from desktop.services.system.translation import translate

    return Profile(
        id="(demo)",  # not a valid id in the profiles file
        name="Northwind SOC",
        client_id=PUBLIC_CLIENT_ID,
        provider=translate("Demo server"),
        region=translate("nothing here is real"),
        issuer=address,
        expected_issuer="IROH Auth",
        userinfo_endpoint=f"{address}/iroh/profile/whoami",
        app_grant_endpoint=f"{address}/iroh/oauth2/app-grant",
        client_authentication="none",
        scope=(
            "enrich:read",
            "inspect:read",
            "casebook",
            "private-intel:read",
            "profile",
            "response",
        ),
        scope_guide="xdr",
        services=services or {},
        exchanges=(
            {SECURE_ENDPOINT: {"kind": BEARER, "url": f"{secure_endpoint}/v3/access_tokens"}}
            if secure_endpoint
            else {}
        ),
    )
