"""What a row of the table of words is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Remedy(Enum):
    """What a person can do about an error; the value is the label of the button that does it."""

    SIGN_IN_AGAIN = "Sign in again"
    NEW_CODE = "Get a new code"
    TRY_AGAIN = "Try again"
    WITHOUT_KEYRING = "Continue without saving"
    SET_UP = "Set up a profile"
    EDIT_PROFILE = "Edit profile"
    OPEN_PROFILES = "Open profiles folder"


@dataclass(frozen=True, slots=True)
class MessageRow:
    """The words for one kind of error; `text` may need the error and the code on screen.

    `remedies` may depend on the error. `help` is what helps for good, said where the sign-in goes
    on all the same.
    """

    title: str
    text: str | Callable[[Any, str], str]
    remedies: tuple[Remedy, ...] | Callable[[Any], tuple[Remedy, ...]] = (Remedy.TRY_AGAIN,)
    help: str | Callable[[], str] = ""


# Where the same once more cannot help.
EDIT_PROFILE_FIRST = (Remedy.EDIT_PROFILE, Remedy.TRY_AGAIN)
TRY_AGAIN_FIRST = (Remedy.TRY_AGAIN, Remedy.EDIT_PROFILE)
