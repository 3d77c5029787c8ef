"""Checks step by step whether a profile works, before any of it is saved."""

import re
import secrets
from collections.abc import AsyncGenerator, Container, Mapping
from contextlib import suppress
from dataclasses import replace

from desktop.frozen import frozen
from desktop.oauth import errors
from desktop.oauth.addresses import host_of
from desktop.oauth.client import Client, ClientConnection, request
from desktop.oauth.clock import Clock
from desktop.oauth.grants.device import request_authorization, without_prompt
from desktop.oauth.grants.token import DEVICE_CODE
from desktop.oauth.http import get
from desktop.oauth.metadata import ServerMetadata, metadata_addresses
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.services.model.errors import GrantForbidden, PresenceNotProven
from desktop.services.model.profile import GRANTS, Profile
from desktop.services.model.sign_in_methods import (
    SIGN_IN_METHODS,
    SignInMethod,
    available_sign_in_methods,
    unsupported_grants,
)
from desktop.services.network.environment import HttpOpener
from desktop.services.profile_editor import check_wording as texts
from desktop.services.profile_editor.client_search import ClientSearch
from desktop.services.profile_editor.findings import Finding, Outcome, Step
from desktop.services.session.lock.presence import Presence, SystemPresence
from desktop.services.session.provider import detect_portal, discover_endpoints
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import (
    BySurface,
    Surface,
    field_name,
    option_name,
    secret_name,
)
from desktop.services.wording.formats import format_values, with_title
from desktop.services.wording.messages import advice_for

Presets = Mapping[str, Mapping[str, object]]


async def check(  # noqa: PLR0913 - what a form has, and what it needs
    profile: Profile,
    password: str | None,
    *,
    open_http: HttpOpener,
    clock: Clock,
    presets: Presets,
    proxy_password: str | None = None,
    allowed: Container[str] = GRANTS,
    surface: Surface = Surface.WINDOW,
    secrets: KnownSecrets | None = None,
) -> AsyncGenerator[Finding, None]:
    """Yield what works of `profile` and what does not; stop after the first step that fails.

    Nothing is saved, and neither profile nor secrets need to be. The server issues one device code,
    which nobody waits for. `aclose` cancels. `presets` are those of `load_presets`: where the
    client is not known, the other regions of the provider are asked, with the client ID alone. Only
    the sign-in methods in `allowed` are proposed. The server may repeat `secrets`. Expected errors
    are findings.
    """
    try:
        http = await open_http(profile, proxy_password=proxy_password)
    except errors.OAuthError as error:
        yield _error_finding(Step.TRUST, error, surface)
        return
    async with http:
        method = ClientAuthentication(profile.client_authentication)
        client = Client(
            profile.client_id,
            password or None,
            method,
            region=profile.region,
            preset=profile.preset,
        )
        known = KnownSecrets() if secrets is None else secrets
        connection = ClientConnection(http, clock, client, secrets=known)
        checking = _Check(profile, connection, presets, allowed, surface)
        for look in (
            checking.check_connection,
            checking.check_metadata,
            checking.check_sign_in_method,
            checking.check_client,
        ):
            findings = await look()
            for finding in findings:
                yield finding
            if any(each.outcome is Outcome.BAD for each in findings):
                return
    if profile.demands_presence:
        yield await _check_presence(SystemPresence(), _Findings(profile, surface))


async def _check_presence(presence: Presence, findings: "_Findings") -> Finding:
    """Check that this installation can ask for what the profile demands."""
    try:
        await presence.check()
    except PresenceNotProven as error:
        return findings.error(Step.PRESENCE, error)
    return findings.passed(Step.PRESENCE, texts.PRESENCE_CAN_BE_PROVEN)


