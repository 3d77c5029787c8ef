"""The secrets that a server may know, and their removal from everything that it says.

A careless or malicious server repeats them. Its words pass through here before anything else sees
them, so that no secret gets onto the screen, into a log or into the output of a command.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from desktop.oauth.redaction.causes import causes_of
from desktop.oauth.redaction.index import SecretForms, SecretIndex
from desktop.oauth.redaction.spelling import layers, letters_of, located_layers

REDACTED = "[redacted]"
CUT = "…"  # ends a text that is too long

MOST_SECRETS = 12  # of one profile; each renewal brings two
_SHORTEST = 4  # characters; anything shorter is in every other sentence
_MOST_PUBLIC = 64  # texts
_LONGEST_VALUE = 65_536  # characters of one member; what is shown has far fewer
_LARGEST_ANSWER = 262_144  # characters of all members; nobody reads more
_MOST_CLOSELY = 32_768  # characters of texts that repeat secrets; the others are removed whole
_DEEPEST = 16  # objects and lists within each other

# A secret that a person made up may contain one of these, which says nothing.
_PROTOCOL_WORDS = (
    *("authorization_pending", "slow_down", "access_denied", "expired_token", "server_error"),
    *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_token"),
    *("unauthorized_client", "unsupported_grant_type", "unsupported_response_type"),
    *("insufficient_scope", "temporarily_unavailable", "login_required", "consent_required"),
    *("interaction_required", "unsupported_token_type", "invalid client secret", "device code is"),
    *("client secret is", "client password is", "client credentials", "invalid refresh token is"),
    *("invalid access token is", "authorization code is", "code verifier is", "password is"),
    *("application/json", "text/html", "offline_access", "openid profile email", "localhost"),
)
_ORDINARY = tuple(map(letters_of, _PROTOCOL_WORDS))

# Members that are secrets by design: they are used and never shown.
SECRET_MEMBERS = frozenset({"access_token", "refresh_token", "id_token", "device_code"})
# Members that are requested, opened or compared: parts of them cannot be removed.
_UNDIVIDED = re.compile(r".*_endpoint|jwks_uri|verification_ur[il](_complete)?|iss(uer)?|user_code")


class KnownSecrets:
    """The secrets of one profile, the most recent ones, and the texts that are public.

    What a public text contains is not removed, even if it is a part of a secret too.
    """

    def __init__(self, *secrets: str | None) -> None:
        # By secret, the most recent last; `None` until a text is searched, because they are large.
        self._forms: dict[str, SecretForms | None] = {}
        self._public: dict[str, None] = {}  # the most recent last
        self._index: SecretIndex | None = None
        self.add(*secrets)

    def add(self, *secrets: str | None) -> None:
        """Know `secrets` from now on; one that is `None` or very short is ignored."""
        for secret in secrets:
            if secret is None or len(secret) < _SHORTEST:
                continue
            if secret not in self._forms:
                self._index = None
            self._forms[secret] = self._forms.pop(secret, None)
            if len(self._forms) > MOST_SECRETS:
                del self._forms[next(iter(self._forms))]

    def forget(self, *secrets: str) -> None:
        """Do not know `secrets` any more, so that they leave memory."""
        for secret in secrets:
            if secret in self._forms:
                del self._forms[secret]
                self._index = None

    def add_public(self, *texts: str) -> None:
        """Know that `texts` are no secrets, such as addresses, client IDs and scopes."""
        for letters in map(letters_of, texts):
            self._public.pop(letters, None)
            self._public[letters] = None
            if len(self._public) > _MOST_PUBLIC:
                del self._public[next(iter(self._public))]

    def strike(self, text: str) -> str:
        """Replace in `text` what is a secret, or a longer piece of one, in any spelling."""
        if not self.may_be_in(text) or self._is_known(text):
            return text
        index = self._current_index()
        spans = [
            span
            for layer in located_layers(text)
            for span in index.spans_in(layer, self._is_public)
        ]
        return _without(text, sorted(spans))

    def may_be_in(self, text: str) -> bool:
        """Whether a closer look at `text` is needed, which takes ten times as long."""
        if not self._forms:
            return False
        index = self._current_index()
        return any(index.may_be_in(layer) for layer in layers(text))

    def are_in(self, text: str) -> bool:
        """Whether `text` contains a whole secret in any spelling."""
        index = self._current_index()
        return any(index.is_whole_in(layer, self._is_public) for layer in layers(text))

    def strike_members(
        self, members: Mapping[str, object], *, keep: Collection[str] = SECRET_MEMBERS
    ) -> dict[str, object]:
        """Copy a JSON object that is used, without secrets in its names and texts, at any depth.

        The members `keep` stay as they are. Of an address or a user code with a whole secret in it
        nothing stays, so that it is rejected.
        """
        copier = _Copier(self)
        return {
            copier.text(name): value if name in keep else copier.member(name, value)
            for name, value in members.items()
        }

    def strike_shown(self, members: Mapping[str, object]) -> dict[str, object]:
        """Copy a JSON object that is only shown, without secrets and pieces of them anywhere."""
        copier = _Copier(self)
        return {copier.text(name): copier.value(value) for name, value in members.items()}

    def strike_document(self, document: object) -> object:
        """Copy any JSON that is used, without secrets: see `strike_members`."""
        if isinstance(document, dict):
            return self.strike_members(document)
        return _Copier(self).value(document)

    @contextmanager
    def removed_from_errors(self) -> Iterator[None]:
        """Remove secrets from the texts in any error that is raised in this context."""
        try:
            yield
        except Exception as error:
            for each in causes_of(error):
                self._strike_error(each)
            raise

    def _strike_error(self, error: BaseException) -> None:
        error.args = tuple(
            self.strike(each) if isinstance(each, str) else each for each in error.args
        )
        for name, value in vars(error).items():
            if isinstance(value, str):
                setattr(error, name, self.strike(value))

    def _is_known(self, text: str) -> bool:
        """Whether all of `text` is a word of the protocol, or public."""
        letters = letters_of(text)
        return text.strip().lower() in _PROTOCOL_WORDS or letters in self._public

    def _is_public(self, letters: str) -> bool:
        return _is_ordinary(letters) or any(letters in text for text in self._public)

    def _current_index(self) -> SecretIndex:
        if self._index is None:
            for secret, forms in self._forms.items():
                self._forms[secret] = forms or SecretForms(secret, ordinary=_is_ordinary)
            self._index = SecretIndex(list(filter(None, self._forms.values())))
        return self._index


class _Copier:
    """Copies the values of one answer, up to the length that anybody reads."""

    def __init__(self, secrets: KnownSecrets) -> None:
        self._secrets = secrets
        self._left = _LARGEST_ANSWER
        self._left_closely = _MOST_CLOSELY

    def member(self, name: str, value: object) -> object:
        if not isinstance(value, str) or not _UNDIVIDED.fullmatch(name):
            return self.value(value)
        return REDACTED if self._secrets.are_in(value[:_LONGEST_VALUE]) else value

    def text(self, value: str) -> str:
        room = min(self._left, _LONGEST_VALUE)
        value = value if len(value) <= room else value[:room] + CUT
        self._left -= min(len(value), room)
        if not self._secrets.may_be_in(value):
            return value
        self._left_closely -= len(value)
        return self._secrets.strike(value) if self._left_closely >= 0 else REDACTED

    def value(self, value: object, depth: int = 0) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (dict, list)) and depth == _DEEPEST:
            return None
        if isinstance(value, dict):
            return {self.text(each): self.value(value[each], depth + 1) for each in value}
        if isinstance(value, list):
            return [self.value(each, depth + 1) for each in value]
        if isinstance(value, (int, float)) and self._secrets.are_in(str(value)):
            return REDACTED  # a secret of digits, such as a PIN or a one-time password
        return value


def _is_ordinary(letters: str) -> bool:
    return any(letters in each for each in _ORDINARY)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        if start > end or not pieces:
            pieces += [text[end:start], REDACTED]
        end = max(end, stop)
    return "".join((*pieces, text[end:]))
