"""What a check of a profile found."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum

from desktop.frozen import frozen
from desktop.services.system.translation import translatable, translate, translate_plural


class Step(Enum):
    """What is checked, in this order; the value is its name on screen."""

    REACH = translatable("Server")
    TRUST = translatable("Connection")
    METADATA = translatable("Server metadata")
    WAY = translatable("Sign-in method")
    CLIENT = translatable("Client")
    SCOPES = translatable("Scopes")
    PRESENCE = translatable("Password prompt")


class Outcome(Enum):
    """How a step ended. `UNSURE` can only be checked by signing in; `HINT` knows a better way."""

    GOOD = translatable("works")
    UNSURE = translatable("not checked")
    HINT = translatable("could be better")
    BAD = translatable("does not work")


@frozen
class Finding:
    """The result of one step; `remedy` says what to do, and may be empty.

    `preset` is the one to choose instead, where the client exists there. `grant` is the sign-in
    method to choose instead. `unavailable` has the methods that the server does not support, with
    the reason.
    """

    step: Step
    outcome: Outcome
    text: str
    remedy: str = ""
    preset: str = ""
    grant: str = ""
    unavailable: Mapping[str, str] = field(default_factory=dict)


def check_summary(found: Iterable[Finding]) -> str:
    """Sum up a check."""
    outcomes = [each.outcome for each in found]
    if bad := outcomes.count(Outcome.BAD):
        return translate_plural("{count} problem to fix.", "{count} problems to fix.", bad)
    if Outcome.UNSURE in outcomes:
        return translate("Looks good. The rest is checked when you sign in.")
    return translate("All checks passed.")