class _Check:
    """The steps of a check; each returns its findings."""

    def __init__(
        self,
        profile: Profile,
        connection: ClientConnection,
        presets: Presets,
        allowed: Container[str],
        surface: Surface,
    ) -> None:
        self._profile = profile
        self._connection = connection
        self._presets = presets
        self._allowed = allowed
        self._findings = _Findings(profile, surface)
        self._server = profile.issuer or profile.token_endpoint
        self._metadata = ServerMetadata()

    async def check_connection(self) -> list[Finding]:
        """Connect to the server and check its certificate."""
        try:
            address = metadata_addresses(self._server)[0] if self._profile.issuer else self._server
            await get(self._connection.http, address, secrets=self._connection.secrets)
        except errors.Trouble as trouble:
            error = await detect_portal(self._connection, trouble) or trouble
            if isinstance(error, errors.CertificateRejected):
                return [
                    self._findings.passed(Step.REACH, texts.SERVER_REACHABLE),
                    self._findings.error(Step.TRUST, error),
                ]
            return [self._findings.error(Step.REACH, error)]
        except errors.OAuthError as error:
            return [self._findings.error(Step.REACH, error)]
        is_safe = self._server.startswith("https:")
        trust = texts.CERTIFICATE_TRUSTED if is_safe else texts.LOCAL_CONNECTION
        return [
            self._findings.passed(Step.REACH, texts.SERVER_REACHABLE),
            self._findings.passed(Step.TRUST, trust),
        ]

    async def check_metadata(self) -> list[Finding]:
        """Find out the server's endpoints."""
        try:
            self._metadata = await discover_endpoints(self._connection, self._profile)
        except errors.MissingEndpoint as error:
            self._metadata = await self._discover_with_other_grants()
            way = self._with_alternative(self._findings.error(Step.WAY, error))
            return [self._findings.passed(Step.METADATA, texts.METADATA_FOUND), way]
        except errors.OAuthError as error:
            return [self._findings.error(Step.METADATA, error)]
        text = texts.METADATA_FOUND if self._metadata.issuer else texts.ENDPOINTS_IN_PROFILE
        return [self._findings.passed(Step.METADATA, text)]

    async def _discover_with_other_grants(self) -> ServerMetadata:
        """Get the server's metadata where it lacks what the profile's sign-in method needs."""
        for grant in GRANTS:
            with suppress(errors.OAuthError):
                return await discover_endpoints(
                    self._connection, replace(self._profile, grant=grant)
                )
        return ServerMetadata()

    async def check_sign_in_method(self) -> list[Finding]:
        """Check that the server supports the profile's method, and look for a safer one."""
        profile = self._profile
        if profile.grant == "device" and not profile.policy.device_grant:
            forbidden = self._findings.error(Step.WAY, GrantForbidden(profile.policy.source))
            return [self._with_alternative(forbidden)]
        if _needs_client_secret(profile) and not self._connection.client.client_secret:
            missing = self._findings.failed(
                Step.WAY, texts.NEEDS_CLIENT_SECRET, texts.ENTER_CLIENT_SECRET
            )
            return [self._with_alternative(missing)]
        endpoint = profile.authorization_endpoint or self._metadata.authorization_endpoint
        if profile.grant == "code" and not endpoint:
            return [
                self._with_alternative(
                    self._findings.failed(
                        Step.WAY,
                        texts.NO_AUTHORIZATION_ENDPOINT,
                        texts.NO_AUTHORIZATION_ENDPOINT_REMEDY,
                    )
                )
            ]
        if profile.grant in self._unavailable_grants():
            unlisted = self._findings.unsure(Step.WAY, texts.METHOD_NOT_LISTED)
            return [self._with_alternative(unlisted)]
        good = replace(
            self._findings.passed(Step.WAY, texts.METHOD_OFFERED[profile.grant]),
            unavailable=self._unavailable_grants(),
        )
        return [good, *self._safer_method()]

    def _unavailable_grants(self) -> dict[str, str]:
        """List the methods that the server does not support; none where it has no metadata."""
        reason = self._findings.text(texts.METHOD_NOT_OFFERED)
        closed = unsupported_grants(self._metadata) if self._metadata.issuer else ()
        return dict.fromkeys(closed, reason)

    def _available_methods(self) -> tuple[SignInMethod, ...]:
        if not self._metadata.issuer:
            return ()
        has_secret = bool(self._connection.client.client_secret)
        return available_sign_in_methods(
            self._metadata, has_client_secret=has_secret, allowed=self._allowed
        )

    def _with_alternative(self, finding: Finding) -> Finding:
        """Add the best of the other methods to `finding`."""
        instead = [
            method.grant
            for method in self._available_methods()
            if method.grant != self._profile.grant
        ]
        return replace(
            finding, grant=next(iter(instead), ""), unavailable=self._unavailable_grants()
        )

    def _safer_method(self) -> list[Finding]:
        ranks = [method.grant for method in SIGN_IN_METHODS]  # the safest first
        best = next(iter(self._available_methods()), None)
        if best is None or ranks.index(best.grant) >= ranks.index(self._profile.grant):
            return []
        text = self._findings.text(texts.SAFER_METHOD, name=translate(best.name))
        return [Finding(Step.WAY, Outcome.HINT, text, grant=best.grant)]

    async def check_client(self) -> list[Finding]:
        """Check that the server accepts the client and its scopes."""
        return await _ClientCheck(
            self._profile, self._connection, self._presets, self._metadata, self._findings
        ).run()


