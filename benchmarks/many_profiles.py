"""Many profiles: what each one costs, from the start to the menu of the tray."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desktop.oauth.claims import Account
from desktop.oauth.grants.token import TokenSet
from desktop.services.configuration.profile_reader import load_profiles
from desktop.services.model.profile import Profile, tokens_binding, tokens_key
from desktop.services.secrets.secret_encoding import SavedTokens, encode_tokens

_TOKEN_SIZE = 1500  # bytes; 2,000 characters


def write_profiles(number: int, file: Path) -> None:
    """Write so many profiles to `file`."""
    tables = (
        f'[profiles.customer-{n:04}]\nname = "Customer {n:04}"\nissuer = "https://login.example"\n'
        f'client_id = "client-{n:04}"\nscope = ["enrich:read", "casebook"]\n'
        for n in range(number)
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(tables), "utf-8")


def write_tokens(profiles: Path, file: Path) -> None:
    """Write a token for each of the `profiles` to `file`."""
    good = load_profiles(profiles).good.values()
    file.write_text(json.dumps({tokens_key(each): _saved_token(each) for each in good}), "utf-8")


def _saved_token(profile: Profile) -> str:
    at = datetime.now(UTC)
    tokens = TokenSet(
        access_token=secrets.token_urlsafe(_TOKEN_SIZE),
        refresh_token=secrets.token_urlsafe(),
        token_type="Bearer",
        scope=profile.scope,
        requested_scope=profile.scope,
        issued_at=at,
        expires_at=at + timedelta(hours=2),
        account=Account(),
    )
    return encode_tokens(SavedTokens(tokens, {}), issued_for=tokens_binding(profile))