_REJECTED_CLIENT = (errors.InvalidClient, errors.UnauthorizedClient, errors.UnsupportedGrantType)


@frozen
class _ClientCheck:
    """Checks that the server accepts the client and its scopes."""

    profile: Profile
    connection: ClientConnection
    presets: Presets
    metadata: ServerMetadata
    findings: "_Findings"

    async def run(self) -> list[Finding]:
        """Send one request, and interpret its result."""
        known = self.findings.passed(Step.CLIENT, texts.CLIENT_KNOWN)
        try:
            await self._send_probe()
        except errors.InvalidClient:
            return [await self._diagnose_unknown_client()]
        except errors.InvalidScope as error:
            return [known, self._refused_scopes(error)]
        except (errors.UnauthorizedClient, errors.UnsupportedGrantType) as error:
            return [known, self.findings.error(Step.WAY, error)]
        except errors.ErrorResponse as error:
            return self._probe_findings(error)
        except errors.OAuthError as error:
            return [self.findings.error(Step.CLIENT, error)]
        scopes = texts.SCOPES_ALLOWED if self.profile.scope else texts.NO_SCOPES_REQUESTED
        return [
            self.findings.passed(Step.CLIENT, texts.CLIENT_ACCEPTED),
            self.findings.passed(Step.SCOPES, scopes),
        ]

    async def _send_probe(self) -> None:
        """Send the first request of the profile's sign-in method and discard the answer."""
        profile, connection = self.profile, self.connection
        scope = {"scope": " ".join(profile.scope)} if profile.scope else {}
        match profile.grant:
            case "code":
                # Only a browser gets a code, but one that is invented shows whether the client is
                # accepted (RFC 6749 section 5.2).
                form = {
                    "grant_type": "authorization_code",
                    "code": secrets.token_urlsafe(24),
                    "redirect_uri": profile.redirect_uri or "http://127.0.0.1/",
                    "code_verifier": secrets.token_urlsafe(48),
                }
                await request(connection, self.metadata.token_endpoint, form=form)
            case "client-credentials":
                extra = without_prompt(profile.extra_parameters)
                form = {**extra, **scope, "grant_type": "client_credentials"}
                await request(connection, self.metadata.token_endpoint, form=form)
            case _:
                authorization = await request_authorization(
                    connection,
                    self.metadata,
                    scope=profile.scope,
                    extra=profile.extra_parameters,
                )
                await self._poll_once(authorization.device_code)

    async def _poll_once(self, device_code: str) -> None:
        """Find out whether the token endpoint is one: nobody has approved the code."""
        form = {"grant_type": DEVICE_CODE, "device_code": device_code}
        try:
            await request(self.connection, self.metadata.token_endpoint, form=form)
        except errors.ErrorResponse as error:
            if isinstance(error, _REJECTED_CLIENT):
                raise

    def _probe_findings(self, error: errors.ErrorResponse) -> list[Finding]:
        if self.profile.grant != "code":
            return [self.findings.error(Step.CLIENT, error)]
        if isinstance(error, errors.InvalidGrant):
            return [
                self.findings.passed(Step.CLIENT, texts.CLIENT_ACCEPTED),
                self._unverified_scopes(),
            ]
        unverified = self.findings.unsure(Step.CLIENT, texts.CLIENT_UNVERIFIED)
        return [unverified, self._unverified_scopes()]

    async def _diagnose_unknown_client(self) -> Finding:
        """Find out why the client was rejected: a wrong secret, or another region."""
        has_secret = bool(self.connection.client.client_secret)
        search = ClientSearch(self.connection, self.profile, self.presets)
        if await search.server_knows_client(self.metadata):
            text = texts.WRONG_CLIENT_SECRET if has_secret else texts.CLIENT_SECRET_REQUIRED
            return self.findings.failed(Step.CLIENT, text, texts.ENTER_CLIENT_SECRET)
        if region := await search.find_other_region():
            place = region.provider_label
            text = self.findings.text(texts.KNOWN_IN_OTHER_REGION, place=place)
            remedy = self.findings.text(texts.KNOWN_IN_OTHER_REGION_REMEDY, place=place)
            return Finding(Step.CLIENT, Outcome.BAD, text, remedy, preset=region.preset)
        text = texts.CLIENT_UNKNOWN if has_secret else texts.PUBLIC_CLIENT_UNKNOWN
        has_regions = bool(self.profile.region)
        remedy = texts.CLIENT_UNKNOWN_REMEDY if has_regions else texts.CLIENT_UNKNOWN_ANYWHERE
        return self.findings.failed(Step.CLIENT, text, remedy)

    def _refused_scopes(self, error: errors.InvalidScope) -> Finding:
        requested = self.profile.scope
        words = re.split(r"[^\w:/.-]+", error.description)
        named = [each for each in requested if each in words] or self._unsupported_scopes()
        text = texts.SCOPES_REFUSED if named else texts.SOME_SCOPES_REFUSED
        listed = errors.printable(format_values(named or requested))
        remedy = self.findings.text(texts.SCOPES_REFUSED_REMEDY)
        return Finding(Step.SCOPES, Outcome.BAD, self.findings.text(text, scopes=listed), remedy)

    def _unverified_scopes(self) -> Finding:
        if not self.profile.scope:
            return self.findings.passed(Step.SCOPES, texts.NO_SCOPES_REQUESTED)
        unnamed = errors.printable(format_values(self._unsupported_scopes()))
        if not unnamed:
            return self.findings.unsure(Step.SCOPES, texts.SCOPES_UNVERIFIED)
        text = self.findings.text(texts.SCOPES_NOT_LISTED, scopes=unnamed)
        return Finding(Step.SCOPES, Outcome.UNSURE, text)

    def _unsupported_scopes(self) -> list[str]:
        """List the scopes that are missing in the server's metadata, where it has any."""
        supported = self.metadata.scopes_supported
        # Cisco XDR lists `enrich`, and one may ask for `enrich:read` or `private-intel/incident`.
        roots = {each: re.split("[:/]", each)[0] for each in self.profile.scope}
        return [
            scope
            for scope, root in roots.items()
            if supported and scope not in supported and root not in supported
        ]


@frozen
class _Findings:
    """Words findings about one profile."""

    profile: Profile
    surface: Surface

    def passed(self, step: Step, text: str) -> Finding:
        return Finding(step, Outcome.GOOD, self.text(text))

    def unsure(self, step: Step, text: str) -> Finding:
        return Finding(step, Outcome.UNSURE, self.text(text))

    def failed(self, step: Step, text: str, remedy: str | BySurface) -> Finding:
        return Finding(step, Outcome.BAD, self.text(text), self.text(remedy))

    def error(
        self, step: Step, error: errors.OAuthError | GrantForbidden | PresenceNotProven
    ) -> Finding:
        return _error_finding(step, error, self.surface)

    def text(self, text: str | BySurface, **values: str) -> str:
        """Translate `text` with `values` and what is known of the profile."""
        template = text.on(self.surface) if isinstance(text, BySurface) else text
        return translate(
            template,
            host=host_of(self.profile.issuer or self.profile.token_endpoint),
            secret=secret_name(self.profile.preset),
            profile_id=self.profile.id or "NAME",
            field=field_name("authorization_endpoint"),
            option=option_name("authorization_endpoint"),
            **values,
        )


def _error_finding(
    step: Step, error: errors.OAuthError | GrantForbidden | PresenceNotProven, surface: Surface
) -> Finding:
    advice = advice_for(error, surface=surface)
    return Finding(step, Outcome.BAD, with_title(advice.title, ""), advice.text)


def _needs_client_secret(profile: Profile) -> bool:
    return profile.grant == "client-credentials" or profile.client_authentication in {
        ClientAuthentication.BASIC,
        ClientAuthentication.POST,
    }
